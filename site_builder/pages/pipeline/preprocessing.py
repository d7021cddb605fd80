"""pipeline/preprocessing.html: from a photograph of any size to what a model is fed."""

from dataclasses import dataclass

from markupsafe import Markup

from experiments.results.schema import Preprocessing, Step, WalkStep, Walkthrough
from site_builder import formatting
from site_builder.findings.augmentation import augmentation_verdicts
from site_builder.findings.finding import Material as Findings
from site_builder.findings.text import Names
from site_builder.formulas.mathml import mathml
from site_builder.highlight import Code
from site_builder.pages.index import Statement, statements
from site_builder.pages.pipeline.constants import (
    COLOURS,
    TrainingPixels,
    as_fed,
    ends,
    model_constants,
    training_pixels,
)
from site_builder.pages.pipeline.gallery import Gallery, gallery
from site_builder.pages.pipeline.page import Frame, Material, Model, Page
from site_builder.pages.pipeline.pictures import step_picture
from site_builder.pages.pipeline.transforms_code import (
    evaluation_transforms,
    training_transforms,
)
from site_builder.pages.pipeline.values import Picture, Values
from site_builder.pages.pipeline.walk import why_not_walked
from site_builder.pages.site import Site

_PICTURES: tuple[tuple[Step, str], ...] = (
    ("photo", "The photograph as decoded"),
    ("resize", "The photograph resized"),
    ("crop", "The centre of the resized photograph"),
    ("normalise", "Red, green and blue of the normalised image, in grey"),
)
_SHOWN: tuple[Step, ...] = ("photo", "resize", "crop", "tensor", "normalise")
_SIZES = ("resize-size", "input-size", "interpolation", "kept")
_OF_WALK = (
    "sample", "factor", "cut", "example", *(f"{name}-{what}" for name in _SHOWN
    for what in ("shape", "range")),
)  # fmt: skip


@dataclass(frozen=True)
class PreprocessingContext:
    """What `pages/pipeline/preprocessing.html` shows.

    Attributes:
        site: The frame of the page.
        frame: The frame of the pipeline's pages.
        evaluation: Transforms without augmentation, each titled by the models that they are of.
        training: Transforms of training, where it augments.
        formula: What normalisation does to a value.
        constants: Means and deviations of every model, with where they are from.
        pixels: Mean and deviation of the training images; None where they are not stored.
        gallery: A photograph under every augmentation; None where there is none.
        effects: What augmentation did to the models of this experiment.
    """

    site: Site
    frame: Frame
    evaluation: tuple[Code, ...]
    training: tuple[Code, ...]
    formula: Markup
    constants: tuple[tuple[str, ...], ...]
    pixels: TrainingPixels | None
    gallery: Gallery | None
    effects: tuple[Statement, ...]


def preprocessing_context(material: Material, site: Site, frame: Frame) -> PreprocessingContext:
    """Return what the page shows."""
    teaching, experiment = material.teaching, material.experiment
    verdicts = augmentation_verdicts(Findings(experiment, material.comparisons))
    return PreprocessingContext(
        site=site,
        frame=frame,
        evaluation=evaluation_transforms(material.models),
        training=training_transforms(material.models),
        formula=mathml(r"z = \frac{x - \text{mean}}{\text{deviation}}"),
        constants=model_constants(material.models),
        pixels=training_pixels(teaching.pixels) if teaching else None,
        gallery=gallery(teaching.gallery, experiment.runs) if teaching else None,
        effects=statements(verdicts, Names(material.names)),
    )


def values(material: Material, model: Model) -> Values:
    """Return what the page says of one model."""
    walk, fed = model.walkthrough, model.run.record.preprocessing
    why = why_not_walked(model)
    texts = {
        "model": model.name.model,
        "missing": f"{model.name.full}: {why}." if why else "",
        **(_sizes(fed) if fed else dict.fromkeys(_SIZES, formatting.MISSING)),
        **(_of_walk(walk, fed) if walk and fed else dict.fromkeys(_OF_WALK, "")),
    }
    rows = {"ends": ends(fed)} if fed else {}
    if walk:
        rows["colours"] = _colours(walk)
    if fed and material.teaching:
        rows["as-fed"] = as_fed(material.teaching.pixels, fed)
    paths = {"margins": _margins(walk)} if walk else {}
    return Values(texts=texts, rows=rows, pictures=_pictures(material, model), paths=paths)


PAGE = Page("preprocessing", "Preprocessing", values, preprocessing_context)


def _sizes(fed: Preprocessing) -> dict[str, str]:
    return {
        "resize-size": formatting.count(fed.resize_size),
        "input-size": formatting.count(fed.input_size),
        "interpolation": fed.interpolation,
        "kept": formatting.share(fed.input_size, fed.resize_size),
    }


def _of_walk(walk: Walkthrough, fed: Preprocessing) -> dict[str, str]:
    """Return what the steps make of the test image."""
    photo, resized, cropped = (walk.step(name) for name in ("photo", "resize", "crop"))
    said = {
        "sample": walk.sample_id,
        "factor": formatting.ratio(min(resized.shape[1:]) / min(photo.shape[1:])),
        "cut": _cut(resized, cropped),
        "example": _example(walk, fed),
    }
    for name in _SHOWN:
        step = walk.step(name)
        said[f"{name}-shape"] = formatting.shape(step.shape)
        said[f"{name}-range"] = _range(step)
    return said


def _cut(resized: WalkStep, cropped: WalkStep) -> str:
    """Say how much of the resized image the crop leaves out."""
    area, kept = (shape[1] * shape[2] for shape in (resized.shape, cropped.shape))
    if kept >= area:
        return "nothing"
    return formatting.share(area - kept, area)


def _margins(walk: Walkthrough) -> str:
    """Draw what the crop leaves out of the resized image, both 100 wide and high.

    Returns:
        A path of the image and of the crop within it, to be filled between the two.
    """
    shapes = zip(walk.step("resize").shape[1:], walk.step("crop").shape[1:], strict=True)
    # A crop begins half of what it leaves out from the edge.
    (top, bottom), (left, right) = (
        (f"{50 - 50 * kept / side:.1f}", f"{50 + 50 * kept / side:.1f}") for side, kept in shapes
    )
    return f"M0 0H100V100H0zM{left} {top}V{bottom}H{right}V{top}z"


def _range(step: WalkStep) -> str:
    """Return the least and the greatest value of a step."""
    found = (step.values.minimum, step.values.maximum)
    whole = step.dtype == "uint8"
    least, greatest = (formatting.count(int(v)) if whole else formatting.value(v) for v in found)
    return f"{least}{formatting.NBSP}to{formatting.NBSP}{greatest}"


def _example(walk: Walkthrough, fed: Preprocessing) -> str:
    """Return the formula with the mean red of the image in it."""
    before, after = (walk.step(name).colours[0].mean for name in ("tensor", "normalise"))
    mean, std = formatting.setting(fed.mean[0]), formatting.setting(fed.std[0])
    return f"({formatting.value(before)} − {mean}) / {std} = {formatting.value(after)}"


def _colours(walk: Walkthrough) -> tuple[tuple[str, ...], ...]:
    """Return two rows for each colour of the test image: in [0, 1], and normalised."""
    steps = (walk.step("tensor").colours, walk.step("normalise").colours)
    return tuple(
        (label, *map(formatting.value, (of.minimum, of.maximum, of.mean, of.std)))
        for colour, unit, fed in zip(COLOURS, *steps, strict=True)
        for label, of in ((colour, unit), (f"{colour}, normalised", fed))
    )


def _pictures(material: Material, model: Model) -> dict[str, Picture]:
    store = material.experiment.store
    found = {name: step_picture(store, model, name, alt) for name, alt in _PICTURES}
    return {name: picture for name, picture in found.items() if picture}
