"""The scores of one run, each with its interval and what it means."""

from dataclasses import dataclass

from experiments.results.metrics.intervals import Interval
from site_builder import formatting
from site_builder.loading import Run
from site_builder.scores import Scores
from site_builder.tables.scores import NamedAverage, NamedScore, averages_of, scores_of


@dataclass(frozen=True)
class Value:
    """A number as text.

    Attributes:
        text: The number, or a dash.
        interval: Its interval; empty where it has none.
        reason: Why there is no number; empty where there is one.
    """

    text: str
    interval: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ScoreRow:
    """A score: its name, its value and what it is."""

    label: str
    value: Value
    meaning: str


@dataclass(frozen=True)
class AverageRow:
    """Precision, recall and F1 by one way to average over classes."""

    label: str
    values: tuple[Value, ...]
    meaning: str


@dataclass(frozen=True)
class ScoreTables:
    """The tables of scores.

    Attributes:
        scores: One row a score.
        averages: One row a way to average.
        intervals: How the intervals were made.
    """

    scores: tuple[ScoreRow, ...]
    averages: tuple[AverageRow, ...]
    intervals: str


def score_tables(run: Run) -> ScoreTables:
    """Return all scores of a run."""
    return ScoreTables(
        scores=tuple(map(_score_row, scores_of(run))),
        averages=tuple(map(_average_row, averages_of(run.scores))),
        intervals=_intervals(run.scores),
    )


def rate(value: float, interval: Interval | None = None) -> Value:
    """Return a rate in percent, without the sign."""
    return Value(formatting.rate(value), formatting.interval(interval) if interval else "")


def _score_row(named: NamedScore) -> ScoreRow:
    score = named.score
    if score.value is None:
        value = Value(formatting.MISSING, reason=score.reason)
    else:
        ends = formatting.interval(score.interval) if score.interval else ""
        value = Value(named.write(score.value), ends)
    return ScoreRow(named.label, value, named.meaning)


def _average_row(named: NamedAverage) -> AverageRow:
    values = tuple(rate(score.value or 0.0, score.interval) for score in named.scores)
    return AverageRow(named.average.capitalize(), values, named.meaning)


def _intervals(scores: Scores) -> str:
    """Say how the intervals were made."""
    wilson = "Accuracy, top-k, micro averages and the weighted recall have Wilson’s intervals"
    if scores.bootstrap is None:
        return f"{wilson}; those of other scores need predictions for every image."
    resamples = formatting.count(scores.bootstrap.n_resamples)
    return (
        f"{wilson}; macro and weighted averages, balanced accuracy and the expected calibration "
        f"error have percentile intervals from {resamples} bootstrap resamples of the test images, "
        "drawn within each class."
    )
