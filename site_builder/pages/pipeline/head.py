"""pipeline/head.html: from features to classes, how a head is trained, and what goes wrong."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from experiments.results.schema import Architecture, RunConfig
from site_builder import formatting
from site_builder.architectures.costs import stage_totals
from site_builder.architectures.layers import layer_rows
from site_builder.configuration.parts import WITHOUT_BACKBONE_RATE
from site_builder.formulas.mathml import mathml
from site_builder.lessons import functions, pooling
from site_builder.lessons.arithmetic import n_features
from site_builder.lessons.heads import HeadPart, head_parts, head_texts
from site_builder.lessons.mistakes import Mistakes, mistakes, printed
from site_builder.naming import strategy_name
from site_builder.pages.pipeline.page import Frame, Material, Model, Page
from site_builder.pages.pipeline.values import Values
from site_builder.pages.pipeline.walk import why_no_layers
from site_builder.pages.site import Site

_N_SHOWN = 5
_POOLING = {
    "mean": "Each feature is the mean of one feature map, as in the example above.",
    "class token": "The features are the last block’s output for the class token, a token that "
    "stands for no part of the image; nothing is averaged.",
    "other": "More layers lie between the last feature maps and the features, so these are not "
    "simply means.",
}
_TEXTS = (
    "maps", "n-values", "features", "flat-terms", "flat", "used", "used-terms", "used-parameters",
    "used-share", "linear", "linear-terms", "mlp", "mlp-terms", "deep", "deep-terms",
)  # fmt: skip


@dataclass(frozen=True)
class HeadContext:
    """What `pages/pipeline/head.html` shows.

    Attributes:
        site: The frame of the page.
        frame: What all pages of the pipeline have.
        n_classes: C, classes of this experiment.
        chance_loss: Loss of a head that finds all classes equally probable.
        pooled: Feature maps and their means.
        logits: What a linear layer makes of these.
        linear: The formula of a linear layer.
        curves: Activation functions.
        softmax: The formula of softmax.
        bars: Logits and the probabilities that it makes of them.
        heads: The three heads.
        shapes: What the snippet on shapes prints.
        mistakes: Mistakes with shapes.
    """

    site: Site
    frame: Frame
    n_classes: str
    chance_loss: str
    pooled: tuple[pooling.Pooled, ...]
    logits: tuple[pooling.Logit, ...]
    linear: Markup
    curves: tuple[functions.Curve, ...]
    softmax: Markup
    bars: tuple[functions.Bar, ...]
    heads: tuple[HeadPart, ...]
    shapes: str
    mistakes: Mistakes


def head_context(material: Material, site: Site, frame: Frame) -> HeadContext:
    """Return what the page shows."""
    n_classes = material.experiment.n_classes
    configs = [model.run.record.config for model in material.models]
    return HeadContext(
        site=site,
        frame=frame,
        n_classes=formatting.count(n_classes),
        chance_loss=formatting.loss(math.log(n_classes)),
        pooled=pooling.pooled_maps(),
        logits=pooling.logits(),
        linear=mathml(r"z = W x + b"),
        curves=functions.curves(),
        softmax=mathml(r"p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}"),
        bars=functions.softmax_bars(),
        heads=head_parts({config.head for config in configs if config}),
        shapes=printed("shapes"),
        mistakes=mistakes(),
    )


def values(material: Material, model: Model) -> Values:
    """Return what the page says of one model."""
    made_of, config, walk = model.architecture, model.run.record.config, model.walkthrough
    texts = dict.fromkeys(_TEXTS, formatting.MISSING) | {
        "model": model.name.model,
        "known": "",
        "missing": why_no_layers(model),
        "pooling": _POOLING[walk.pooling] if walk else "",
        "image": "",
        "no-image": "" if walk else "It is not stored what this model makes of an image.",
    }
    rows = {}
    if made_of and config:
        texts |= {"known": "yes", "missing": ""}
        texts |= _sizes(made_of, config, material.experiment.n_classes)
        rows["layers"] = tuple(_layer_rows(made_of))
    if config:
        rows["settings"] = tuple(_settings(config))
    if walk:
        texts["image"] = walk.sample_id
        rows["image"] = tuple(_top(material, model))
    return Values(texts=texts, rows=rows)


def _sizes(made_of: Architecture, config: RunConfig, n_classes: int) -> dict[str, str]:
    channels, height, width = made_of.stages[-2].shape
    features, flat = n_features(made_of), channels * height * width
    n_used = stage_totals(made_of, "n_parameters")[-1]
    texts = head_texts(features, n_classes)
    return texts | {
        "maps": formatting.shape((channels, height, width)),
        "n-values": formatting.count(flat),
        "features": formatting.count(features),
        "flat-terms": f"{formatting.shape((flat, n_classes))} + {n_classes}",
        "flat": formatting.count(flat * n_classes + n_classes),
        "used": config.head,
        "used-terms": texts[f"{config.head}-terms"],
        "used-parameters": formatting.count(n_used),
        "used-share": formatting.share(n_used, made_of.n_parameters),
    }


def _layer_rows(made_of: Architecture) -> Iterator[tuple[str, ...]]:
    for row in layer_rows(made_of, len(made_of.stages) - 1, links={}):
        yield row.name, row.kind, row.shape, row.parameters


def _settings(config: RunConfig) -> Iterator[tuple[str, ...]]:
    """Yield the settings that a head is trained with: key, value, and what it does."""
    training = config.training
    yield "head", config.head, "which of the three"
    yield "strategy", config.strategy, strategy_name(config.strategy)
    yield "training.optimizer", training.optimizer, "update rule"
    rate = formatting.setting(training.learning_rate)
    yield "training.learning_rate", rate, "size of the head’s steps"
    share = formatting.setting(training.backbone_rate)
    if config.strategy not in WITHOUT_BACKBONE_RATE:
        yield "training.backbone_rate", share, "share of it for what learns of the backbone"
    yield "training.weight_decay", formatting.setting(training.weight_decay), "pull towards 0"
    smoothing = formatting.setting(training.label_smoothing)
    yield "training.label_smoothing", smoothing, "share of the target spread over all classes"
    yield "training.batch_size", formatting.count(training.batch_size), "images in a step"
    yield "training.max_epochs", formatting.count(training.max_epochs), "most epochs"
    if training.patience is not None:
        patience = formatting.count(training.patience)
        yield "training.patience", patience, "epochs without improvement before it stops"


def _top(material: Material, model: Model) -> Iterator[tuple[str, ...]]:
    """Yield class, logit and probability of what the model finds most probable of the image."""
    walk, names = model.walkthrough, material.experiment.record.class_names
    if walk is None:
        return
    said = zip(walk.classes, walk.logits, walk.probabilities, strict=True)
    for target, logit, probability in list(said)[:_N_SHOWN]:
        yield names[target], formatting.value(logit), formatting.percent(probability)


PAGE = Page("head", "Head", values, head_context)
