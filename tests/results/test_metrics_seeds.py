"""Summaries over seeds against the standard library and the paired t test by hand."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from experiments.results.metrics.seeds import compare_seeds, summarise_seeds


@given(st.lists(st.floats(0, 1), min_size=2, max_size=10))
def test_mean_and_deviation_are_the_standard_librarys(accuracies: list[float]) -> None:
    summary = summarise_seeds(accuracies)
    assert summary.mean == pytest.approx(statistics.fmean(accuracies))
    assert summary.deviation == pytest.approx(statistics.stdev(accuracies), abs=1e-12)
    assert summary.n == len(accuracies)


def test_one_seed_has_no_deviation_and_none_no_mean() -> None:
    summary = summarise_seeds([0.9])
    assert (summary.mean, summary.deviation, summary.n) == (0.9, None, 1)
    with pytest.raises(ValueError, match="no seeds"):
        summarise_seeds([])


def test_the_paired_t_test_worked_by_hand() -> None:
    first = {3: 0.90, 1: 0.93, 2: 0.95, 9: 0.1}
    second = {1: 0.91, 2: 0.92, 3: 0.89, 8: 1.0}
    found = compare_seeds(first, second)
    assert found is not None
    assert found.interval is not None
    differences = [0.02, 0.03, 0.01]
    error = statistics.stdev(differences) / math.sqrt(3)
    assert found.n == 3
    assert found.difference == pytest.approx(0.02)
    assert found.p_value == pytest.approx(2 * student.sf(0.02 / error, df=2))
    half = student.ppf(0.975, df=2) * error
    assert found.interval == pytest.approx((0.02 - half, 0.02 + half))


def test_two_seeds_have_a_test_but_a_useless_interval_that_stays_in_range() -> None:
    found = compare_seeds({0: 0.9, 1: 0.5}, {0: 0.5, 1: 0.8})
    assert found is not None
    assert found.interval == (-1, 1)
    assert found.p_value is not None
    assert found.p_value > 0.5


@pytest.mark.parametrize(
    ("first", "second", "difference", "n"),
    [
        ({0: 0.9}, {0: 0.8}, 0.1, 1),
        ({0: 0.9, 1: 0.7}, {1: 0.6, 2: 0.5}, 0.1, 1),
        ({0: 0.9, 1: 0.8, 2: 0.7}, {0: 0.8, 1: 0.7, 2: 0.6}, 0.1, 3),
        ({0: 0.9, 1: 0.8}, {0: 0.9, 1: 0.8}, 0.0, 2),
    ],
)
def test_where_there_is_no_test_the_difference_is_left(
    first: dict[int, float], second: dict[int, float], difference: float, n: int
) -> None:
    found = compare_seeds(first, second)
    assert found is not None
    assert found.difference == pytest.approx(difference)
    assert found.n == n
    assert found.interval is None
    assert found.p_value is None


def test_without_a_common_seed_there_is_no_comparison() -> None:
    assert compare_seeds({0: 0.9}, {1: 0.8}) is None
    assert compare_seeds({}, {}) is None
