"""Paired comparisons against scipy, published examples and the coverage they promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.stats import binomtest

from experiments.results.metrics.effect import augmentation_effects
from experiments.results.metrics.paired import (
    Paired,
    compare_all,
    holm,
    mcnemar,
)

Hits = NDArray[np.bool_]
MANY_HITS = arrays.arrays(np.bool_, st.tuples(st.integers(2, 6), st.integers(1, 30)))


def compare_two(first: Hits, second: Hits) -> Paired:
    return compare_all(np.stack([first, second])).pair(0, 1)


def table(n_both: int, n_only_first: int, n_only_second: int, n_neither: int) -> Paired:
    """Compare two runs with these counts."""
    counts = [n_both, n_only_first, n_only_second, n_neither]
    first = np.repeat([True, True, False, False], counts)
    second = np.repeat([True, False, True, False], counts)
    return compare_two(first, second)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_the_discordant_images(first: int, second: int) -> None:
    found = float(mcnemar(np.array(first), np.array(second)))
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert found == pytest.approx(expected, rel=1e-9)


@given(MANY_HITS)
def test_all_pairs_at_once_are_the_pairs_one_by_one(correct: Hits) -> None:
    found = compare_all(correct)
    for first, one in enumerate(correct):
        for second, other in enumerate(correct):
            pair = found.pair(first, second)
            only_first, only_second = int((one & ~other).sum()), int((other & ~one).sum())
            assert pair.n_only_first == only_first
            assert pair.n_only_second == only_second
            assert pair.n_both == (one & other).sum()
            assert pair.n_neither == (~one & ~other).sum()
            assert pair.difference == pytest.approx(one.mean() - other.mean())
            n_discordant = only_first + only_second
            expected = binomtest(only_first, n_discordant).pvalue if n_discordant else 1.0
            assert pair.p_value == pytest.approx(expected, rel=1e-9)


@given(MANY_HITS, st.data())
def test_the_order_of_images_does_not_matter(correct: Hits, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(correct.shape[1])))
    one, other = compare_all(correct), compare_all(correct[:, order])
    np.testing.assert_array_equal(one.p_value, other.p_value)
    np.testing.assert_array_equal(one.low, other.low)


@given(MANY_HITS)
def test_exchanging_the_runs_turns_the_difference_round(correct: Hits) -> None:
    found = compare_all(correct)
    np.testing.assert_array_equal(found.p_value, found.p_value.T)
    np.testing.assert_array_equal(found.difference, -found.difference.T)
    np.testing.assert_allclose(found.low, -found.high.T, atol=1e-12)
    np.testing.assert_array_equal(found.p_value.diagonal(), 1)


@given(MANY_HITS)
def test_the_interval_holds_the_difference_and_stays_in_range(correct: Hits) -> None:
    found = compare_all(correct)
    assert (found.low >= -1 - 1e-12).all()
    assert (found.low <= found.difference + 1e-12).all()
    assert (found.difference <= found.high + 1e-12).all()
    assert (found.high <= 1 + 1e-12).all()


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Fagerland, Lydersen and Laake (2017), "Statistical analysis of contingency tables",
        # chapter 8: complete response before and after therapy (Cavo et al. 2012), and airway
        # hyper-responsiveness before and after transplantation (Bentur et al. 2009).
        ((59, 6, 16, 80), -0.1186, -0.0046),
        ((1, 1, 7, 12), -0.5069, -0.0256),
    ],
)
def test_the_interval_of_published_examples(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    assert table(*counts).interval == pytest.approx((low, high), abs=6e-5)


def test_the_interval_covers_the_true_difference_as_often_as_it_says() -> None:
    """Both runs are right on 70 % and 76 % of all images, mostly of the same ones."""
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(1_000):
        first = random.random(250) < 0.70
        second = np.where(first, random.random(250) < 0.95, random.random(250) < 0.95 / 3)
        low, high = compare_two(first, second).interval
        covered += low <= 0.70 - (0.70 * 0.95 + 0.30 * 0.95 / 3) <= high
    assert 0.93 <= covered / 1_000 <= 0.98


def test_agreement_of_the_runs_narrows_the_interval() -> None:
    """The same accuracies, 60 % and 50 %, with few and with many discordant images."""
    agreeing, opposed = table(500, 100, 0, 400), table(100, 500, 400, 0)
    assert agreeing.difference == opposed.difference == 0.1
    assert agreeing.interval.high - agreeing.interval.low < 0.06
    assert opposed.interval.high - opposed.interval.low > 0.1


def test_runs_that_agree_on_all_images_are_not_told_apart() -> None:
    assert table(30, 0, 0, 10).p_value == 1
    assert table(40, 0, 0, 0).interval.high > 0
    assert table(0, 0, 0, 40).interval.low < 0


def test_many_images_do_not_overflow_and_have_the_interval_of_large_samples() -> None:
    """The four marginal sums multiplied, 3 million to the fourth, do not fit into 64 bits."""
    paired = table(2_000_000, 100_000, 101_000, 799_000)
    error = math.sqrt(201_000) / 3_000_000
    assert paired.difference == pytest.approx(-1 / 3_000)
    assert paired.interval.low == pytest.approx(-1 / 3_000 - 1.96 * error, rel=1e-3)
    assert paired.interval.high == pytest.approx(-1 / 3_000 + 1.96 * error, rel=1e-2)
    assert paired.p_value == pytest.approx(binomtest(100_000, 201_000).pvalue, rel=1e-6)


def test_no_images_are_refused() -> None:
    with pytest.raises(ValueError, match="no images"):
        compare_all(np.zeros((2, 0), dtype=bool))


def test_holm_of_the_example_in_a_textbook() -> None:
    """p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") in R; and by hand, in mixed order."""
    np.testing.assert_allclose(holm([0.01, 0.02, 0.03, 0.04, 0.05]), [0.05, 0.08, 0.09, 0.09, 0.09])
    np.testing.assert_allclose(holm([0.3, 0.005, 0.011, 0.02]), [0.3, 0.02, 0.033, 0.04])


PROBABILITIES = st.lists(st.floats(0, 1), max_size=12)


@given(PROBABILITIES)
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values: list[float]) -> None:
    """Walk up from the smallest; stop at the first that is above alpha over those left."""
    adjusted = holm(p_values)
    for alpha in (0.01, 0.05, 0.2):
        rejected = set()
        for step, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[place] * (len(p_values) - step) > alpha:
                break
            rejected.add(place)
        assert set(np.flatnonzero(adjusted <= alpha).tolist()) == rejected


@given(PROBABILITIES)
def test_holm_lies_between_the_p_value_and_bonferroni_and_keeps_the_order(
    p_values: list[float],
) -> None:
    adjusted, given_ = holm(p_values), np.array(p_values)
    assert (adjusted >= given_).all()
    assert (adjusted <= np.minimum(1, given_ * len(given_))).all()
    assert (np.diff(adjusted[np.argsort(given_)]) >= 0).all()


def test_the_verdict_follows_the_adjusted_p_value_and_the_direction() -> None:
    gain, loss = table(50, 30, 5, 15), table(50, 5, 30, 15)
    nothing, hint = table(50, 5, 6, 39), table(50, 12, 3, 35)
    assert hint.p_value < 0.05
    alone = augmentation_effects([hint])
    assert [effect.verdict for effect in alone] == ["helped"]
    effects = augmentation_effects([gain, loss, nothing, hint])
    assert [effect.verdict for effect in effects] == ["helped", "hurt", "undecided", "undecided"]
    assert effects[0].adjusted_p_value == pytest.approx(4 * gain.p_value)
    assert effects[3].adjusted_p_value == pytest.approx(2 * hint.p_value)
    assert [effect.comparison for effect in effects] == [gain, loss, nothing, hint]
    assert augmentation_effects([]) == ()


def test_holm_keeps_its_promise_where_nothing_helps() -> None:
    """Ten models, augmentation without any effect: at most 5 % of all tables claim one."""
    random = np.random.default_rng(11)
    false_claims = 0
    for _ in range(200):
        correct = random.random((20, 150)) < 0.8
        comparisons = [compare_two(*pair) for pair in correct.reshape(10, 2, 150)]
        verdicts = {effect.verdict for effect in augmentation_effects(comparisons)}
        false_claims += verdicts != {"undecided"}
    assert false_claims / 200 <= 0.05
