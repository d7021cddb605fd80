"""The same training repeated with several seeds: how much of a difference is luck?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_rel

from experiments.results.metrics.intervals import CONFIDENCE, Interval
from experiments.results.metrics.paired import Paired

MIN_SEEDS = 4
"""Common seeds from which on the t test alone decides: with three it finds no mean difference below
2.5 times the standard deviation of the differences, with two none below 9 times."""


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


@dataclass(frozen=True)
class EverySeed:
    """Two models trained with the same seeds, held against each other on the images of each seed.

    This is for seeds too few, or too alike, for a test over them. What it finds holds for the
    models that were trained; how far other seeds would bear it out it does not tell.

    Attributes:
        difference: Mean of first minus second over the common seeds, in [-1, 1].
        p_value: That the difference has the same sign in every seed: the largest of the p-values,
            since all must be significant for this to be; 1 where the seeds point both ways.
            Source: Berger (1982), "Multiparameter hypothesis testing and acceptance sampling",
            Technometrics 24 (the intersection-union test).
        n: Common seeds, at least 2.
    """

    difference: float
    p_value: float
    n: int


def compare_every_seed(pairs: Sequence[Paired]) -> EverySeed:
    """Compare two models over the images of each common seed.

    Args:
        pairs: At least two, one a seed: the first model with the second.

    Example:
        >>> from experiments.results.metrics.paired import compare_all
        >>> gain = compare_all(np.array([[True] * 8, [False] * 8])).pair(0, 1)
        >>> every = compare_every_seed([gain, gain])
        >>> every.difference, every.p_value
        (1.0, 0.0078125)
    """
    signs = {np.sign(pair.difference) for pair in pairs}
    return EverySeed(
        difference=float(np.mean([pair.difference for pair in pairs])),
        p_value=max(pair.p_value for pair in pairs) if len(signs) == 1 else 1.0,
        n=len(pairs),
    )


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
