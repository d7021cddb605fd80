"""pipeline/backbone.html: from an image to features, and how they are made to serve new classes."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from experiments.results.schema import Architecture, ModelStage
from site_builder import formatting
from site_builder.architectures.costs import stage_totals
from site_builder.formulas.mathml import mathml
from site_builder.lessons import arithmetic, convolution, separable
from site_builder.lessons.families import FamilyPart, family_parts, other_models
from site_builder.lessons.strategies import (
    STRATEGIES,
    StrategyPart,
    n_learning,
    n_stages_freed,
    strategy_parts,
)
from site_builder.pages.pipeline.edges import EdgesPart, edges
from site_builder.pages.pipeline.page import Frame, Material, Model, Page
from site_builder.pages.pipeline.values import Values
from site_builder.pages.pipeline.walk import why_no_layers
from site_builder.pages.site import Site

_TEXTS = (
    "input", "maps", "n-values", "features", "reduction", "stages", "parameters",
    "conv-name", "conv-kind", "conv-terms", "conv-parameters", "block-name", "block-parameters",
    *(f"pair-{name}" for name in separable.Separable.__dataclass_fields__),
    "partial-stages", *(f"learning-{strategy}" for strategy in STRATEGIES),
)  # fmt: skip


@dataclass(frozen=True)
class BackboneContext:
    """What `pages/pipeline/backbone.html` shows.

    Attributes:
        site: The frame of the page.
        frame: What all pages of the pipeline have.
        example: A convolution worked out.
        size: How large the output of a convolution is.
        edges: A photograph of this experiment, convolved; None where none is stored.
        weights: How many weights a convolution has.
        ratio: What share of a plain convolution's weights a separable one has.
        families: Families of backbones.
        others: Models of this experiment that are of none of them; empty if there is none.
        strategies: Strategies of transfer learning.
        used: Those of this experiment, in words; empty if no run has finished.
    """

    site: Site
    frame: Frame
    example: convolution.Example
    size: Markup
    edges: EdgesPart | None
    weights: Markup
    ratio: Markup
    families: tuple[FamilyPart, ...]
    others: str
    strategies: tuple[StrategyPart, ...]
    used: str


def backbone_context(material: Material, site: Site, frame: Frame) -> BackboneContext:
    """Return what the page shows."""
    configs = [model.run.record.config for model in material.models]
    models = [(config.model, config.label) for config in configs if config]
    strategies = strategy_parts({config.strategy for config in configs if config})
    here = [part.title.lower() for part in strategies if part.here]
    return BackboneContext(
        site=site,
        frame=frame,
        example=convolution.example(),
        size=mathml(r"n_\text{out} = \lfloor \frac{n + 2p - k}{s} \rfloor + 1"),
        edges=edges(material),
        weights=mathml(r"k_h \cdot k_w \cdot \frac{C_\text{in}}{g} \cdot C_\text{out}"),
        ratio=mathml(
            r"\frac{k^2 C_\text{in} + C_\text{in} C_\text{out}}{k^2 C_\text{in} C_\text{out}}"
            r" = \frac{1}{C_\text{out}} + \frac{1}{k^2}"
        ),
        families=family_parts(models),
        others=other_models(models),
        strategies=strategies,
        used=formatting.listing(here) if here else "",
    )


def values(material: Material, model: Model) -> Values:
    """Return what the page says of one model."""
    made_of = model.architecture
    texts = dict.fromkeys(_TEXTS, formatting.MISSING) | {
        "model": model.name.model,
        "missing": why_no_layers(model),
        "known": "",
        "has-block": "",
        "has-pair": "",
        "no-pair": "",
    }
    if made_of is None:
        return Values(texts=texts)
    texts |= {"known": "yes", "missing": ""}
    texts |= _shapes(made_of) | _first_convolution(made_of) | _learning(model, made_of)
    texts |= _pair(material, model, made_of)
    rows = {"stages": tuple(_stage_rows(made_of))}
    block = arithmetic.first_block(made_of)
    if block:
        texts |= {"has-block": "yes", "block-name": block.name, "block-parameters": block.total}
        rows["block"] = tuple(
            (row.layer, row.kind, row.terms or "parameters of its own kind", row.result)
            for row in block.sums
        )
    return Values(texts=texts, rows=rows)


def _shapes(made_of: Architecture) -> dict[str, str]:
    last = made_of.stages[-2]
    channels, height, width = last.shape
    return {
        "input": formatting.shape(made_of.input_shape),
        "maps": formatting.shape(last.shape),
        "n-values": formatting.count(channels * height * width),
        "features": formatting.count(arithmetic.n_features(made_of)),
        "reduction": _step(made_of, last),
        "stages": formatting.count_of(len(made_of.stages) - 1, "stage"),
        "parameters": formatting.quantity(made_of.n_parameters),
    }


def _first_convolution(made_of: Architecture) -> dict[str, str]:
    layer = arithmetic.first_convolution(made_of)
    if layer is None:
        return {}
    found = arithmetic.layer_sum(layer)
    return {
        "conv-name": found.layer,
        "conv-kind": found.kind,
        "conv-terms": found.terms or "its own kind of weights",
        "conv-parameters": found.result,
    }


def _pair(material: Material, model: Model, made_of: Architecture) -> dict[str, str]:
    pair = separable.first_pair(made_of)
    if pair is None:
        return {"no-pair": f"{model.name.model} has none. {_having_pairs(material)}"}
    found = separable.in_words(pair)
    return {"has-pair": "yes"} | {f"pair-{name}": text for name, text in vars(found).items()}


def _having_pairs(material: Material) -> str:
    having = dict.fromkeys(
        other.name.model
        for other in material.models
        if other.architecture and separable.first_pair(other.architecture)
    )
    if not having:
        return "Nor has any other model here."
    return f"Choose {formatting.listing([*having]).replace(' and ', ' or ')} to see one."


def _learning(model: Model, made_of: Architecture) -> dict[str, str]:
    n_stages = n_stages_freed(model.run.record.config)
    return {"partial-stages": formatting.count_of(n_stages, "last stage")} | {
        f"learning-{strategy}": formatting.count(n_learning(made_of, strategy, n_stages))
        for strategy in STRATEGIES
    }


def _stage_rows(made_of: Architecture) -> Iterator[tuple[str, ...]]:
    """Yield name, output, how many pixels of the image a place stands for, and costs."""
    nothing = formatting.MISSING
    yield "image", formatting.shape(made_of.input_shape), "1", nothing, nothing
    n_parameters, flops = (stage_totals(made_of, name) for name in ("n_parameters", "flops"))
    for stage, parameters, work in zip(made_of.stages, n_parameters, flops, strict=True):
        step = nothing if stage is made_of.stages[-1] else _step(made_of, stage)
        shape = formatting.shape(stage.shape)
        yield stage.name, shape, step, formatting.count(parameters), formatting.quantity(work)


def _step(made_of: Architecture, stage: ModelStage) -> str:
    """Return how many pixels of the image lie between two places of a stage's output."""
    return formatting.count(made_of.input_shape[1] // stage.shape[1])


PAGE = Page("backbone", "Backbone", values, backbone_context)
