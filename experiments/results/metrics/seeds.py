"""The same training repeated with several seeds: how much of a difference is luck?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_rel

from experiments.results.metrics.intervals import CONFIDENCE, Interval


@dataclass(frozen=True)
class SeedSummary:
    """Accuracies of one model over seeds.

    Attributes:
        mean: In [0, 1].
        deviation: Sample standard deviation (divided by n - 1), at least 0; None for one seed.
        n: Seeds.
    """

    mean: float
    deviation: float | None
    n: int


@dataclass(frozen=True)
class SeedComparison:
    """Two models trained with the same seeds.

    Attributes:
        difference: Mean of first minus second over the common seeds, in [-1, 1].
        interval: 95 % t interval of that mean, cut to [-1, 1]; None where there is no test.
        p_value: Of the paired t test, two-sided; None where there is no test: with one common
            seed, or where the difference is the same for every seed (t would be divided by 0).
        n: Common seeds, at least 1.
    """

    difference: float
    interval: Interval | None
    p_value: float | None
    n: int


def summarise_seeds(accuracies: Sequence[float]) -> SeedSummary:
    """Return mean and spread of the accuracies of one model over seeds.

    Args:
        accuracies: At least one, in [0, 1].

    Raises:
        ValueError: If there is none.

    Example:
        >>> summary = summarise_seeds([0.90, 0.92, 0.94])
        >>> round(summary.mean, 4), round(summary.deviation, 4), summary.n
        (0.92, 0.02, 3)
    """
    if not accuracies:
        raise ValueError("the mean over no seeds is undefined")
    deviation = float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else None
    return SeedSummary(float(np.mean(accuracies)), deviation, len(accuracies))


def compare_seeds(first: Mapping[int, float], second: Mapping[int, float]) -> SeedComparison | None:
    """Compare two models over the seeds they have in common, by the paired t test.

    It takes the differences for normally distributed, which few seeds can neither show nor refute.

    Args:
        first: Accuracy in [0, 1] by seed.
        second: Accuracy in [0, 1] by seed.

    Returns:
        The comparison; None where no seed is common.

    Example:
        >>> compare_seeds({0: 0.90, 1: 0.92, 2: 0.93}, {0: 0.88, 1: 0.91, 2: 0.90}).n
        3
    """
    common = sorted(first.keys() & second.keys())
    if not common:
        return None
    ours, theirs = ([of[seed] for seed in common] for of in (first, second))
    differences = np.subtract(ours, theirs)
    difference = float(differences.mean())
    if len(common) == 1 or _all_equal(differences):
        return SeedComparison(difference, None, None, len(common))
    test = ttest_rel(ours, theirs)
    low, high = np.clip(test.confidence_interval(CONFIDENCE), -1, 1)
    return SeedComparison(
        difference, Interval(float(low), float(high)), float(test.pvalue), len(common)
    )


def _all_equal(differences: NDArray[np.float64]) -> bool:
    """Tell whether differences are equal but for the rounding of decimals such as 0.9 - 0.8."""
    return bool(np.ptp(differences) <= 4 * np.finfo(np.float64).eps)
