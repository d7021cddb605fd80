"""From logits to ranked predictions: ties, ranks, what is kept, what is refused."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import top_k_accuracy_score

from experiments.results.metrics.classification import n_in_top_k
from experiments.results.predictions import TOP_CLASSES_BEYOND, Predictions


def predict(logits: NDArray[np.floating], targets: list[int] | NDArray[np.int64]) -> Predictions:
    ids = np.array([f"image {index}" for index in range(len(targets))])
    return Predictions.from_logits(ids, np.asarray(targets, dtype=np.int64), logits)


@st.composite
def cases(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits from few values, so that ties are common, and targets."""
    n, n_classes = draw(st.integers(1, 12)), draw(st.integers(2, 7))
    few = st.sampled_from([-1000.0, -1.5, 0.0, 0.25, 2.0, 1000.0])
    logits = draw(st.lists(few, min_size=n * n_classes, max_size=n * n_classes))
    targets = draw(st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n))
    return np.array(logits).reshape(n, n_classes), np.array(targets)


@given(cases())
def test_ranks_match_their_definition(case: tuple[NDArray[np.float64], NDArray[np.int64]]) -> None:
    logits, targets = case
    predictions = predict(logits, targets)
    for row, target in enumerate(targets):
        before = [
            other
            for other, logit in enumerate(logits[row])
            if (-logit, other) < (-logits[row, target], target)
        ]
        assert predictions.target_ranks[row] == len(before) + 1


@given(cases())
def test_rank_one_is_exactly_a_right_prediction(
    case: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    predictions = predict(*case)
    np.testing.assert_array_equal(
        predictions.target_ranks == 1, predictions.predicted == predictions.targets
    )


@given(cases())
def test_the_stored_arrays_agree_with_each_other(
    case: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    logits, targets = case
    predictions = predict(logits, targets)
    top = predictions.top_probabilities
    assert (np.diff(top, axis=1) <= 0).all()
    assert ((top >= 0) & (top <= 1)).all()
    np.testing.assert_allclose(top.sum(axis=1), 1, rtol=1e-5)
    assert (np.sort(predictions.top_classes, axis=1) == np.arange(logits.shape[1])).all()
    rows = np.arange(len(targets))
    np.testing.assert_array_equal(
        top[rows, predictions.target_ranks - 1], predictions.target_probabilities
    )
    np.testing.assert_array_equal(
        predictions.top_classes[rows, predictions.target_ranks - 1], targets
    )


def test_equal_logits_rank_by_class_index() -> None:
    predictions = predict(np.array([[1.0, 3.0, 3.0, 0.0]]), [2])
    assert predictions.top_classes.tolist() == [[1, 2, 0, 3]]
    assert predictions.target_ranks.tolist() == [2]


def test_logits_whose_probabilities_round_to_the_same_number_keep_their_order() -> None:
    predictions = predict(np.array([[40.0, 41.0, -900.0, -800.0]]), [3])
    assert predictions.top_probabilities[0, 2:].tolist() == [0.0, 0.0]
    assert predictions.top_classes.tolist() == [[1, 0, 3, 2]]
    assert predictions.target_ranks.tolist() == [3]


def test_probabilities_are_the_softmax() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 6))
    targets = np.arange(20) % 6
    predictions = predict(logits, targets)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        predictions.target_probabilities, expected[np.arange(20), targets], rtol=1e-6
    )
    np.testing.assert_allclose(
        predictions.top_probabilities, -np.sort(-expected, axis=1), rtol=1e-6
    )
    np.testing.assert_allclose(
        scipy.special.softmax(logits, axis=1).max(axis=1),
        predictions.top_probabilities[:, 0],
        rtol=1e-6,
    )


@pytest.mark.parametrize("k", [1, 2, 5, 20, 50])
def test_top_k_accuracy_is_scikit_learns_beyond_what_is_kept(k: int) -> None:
    rng = np.random.default_rng(1)
    logits, targets = rng.normal(size=(300, 150)), rng.integers(0, 150, size=300)
    logits[np.arange(300), targets] += 1.5
    hits = n_in_top_k(predict(logits, targets).target_ranks, k)
    expected = top_k_accuracy_score(targets, logits, k=k, labels=np.arange(150), normalize=False)
    assert hits == expected
    assert 0 < hits < 300


@pytest.mark.parametrize(("n_classes", "kept"), [(2, 2), (100, 100), (101, 20), (1000, 20)])
def test_all_classes_are_kept_up_to_a_hundred(n_classes: int, kept: int) -> None:
    logits = np.random.default_rng(2).normal(size=(5, n_classes))
    predictions = predict(logits, [0, 1, 0, 1, n_classes - 1])
    assert predictions.top_classes.shape == predictions.top_probabilities.shape == (5, kept)
    np.testing.assert_array_equal(predictions.predicted, logits.argmax(axis=1))


def test_a_target_beyond_the_kept_classes_keeps_its_rank_and_probability() -> None:
    logits = -np.arange(150.0)[None, :] / 50
    predictions = predict(logits, [140])
    assert TOP_CLASSES_BEYOND < 140
    assert predictions.target_ranks.tolist() == [141]
    assert predictions.target_probabilities[0] == pytest.approx(
        np.exp(-140 / 50) / np.exp(logits).sum(), rel=1e-6
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_finite_are_refused_by_name(bad: float) -> None:
    logits = np.zeros((3, 4))
    logits[1, 2] = bad
    with pytest.raises(ValueError, match="'image 1' are not finite"):
        predict(logits, [0, 1, 2])


@pytest.mark.parametrize("target", [-1, 4])
def test_a_target_that_is_no_class_is_refused_by_name(target: int) -> None:
    with pytest.raises(ValueError, match=f"'image 1' has target {target}"):
        predict(np.zeros((3, 4)), [0, target, 2])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_types_do_not_depend_on_the_models_precision(dtype: type[np.floating]) -> None:
    predictions = predict(np.array([[0.5, 2.0, -1.0]], dtype=dtype), [1])
    assert len(predictions) == 1
    assert predictions.targets.dtype == np.int64
    assert predictions.top_classes.dtype == predictions.target_ranks.dtype == np.int32
    assert predictions.top_probabilities.dtype == predictions.target_probabilities.dtype
    assert predictions.target_probabilities.dtype == np.float32


@given(cases())
def test_probabilities_rank_as_their_logarithms_do(
    case: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    logits, targets = case
    shares = scipy.special.softmax(np.clip(logits, -30, 30), axis=1)
    ids = np.array([f"image {index}" for index in range(len(targets))])
    said = Predictions.from_probabilities(ids, targets, shares)
    # From the probabilities themselves, so that what is equal is equal in both.
    expected = Predictions.from_logits(ids, targets, shares)
    np.testing.assert_array_equal(said.top_classes, expected.top_classes)
    np.testing.assert_array_equal(said.target_ranks, expected.target_ranks)
    np.testing.assert_array_equal(
        said.target_probabilities, shares[np.arange(len(targets)), targets].astype(np.float32)
    )


def test_a_stated_choice_comes_first_among_equals() -> None:
    shares = np.array([[0.4, 0.2, 0.4], [0.25, 0.5, 0.25]])
    said = Predictions.from_probabilities(
        np.array(["a", "b"]), np.array([0, 2]), shares, np.array([2, 1])
    )
    assert said.top_classes.tolist() == [[2, 0, 1], [1, 0, 2]]
    assert said.target_ranks is not None
    assert said.target_ranks.tolist() == [2, 3]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_probabilities_that_are_not_finite_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="probabilities of sample 'a' are not finite"):
        Predictions.from_probabilities(np.array(["a"]), np.array([0]), np.array([[wrong, 1.0]]))
