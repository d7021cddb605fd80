"""How large things are drawn: the same for every network, so that any two can be compared."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from experiments.results.schema import LayerType

_PX_BY_ROOT_OF_SIDE = 10.0
_ARC_DEPTH, _DEEPEST_ARC = 0.35, 30.0
_ARC_LEAST = 5.0
TICKS = (1, 4, 16, 64, 256)
"""Sides that are written beside a drawing, px of the image."""


@dataclass(frozen=True)
class Scale:
    """How wide blocks are.

    Attributes:
        by_root: Width of a block, px, by the square root of its channels.
        least: The narrowest block.
        gap: Between two blocks.
        pitch: From the start of one block to the start of the next, at least.
    """

    by_root: float
    least: float
    gap: float
    pitch: float = 0.0


LAYERS = Scale(by_root=0.3, least=2, gap=1)
STAGES_LEFT = 42
"""Where the first block of a network begins: the numbers before it are there."""
_HALF_PAGE = 552
_LEAST_BY_ROOT, _MOST_BY_ROOT = 1.0, 3.0
_STAGE_GAP = 10


def stage_scale(networks: Iterable[Sequence[Sequence[int]]]) -> Scale:
    """Return the scale at which every network fits into half a page, if any reasonable one does.

    Args:
        networks: For each the shapes of its image and stages: channels, height and width.
    """
    fitting = [
        (_HALF_PAGE - STAGES_LEFT - len(shapes) * _STAGE_GAP)
        / sum(math.sqrt(shape[0]) for shape in shapes)
        for shapes in networks
    ]
    by_root = max(min([_MOST_BY_ROOT, *fitting]), _LEAST_BY_ROOT)
    return Scale(by_root=by_root, least=4, gap=_STAGE_GAP, pitch=20)


@dataclass(frozen=True)
class Block:
    """A stage or a layer: where it stands, and how large it is, px."""

    x: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Its middle."""
        return self.x + self.width / 2


def height_of(side: int) -> float:
    """Return how high a block is whose output has this height, in px of the image."""
    return _PX_BY_ROOT_OF_SIDE * math.sqrt(side)


def stand(shapes: Iterable[Sequence[int]], scale: Scale, start: float) -> list[Block]:
    """Place blocks beside each other.

    Args:
        shapes: Channels, height and width of each.
        scale: How wide they are.
        start: Where the first one begins, px.
    """
    blocks = []
    for channels, side, _ in shapes:
        width = max(scale.least, scale.by_root * math.sqrt(channels))
        blocks.append(Block(start, width, height_of(side)))
        start += max(width + scale.gap, scale.pitch)
    return blocks


def arc(start: float, end: float) -> str:
    """Return half an ellipse that hangs from the baseline at y = 0, as SVG writes a path."""
    reach = end - start
    return f"M{px(start)} 0a{px(reach / 2)} {px(arc_depth(reach))} 0 0 0 {px(reach)} 0"


def arc_depth(reach: float) -> float:
    """Return how far an arc hangs down, px."""
    return min(_ARC_LEAST + _ARC_DEPTH * reach, _DEEPEST_ARC)


def px(value: float) -> str:
    """Return a place in a drawing, to a tenth of a px."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Outline:
    """All blocks of one type of layer, as one path."""

    type: LayerType
    path: str


@dataclass(frozen=True)
class Arcs:
    """All connections that end in one kind of operation, as one path."""

    kind: str
    path: str
