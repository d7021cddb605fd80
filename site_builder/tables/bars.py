"""Intervals as small bars, all of a column on one axis."""

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.results.metrics.intervals import Interval
from site_builder.scores import Score

BAR_WIDTH = 96.0
"""Drawn width of the axis that an interval bar lies on."""
_MARGIN = 2


@dataclass(frozen=True)
class Bar:
    """An interval drawn on an axis of `BAR_WIDTH`: its ends and its middle, in drawn units."""

    low: str
    high: str
    value: str


def axis_of(scores: Iterable[Score]) -> Interval | None:
    """Return the span of all intervals; None where there are none, or all are a single point."""
    ends = [end for score in scores for end in score.interval or ()]
    return Interval(min(ends), max(ends)) if ends and min(ends) < max(ends) else None


def bar(score: Score, axis: Interval | None) -> Bar | None:
    """Draw the interval of a score; None where it has none, or there is no axis."""
    if score.interval is None or score.value is None or axis is None:
        return None
    scale = BAR_WIDTH / (axis.high - axis.low)
    low, high, value = (
        f"{(end - axis.low) * scale + _MARGIN:.1f}" for end in (*score.interval, score.value)
    )
    return Bar(low, high, value)
