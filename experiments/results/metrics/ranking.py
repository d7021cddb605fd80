"""Ranking in groups: runs that a paired test does not tell apart share a place."""

import numpy as np
from numpy.typing import NDArray

from experiments.results.metrics.paired import ALPHA, compare_all


def tie_groups(correct: NDArray[np.bool_]) -> tuple[int, ...]:
    """Group runs with the best of those that are left.

    The run with the most hits (the first of them, if several) opens group 1; every run that the
    exact McNemar test does not separate from it joins, at a level of 0.05 after Holm's correction
    over all pairs of runs. The same is done with the runs left over, until none is. The correction
    is over all pairs since the best run is not known beforehand: corrected over its own comparisons
    alone, 20 equally good runs fell into several groups in one experiment of six.

    Limits: a group is about its best run only. Two of its members may differ from each other, and
    the last of a group need not differ from the first of the next, since "not separated" is not
    transitive. A run may even stand a group below one with fewer hits, if it disagrees with the
    best on fewer images and so is told apart more easily. "Not separated" is no proof of being
    equal: with few images everything ends up in group 1.

    Args:
        correct: (R, N) bool, whether run i gets image n right; at least one image.

    Returns:
        R group numbers from 1, in the order of the runs.

    Raises:
        ValueError: If there is no image.

    Example:
        >>> good, poor = [True] * 20, [True] * 5 + [False] * 15
        >>> tie_groups(np.array([poor, good, good]))
        (2, 1, 1)
    """
    hits, p_values = correct.sum(axis=1), compare_all(correct).adjusted_p_value
    groups = np.zeros(len(correct), dtype=np.int64)
    while not groups.all():
        left = np.flatnonzero(groups == 0)
        best = left[np.argmax(hits[left])]
        others = left[left != best]
        tied = others[p_values[best, others] > ALPHA]
        groups[[best, *tied]] = groups.max() + 1
    return tuple(groups.tolist())


def surest_mistakes(right: NDArray[np.bool_], confidence: NDArray[np.number]) -> NDArray[np.int64]:
    """Return the places of the images that a run gets wrong, by falling confidence.

    Args:
        right: (N,) bool, whether the run is right.
        confidence: (N,), of the first class, on any scale.

    Returns:
        (n,) int64; of equal ones the earlier comes first.

    Example:
        >>> right = np.array([False, True, False, False])
        >>> surest_mistakes(right, np.array([0.5, 0.9, 0.7, 0.7])).tolist()
        [2, 3, 0]
    """
    wrong = np.flatnonzero(~right)
    return wrong[np.argsort(-confidence[wrong], kind="stable")]
