"""Accuracy, precision, recall and F1 from a confusion matrix; top-k accuracy from ranks.

Definitions follow scikit-learn's `precision_recall_fscore_support` with `zero_division=0`:
https://scikit-learn.org/stable/modules/model_evaluation.html#precision-recall-f-measure-metrics
As there, 0 / 0 is 0 for one class, so that a class nobody predicted lowers the mean. No score is
defined on no images: every function that averages over them then raises ValueError.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Average = Literal["macro", "micro", "weighted"]


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
    return scores_of_counts(matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0))


def scores_of_counts(
    hits: NDArray[np.int64], support: NDArray[np.int64], chosen: NDArray[np.int64]
) -> ClassScores:
    """Score every class from what a confusion matrix has on its diagonal and its margins.

    Args:
        hits: (C,) int64, images of each class that were called so.
        support: (C,) int64, images of each class.
        chosen: (C,) int64, images that were called each class; -1 where that is unknown, which it
            may only be without hits: then precision and F1 are 0 whatever it is.
    """
    return ClassScores(
        precision=_ratio(hits, chosen),
        recall=_ratio(hits, support),
        f1=_ratio(2 * hits, support + chosen),
        support=support,
    )


@dataclass(frozen=True)
class AverageScores:
    """Precision, recall and F1 averaged over classes, each in [0, 1]."""

    precision: float
    recall: float
    f1: float


def averaged_scores(matrix: NDArray[np.int64], average: Average) -> AverageScores:
    """Average precision, recall and F1 over classes.

    `macro` is the plain mean over the classes that occur as target or prediction; a class that does
    neither has no scores and is left out, as scikit-learn does when it finds the labels itself.
    `weighted` weighs each class by its images. `micro` counts hits and misses over all classes
    before dividing; with one label per image all three of its scores are the accuracy.

    Args:
        matrix: (C, C) int64 confusion matrix, rows are targets, with at least one image.
        average: Which mean.

    Raises:
        ValueError: If the matrix counts no image.

    Example:
        >>> matrix = np.array([[3, 1], [0, 2]])
        >>> [round(averaged_scores(matrix, mean).f1, 4) for mean in ("macro", "micro", "weighted")]
        [0.8286, 0.8333, 0.8381]
    """
    return averages_of_counts(matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0), average)


def averages_of_counts(
    hits: NDArray[np.int64],
    support: NDArray[np.int64],
    chosen: NDArray[np.int64],
    average: Average,
) -> AverageScores:
    """Average as `averaged_scores` does, from counts as `scores_of_counts` takes them.

    Raises:
        ValueError: If no image is counted.
    """
    if not (n_images := int(support.sum())):
        raise ValueError(f"{average} scores of no images are undefined")
    if average == "micro":
        share = int(hits.sum()) / n_images
        return AverageScores(share, share, share)
    scores = scores_of_counts(hits, support, chosen)
    weights = support if average == "weighted" else (support > 0) | (chosen != 0)
    means = (np.average(of, weights=weights) for of in (scores.precision, scores.recall, scores.f1))
    return AverageScores(*map(float, means))


def macro_scores(matrix: NDArray[np.int64]) -> AverageScores:
    """Average precision, recall and F1 over classes, each class counting the same.

    Args:
        matrix: (C, C) int64 confusion matrix, rows are targets, with at least one image.

    Raises:
        ValueError: If the matrix counts no image.

    Example:
        >>> round(macro_scores(np.array([[3, 1], [0, 2]])).f1, 4)
        0.8286
    """
    return averaged_scores(matrix, "macro")


def balanced_accuracy(matrix: NDArray[np.int64]) -> float:
    """Return the mean recall of the classes that have images, in [0, 1].

    It differs from the macro recall only where a class without images was predicted: that class
    counts 0 there and nothing here. Source: Brodersen et al. (2010), "The balanced accuracy and its
    posterior distribution", ICPR.

    Args:
        matrix: (C, C) int64 confusion matrix, rows are targets, with at least one image.

    Raises:
        ValueError: If the matrix counts no image.

    Example:
        >>> balanced_accuracy(np.array([[3, 1], [0, 2]]))
        0.875
    """
    return balanced_accuracy_of_counts(matrix.diagonal(), matrix.sum(axis=1))


def balanced_accuracy_of_counts(hits: NDArray[np.int64], support: NDArray[np.int64]) -> float:
    """Return the balanced accuracy from the (C,) hits and images of each class.

    Raises:
        ValueError: If no image is counted.
    """
    if not support.any():
        raise ValueError("the balanced accuracy on no images is undefined")
    return float(_ratio(hits, support)[support > 0].mean())


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
