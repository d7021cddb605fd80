"""Log loss, Brier score, calibration and risk against scikit-learn and slow, plain code."""

from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from experiments.results.metrics.calibration import (
    expected_calibration_error,
    maximum_calibration_error,
    mean_overconfidence,
    reliability_bins,
)
from experiments.results.metrics.probabilities import brier_score, log_loss
from experiments.results.metrics.risk import risk_coverage
from experiments.results.predictions import Predictions

Answers = tuple[NDArray[np.float32], NDArray[np.bool_]]


@st.composite
def answers(draw: st.DrawFn) -> Answers:
    """Confidences of up to 50 images, equal ones and the edges of bins among them, and hits."""
    confidence = st.one_of(
        st.floats(0, 1, width=32), st.sampled_from([0.0, 1.0, 0.5, 1 / 15, 0.2, 0.8])
    )
    drawn = draw(st.lists(st.tuples(confidence, st.booleans()), min_size=1, max_size=50))
    confidences, correct = zip(*drawn, strict=True)
    return np.array(confidences, dtype=np.float32), np.array(correct)


def predictions_of(logits: NDArray[np.float64], targets: NDArray[np.int64]) -> Predictions:
    names = np.array([str(number) for number in range(len(targets))])
    return Predictions.from_logits(names, targets, logits)


def random_predictions(n_images: int, n_classes: int, scale: float = 2.0) -> Predictions:
    random = np.random.default_rng(n_images + n_classes)
    logits = random.normal(scale=scale, size=(n_images, n_classes))
    return predictions_of(logits, random.integers(n_classes, size=n_images))


def all_probabilities(predictions: Predictions) -> NDArray[np.float32]:
    """Put the stored probabilities back into the order of the classes."""
    probabilities = np.empty_like(predictions.top_probabilities)
    np.put_along_axis(
        probabilities, predictions.top_classes.astype(int), predictions.top_probabilities, axis=1
    )
    return probabilities


@pytest.mark.parametrize("scale", [0.5, 5.0, 60.0])
def test_the_log_loss_is_scikit_learns_clipping_included(scale: float) -> None:
    predictions = random_predictions(200, 7, scale)
    expected = sklearn.metrics.log_loss(
        predictions.targets, all_probabilities(predictions), labels=range(7)
    )
    assert log_loss(predictions.target_probabilities) == pytest.approx(expected, rel=1e-5)


def test_the_log_loss_by_hand_and_at_its_ends() -> None:
    assert log_loss(np.full(3, 0.25, dtype=np.float32)) == pytest.approx(np.log(4))
    assert log_loss(np.zeros(1, dtype=np.float32)) == pytest.approx(-np.log(2.0**-23))
    assert log_loss(np.ones(1, dtype=np.float32)) == pytest.approx(0, abs=2e-7)


@pytest.mark.parametrize("n_classes", [2, 5, 20, 100])
def test_the_brier_score_sums_squares_over_all_classes(n_classes: int) -> None:
    predictions = random_predictions(60, n_classes)
    truth = np.eye(n_classes)[predictions.targets]
    expected = ((all_probabilities(predictions) - truth) ** 2).sum(axis=1).mean()
    assert brier_score(predictions, n_classes) == pytest.approx(expected, rel=1e-6)


def test_the_brier_score_of_two_classes_is_twice_the_binary_one() -> None:
    predictions = random_predictions(60, 2)
    binary = sklearn.metrics.brier_score_loss(
        predictions.targets, all_probabilities(predictions)[:, 1]
    )
    assert brier_score(predictions, 2) == pytest.approx(2 * binary, rel=1e-6)


def test_the_brier_score_reaches_its_ends() -> None:
    sure = np.array([[200.0, 0.0, 0.0]])
    assert brier_score(predictions_of(sure, np.array([0])), 3) == 0
    assert brier_score(predictions_of(sure, np.array([1])), 3) == 2


@pytest.mark.parametrize("scale", [0.1, 100.0])
def test_the_brier_score_is_unknown_where_classes_were_not_stored(scale: float) -> None:
    """However little probability is missing: the reason must hold for every run of a table."""
    assert brier_score(random_predictions(60, 101, scale), 101) is None


def test_the_brier_score_is_unknown_where_only_the_chosen_class_was_stored() -> None:
    whole = random_predictions(40, 3)
    first = whole.top_classes[:, 0] == 0
    only_chosen = Predictions(
        sample_ids=whole.sample_ids[first],
        targets=np.zeros(int(first.sum()), dtype=np.int64),
        top_classes=whole.top_classes[first, :1],
        top_probabilities=whole.top_probabilities[first, :1],
        target_probabilities=whole.target_probabilities[first],
        target_ranks=whole.target_ranks[first],
    )
    assert len(only_chosen) > 5
    assert brier_score(only_chosen, 3) is None


def test_the_brier_score_is_unknown_where_the_classes_left_out_are_never_probable() -> None:
    """The two classes that are stored add up to 1; that there is a third nothing here shows."""
    two = random_predictions(40, 2)
    assert brier_score(two, 2) is not None
    assert brier_score(two, 3) is None


@pytest.mark.parametrize("missing", ["top_probabilities", "target_probabilities"])
def test_the_brier_score_is_unknown_where_an_import_gave_no_probabilities(missing: str) -> None:
    whole = random_predictions(40, 3)
    assert brier_score(whole, 3) is not None
    assert brier_score(replace(whole, **{missing: None}), 3) is None


def slow_bins(
    confidences: NDArray[np.float32], correct: NDArray[np.bool_], n_bins: int
) -> list[tuple[int, float, float]]:
    """Images, mean confidence and accuracy of each bin, as the definition is worded."""
    bins = []
    for number in range(n_bins):
        low, high = number / n_bins, (number + 1) / n_bins
        inside = [
            (confidence, hit)
            for confidence, hit in zip(confidences.tolist(), correct.tolist(), strict=True)
            if low < confidence <= high or (number == 0 and confidence == 0)
        ]
        n = len(inside)
        sums = [sum(column) for column in zip(*inside, strict=True)] or [0.0, 0.0]
        bins.append((n, sums[0] / max(n, 1), sums[1] / max(n, 1)))
    return bins


@given(answers(), st.integers(1, 20))
def test_the_bins_hold_what_the_definition_says(case: Answers, n_bins: int) -> None:
    found = reliability_bins(*case, n_bins)
    expected = slow_bins(*case, n_bins)
    assert found.n.tolist() == [n for n, _, _ in expected]
    np.testing.assert_allclose(found.mean_confidence, [mean for _, mean, _ in expected])
    np.testing.assert_allclose(found.accuracy, [share for _, _, share in expected])
    np.testing.assert_allclose(found.high - found.low, 1 / n_bins)


@given(answers())
def test_the_calibration_errors_are_those_of_the_slow_bins(case: Answers) -> None:
    bins = reliability_bins(*case)
    gaps = [(n, abs(mean - share)) for n, mean, share in slow_bins(*case, 15)]
    expected = sum(n * gap for n, gap in gaps) / len(case[0])
    assert expected_calibration_error(bins) == pytest.approx(expected, abs=1e-12)
    assert maximum_calibration_error(bins) == pytest.approx(max(gap for _, gap in gaps), abs=1e-12)


def test_calibration_worked_by_hand() -> None:
    confidences = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    correct = np.array([True, True, True, False, False, True])
    bins = reliability_bins(confidences, correct, 10)
    assert bins.n.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 0, 4]
    assert expected_calibration_error(bins) == pytest.approx((4 * 0.2 + 2 * 0.05) / 6)
    assert maximum_calibration_error(bins) == pytest.approx(0.2)
    assert mean_overconfidence(bins) == pytest.approx((4 * 0.2 + 2 * 0.05) / 6)


@given(answers())
def test_calibration_errors_are_ordered_and_bounded(case: Answers) -> None:
    bins = reliability_bins(*case)
    expected, largest = expected_calibration_error(bins), maximum_calibration_error(bins)
    assert abs(mean_overconfidence(bins)) <= expected + 1e-12
    assert expected <= largest + 1e-12
    assert 0 <= largest <= 1
    confidences, correct = case
    assert mean_overconfidence(bins) == pytest.approx(
        float(confidences.mean(dtype=float)) - correct.mean(), abs=1e-9
    )


def slow_risks(confidences: NDArray[np.float32], correct: NDArray[np.bool_]) -> list[float]:
    """Risk at every coverage; a group of equal confidence adds its errors evenly."""
    errors, risks = 0.0, []
    for confidence in sorted(set(confidences.tolist()), reverse=True):
        group = ~correct[confidences == confidence]
        for place in range(1, len(group) + 1):
            share = errors + group.sum() * place / len(group)
            risks.append(share / (len(risks) + 1))
        errors += group.sum()
    return risks


@given(answers(), st.randoms(use_true_random=False))
def test_risk_is_that_of_the_slow_walk_in_any_order(case: Answers, random: object) -> None:
    confidences, correct = case
    order = list(range(len(correct)))
    random.shuffle(order)  # type: ignore[attr-defined]
    curve = risk_coverage(confidences[order], correct[order])
    expected = slow_risks(confidences, correct)
    np.testing.assert_allclose(curve.risk, expected, atol=1e-12)
    np.testing.assert_allclose(curve.coverage, np.arange(1, len(correct) + 1) / len(correct))
    assert curve.area == pytest.approx(np.mean(expected), abs=1e-12)


def test_risk_among_equal_confidences_is_the_mean_over_all_orders() -> None:
    """Two images, one of them wrong: answered first it costs 1, answered last it costs 0."""
    curve = risk_coverage(np.array([0.5, 0.5]), np.array([True, False]))
    assert curve.risk.tolist() == [0.5, 0.5]


def test_a_long_risk_curve_is_thinned_but_its_area_is_not() -> None:
    random = np.random.default_rng(3)
    confidences, correct = random.random(5_000), random.random(5_000) < 0.8
    curve = risk_coverage(confidences, correct)
    expected = slow_risks(confidences, correct)
    assert len(curve.risk) == len(curve.coverage) == 200
    assert curve.coverage[0] == 1 / 5_000
    assert curve.coverage[-1] == 1
    assert (np.diff(curve.coverage) > 0).all()
    assert curve.risk[-1] == pytest.approx(1 - correct.mean())
    assert curve.area == pytest.approx(np.mean(expected))
    np.testing.assert_allclose(
        curve.risk, np.array(expected)[np.rint(curve.coverage * 5_000).astype(int) - 1]
    )


@pytest.mark.parametrize("scored", [reliability_bins, risk_coverage])
@pytest.mark.parametrize(
    ("confidences", "correct", "message"),
    [
        ([], [], "no images"),
        ([0.5], [True, False], "confidences but"),
        ([0.5, np.nan], [True, False], "not a number from 0 to 1"),
        ([0.5, 1.1], [True, False], "not a number from 0 to 1"),
        ([-0.1, 0.5], [True, False], "not a number from 0 to 1"),
    ],
)
def test_impossible_confidences_are_refused(
    scored: object, confidences: list[float], correct: list[bool], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        scored(np.array(confidences), np.array(correct, dtype=bool))  # type: ignore[operator]


def test_no_images_have_no_probability_scores() -> None:
    with pytest.raises(ValueError, match="no images"):
        log_loss(np.array([], dtype=np.float32))
    with pytest.raises(ValueError, match="no images"):
        brier_score(random_predictions(0, 3), 3)
