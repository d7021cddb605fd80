"""The scores of one run, each with its interval and what it means."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from experiments.results.metrics.classification import Average
from experiments.results.metrics.intervals import Interval
from site_builder import formatting
from site_builder.loading import Run
from site_builder.scores import Score, Scores


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
        scores=tuple(_score_rows(run)),
        averages=tuple(_average_rows(run.scores)),
        intervals=_intervals(run.scores),
    )


def rate(value: float, interval: Interval | None = None) -> Value:
    """Return a rate in percent, without the sign."""
    return Value(formatting.rate(value), formatting.interval(interval) if interval else "")


def _score_rows(run: Run) -> Iterator[ScoreRow]:
    scores = run.scores
    yield ScoreRow("Accuracy, %", _percent(scores.accuracy), "Share of images that are right.")
    if run.top_k > 1:
        meaning = f"Share of images whose class is among the {run.top_k} most probable."
        yield ScoreRow(f"Top-{run.top_k} accuracy, %", _top_k(run), meaning)
    yield ScoreRow(
        "Balanced accuracy, %",
        _percent(scores.balanced_accuracy),
        "Mean recall of the classes that have images.",
    )
    yield ScoreRow(
        "Cohen’s kappa",
        _as(scores.kappa, formatting.coefficient),
        "Agreement with the truth beyond chance: 0 as by chance, 1 in full.",
    )
    yield ScoreRow(
        "Matthews correlation",
        _as(scores.matthews, formatting.coefficient),
        "Correlation of predictions and truth: 0 for none, 1 in full.",
    )
    yield from _probability_rows(scores)


def _probability_rows(scores: Scores) -> Iterator[ScoreRow]:
    yield ScoreRow(
        "Log loss, nats",
        _as(scores.log_loss, formatting.loss),
        "Mean of −ln p, p the probability given to the true class. Lower is better.",
    )
    yield ScoreRow(
        "Brier score",
        _as(scores.brier, formatting.loss),
        "Mean squared distance of the probabilities from the truth, 0 to 2. Lower is better.",
    )
    yield ScoreRow(
        "Expected calibration error, %",
        _percent(scores.ece),
        "Mean gap between confidence and accuracy over the bins below. Lower is better.",
    )
    yield ScoreRow(
        "Maximum calibration error, %",
        _percent(scores.mce),
        "Largest of these gaps; a bin of few images easily makes it large. Lower is better.",
    )
    yield ScoreRow(
        "Overconfidence",
        _as(scores.overconfidence, formatting.signed_points),
        "Mean confidence minus accuracy: above 0 the model is surer than it is right.",
    )
    yield ScoreRow(
        "Area under the risk-coverage curve, %",
        _percent(scores.area_under_risk),
        "Mean error rate over all shares of images answered, surest first. Lower is better.",
    )


def _average_rows(scores: Scores) -> Iterator[AverageRow]:
    drawn, right = scores.bootstrap, scores.accuracy.interval
    ends = (drawn.precision, drawn.recall, drawn.f1) if drawn else (None,) * 3
    yield _average_row(scores, "macro", "Plain mean over the classes.", ends)
    meaning = "Mean in which each class counts by its images; its recall is the accuracy."
    yield _average_row(scores, "weighted", meaning, (None, right, None))
    meaning = "Hits and misses of all classes counted together; all three are the accuracy."
    yield _average_row(scores, "micro", meaning, (right,) * 3)


def _average_row(
    scores: Scores, average: Average, meaning: str, intervals: tuple[Interval | None, ...]
) -> AverageRow:
    of = scores.averages[average]
    values = zip((of.precision, of.recall, of.f1), intervals, strict=True)
    return AverageRow(average.capitalize(), tuple(rate(*value) for value in values), meaning)


def _top_k(run: Run) -> Value:
    if run.n_in_top_k is None:
        return Value(formatting.MISSING, reason=run.no_top_k)
    return rate(run.n_in_top_k / run.n_images, run.top_k_interval)


def _percent(score: Score) -> Value:
    return _as(score, formatting.rate)


def _as(score: Score, write: Callable[[float], str]) -> Value:
    if score.value is None:
        return Value(formatting.MISSING, reason=score.reason)
    interval = formatting.interval(score.interval) if score.interval else ""
    return Value(write(score.value), interval)


def _intervals(scores: Scores) -> str:
    """Say how the intervals were made."""
    wilson = "Accuracy, top-k and micro averages have Wilson’s intervals"
    if scores.bootstrap is None:
        return f"{wilson}; those of other scores need predictions for every image."
    resamples = formatting.count(scores.bootstrap.n_resamples)
    return (
        f"{wilson}; macro averages, balanced accuracy and the expected calibration error have "
        f"percentile intervals from {resamples} bootstrap resamples of the test images, drawn "
        "within each class."
    )
