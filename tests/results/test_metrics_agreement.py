"""Kappa and Matthews correlation against scikit-learn, by hand, and where they are undefined."""

from collections.abc import Callable

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from experiments.results.metrics.agreement import cohen_kappa, matthews
from experiments.results.metrics.confusion import confusion_matrix
from tests.results.labelled import Labels, labels

Agreement = Callable[[NDArray[np.int64]], float | None]
BOTH = pytest.mark.parametrize("agreement", [cohen_kappa, matthews])


@given(labels())
def test_kappa_is_scikit_learns(case: Labels) -> None:
    targets, predicted, n_classes = case
    assume(len(np.unique([targets, predicted])) > 1)
    expected = sklearn.metrics.cohen_kappa_score(targets, predicted)
    found = cohen_kappa(confusion_matrix(targets, predicted, n_classes))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(labels())
def test_matthews_is_scikit_learns_but_where_that_hides_a_division_by_zero(case: Labels) -> None:
    targets, predicted, n_classes = case
    found = matthews(confusion_matrix(targets, predicted, n_classes))
    if len(np.unique(targets)) == 1 or len(np.unique(predicted)) == 1:
        assert found is None
    else:
        expected = sklearn.metrics.matthews_corrcoef(targets, predicted)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@BOTH
@given(case=labels(), data=st.data())
def test_neither_names_nor_sides_matter_and_bounds_hold(
    agreement: Agreement, case: Labels, data: st.DataObject
) -> None:
    targets, predicted, n_classes = case
    renamed = np.array(data.draw(st.permutations(range(n_classes))))
    found = agreement(confusion_matrix(targets, predicted, n_classes))
    assert found is None or -1 <= found <= 1
    assert agreement(confusion_matrix(renamed[targets], renamed[predicted], n_classes)) == found
    assert agreement(confusion_matrix(predicted, targets, n_classes)) == found


@BOTH
def test_full_agreement_is_one_and_chance_is_zero(agreement: Agreement) -> None:
    assert agreement(np.diag([3, 4, 5])) == 1
    assert agreement(np.outer([1, 2, 3], [4, 5, 6])) == 0


@BOTH
def test_one_class_for_all_images_has_no_agreement_beyond_chance(agreement: Agreement) -> None:
    assert agreement(np.array([[7, 0], [0, 0]])) is None


def test_a_constant_prediction_has_kappa_zero_and_no_correlation() -> None:
    matrix = np.array([[4, 0], [3, 0]])
    assert cohen_kappa(matrix) == 0
    assert matthews(matrix) is None


@BOTH
def test_many_images_do_not_overflow(agreement: Agreement) -> None:
    """Fourth powers of 3 million do not fit into 64 bits."""
    large = np.array([[20, 5], [10, 15]]) * 60_000
    assert agreement(large) == pytest.approx(agreement(large // 60_000), rel=1e-12)


@BOTH
def test_no_images_have_no_agreement(agreement: Agreement) -> None:
    with pytest.raises(ValueError, match="undefined"):
        agreement(np.zeros((2, 2), dtype=np.int64))
