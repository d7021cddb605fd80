"""A network as a row of stages, and a stage as a row of layers, with arcs below for connections."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from experiments.results.architecture import channels_and_grid
from experiments.results.schema import Architecture, Layer, LayerType
from site_builder import formatting
from site_builder.architectures.scale import (
    LAYERS,
    STAGES_LEFT,
    TICKS,
    Arcs,
    Block,
    Outline,
    Scale,
    arc,
    arc_depth,
    height_of,
    px,
    stand,
)

_ABOVE, _BELOW = 20, 4
_ARC_KINDS = ("add", "cat", "mul")
OTHER_ARC = "other"


@dataclass(frozen=True)
class Canvas:
    """The size of a drawing whose baseline is at y = 0: SVG's view box, width and height."""

    box: str
    width: str
    height: str


@dataclass(frozen=True)
class StageBlock:
    """A stage as drawn.

    Attributes:
        number: Its number, from 1; empty for the image.
        type: The type of layer that does most of its work; empty for the image.
        x: Left end.
        y: Upper end.
        width: Width.
        height: Height.
        middle: Where its number is written.
        title: What it is, with shape and costs.
        address: Its feature maps, from the site's root; empty where there are none.
    """

    number: str
    type: LayerType | str
    x: str
    y: str
    width: str
    height: str
    middle: str
    title: str
    address: str


@dataclass(frozen=True)
class NetworkDrawing:
    """A network as stages.

    Attributes:
        canvas: Its size.
        image: The image that it gets.
        blocks: Its stages.
        arcs: Connections around layers.
        ticks: Sides, px of the image, by their place.
    """

    canvas: Canvas
    image: StageBlock
    blocks: tuple[StageBlock, ...]
    arcs: tuple[Arcs, ...]
    ticks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class StageDrawing:
    """A stage as layers.

    Attributes:
        canvas: Its size.
        outlines: Its layers, by type.
        arcs: Connections that end in it.
        edges: Where each layer begins and the last one ends, apart by spaces.
    """

    canvas: Canvas
    outlines: tuple[Outline, ...]
    arcs: tuple[Arcs, ...]
    edges: str


def draw_network(
    made_of: Architecture,
    titles: Sequence[str],
    addresses: Sequence[str],
    scale: Scale,
    tallest: int,
) -> NetworkDrawing:
    """Draw a network.

    Args:
        made_of: What it is made of.
        titles: What each stage is, with shape and costs.
        addresses: Where each stage leads to; empty where nowhere.
        scale: How wide stages are.
        tallest: The largest side that is drawn beside it, so that all stand on one line.
    """
    image, *stages = stand(drawn_shapes(made_of), scale, STAGES_LEFT)
    arcs = _arcs(made_of, range(len(made_of.layers)), _middles(made_of, image, stages))
    types = _types_of_stages(made_of)
    return NetworkDrawing(
        canvas=_canvas(stages[-1].x + stages[-1].width + scale.gap, height_of(tallest), arcs),
        image=_block(image, "", "", f"image: {formatting.shape(made_of.input_shape)}", ""),
        blocks=tuple(
            _block(block, formatting.count(number), types[number - 1], title, address)
            for number, (block, title, address) in enumerate(
                zip(stages, titles, addresses, strict=True), start=1
            )
        ),
        arcs=_paths(arcs),
        ticks=tuple(
            (px(-height_of(side)), f"{formatting.count(side)}{formatting.NBSP}px")
            for side in TICKS
            if side <= tallest
        ),
    )


def drawn_shapes(made_of: Architecture) -> list[tuple[int, int, int]]:
    """Return the shapes that a network is drawn from: of the image, then of each stage's output."""
    return [made_of.input_shape, *(stage.shape for stage in made_of.stages)]


def draw_stage(made_of: Architecture, stage: int) -> StageDrawing:
    """Draw the layers of a stage, by its place."""
    places = [at for at, layer in enumerate(made_of.layers) if layer.stage == stage]
    layers = [made_of.layers[at] for at in places]
    blocks = stand((channels_and_grid(layer.output_shape) for layer in layers), LAYERS, 1)
    middles = dict(zip(places, (block.middle for block in blocks), strict=True))
    arcs = _arcs(made_of, places, middles)
    end = blocks[-1].x + blocks[-1].width
    return StageDrawing(
        canvas=_canvas(end + 1, max(block.height for block in blocks), arcs, above_text=2),
        outlines=_outlines(layers, blocks),
        arcs=_paths(arcs),
        edges=" ".join(px(block.x) for block in blocks) + f" {px(end)}",
    )


def _middles(made_of: Architecture, image: Block, stages: Sequence[Block]) -> dict[int, float]:
    """Spread the layers of each stage over its block; -1 is the image."""
    n_layers = Counter(layer.stage for layer in made_of.layers)
    n_before: Counter[int] = Counter()
    middles = {-1: image.middle}
    for at, layer in enumerate(made_of.layers):
        block, share = stages[layer.stage], (n_before[layer.stage] + 0.5) / n_layers[layer.stage]
        middles[at] = block.x + block.width * share
        n_before[layer.stage] += 1
    return middles


_Arc = tuple[str, float, float]


def _arcs(made_of: Architecture, joins: Iterable[int], middles: Mapping[int, float]) -> list[_Arc]:
    """Return kind, start and end of the connections that end in one of some layers.

    What begins before all that is drawn begins at the left end.
    """
    drawn = set(joins)
    return [
        (_arc_kind(made_of.layers[skip.join]), middles.get(skip.first - 1, 0.0), middles[skip.join])
        for skip in made_of.skips or []
        if skip.join in drawn
    ]


def _arc_kind(join: Layer) -> str:
    return join.kind if join.kind in _ARC_KINDS else OTHER_ARC


def _paths(arcs: Iterable[_Arc]) -> tuple[Arcs, ...]:
    """Join arcs of one kind; those that look the same are drawn once."""
    paths: dict[str, dict[str, None]] = {}
    for kind, start, end in arcs:
        paths.setdefault(kind, {})[arc(start, end)] = None
    return tuple(Arcs(kind, "".join(of_kind)) for kind, of_kind in paths.items())


def _outlines(layers: Sequence[Layer], blocks: Sequence[Block]) -> tuple[Outline, ...]:
    paths: dict[LayerType, str] = {}
    for layer, block in zip(layers, blocks, strict=True):
        across, up = px(block.width), px(block.height)
        rectangle = f"M{px(block.x)} 0v-{up}h{across}v{up}z"
        paths[layer.type] = paths.get(layer.type, "") + rectangle
    return tuple(Outline(type_, path) for type_, path in paths.items())


def _types_of_stages(made_of: Architecture) -> list[LayerType]:
    """Return for each stage the type of layer that does most of its work, or holds most of it."""
    work: list[dict[LayerType, list[int]]] = [{} for _ in made_of.stages]
    for layer in made_of.layers:
        of_type = work[layer.stage].setdefault(layer.type, [0, 0])
        of_type[0] += layer.flops
        of_type[1] += layer.n_parameters
    return [max(of_stage, key=lambda type_: of_stage[type_]) for of_stage in work]


def _canvas(
    width: float, above: float, arcs: Sequence[_Arc], *, above_text: int = _ABOVE
) -> Canvas:
    below = max((arc_depth(end - start) for _, start, end in arcs), default=0.0) + _BELOW
    top, height = above + above_text, above + above_text + below
    return Canvas(f"0 {px(-top)} {px(width)} {px(height)}", px(width), px(height))


def _block(
    block: Block, number: str, type_: LayerType | str, title: str, address: str
) -> StageBlock:
    return StageBlock(
        number=number,
        type=type_,
        x=px(block.x),
        y=px(-block.height),
        width=px(block.width),
        height=px(block.height),
        middle=px(block.middle),
        title=title,
        address=address,
    )
