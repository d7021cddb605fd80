"""Every score of one run, with what it is called and how it is written."""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.results.metrics.classification import Average, AverageScores
from experiments.results.metrics.intervals import Interval
from site_builder import formatting
from site_builder.loading import Run
from site_builder.scores import Score, Scores


@dataclass(frozen=True)
class NamedScore:
    """A score of one run.

    Attributes:
        label: Its name.
        stored_as: Its name in exported tables.
        score: The number.
        write: Makes it text.
        meaning: What it is.
    """

    label: str
    stored_as: str
    score: Score
    write: Callable[[float], str]
    meaning: str


@dataclass(frozen=True)
class NamedAverage:
    """Precision, recall and F1 of one run by one way to average over classes.

    Attributes:
        average: The way.
        scores: Mean precision, recall and F1, in [0, 1].
        meaning: What the average is.
    """

    average: Average
    scores: tuple[Score, ...]
    meaning: str


def top_k_of(run: Run) -> Score:
    """Return the share of images whose class is among the `run.top_k` most probable."""
    if run.n_in_top_k is None:
        return Score(None, reason=run.no_top_k)
    return Score(run.n_in_top_k / run.n_images, run.top_k_interval)


def scores_of(run: Run) -> list[NamedScore]:
    """Return all scores but the averages over classes; top-k only where k is more than 1."""
    found = _rates(run)
    return [*(found if run.top_k > 1 else found[:1] + found[2:]), *_probabilities(run.scores)]


def _rates(run: Run) -> list[NamedScore]:
    scores, rate, k = run.scores, formatting.rate, run.top_k
    n = formatting.count(k)
    return [
        NamedScore("Accuracy, %", "accuracy", scores.accuracy, rate,
                   "Share of images that are right."),
        NamedScore(f"Top-{n} accuracy, %", f"top_{k}_accuracy", top_k_of(run), rate,
                   f"Share of images whose class is among the {n} most probable."),
        NamedScore("Balanced accuracy, %", "balanced_accuracy", scores.balanced_accuracy, rate,
                   "Mean recall of the classes that have images."),
        NamedScore("Cohen’s kappa", "cohen_kappa", scores.kappa, formatting.coefficient,
                   "Agreement with the truth beyond chance: 0 as by chance, 1 in full."),
        NamedScore("Matthews correlation", "matthews_correlation", scores.matthews,
                   formatting.coefficient,
                   "Correlation of predictions and truth: 0 for none, 1 in full."),
    ]  # fmt: skip


def _probabilities(scores: Scores) -> list[NamedScore]:
    return [
        NamedScore("Log loss, nats", "log_loss_nats", scores.log_loss, formatting.loss,
                   "Mean of −ln p, p the probability given to the true class. Lower is better."),
        NamedScore("Brier score", "brier_score", scores.brier, formatting.loss,
                   "Mean squared distance of the probabilities from the truth, 0 to 2. "
                   "Lower is better."),
        NamedScore("Expected calibration error, %", "expected_calibration_error", scores.ece,
                   formatting.rate, "Mean gap between confidence and accuracy over the bins below. "
                   "Lower is better."),
        NamedScore("Maximum calibration error, %", "maximum_calibration_error", scores.mce,
                   formatting.rate, "Largest of these gaps; a bin of few images easily makes it "
                   "large. Lower is better."),
        NamedScore("Overconfidence", "overconfidence", scores.overconfidence,
                   formatting.signed_points, "Mean confidence minus accuracy: above 0 the model is "
                   "surer than it is right."),
        NamedScore("Area under the risk-coverage curve, %", "risk_coverage_area",
                   scores.area_under_risk, formatting.rate, "Mean error rate over all shares of "
                   "images answered, surest first. Lower is better."),
    ]  # fmt: skip


def averages_of(scores: Scores) -> list[NamedAverage]:
    """Return precision, recall and F1 by every way to average, the macro average first."""
    drawn, right = scores.bootstrap, scores.accuracy.interval
    macro: tuple[Interval | None, ...] = (None,) * 3
    weighted: tuple[Interval | None, ...] = (None, right, None)
    if drawn:
        macro = drawn.precision, drawn.recall, drawn.f1
        weighted = drawn.weighted_precision, right, drawn.weighted_f1
    ways: list[tuple[Average, tuple[Interval | None, ...], str]] = [
        ("macro", macro, "Plain mean over the classes; one that was never predicted counts 0 in "
         "the precision."),
        ("weighted", weighted,
         "Mean in which each class counts by its images; its recall is the accuracy."),
        ("micro", (right,) * 3,
         "Hits and misses of all classes counted together; all three are the accuracy."),
    ]  # fmt: skip
    return [
        NamedAverage(average, _with_intervals(scores.averages[average], ends), meaning)
        for average, ends, meaning in ways
    ]


def _with_intervals(of: AverageScores, ends: tuple[Interval | None, ...]) -> tuple[Score, ...]:
    values = (of.precision, of.recall, of.f1)
    return tuple(Score(*pair) for pair in zip(values, ends, strict=True))
