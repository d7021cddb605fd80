"""architectures.html: what each network is made of, drawn from the trained models themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.results.schema import Architecture, FeatureMaps, LayerType
from site_builder import addresses, formatting
from site_builder.architectures.costs import Part, parts, stage_totals
from site_builder.architectures.drawing import (
    OTHER_ARC,
    NetworkDrawing,
    StageDrawing,
    draw_network,
    draw_stage,
    drawn_shapes,
)
from site_builder.architectures.layers import MAX_ROWS, LayerRow, layer_rows, shard_name
from site_builder.architectures.mapped import layer_links
from site_builder.architectures.networks import NOT_RECORDED, Network, without_network
from site_builder.architectures.scale import Scale, stage_scale
from site_builder.loading import Experiment
from site_builder.naming import RunName
from site_builder.pages.lacking import Lacking, by_reason, making
from site_builder.pages.run.command import Command
from site_builder.pages.site import Site, site_context

ADDRESS = addresses.ARCHITECTURES
_TYPES: dict[LayerType, str] = {
    "convolution": "Convolution",
    "linear": "Linear",
    "attention": "Attention",
    "normalisation": "Normalisation",
    "activation": "Activation",
    "pooling": "Pooling",
    "join": "Join of branches",
    "other": "Other",
}
_ARCS = {
    "add": "Skip connection, added",
    "cat": "Skip connection, concatenated",
    "mul": "Skip connection, multiplied",
    OTHER_ARC: "Skip connection, joined otherwise",
}


@dataclass(frozen=True)
class StagePart:
    """A stage of a network.

    Attributes:
        number: Its number, from 1.
        name: Where it is in the backbone, or `classifier head`.
        shape: Channels, height and width of its output.
        n_layers: How many layers it has.
        parameters: What it has of the network's parameters.
        flops: What it has of the network's operations.
        address: Its feature maps, from the site's root; empty where there are none.
        drawing: Its layers as drawn; None where they are fetched.
        rows: Its layers in words; empty where they are fetched.
    """

    number: str
    name: str
    shape: str
    n_layers: str
    parameters: Part
    flops: Part
    address: str
    drawing: StageDrawing | None
    rows: tuple[LayerRow, ...]


@dataclass(frozen=True)
class NetworkPart:
    """A network.

    Attributes:
        key: Its name in the address of the page, and in those of its files.
        run_ids: Its runs, apart by spaces.
        name: Its name for people.
        facts: What it gets, how large it is, how it was found out: label and text.
        runs: How many runs it has.
        best: Name of the most accurate of them.
        address: Its page, from the site's root.
        drawing: Its stages as drawn.
        stages: Its stages.
        shard: Where its layers are fetched from, below `data/`; empty where they are in the page.
    """

    key: str
    run_ids: str
    name: str
    facts: tuple[tuple[str, str], ...]
    runs: str
    best: str
    address: str
    drawing: NetworkDrawing
    stages: tuple[StagePart, ...]
    shard: str


@dataclass(frozen=True)
class ArchitecturesContext:
    """What `pages/architectures.html` shows.

    Attributes:
        site: The frame of the page.
        summary: What is drawn, in a sentence.
        networks: The networks, that of the most accurate run first.
        types: Types of layers that occur: class for the stylesheet, and text.
        arcs: Kinds of connections that occur: class for the stylesheet, and text.
        without: Runs whose network is not known, by reason.
        command: How networks are recorded that can be; None if none can.
    """

    site: Site
    summary: str
    networks: tuple[NetworkPart, ...]
    types: tuple[tuple[str, str], ...]
    arcs: tuple[tuple[str, str], ...]
    without: tuple[Lacking, ...]
    command: Command | None


def architectures_context(
    experiment: Experiment,
    names: Mapping[str, RunName],
    shown: tuple[Network, ...],
    maps: Mapping[str, FeatureMaps],
) -> ArchitecturesContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        shown: The networks.
        maps: Feature maps by run, best run first.
    """
    fetched = are_fetched(shown)
    shapes = [drawn_shapes(network.made_of) for network in shown]
    tallest = max((side for of_one in shapes for _, side, _ in of_one), default=1)
    scale = stage_scale(shapes)
    drawn = tuple(
        _network(network, names, layer_links(network, maps), scale, tallest, fetched=fetched)
        for network in shown
    )
    without = without_network(experiment, shown)
    lacking = any(reason == NOT_RECORDED for _, reason in without)
    return ArchitecturesContext(
        site=site_context(experiment, ADDRESS),
        summary=_summary(len(shown)),
        networks=drawn,
        types=_occurring(_TYPES, {layer.type for n in shown for layer in n.made_of.layers}),
        arcs=_occurring(_ARCS, {arcs.kind for part in drawn for arcs in part.drawing.arcs}),
        without=by_reason(without, names),
        command=making(experiment.record.name) if lacking or not (shown or without) else None,
    )


def are_fetched(shown: Sequence[Network]) -> bool:
    """Return whether there are too many layers for one page."""
    return sum(len(network.made_of.layers) for network in shown) > MAX_ROWS


def _summary(n_networks: int) -> str:
    if not n_networks:
        return "It is not stored yet what the networks are made of."
    networks = "network" if n_networks == 1 else "networks"
    return (
        f"{formatting.word(n_networks)} {networks}, drawn from the trained models themselves: "
        "their stages, the layers in them, and where their parameters and operations are."
    ).capitalize()


def _occurring(texts: Mapping[Any, str], found: set[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((kind, text) for kind, text in texts.items() if kind in found)


def _network(
    network: Network,
    names: Mapping[str, RunName],
    links: Mapping[int, str],
    scale: Scale,
    tallest: int,
    *,
    fetched: bool,
) -> NetworkPart:
    made_of = network.made_of
    stages = _stages(made_of, links, fetched=fetched)
    titles = [_title(stage) for stage in stages]
    return NetworkPart(
        key=network.key,
        run_ids=" ".join(network.run_ids),
        name=network.name,
        facts=_facts(made_of),
        runs=formatting.count_of(len(network.run_ids), "run"),
        best=names[network.key].full,
        address=addresses.run_page(network.key),
        drawing=draw_network(made_of, titles, [stage.address for stage in stages], scale, tallest),
        stages=stages,
        shard=shard_name(network) if fetched else "",
    )


def _stages(
    made_of: Architecture, links: Mapping[int, str], *, fetched: bool
) -> tuple[StagePart, ...]:
    parameters = parts(stage_totals(made_of, "n_parameters"))
    flops = parts(stage_totals(made_of, "flops"))
    # Of several layers with maps, those that come out of the stage.
    of_stages = {made_of.layers[place].stage: address for place, address in links.items()}
    return tuple(
        StagePart(
            number=formatting.count(at + 1),
            name=stage.name,
            shape=formatting.shape(stage.shape),
            n_layers=formatting.count_of(sum(one.stage == at for one in made_of.layers), "layer"),
            parameters=parameters[at],
            flops=flops[at],
            address=of_stages.get(at, ""),
            drawing=None if fetched else draw_stage(made_of, at),
            rows=() if fetched else layer_rows(made_of, at, links),
        )
        for at, stage in enumerate(made_of.stages)
    )


def _title(stage: StagePart) -> str:
    return (
        f"{stage.number} {stage.name}: {stage.shape}, {stage.n_layers}, "
        f"{stage.parameters.amount} parameters ({stage.parameters.share}), "
        f"{stage.flops.amount} FLOPs ({stage.flops.share})"
    )


def _facts(made_of: Architecture) -> tuple[tuple[str, str], ...]:
    around = (
        f"not known: {made_of.absent['skips']}"
        if made_of.skips is None
        else formatting.count(len(made_of.skips))
    )
    return (
        ("Input", formatting.shape(made_of.input_shape)),
        ("Parameters", formatting.quantity(made_of.n_parameters)),
        ("FLOPs", formatting.quantity(made_of.flops)),
        ("Layers", formatting.count(len(made_of.layers))),
        ("Skip connections", around),
    )
