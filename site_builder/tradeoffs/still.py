"""A trade-off as SVG made at build time, so that a page needs no chart library to be read.

Each run is one path, kept short: a hundred runs in five charts and two sizes are a tenth of a
megabyte. Colours are classes of the stylesheet, so that light and dark follow the page.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from site_builder.charts.chart import Axis, Tick, axis
from site_builder.tradeoffs.points import N_SERIES, Point, Tradeoff

_TOP, _RIGHT, _BOTTOM = 28, 24, 40
# Outline of a mark about its middle, px; the order is that of the shapes in `plotly.py`.
_SHAPES = (
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", "m-3.6-3.6h7.2v7.2h-7.2z", "m0-5l5 5l-5 5l-5-5z",
    "m0-4.6l4.8 8.2h-9.6z", "m0 4.6l4.8-8.2h-9.6z", "m0-4.8l4.6 3.3l-1.8 5.4h-5.6l-1.8-5.4z",
    "m-2.5-4.3h5l2.5 4.3l-2.5 4.3h-5l-2.5-4.3z",
    "m-1.5-5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",
)  # fmt: skip
_MARK_RADIUS = 5.5
_MAX_LABEL = 24
# Where a label may stand: offset from its mark in units of the distance, and its anchor.
_PLACES = (
    (1, 0.35, "start"), (-1, 0.35, "end"), (0.7, -0.7, "start"), (-0.7, -0.7, "end"),
    (0.7, 1.4, "start"), (-0.7, 1.4, "end"),
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """The measures of a drawing.

    Attributes:
        kind: Its class in the stylesheet.
        width: Width, px.
        height: Height, px.
        left: Room for the numbers at the y axis, px.
        font_px: Size of its text.
    """

    kind: str
    width: int
    height: int
    left: int
    font_px: int


WIDE = Size("wide", 900, 400, 44, 12)
NARROW = Size("narrow", 340, 340, 38, 11)


@dataclass(frozen=True)
class Mark:
    """A run: its id, its classes, and its outline with its interval."""

    run_id: str
    kind: str
    path: str


@dataclass(frozen=True)
class Label:
    """The name of a mark: its place, its class, and how it stands at its place."""

    x: str
    y: str
    kind: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Still:
    """A chart, ready to be written.

    Attributes:
        size: Its measures.
        right: Right end of the x axis, px.
        top: Upper end of the y axis, px.
        bottom: Lower end of the y axis, px.
        x_title: Below the x axis.
        x_ticks: Numbers at the x axis.
        y_ticks: Numbers at the y axis.
        front: The Pareto front as a path of steps; empty where there is none.
        marks: The runs, the most accurate on top.
        labels: Names, as far as there is room.
    """

    size: Size
    right: int
    top: int
    bottom: int
    x_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    front: str
    marks: tuple[Mark, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class _Placed:
    """A point in px, the y axis pointing down."""

    point: Point
    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "_Box") -> bool:
        apart = self.right < other.left or other.right < self.left
        return not (apart or self.bottom < other.top or other.bottom < self.top)


def draw(tradeoff: Tradeoff, size: Size) -> Still:
    """Draw a trade-off."""
    across, up = _x_axis(tradeoff, size), _y_axis(tradeoff.points)
    right, bottom = size.width - _RIGHT, size.height - _BOTTOM

    def x_px(value: float) -> float:
        if tradeoff.log_x:
            value = math.log10(value)
        return _between(across, value, size.left, right)

    def y_px(value: float) -> float:
        return _between(up, value, bottom, _TOP)

    placed = [
        _Placed(point, x_px(point.x), y_px(point.y), y_px(point.y - point.below),
                y_px(point.y + point.above))
        for point in tradeoff.points
    ]  # fmt: skip
    front = [(x_px(point.x), y_px(point.y)) for point in tradeoff.front]
    return Still(
        size=size,
        right=right,
        top=_TOP,
        bottom=bottom,
        x_title=tradeoff.title,
        x_ticks=tuple(
            Tick(f"{_between(across, value, size.left, right):.1f}", text)
            for value, text in across.ticks
        ),
        y_ticks=tuple(Tick(f"{y_px(value):.1f}", text) for value, text in up.ticks),
        front=_steps(front),
        marks=tuple(_mark(of) for of in reversed(placed)),
        labels=tuple(_labels(tradeoff, placed, _under(front), size)),
    )


def _between(along: Axis, value: float, start: float, end: float) -> float:
    return start + (value - along.low) / (along.high - along.low) * (end - start)


def _y_axis(points: Sequence[Point]) -> Axis:
    low = min(point.y - point.below for point in points)
    high = max(point.y + point.above for point in points)
    return axis("", max(low, 0.0), min(high, 100.0))


def _x_axis(tradeoff: Tradeoff, size: Size) -> Axis:
    """Return an axis with some room at both ends; one of logarithms where those are drawn."""
    costs = [point.x for point in tradeoff.points]
    low, high = min(costs), max(costs)
    write = tradeoff.cost.write
    if not tradeoff.log_x:
        return axis("", 0 if low < high / 2 else low * 0.98, high * 1.02, write,
                    n_steps=_n_ticks(size))  # fmt: skip
    room = 0.06 * math.log10(high / low)
    start, end = math.log10(low) - room, math.log10(high) + room
    ticks = [value for value in _round_numbers(start, end, size) if start <= math.log10(value)]
    return Axis("", start, end, tuple((math.log10(value), write(value)) for value in ticks))


def _n_ticks(size: Size) -> int:
    """Return how many numbers there is room for at the x axis."""
    return size.width // 85


def _round_numbers(start: float, end: float, size: Size) -> list[float]:
    """Return 1, 2, 5, 10, ... between two logarithms; powers of ten alone if these are too many."""
    for digits in ((1, 2, 5), (1, 3), (1,)):
        powers = range(math.floor(start), math.ceil(end) + 1)
        values = [digit * 10.0**power for power in powers for digit in digits]
        inside = [value for value in values if start <= math.log10(value) <= end]
        if len(inside) <= _n_ticks(size):
            return inside
    return inside


def _steps(points: Sequence[tuple[float, float]]) -> str:
    """Return the front as a line that rises where a run is more accurate than cheaper ones."""
    if not points:
        return ""
    (x, y), *others = points
    return f"M{x:.1f} {y:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in others)


def _under(points: Sequence[tuple[float, float]]) -> list[_Box]:
    """Return what the line of `_steps` covers."""
    steps = list(pairwise(points))
    across = [_Box(x, y - 2, to, y + 2) for (x, y), (to, _) in steps]
    up = [_Box(x - 2, to, x + 2, y) for (_, y), (x, to) in steps]
    return across + up


def _mark(of: _Placed) -> Mark:
    series = of.point.series % N_SERIES
    upper, lower = of.y - _MARK_RADIUS, of.y + _MARK_RADIUS
    interval = f"M{of.x:.1f} {of.high:.1f}V{upper:.1f}" if of.high < upper else ""
    interval += f"M{of.x:.1f} {lower:.1f}V{of.low:.1f}" if of.low > lower else ""
    outline = f"M{of.x:.1f} {of.y:.1f}{_SHAPES[series]}"
    kind = f"s{series + 1}" + ("" if of.point.filled else " hollow")
    return Mark(of.point.run_id, kind, interval + outline)


def _labels(
    tradeoff: Tradeoff, placed: list[_Placed], line: list[_Box], size: Size
) -> Iterator[Label]:
    """Name the runs on the front and then, where models are few, the others, once each."""
    front = {point.run_id for point in tradeoff.front}
    taken = [box for of in placed for box in _covered(of)] + line
    named = set()
    for of in sorted(placed, key=lambda of: of.point.run_id not in front):
        on_front = of.point.run_id in front
        few = of.point.series_name == of.point.name.model
        if of.point.name.model in named or not (on_front or few):
            continue
        found = _free_label(of, taken, size)
        if found is not None:
            named.add(of.point.name.model)
            taken.append(found[1])
            yield found[0]


def _covered(of: _Placed) -> list[_Box]:
    """Return what a mark and its interval cover."""
    radius = _MARK_RADIUS
    bar = _Box(of.x - 2, of.high, of.x + 2, of.low)
    return [bar, _Box(of.x - radius, of.y - radius, of.x + radius, of.y + radius)]


def _free_label(of: _Placed, taken: list[_Box], size: Size) -> tuple[Label, _Box] | None:
    """Return a label that covers nothing, and its box; None if there is no room for one."""
    name = of.point.name.model
    text = name if len(name) <= _MAX_LABEL else f"{name[: _MAX_LABEL - 1]}…"
    # The browser chooses the font; a letter is about 0.58 of its size wide.
    width = 0.58 * size.font_px * len(text)
    kind = f"s{of.point.series % N_SERIES + 1}"
    for distance in (9, 18, 30):
        for across, down, anchor in _PLACES:
            x, y = of.x + across * distance, of.y + down * (distance if down != 0.35 else 12)
            left = x if anchor == "start" else x - width
            box = _Box(left, y - 0.8 * size.font_px, left + width, y + 0.25 * size.font_px)
            inside = size.left < box.left and box.right < size.width and box.top > _TOP - 8
            inside = inside and box.bottom < size.height - _BOTTOM
            if inside and not any(box.overlaps(other) for other in taken):
                return Label(f"{x:.1f}", f"{y:.1f}", kind, anchor, text), box
    return None
