"""Is one run better than another on the same images?

Two runs that see the same images are compared image by image: those that both get right or both get
wrong say nothing about which one is better, the discordant ones say it all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from experiments.results.metrics.intervals import Interval, wilson

# A difference counts as real where its (adjusted) p-value is at most this.
ALPHA = 0.05


@dataclass(frozen=True)
class Paired:
    """Two runs on the same images.

    Attributes:
        n_only_first: Images that only the first run gets right.
        n_only_second: Images that only the second run gets right.
        n_both: Images that both get right.
        n_neither: Images that neither gets right.
        difference: Accuracy of the first minus that of the second, in [-1, 1].
        interval: Newcombe's 95 % interval of the difference.
        p_value: Of the exact McNemar test, two-sided, in [0, 1]; not adjusted.
    """

    n_only_first: int
    n_only_second: int
    n_both: int
    n_neither: int
    difference: float
    interval: Interval
    p_value: float


@dataclass(frozen=True)
class AllPaired:
    """Every two of R runs on the same images; entry [i, j] has run i first and run j second.

    Attributes:
        n_only_first: (R, R) int64; its transpose counts those only the second gets right.
        n_both: (R, R) int64.
        n_neither: (R, R) int64.
        difference: (R, R) float64 in [-1, 1], accuracy of i minus accuracy of j.
        low: (R, R) float64 in [-1, 1], lower end of Newcombe's 95 % interval.
        high: (R, R) float64 in [-1, 1], upper end.
        p_value: (R, R) float64 in [0, 1], exact McNemar, not adjusted; symmetric.
        adjusted_p_value: (R, R) float64 in [0, 1], after Holm's correction over all pairs of two
            runs; 1 on the diagonal; symmetric.
    """

    n_only_first: NDArray[np.int64]
    n_both: NDArray[np.int64]
    n_neither: NDArray[np.int64]
    difference: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p_value: NDArray[np.float64]
    adjusted_p_value: NDArray[np.float64]

    def pair(self, first: int, second: int) -> Paired:
        """Return the comparison of two runs by their places."""
        at = first, second
        return Paired(
            n_only_first=int(self.n_only_first[at]),
            n_only_second=int(self.n_only_first[second, first]),
            n_both=int(self.n_both[at]),
            n_neither=int(self.n_neither[at]),
            difference=float(self.difference[at]),
            interval=Interval(float(self.low[at]), float(self.high[at])),
            p_value=float(self.p_value[at]),
        )


def compare_all(correct: NDArray[np.bool_]) -> AllPaired:
    """Compare every two of R runs on the same images.

    The interval is Newcombe's method 10: Wilson's intervals of the two accuracies, combined with
    their correlation, which is corrected for continuity. It is not adjusted for the number of
    comparisons, and being of another kind than the exact test it may leave out 0 where the test
    says 0.052. Source: Newcombe (1998), "Improved confidence intervals for the difference between
    binomial proportions based on paired data", Statistics in Medicine 17, 2635-2650.

    Args:
        correct: (R, N) bool, whether run i gets image n right; at least one image, at most 2^24.

    Raises:
        ValueError: If there is no image.

    Example:
        >>> nine, four = np.arange(10) < 9, np.arange(10) < 4
        >>> pair = compare_all(np.stack([nine, four])).pair(0, 1)
        >>> pair.n_only_first, pair.difference, pair.p_value
        (5, 0.5, 0.0625)
    """
    n_images = correct.shape[1]
    if not n_images:
        raise ValueError("a comparison on no images is undefined")
    n_both = _count_both(correct, correct)
    n_only_first = _count_both(correct, ~correct)
    n_neither = n_images - n_both - n_only_first - n_only_first.T
    difference = (n_only_first - n_only_first.T) / n_images
    low, high = _newcombe(n_both, n_only_first, n_neither)
    p_value = mcnemar(n_only_first, n_only_first.T)
    adjusted = _holm_over_pairs(p_value)
    return AllPaired(n_only_first, n_both, n_neither, difference, low, high, p_value, adjusted)


def mcnemar(
    n_only_first: NDArray[np.integer], n_only_second: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return p-values of the exact McNemar test, two-sided.

    Were the runs equally good, each discordant image would fall to either side like a fair coin.
    Source: McNemar (1947), "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12; exact form: the sign test.

    Args:
        n_only_first: Array of int, images only the first gets right.
        n_only_second: Array of int of the same shape, images only the second gets right.

    Returns:
        float64 of that shape in [0, 1]; 1 where there are no discordant images.

    Example:
        >>> mcnemar(np.array([5, 0, 8]), np.array([0, 0, 8])).tolist()
        [0.0625, 1.0, 1.0]
    """
    fewer = np.minimum(n_only_first, n_only_second)
    return np.minimum(1.0, 2 * binom.cdf(fewer, n_only_first + n_only_second, 0.5))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for their number by Holm's step-down method.

    Whatever is then at or below 0.05 holds with at most 5 % risk of even one false claim among all.
    Source: Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6.

    Args:
        p_values: (m,) float in [0, 1], in any order.

    Returns:
        (m,) float64 in [0, 1], in the same order, none smaller than before.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(4).tolist()
        [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(given)
    stepped = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(stepped))
    return adjusted


def _holm_over_pairs(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust a symmetric (R, R) table of p-values, counting each pair once."""
    above = np.triu_indices(len(p_values), 1)
    adjusted = np.ones_like(p_values)
    adjusted[above] = adjusted.T[above] = holm(p_values[above])
    return adjusted


def _count_both(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count images for which both hold, (R, R) int64; float32 counts exactly up to 2^24."""
    return (one.astype(np.float32) @ other.T.astype(np.float32)).astype(np.int64)


def _newcombe(
    n_both: NDArray[np.int64], n_only_first: NDArray[np.int64], n_neither: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of Newcombe's interval of every pair."""
    hits, misses = n_both.diagonal(), n_neither.diagonal()
    ends = [
        wilson(int(right), int(right + wrong)) for right, wrong in zip(hits, misses, strict=True)
    ]
    low, high = np.array(ends).reshape(-1, 2).T
    rates = hits / (hits + misses)
    below, above = rates - low, high - rates
    correlation = _correlation(n_both, n_only_first, n_neither)
    difference = rates[:, None] - rates
    return (
        difference - _margin(below[:, None], above, correlation),
        difference + _margin(above[:, None], below, correlation),
    )


def _correlation(
    n_both: NDArray[np.int64], n_only_first: NDArray[np.int64], n_neither: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return phi of each pair, moved towards 0 for continuity; 0 where a run never varies."""
    covariance = n_both * n_neither - n_only_first * n_only_first.T
    n_images = n_both + n_only_first + n_only_first.T + n_neither
    corrected = np.where(covariance > 0, np.maximum(covariance - n_images / 2, 0), covariance)
    spread = np.sqrt(n_both.diagonal() * n_neither.diagonal())
    scale = np.outer(spread, spread)
    phi: NDArray[np.float64] = np.divide(
        corrected, scale, out=np.zeros_like(scale), where=scale > 0
    )
    return phi


def _margin(
    one: NDArray[np.float64], other: NDArray[np.float64], correlation: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Add two margins as the sides of a triangle whose angle is their correlation."""
    squared = one**2 + other**2 - 2 * correlation * one * other
    margin: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0))
    return margin
