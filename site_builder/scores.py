"""Every score of one run, computed once from its test predictions when first asked for.

Tables, findings and pages all read their numbers here. A score that does not exist for a run says
why.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.results.counts import Counts
from experiments.results.metrics.agreement import cohen_kappa, matthews
from experiments.results.metrics.bootstrap import BootstrapIntervals, bootstrap_intervals
from experiments.results.metrics.calibration import (
    ReliabilityBins,
    expected_calibration_error,
    maximum_calibration_error,
    mean_overconfidence,
    reliability_bins,
)
from experiments.results.metrics.classification import (
    Average,
    AverageScores,
    ClassScores,
    averaged_scores,
    balanced_accuracy,
    class_scores,
)
from experiments.results.metrics.intervals import Interval, wilson
from experiments.results.metrics.probabilities import brier_score, log_loss
from experiments.results.metrics.risk import RiskCoverage, risk_coverage
from experiments.results.predictions import NO_CONFIDENCE, NO_RANKS, Predictions

ONE_CLASS = "undefined: all images are of one class, or were given one"
NO_IMAGE = "no test image is of this class"
NEVER_NAMED = "no test image was called so"
NOT_TOLD = "the import does not tell how often the class was named"
TOP_CLASSES_ONLY = "the probabilities of all classes are needed, and only the largest are stored"


@dataclass(frozen=True)
class Score:
    """A number that may be missing.

    Attributes:
        value: The number; None where there is none.
        interval: Its confidence interval; None where it has none.
        reason: Why there is no number; empty where there is one.
    """

    value: float | None
    interval: Interval | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of one run.

    Attributes:
        counts: Test images by class, at least one.
        predictions: What the model said about each of these images; None where that is unknown.
        no_predictions: Why it is unknown; empty where it is known.
    """

    counts: Counts
    predictions: Predictions | None
    no_predictions: str = ""

    @cached_property
    def accuracy(self) -> Score:
        """Share of images that the model got right, in [0, 1], with Wilson's interval."""
        return Score(self.counts.accuracy, self.accuracy_interval)

    @cached_property
    def accuracy_interval(self) -> Interval:
        """Wilson's interval of the accuracy."""
        return wilson(self.counts.n_correct, self.counts.n_images)

    @cached_property
    def balanced_accuracy(self) -> Score:
        """Mean recall of the classes that have images, in [0, 1].

        Where all classes have images it is the macro recall, and so is its interval.
        """
        everywhere = bool(self.classes.support.all())
        ends = self.bootstrap.recall if self.bootstrap and everywhere else None
        return Score(balanced_accuracy(self.counts.hits, self.counts.support), ends)

    @cached_property
    def kappa(self) -> Score:
        """Cohen's kappa between targets and predictions, in [-1, 1]."""
        if self.counts.confusion is None:
            return self._unknown
        return _or_reason(cohen_kappa(self.counts.confusion), ONE_CLASS)

    @cached_property
    def matthews(self) -> Score:
        """Matthews correlation coefficient of targets and predictions, in [-1, 1]."""
        if self.counts.confusion is None:
            return self._unknown
        return _or_reason(matthews(self.counts.confusion), ONE_CLASS)

    @cached_property
    def classes(self) -> ClassScores:
        """Precision, recall, F1 and support of every class."""
        return class_scores(self.counts.hits, self.counts.support, self.counts.chosen)

    def recall_of(self, target: int) -> Score:
        """Share of the images of a class that were called so, in [0, 1], with Wilson's interval."""
        support = int(self.counts.support[target])
        return (
            _share(int(self.counts.hits[target]), support)
            if support
            else Score(None, None, NO_IMAGE)
        )

    def precision_of(self, target: int) -> Score:
        """Share of the images that were called a class that are of it, as `recall_of`.

        It is unknown where none was, though averages over classes count 0 for it.
        """
        chosen = int(self.counts.chosen[target])
        if chosen <= 0:
            return Score(None, reason=NOT_TOLD if chosen else NEVER_NAMED)
        return _share(int(self.counts.hits[target]), chosen)

    def f1_of(self, target: int) -> Score:
        """F1 of a class, in [0, 1]; unknown where the class never occurs."""
        if not (self.counts.support[target] or self.counts.chosen[target]):
            return Score(None, reason=f"{NO_IMAGE}, and none was called so")
        return Score(float(self.classes.f1[target]))

    @cached_property
    def averages(self) -> dict[Average, AverageScores]:
        """Precision, recall and F1 as macro, weighted and micro averages."""
        counts = (self.counts.hits, self.counts.support, self.counts.chosen)
        return {
            "macro": averaged_scores(*counts, "macro"),
            "weighted": averaged_scores(*counts, "weighted"),
            "micro": averaged_scores(*counts, "micro"),
        }

    @cached_property
    def bootstrap(self) -> BootstrapIntervals | None:
        """Intervals of averages over classes and of the calibration error; slow, 0.15 s a run."""
        if self.predictions is None:
            return None
        return bootstrap_intervals(
            self.predictions.targets,
            self.predictions.predicted,
            self.confidences,
            len(self.counts.support),
        )

    @cached_property
    def correct(self) -> NDArray[np.bool_] | None:
        """(N,) bool, whether each image was right; None where that is unknown."""
        if self.predictions is None:
            return None
        right: NDArray[np.bool_] = self.predictions.predicted == self.predictions.targets
        return right

    @property
    def confidences(self) -> NDArray[np.float32] | None:
        """(N,) float32 in [0, 1], probability of each chosen class; None where that is unknown."""
        if self.predictions is None or self.predictions.top_probabilities is None:
            return None
        chosen: NDArray[np.float32] = self.predictions.top_probabilities[:, 0]
        return chosen

    @cached_property
    def log_loss(self) -> Score:
        """Mean of -ln p of the true class, nats; lower is better."""
        if self.predictions is None:
            return self._unknown
        if self.predictions.target_probabilities is None:
            return Score(None, reason=NO_RANKS)
        return Score(log_loss(self.predictions.target_probabilities))

    @cached_property
    def brier(self) -> Score:
        """Brier score over all classes, in [0, 2]; lower is better."""
        if self.predictions is None:
            return self._unknown
        if self.predictions.target_probabilities is None:
            return Score(None, reason=NO_RANKS)
        return _or_reason(brier_score(self.predictions, len(self.counts.support)), TOP_CLASSES_ONLY)

    @cached_property
    def bins(self) -> ReliabilityBins | None:
        """Images by the probability of their chosen class; None where that is unknown."""
        if self.confidences is None or self.correct is None:
            return None
        return reliability_bins(self.confidences, self.correct)

    @cached_property
    def ece(self) -> Score:
        """Expected calibration error, in [0, 1]; lower is better."""
        if self.bins is None:
            return self._unknown
        return Score(
            expected_calibration_error(self.bins), self.bootstrap.ece if self.bootstrap else None
        )

    @cached_property
    def mce(self) -> Score:
        """Maximum calibration error, in [0, 1]; lower is better."""
        return self._unknown if self.bins is None else Score(maximum_calibration_error(self.bins))

    @cached_property
    def overconfidence(self) -> Score:
        """Mean confidence minus accuracy, in [-1, 1]; 0 is best."""
        return self._unknown if self.bins is None else Score(mean_overconfidence(self.bins))

    @cached_property
    def risk(self) -> RiskCoverage | None:
        """Error rate against the share of images answered; None where that is unknown."""
        if self.confidences is None or self.correct is None:
            return None
        return risk_coverage(self.confidences, self.correct)

    @cached_property
    def area_under_risk(self) -> Score:
        """Mean error rate over all coverages, in [0, 1]; lower is better."""
        return self._unknown if self.risk is None else Score(self.risk.area)

    @property
    def _unknown(self) -> Score:
        return Score(None, reason=self.no_predictions or NO_CONFIDENCE)


@cache
def _share(part: int, whole: int) -> Score:
    """Keep the scores: over many classes the same few counts come up again and again."""
    return Score(part / whole, wilson(part, whole))


def _or_reason(value: float | None, reason: str) -> Score:
    return Score(value) if value is not None else Score(None, reason=reason)
