"""What a small chart is made of, in px, and the axes that turn data into px."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from matplotlib.ticker import MaxNLocator

from site_builder import formatting

WIDTH, HEIGHT = 400, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 388, 28, 42
_MAX_DOTS = 40


@dataclass(frozen=True)
class Axis:
    """An axis: title, ends, and the values that are written at it."""

    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def axis(
    title: str,
    low: float,
    high: float,
    write: Callable[[float], str] = formatting.setting,
    *,
    whole: bool = False,
    n_steps: int = 5,
) -> Axis:
    """Return an axis over at least [low, high] with round numbers at it.

    Args:
        title: What is measured, with its unit.
        low: Least value.
        high: Greatest value, above `low`.
        write: How a value becomes text.
        whole: Whether only whole numbers make sense.
        n_steps: At most so many steps between numbers.
    """
    locator = MaxNLocator(
        n_steps, integer=whole, steps=[1, 2, 2.5, 5, 10], min_n_ticks=1 if whole else 2
    )
    values = locator.tick_values(low, high)
    if whole:
        values = [value for value in values if low <= value <= high]
        ends = low, high
    else:
        ends = float(values[0]), float(values[-1])
    return Axis(title, *ends, tuple((float(value), write(float(value))) for value in values))


def log_axis(title: str, low: float, high: float) -> Axis:
    """Return an axis over at least [low, high], with 1, 2 and 5 times powers of ten at it.

    Args:
        title: What is measured, with its unit.
        low: Least value, above 0.
        high: Greatest value, at least `low`.
    """
    # One decade more on both sides: logarithms are rounded.
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = [float(f"{digit}e{exponent}") for exponent in decades for digit in (1, 2, 5)]
    first = max(place for place, value in enumerate(steps) if value <= low)
    # An axis has a length also where all values are the same.
    last = next(place for place, value in enumerate(steps) if value >= high and place > first)
    ticks = tuple((value, formatting.log_tick(value)) for value in steps[first : last + 1])
    return Axis(title, steps[first], steps[last], ticks)


def percent_axis(title: str, low: float = 0.0, high: float = 1.0, *, n_steps: int = 5) -> Axis:
    """Return an axis of rates in [0, 1], written in percent."""
    made = axis(
        f"{title}, %", low, high, lambda value: formatting.setting(100 * value), n_steps=n_steps
    )
    ticks = tuple(tick for tick in made.ticks if -1e-9 <= tick[0] <= 1 + 1e-9)
    return Axis(made.title, max(made.low, 0.0), min(made.high, 1.0), ticks)


@dataclass(frozen=True)
class Tick:
    """A number at an axis: its place, px, and its text."""

    at: str
    text: str


@dataclass(frozen=True)
class Bar:
    """A bar: its place and size, px, and what it is, a class for the stylesheet."""

    x: str
    y: str
    width: str
    height: str
    kind: str


@dataclass(frozen=True)
class Line:
    """A line.

    Attributes:
        kind: What it is, classes for the stylesheet.
        run_id: The run it is of; empty where all lines are of one.
        points: Its points as SVG writes them.
        dots: Points that are marked, x and y.
    """

    kind: str
    points: str
    dots: tuple[tuple[str, str], ...] = ()
    run_id: str = ""


@dataclass(frozen=True)
class Upright:
    """A vertical line through the whole chart: its kind, place and text (or none)."""

    kind: str
    x: str
    text: str
    anchor: str


@dataclass(frozen=True)
class Chart:
    """A chart, ready to be written.

    Attributes:
        width: Of the drawing.
        height: Of the drawing.
        left: Left end of the x axis.
        right: Right end of the x axis.
        top: Upper end of the y axis.
        bottom: Lower end of the y axis.
        x_title: Below the x axis.
        y_title: Above the y axis.
        x_ticks: Numbers at the x axis.
        y_ticks: Numbers at the y axis.
        bars: Bars, behind everything else.
        whiskers: Intervals of the bars: x, lower and upper end.
        bands: Areas between two lines, the points of both as one outline; behind the lines.
        uprights: Vertical lines.
        lines: Lines, the last one on top.
    """

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    x_title: str
    y_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    whiskers: tuple[tuple[str, str, str], ...]
    bands: tuple[Line, ...]
    uprights: tuple[Upright, ...]
    lines: tuple[Line, ...]


@dataclass
class Drawing:
    """Draws data on two axes; `chart` gives the result."""

    x: Axis
    y: Axis
    height: int = HEIGHT
    bars: list[Bar] = field(default_factory=list)
    whiskers: list[tuple[str, str, str]] = field(default_factory=list)
    bands: list[Line] = field(default_factory=list)
    uprights: list[Upright] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def line(
        self, kind: str, xs: Iterable[float], ys: Iterable[float], run_id: str = "", *, dots: bool
    ) -> None:
        """Draw a line; with dots at its points where asked for and there are few."""
        places = self._places(xs, ys)
        marked = tuple(places) if dots and len(places) <= _MAX_DOTS else ()
        self.lines.append(Line(kind, _points(places), marked, run_id))

    def band(
        self,
        kind: str,
        xs: Sequence[float],
        lows: Sequence[float],
        highs: Sequence[float],
        run_id: str = "",
    ) -> None:
        """Fill the area between two lines."""
        outline = self._places(xs, highs) + self._places(xs, lows)[::-1]
        self.bands.append(Line(kind, _points(outline), (), run_id))

    def bar(self, low: float, high: float, value: float, kind: str = "") -> None:
        """Draw a bar from 0 to `value` over [low, high] of the x axis."""
        width, top = self._px(self.x, high) - self._px(self.x, low), self._px(self.y, value)
        height = self._px(self.y, 0) - top
        self.bars.append(Bar(self._x(low), self._y(value), f"{width:.1f}", f"{height:.1f}", kind))

    def whisker(self, x: float, low: float, high: float) -> None:
        """Draw an interval."""
        self.whiskers.append((self._x(x), self._y(low), self._y(high)))

    def upright(self, kind: str, x: float, text: str = "") -> None:
        """Draw a vertical line at `x`, its text on the side that has more room."""
        anchor = "start" if x < (self.x.low + self.x.high) / 2 else "end"
        self.uprights.append(Upright(kind, self._x(x), text, anchor))

    def chart(self) -> Chart:
        """Return what was drawn."""
        return Chart(
            width=WIDTH,
            height=self.height,
            left=_LEFT,
            right=_RIGHT,
            top=_TOP,
            bottom=self.height - _BOTTOM,
            x_title=self.x.title,
            y_title=self.y.title,
            x_ticks=tuple(Tick(self._x(value), text) for value, text in self.x.ticks),
            y_ticks=tuple(Tick(self._y(value), text) for value, text in self.y.ticks),
            bars=tuple(self.bars),
            whiskers=tuple(self.whiskers),
            bands=tuple(self.bands),
            uprights=tuple(self.uprights),
            lines=tuple(self.lines),
        )

    def _places(self, xs: Iterable[float], ys: Iterable[float]) -> list[tuple[str, str]]:
        return [(self._x(x), self._y(y)) for x, y in zip(xs, ys, strict=True)]

    def _x(self, value: float) -> str:
        return f"{self._px(self.x, value):.1f}"

    def _y(self, value: float) -> str:
        return f"{self._px(self.y, value):.1f}"

    def _px(self, along: Axis, value: float) -> float:
        start, end = (_LEFT, _RIGHT) if along is self.x else (self.height - _BOTTOM, _TOP)
        return start + (value - along.low) / (along.high - along.low) * (end - start)


def _points(places: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)
