"""Confidence intervals."""

import math
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


def newcombe(
    first: tuple[int, int], second: tuple[int, int], confidence: float = CONFIDENCE
) -> Interval:
    """Return Newcombe's interval of the difference of two rates that have no image in common.

    Source: Newcombe (1998), "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17, method 10.

    Args:
        first: Hits, 0 to n, and trials, at least 1.
        second: The same of the rate that is subtracted.
        confidence: Coverage in (0, 1).

    Example:
        >>> [round(end, 4) for end in newcombe((56, 70), (48, 80))]
        [0.0524, 0.3339]
    """
    one, other = first[0] / first[1], second[0] / second[1]
    of_one, of_other = wilson(*first, confidence), wilson(*second, confidence)
    below = math.hypot(one - of_one.low, of_other.high - other)
    above = math.hypot(of_one.high - one, other - of_other.low)
    return Interval(one - other - below, one - other + above)
