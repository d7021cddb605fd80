"""Scores of classes against scikit-learn, by hand, and under changes that must not matter."""

from dataclasses import astuple

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.metrics.classification import (
    Average,
    averaged_scores,
    balanced_accuracy,
    class_scores,
    meaningful_k,
    n_in_top_k,
)
from experiments.results.metrics.confusion import confusion_matrix
from tests.results.labelled import Labels, labels, margins

NOTHING = margins(np.zeros((2, 2), dtype=np.int64))
AVERAGES: tuple[Average, ...] = ("macro", "micro", "weighted")


@given(labels())
def test_the_confusion_matrix_is_scikit_learns(case: Labels) -> None:
    targets, predicted, n_classes = case
    expected = sklearn.metrics.confusion_matrix(targets, predicted, labels=range(n_classes))
    np.testing.assert_array_equal(confusion_matrix(targets, predicted, n_classes), expected)


def test_rows_are_targets() -> None:
    matrix = confusion_matrix(np.array([0]), np.array([2]), 3)
    assert matrix[0, 2] == 1
    assert matrix.sum() == 1
    assert matrix.dtype == np.int64


@pytest.mark.parametrize(
    ("targets", "predicted", "message"),
    [
        ([0, 1], [0], "targets but"),
        ([0, 3], [0, 1], "targets: a class outside 0 to 2"),
        ([0, 1], [0, -1], "predicted: a class outside 0 to 2"),
    ],
)
def test_impossible_labels_are_refused(
    targets: list[int], predicted: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        confusion_matrix(np.array(targets), np.array(predicted), 3)


def test_small_integer_types_do_not_overflow() -> None:
    """200 classes have 40,000 cells: more than int16, let alone uint8, can number."""
    classes = np.arange(200, dtype=np.uint8)
    np.testing.assert_array_equal(confusion_matrix(classes, classes, 200), np.eye(200))


@given(labels())
def test_the_scores_are_scikit_learns(case: Labels) -> None:
    targets, predicted, n_classes = case
    matrix = confusion_matrix(targets, predicted, n_classes)
    scores = class_scores(*margins(matrix))
    precision, recall, f1, support = sklearn.metrics.precision_recall_fscore_support(
        targets, predicted, labels=range(n_classes), zero_division=0
    )
    np.testing.assert_allclose(scores.precision, precision, rtol=1e-12)
    np.testing.assert_allclose(scores.recall, recall, rtol=1e-12)
    np.testing.assert_allclose(scores.f1, f1, rtol=1e-12)
    np.testing.assert_array_equal(scores.support, support)


@pytest.mark.parametrize("average", AVERAGES)
@given(case=labels())
def test_the_averages_are_scikit_learns(average: Average, case: Labels) -> None:
    targets, predicted, n_classes = case
    scores = averaged_scores(*margins(confusion_matrix(targets, predicted, n_classes)), average)
    expected = sklearn.metrics.precision_recall_fscore_support(
        targets, predicted, average=average, zero_division=0
    )[:3]
    np.testing.assert_allclose((scores.precision, scores.recall, scores.f1), expected, rtol=1e-12)


@given(labels())
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_the_balanced_accuracy_is_scikit_learns(case: Labels) -> None:
    targets, predicted, n_classes = case
    expected = sklearn.metrics.balanced_accuracy_score(targets, predicted)
    matrix = confusion_matrix(targets, predicted, n_classes)
    found = balanced_accuracy(*margins(matrix)[:2])
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_balanced_accuracy_passes_over_a_class_without_images() -> None:
    matrix = np.array([[3, 1], [0, 0]])
    assert balanced_accuracy(*margins(matrix)[:2]) == 0.75
    assert averaged_scores(*margins(matrix), "macro").recall == 0.375


@given(labels())
def test_all_micro_scores_are_the_accuracy(case: Labels) -> None:
    """With one label per image each miss is one false positive and one false negative."""
    matrix = confusion_matrix(*case)
    scores = averaged_scores(*margins(matrix), "micro")
    assert {scores.precision, scores.recall, scores.f1} == {matrix.trace() / matrix.sum()}


def test_scores_worked_by_hand() -> None:
    matrix = np.array([[5, 1, 0], [2, 3, 0], [0, 4, 0]])
    scores = class_scores(*margins(matrix))
    np.testing.assert_allclose(scores.precision, [5 / 7, 3 / 8, 0])
    np.testing.assert_allclose(scores.recall, [5 / 6, 3 / 5, 0])
    np.testing.assert_allclose(scores.f1, [10 / 13, 6 / 13, 0])
    assert scores.support.tolist() == [6, 5, 4]
    assert averaged_scores(*margins(matrix), "macro").f1 == pytest.approx(16 / 39)


def test_a_class_that_never_occurs_does_not_lower_the_mean() -> None:
    assert averaged_scores(*margins(np.diag([3, 2, 0])), "macro").f1 == 1.0


def test_no_images_have_no_balanced_accuracy() -> None:
    with pytest.raises(ValueError, match="undefined"):
        balanced_accuracy(*NOTHING[:2])


@pytest.mark.parametrize("average", AVERAGES)
def test_no_images_have_no_average(average: Average) -> None:
    with pytest.raises(ValueError, match="undefined"):
        averaged_scores(*NOTHING, average)


@given(labels(), st.randoms(use_true_random=False))
def test_the_order_of_images_does_not_matter(case: Labels, random: object) -> None:
    targets, predicted, n_classes = case
    order = list(range(len(targets)))
    random.shuffle(order)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(
        confusion_matrix(targets, predicted, n_classes),
        confusion_matrix(targets[order], predicted[order], n_classes),
    )


@given(labels(), st.data())
def test_the_names_of_classes_do_not_matter(case: Labels, data: st.DataObject) -> None:
    targets, predicted, n_classes = case
    renamed = np.array(data.draw(st.permutations(range(n_classes))))
    before = confusion_matrix(targets, predicted, n_classes)
    after = confusion_matrix(renamed[targets], renamed[predicted], n_classes)
    np.testing.assert_allclose(
        class_scores(*margins(after)).f1[renamed], class_scores(*margins(before)).f1
    )
    assert balanced_accuracy(*margins(after)[:2]) == pytest.approx(
        balanced_accuracy(*margins(before)[:2])
    )
    for average in AVERAGES:
        one = averaged_scores(*margins(after), average)
        other = averaged_scores(*margins(before), average)
        assert astuple(one) == pytest.approx(astuple(other))


@given(labels())
def test_exchanging_targets_and_predictions_exchanges_precision_and_recall(case: Labels) -> None:
    targets, predicted, n_classes = case
    one = class_scores(*margins(confusion_matrix(targets, predicted, n_classes)))
    other = class_scores(*margins(confusion_matrix(predicted, targets, n_classes)))
    np.testing.assert_array_equal(one.precision, other.recall)
    np.testing.assert_array_equal(one.f1, other.f1)


@given(labels())
def test_scores_are_fractions_and_f1_lies_between_precision_and_recall(case: Labels) -> None:
    scores = class_scores(*margins(confusion_matrix(*case)))
    low = np.minimum(scores.precision, scores.recall)
    high = np.maximum(scores.precision, scores.recall)
    assert (low >= 0).all()
    assert (high <= 1).all()
    assert (scores.f1 >= low - 1e-12).all()
    assert (scores.f1 <= high + 1e-12).all()


@given(st.lists(st.integers(1, 10), min_size=1), st.integers(1, 10))
def test_top_k_counts_grow_with_k_up_to_all(ranks: list[int], k: int) -> None:
    counted = n_in_top_k(np.array(ranks), k)
    assert counted == sum(rank <= k for rank in ranks)
    assert n_in_top_k(np.array(ranks), k - 1) <= counted <= n_in_top_k(np.array(ranks), 10)
    assert n_in_top_k(np.array(ranks), 10) == len(ranks)


@given(st.integers(2, 1000))
def test_top_k_can_always_be_missed(n_classes: int) -> None:
    k = meaningful_k(n_classes)
    assert 1 <= k <= 5
    assert k < n_classes
