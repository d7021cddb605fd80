"""pipeline/index.html: one test image on its way through a model, from pixels to a class."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.results.schema import Split, Walkthrough
from site_builder import addresses, formatting
from site_builder.loading import Experiment
from site_builder.pages.lacking import making
from site_builder.pages.pipeline.page import Frame, Material, Model, Page
from site_builder.pages.pipeline.pictures import feature_map, mapped_layer, step_picture
from site_builder.pages.pipeline.strips import bar, profile
from site_builder.pages.pipeline.values import Picture, Values
from site_builder.pages.pipeline.walk import (
    NO_WALKTHROUGH,
    shapes,
    size_bytes,
    step_row,
    why_not_walked,
)
from site_builder.pages.run.command import Command
from site_builder.pages.site import Site

N_TOP = 5
"""Classes that are shown with their probabilities."""
LONG_POWER = 20.0
"""Beyond, powers of e are powers of ten in round numbers; beyond 709 no float holds them."""
_POOLING = {
    "mean": "the mean of each channel over all its positions",
    "class token": "the class token, one of the vectors that the transformer carries along",
    "other": "what further layers make of the features",
}
# What is said of the image on its way; empty where no image was followed through a model.
_STORY = (
    "photo", "photo-axes", "photo-memory", "sample", "target", "input-memory", "input-least",
    "input-greatest", "input-mean", "input-std", "features-layer", "features-count",
    "features-shown", "pooling", "pooled-least", "pooled-greatest", "ahead", "times", "answer",
    "verdict", "difference",
)  # fmt: skip
_OF_A_CLASS = ("class", "logit", "probability", "mark")


@dataclass(frozen=True)
class PipelineContext:
    """What `pages/pipeline/index.html` shows.

    Attributes:
        site: The frame of the page.
        frame: The frame of the pipeline's pages.
        places: Places of the most probable classes, from 1.
        walked: Whether an image was followed through a model.
        command: How that is done for the models that lack it; None where none does.
    """

    site: Site
    frame: Frame
    places: tuple[str, ...]
    walked: bool
    command: Command | None


def pipeline_context(material: Material, site: Site, frame: Frame) -> PipelineContext:
    """Return what the page shows."""
    experiment = material.experiment
    lacking = any(why_not_walked(model) == NO_WALKTHROUGH for model in material.models)
    return PipelineContext(
        site=site,
        frame=frame,
        places=tuple(_places(experiment)),
        walked=any(model.walkthrough for model in material.models),
        command=making(experiment.record.name) if lacking else None,
    )


def values(material: Material, model: Model) -> Values:
    """Return what the page says of one model."""
    experiment, walk = material.experiment, model.walkthrough
    why = why_not_walked(model)
    sizes = shapes(model, experiment.n_classes)
    texts = {
        "model": model.name.full,
        "missing": f"{model.name.full}: {why}." if why else "",
        "input": sizes.input,
        "features": sizes.features,
        "pooled": sizes.pooled,
        "logits": sizes.logits,
    }
    if walk is None:
        tops = [f"{name}-{place}" for place in _places(experiment) for name in _OF_A_CLASS]
        return Values(texts | dict.fromkeys((*_STORY, *tops), ""))
    target = _target(experiment, walk)
    return Values(
        texts=texts
        | _story(experiment, model, walk, target)
        | dict(_top(experiment, walk, target)),
        rows={"steps": tuple(map(step_row, walk.steps))},
        pictures=_pictures(experiment, model, walk),
        paths={"pooled": profile(walk.pooled), **_bars(experiment, walk)},
        links=_links(model, walk),
    )


PAGE = Page("index", "Overview", values, pipeline_context)


def _places(experiment: Experiment) -> Iterator[str]:
    return map(formatting.count, range(1, min(N_TOP, experiment.n_classes) + 1))


def _story(experiment: Experiment, model: Model, walk: Walkthrough, target: int) -> dict[str, str]:
    """Return what is said of the image between the photograph and the probabilities."""
    photo, fed, features = walk.step("photo"), walk.step("normalise"), walk.step("features")
    first = experiment.record.class_names[walk.classes[0]]
    return {
        "photo": formatting.shape(photo.shape),
        "photo-axes": " × ".join(photo.axes),
        "photo-memory": formatting.size(size_bytes(photo)),
        "sample": walk.sample_id,
        "target": experiment.record.class_names[target],
        "input-memory": formatting.size(size_bytes(fed)),
        "input-least": formatting.value(fed.values.minimum),
        "input-greatest": formatting.value(fed.values.maximum),
        "input-mean": formatting.value(fed.values.mean),
        "input-std": formatting.value(fed.values.std),
        "features-layer": walk.features_layer,
        "features-count": formatting.count(math.prod(features.shape)),
        "features-shown": _shown(model, walk),
        "pooling": _POOLING[walk.pooling],
        "pooled-least": formatting.value(min(walk.pooled)),
        "pooled-greatest": formatting.value(max(walk.pooled)),
        "ahead": formatting.value(walk.logits[0] - walk.logits[1]),
        "times": times_as_probable(walk.logits[0] - walk.logits[1]),
        "answer": f"{first}, {formatting.probability(walk.probabilities[0])}",
        "verdict": _verdict(experiment, walk, target),
        "difference": formatting.probability(walk.difference),
    }


def _shown(model: Model, walk: Walkthrough) -> str:
    """Say which channels are in the picture of the feature maps; empty where there is none."""
    mapped = mapped_layer(model, walk.features_layer)
    if mapped is None:
        return ""
    shown = formatting.count(len(mapped.shown))
    channels = formatting.count_of(mapped.shape[0], "channel")
    if len(mapped.shown) == mapped.shape[0]:
        return "The picture shows all channels, each from black, its least value, to white."
    return (
        f"The picture shows {shown} of {channels}, those of highest variance, each from black, "
        "its least value, to white."
    )


def times_as_probable(ahead: float) -> str:
    """Return how many times as probable a class is whose logit is higher by `ahead`, at least 0."""
    if ahead < LONG_POWER:
        return formatting.value(math.exp(ahead))
    return f"about {formatting.power_of_ten(round(ahead / math.log(10)))}"


def _top(experiment: Experiment, walk: Walkthrough, target: int) -> Iterator[tuple[str, str]]:
    """Yield class, logit and probability of the most probable classes, each by its place."""
    ranked = zip(walk.classes, walk.logits, walk.probabilities, strict=True)
    for place, (index, logit, probability) in zip(_places(experiment), ranked, strict=False):
        yield f"class-{place}", experiment.record.class_names[index]
        yield f"logit-{place}", formatting.value(logit)
        yield f"probability-{place}", formatting.probability(probability)
        yield f"mark-{place}", "target" if index == target else ""


def _bars(experiment: Experiment, walk: Walkthrough) -> dict[str, str]:
    shares = zip(_places(experiment), walk.probabilities, strict=False)
    return {f"bar-{place}": bar(probability) for place, probability in shares}


def _verdict(experiment: Experiment, walk: Walkthrough, target: int) -> str:
    name = experiment.record.class_names[target]
    if walk.classes[0] == target:
        return f"Right: the image is of “{name}”, the most probable class."
    if target not in walk.classes:
        n_listed = formatting.count(len(walk.classes))
        return f"Wrong: the image is of “{name}”, not among the {n_listed} most probable classes."
    place = walk.classes.index(target)
    probability = formatting.probability(walk.probabilities[place])
    return (
        f"Wrong: the image is of “{name}”, in place {formatting.count(place + 1)} with "
        f"probability {probability}."
    )


def _target(experiment: Experiment, walk: Walkthrough) -> int:
    test = experiment.samples[Split.TEST]
    return int(test.targets[test.sample_ids.index(walk.sample_id)])


def _pictures(experiment: Experiment, model: Model, walk: Walkthrough) -> dict[str, Picture]:
    store, shown = experiment.store, "the test image"
    found = {
        "photo": step_picture(store, model, "photo", f"Photograph: {shown} {walk.sample_id}"),
        "crop": step_picture(store, model, "crop", f"What the model is shown of {shown}"),
        "normalised": step_picture(
            store, model, "normalise", "Red, green and blue of the normalised image, in grey"
        ),
        "features": feature_map(
            model, walk.features_layer, f"Channels of {walk.features_layer} on {shown}"
        ),
    }
    return {name: picture for name, picture in found.items() if picture}


def _links(model: Model, walk: Walkthrough) -> dict[str, str]:
    links = {"run": addresses.run_page(model.run.run_id)}
    if model.maps:
        links["maps"] = addresses.feature_maps(model.run.run_id, walk.features_layer)
    return links
