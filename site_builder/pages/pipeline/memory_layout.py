"""Where the numbers of a batch of images lie in memory, and a drawing of a small one."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from site_builder import formatting

AXES = ("N", "C", "H", "W")
"""Batch, channels, height and width."""
ORDERS = {"NCHW": (0, 1, 2, 3), "NHWC": (0, 2, 3, 1)}
"""Memory order: the axes from the one whose steps are longest to the one whose are shortest."""
_CHANNELS = "RGB"

# The drawing: one image of 2 x 2 pixels, small enough to be read on a phone.
_SHAPE = (1, 3, 2, 2)
_MARKED = (1, 0)
_CELL = 30
_GAP = 2
_WIDTH = 12 * _CELL + 2
_FIRST_STRIP, _STRIP_HEIGHT = 98, 76


@dataclass(frozen=True)
class Cell:
    """A number of the image: its place, px, its label, and its classes in the stylesheet."""

    x: int
    y: int
    label: str
    kind: str


@dataclass(frozen=True)
class Strip:
    """The memory of the image from its first number to its last.

    Attributes:
        y: Where its title stands, px.
        title: What the order is.
        cells: Its numbers, the one at offset 0 first.
    """

    y: int
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class MemoryLayout:
    """An image of 2 × 2 pixels, and its memory in both orders.

    Attributes:
        width: Of the drawing, px.
        height: Of the drawing, px.
        cell: Side of a cell, px.
        pixels: The numbers pixel by pixel.
        strips: The memory, channels first and channels last.
        marked: Where the marked pixel lies in both, as a sentence.
    """

    width: int
    height: int
    cell: int
    pixels: tuple[Cell, ...]
    strips: tuple[Strip, ...]
    marked: str


def strides(shape: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
    """Return how far apart neighbours along each axis lie, in numbers.

    Args:
        shape: Lengths of the axes, each at least 1.
        order: The axes from the longest step to the shortest, as in `ORDERS`.

    Returns:
        One step for each axis, in the order of `shape`. The element (n, c, h, w) lies at the sum of
        its indices, each times the step of its axis.
        Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.stride.html
    """
    steps, step = [0] * len(shape), 1
    for axis in reversed(order):
        steps[axis] = step
        step *= shape[axis]
    return tuple(steps)


def stride_rows(shape: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    """Return a row for each of `AXES`: its name, its length, and its step in both orders."""
    steps = [strides(shape, order) for order in ORDERS.values()]
    return tuple(
        (name, *map(formatting.count, numbers))
        for name, *numbers in zip(AXES, shape, *steps, strict=True)
    )


def memory_layout() -> MemoryLayout:
    """Draw a small image and its memory in both orders."""
    strips = tuple(
        _strip(name, _FIRST_STRIP + _STRIP_HEIGHT * place) for place, name in enumerate(ORDERS)
    )
    return MemoryLayout(
        width=_WIDTH,
        height=_FIRST_STRIP + _STRIP_HEIGHT * len(strips) - 14,
        cell=_CELL - _GAP,
        pixels=tuple(_pixels()),
        strips=strips,
        marked=_where_marked(),
    )


def _pixels() -> list[Cell]:
    """Return the image as one sees it: two rows of two pixels, each of three numbers."""
    _, n_channels, n_rows, n_columns = _SHAPE
    return [
        _cell(
            1 + (column * n_channels + channel) * _CELL + column * _CELL // 2,
            1 + row * (_CELL + 6),
            (channel, row, column),
        )
        for row, column, channel in product(range(n_rows), range(n_columns), range(n_channels))
    ]


def _strip(name: str, y: int) -> Strip:
    steps = strides(_SHAPE, ORDERS[name])
    places = list(product(*map(range, _SHAPE[1:])))
    cells = [_cell(1 + _offset(place, steps) * _CELL, y + 8, place) for place in places]
    written = ", ".join(map(str, steps))
    return Strip(y, f"{name}, steps {written}", tuple(sorted(cells, key=lambda cell: cell.x)))


def _cell(x: int, y: int, place: tuple[int, ...]) -> Cell:
    channel, row, column = place
    letter = _CHANNELS[channel]
    marked = " marked" if (row, column) == _MARKED else ""
    return Cell(x, y, f"{letter}{row}{column}", f"{letter.lower()}{marked}")


def _offset(place: tuple[int, ...], steps: Sequence[int]) -> int:
    return sum(index * step for index, step in zip(place, steps[1:], strict=True))


def _where_marked() -> str:
    offsets = {
        name: [_offset((channel, *_MARKED), strides(_SHAPE, order)) for channel in range(3)]
        for name, order in ORDERS.items()
    }
    row, column = _MARKED
    listed = [
        f"at {formatting.listing(list(map(str, at)))} in {name}" for name, at in offsets.items()
    ]
    where = f"in row {row} and column {column}"
    return f"The marked pixel, {where}, lies {formatting.listing(listed)}."
