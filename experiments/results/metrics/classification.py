"""Accuracy, precision, recall and F1 from a confusion matrix; top-k accuracy from ranks.

Definitions follow scikit-learn's `precision_recall_fscore_support` with `zero_division=0`:
https://scikit-learn.org/stable/modules/model_evaluation.html#precision-recall-f-measure-metrics
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassScores:
    """Scores of C classes.

    Attributes:
        precision: (C,) float64 in [0, 1], TP / (TP + FP); 0 for a class that was never predicted.
        recall: (C,) float64 in [0, 1], TP / (TP + FN); 0 for a class without images.
        f1: (C,) float64 in [0, 1], 2 TP / (2 TP + FP + FN); 0 where that is 0 / 0.
        support: (C,) int64, images of the class.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


def class_scores(matrix: NDArray[np.int64]) -> ClassScores:
    """Score every class one against the rest.

    Args:
        matrix: (C, C) int64 confusion matrix, rows are targets.

    Example:
        >>> class_scores(np.array([[3, 1], [0, 2]])).precision.round(3).tolist()
        [1.0, 0.667]
    """
    hits = matrix.diagonal()
    support, chosen = matrix.sum(axis=1), matrix.sum(axis=0)
    return ClassScores(
        precision=_ratio(hits, chosen),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, support + chosen),
        support=support,
    )


@dataclass(frozen=True)
class MacroScores:
    """Plain means over the classes that occur as target or prediction, each in [0, 1]."""

    precision: float
    recall: float
    f1: float


def macro_scores(matrix: NDArray[np.int64]) -> MacroScores:
    """Average precision, recall and F1 over classes, each class counting the same.

    A class that is neither a target nor a prediction of any image has no scores and is left out, as
    scikit-learn does when it finds the labels itself.

    Args:
        matrix: (C, C) int64 confusion matrix, rows are targets, with at least one image.

    Raises:
        ValueError: If the matrix counts no image.

    Example:
        >>> round(macro_scores(np.array([[3, 1], [0, 2]])).f1, 4)
        0.8286
    """
    occurs = (matrix.sum(axis=0) + matrix.sum(axis=1)) > 0
    if not occurs.any():
        raise ValueError("macro scores of no images are undefined")
    scores = class_scores(matrix)
    return MacroScores(
        precision=float(scores.precision[occurs].mean()),
        recall=float(scores.recall[occurs].mean()),
        f1=float(scores.f1[occurs].mean()),
    )


def accuracy(matrix: NDArray[np.int64]) -> float:
    """Return the share of images on the diagonal: trace over sum, in [0, 1].

    Args:
        matrix: (C, C) int64 confusion matrix with at least one image.

    Raises:
        ValueError: If the matrix counts no image.

    Example:
        >>> accuracy(np.array([[3, 1], [0, 4]]))
        0.875
    """
    if not (total := int(matrix.sum())):
        raise ValueError("the accuracy on no images is undefined")
    return int(matrix.trace()) / total


def meaningful_k(n_classes: int) -> int:
    """Return the k of top-k accuracy: 5, or the largest that a model can still miss.

    With five classes or fewer the true class is always among the top five, so k falls to C - 1.

    Example:
        >>> meaningful_k(37), meaningful_k(5), meaningful_k(2)
        (5, 4, 1)
    """
    return min(5, max(1, n_classes - 1))


def n_in_top_k(target_ranks: NDArray[np.integer], k: int) -> int:
    """Count the images whose true class is among the k most probable.

    Args:
        target_ranks: (N,) int, place of the true class, from 1.
        k: At least 1.

    Example:
        >>> n_in_top_k(np.array([1, 2, 6]), 5)
        2
    """
    return int(np.count_nonzero(target_ranks <= k))


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
