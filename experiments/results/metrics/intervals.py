"""Confidence intervals."""

from typing import NamedTuple

from scipy.stats import binomtest

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A confidence interval: of a rate within [0, 1], of a difference of rates within [-1, 1]."""

    low: float
    high: float


def wilson(n_hits: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's score interval of a rate.

    Unlike the normal approximation it stays inside [0, 1] and is not empty at 0 or 1. Source:
    Wilson (1927), "Probable inference, the law of succession, and statistical inference",
    JASA 22.

    Args:
        n_hits: Hits, 0 to n.
        n: Trials, at least 1.
        confidence: Coverage in (0, 1).

    Example:
        >>> [round(end, 4) for end in wilson(97, 100)]
        [0.9155, 0.9897]
    """
    interval = binomtest(n_hits, n).proportion_ci(confidence, method="wilson")
    return Interval(float(interval.low), float(interval.high))
