"""Tie groups against the rule followed by hand with scipy's own test."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.stats import binomtest

from experiments.results.metrics.ranking import tie_groups

Hits = NDArray[np.bool_]


def nested(*accuracies: float, n_images: int = 1_000) -> Hits:
    """Runs of which the better one gets right all that the worse one does."""
    return np.arange(n_images) < n_images * np.array(accuracies)[:, None]


def slow_groups(correct: Hits, alpha: float = 0.05) -> tuple[int, ...]:
    """The documented rule, one test at a time."""
    groups = [0] * len(correct)
    number = 0
    separated = slow_separated(correct, alpha)
    while 0 in groups:
        number += 1
        left = [run for run, group in enumerate(groups) if group == 0]
        best = max(left, key=lambda run: (correct[run].sum(), -run))
        for run in left:
            if frozenset({best, run}) not in separated:
                groups[run] = number
    return tuple(groups)


def slow_separated(correct: Hits, alpha: float) -> set[frozenset[int]]:
    """The pairs that Holm's procedure rejects among all pairs."""
    p_values = {}
    for one, other in combinations(range(len(correct)), 2):
        only_one = int((correct[one] & ~correct[other]).sum())
        n = only_one + int((correct[other] & ~correct[one]).sum())
        p_values[frozenset({one, other})] = binomtest(only_one, n).pvalue if n else 1.0
    ordered = sorted(p_values, key=p_values.__getitem__)
    separated = set()
    for step, pair in enumerate(ordered):
        if p_values[pair] * (len(ordered) - step) > alpha:
            break
        separated.add(pair)
    return separated


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 7), st.integers(1, 40))))
def test_the_groups_are_those_of_the_rule(correct: Hits) -> None:
    assert tie_groups(correct) == slow_groups(correct)


@given(st.lists(st.floats(0.05, 0.95), min_size=1, max_size=8), st.integers(0, 100))
def test_the_groups_of_separable_runs_are_those_of_the_rule(
    accuracies: list[float], seed: int
) -> None:
    random = np.random.default_rng(seed)
    correct = random.random((len(accuracies), 120)) < np.array(accuracies)[:, None]
    groups = tie_groups(correct)
    assert groups == slow_groups(correct)
    assert set(groups) == set(range(1, max(groups) + 1))
    assert groups[int(np.argmax(correct.sum(axis=1)))] == 1


def test_clear_differences_are_separate_places() -> None:
    assert tie_groups(nested(0.6, 0.9, 0.3)) == (2, 1, 3)


def test_runs_that_the_test_does_not_separate_share_a_place() -> None:
    assert tie_groups(nested(0.900, 0.902, 0.5, 0.501)) == (1, 1, 2, 2)


def test_the_correction_keeps_runs_together_that_one_test_alone_would_part() -> None:
    """Six discordant images, all one way: p = 0.031 alone, above 0.05 among ten."""
    assert tie_groups(nested(0.906, 0.900)) == (1, 2)
    assert tie_groups(nested(0.906, 0.900, 0.901, 0.902, 0.903)) == (1, 1, 1, 1, 1)


def test_a_run_can_stand_below_one_with_fewer_hits() -> None:
    """The limit that is documented: B is told apart from A since it never beats it; C is not."""
    best = np.arange(1_000) < 900
    close = np.arange(1_000) < 885
    apart = np.roll(np.arange(1_000) < 880, 60)
    assert apart.sum() < close.sum()
    assert tie_groups(np.array([best, close, apart])) == (1, 2, 1)


def test_one_run_and_equal_runs_are_the_first_group() -> None:
    assert tie_groups(nested(0.4)) == (1,)
    assert tie_groups(nested(0.4, 0.4, 0.4)) == (1, 1, 1)
    assert tie_groups(np.zeros((2, 5), dtype=bool)) == (1, 1)


def test_the_order_of_clearly_ranked_runs_does_not_matter() -> None:
    correct = nested(0.9, 0.7, 0.698, 0.5, 0.2)
    order = np.random.default_rng(0).permutation(5)
    groups = np.array(tie_groups(correct))
    assert groups.tolist() == [1, 2, 2, 3, 4]
    assert tie_groups(correct[order]) == tuple(groups[order].tolist())


def test_equally_good_runs_rarely_fall_apart() -> None:
    """Twenty runs of one accuracy; corrected over the best one's pairs alone, 17 % fell apart."""
    random = np.random.default_rng(0)
    fell_apart = sum(max(tie_groups(random.random((20, 300)) < 0.85)) > 1 for _ in range(200))
    assert fell_apart / 200 <= 0.05


def test_no_images_have_no_order() -> None:
    with pytest.raises(ValueError, match="no images"):
        tie_groups(np.zeros((2, 0), dtype=bool))
