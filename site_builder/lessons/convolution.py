"""A convolution small enough to follow by hand, as a drawing and as arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate2d

from site_builder import formatting

IMAGE = ((1, 1, 2, 8, 9), (0, 1, 2, 9, 9), (1, 0, 3, 8, 8), (1, 2, 2, 9, 9), (0, 1, 1, 8, 9))
"""Grey levels: dark on the left, bright on the right, with an edge between the two."""
KERNEL = ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1))
"""Right column minus left column: large where brightness rises from left to right."""
_CELL_PX = 30


@dataclass(frozen=True)
class Square:
    """A number in a grid.

    Attributes:
        x: Left end of its cell, px.
        y: Upper end of its cell, px.
        middle: Where the number is written, px from the left.
        baseline: Where it is written, px from the top.
        text: The number.
        chosen: Whether it takes part in the sum that is written out.
    """

    x: int
    y: int
    middle: int
    baseline: int
    text: str
    chosen: bool


@dataclass(frozen=True)
class Grid:
    """A grid of numbers as drawn.

    Attributes:
        title: What it is.
        words: Its numbers, row by row, for who cannot see them.
        side: Its width and height, px.
        cell: Width and height of a cell, px.
        squares: Its numbers.
    """

    title: str
    words: str
    side: int
    cell: int
    squares: tuple[Square, ...]


@dataclass(frozen=True)
class Example:
    """A convolution worked out.

    Attributes:
        image: What goes in.
        kernel: The weights.
        output: What comes out.
        products: The sum behind the first number of the output.
        result: That number.
    """

    image: Grid
    kernel: Grid
    output: Grid
    products: str
    result: str


def convolve(image: Sequence[Sequence[int]], kernel: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Return what a convolutional layer makes of one channel: stride 1, no padding, no bias.

    The kernel is laid on the image as it is. In mathematics that is a cross-correlation; a
    convolution would turn the kernel round first (Goodfellow, Bengio and Courville, 2016, 9.1).

    Args:
        image: (H, W) integers.
        kernel: (h, w) integers, no larger than the image.

    Returns:
        (H - h + 1, W - w + 1) int64.
    """
    found: NDArray[np.int64] = correlate2d(np.asarray(image), np.asarray(kernel), mode="valid")
    return found


def example() -> Example:
    """Return the convolution of `IMAGE` with `KERNEL`."""
    output = convolve(IMAGE, KERNEL).tolist()
    side = len(KERNEL)
    pairs = [
        (IMAGE[row][column], KERNEL[row][column]) for row in range(side) for column in range(side)
    ]
    return Example(
        image=grid("Image", IMAGE, side),
        kernel=grid("Kernel", KERNEL, side),
        output=grid("Output", output, 1),
        products=" + ".join(
            f"{_text(pixel)}·{formatting.factor(weight)}" for pixel, weight in pairs
        ),
        result=_text(output[0][0]),
    )


def grid(title: str, numbers: Sequence[Sequence[float]], chosen: int = 0) -> Grid:
    """Lay numbers out.

    Args:
        title: What they are.
        numbers: A square of them.
        chosen: How many of the first rows and columns are marked.
    """
    rows = [[_text(number) for number in row] for row in numbers]
    return Grid(
        title=title,
        words="; ".join(map(" ".join, rows)),
        side=len(rows) * _CELL_PX,
        cell=_CELL_PX,
        squares=tuple(
            _square(row, column, text, chosen=row < chosen and column < chosen)
            for row, texts in enumerate(rows)
            for column, text in enumerate(texts)
        ),
    )


def _square(row: int, column: int, text: str, *, chosen: bool) -> Square:
    x, y, half = column * _CELL_PX, row * _CELL_PX, _CELL_PX // 2
    return Square(x, y, x + half, y + half, text, chosen)


def _text(number: float) -> str:
    return formatting.plain(number)
