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


def class_scores(
    hits: NDArray[np.int64], support: NDArray[np.int64], chosen: NDArray[np.int64]
) -> ClassScores:
    """Score every class one against the rest, from a confusion matrix's diagonal and margins.

    Args:
        hits: (C,) int64, images of each class that were called so: the diagonal.
        support: (C,) int64, images of each class: the sums of the rows.
        chosen: (C,) int64, images that were called each class: the sums of the columns; -1 where
            that is unknown, which it may only be without hits: then precision and F1 are 0 whatever
            it is.

    Example:
        >>> class_scores(np.array([3, 2]), np.array([4, 2]), np.array([3, 3])).precision.tolist()
        [1.0, 0.6666666666666666]
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


def averaged_scores(
    hits: NDArray[np.int64],
    support: NDArray[np.int64],
    chosen: NDArray[np.int64],
    average: Average,
) -> AverageScores:
    """Average precision, recall and F1 over classes; the counts are those of `class_scores`.

    `macro` is the plain mean over the classes that occur as target or prediction; a class that does
    neither has no scores and is left out, as scikit-learn does when it finds the labels itself.
    `weighted` weighs each class by its images. `micro` counts hits and misses over all classes
    before dividing; with one label per image all three of its scores are the accuracy.

    Raises:
        ValueError: If no image is counted.

    Example:
        >>> counts = np.array([3, 2]), np.array([4, 2]), np.array([3, 3])
        >>> [round(averaged_scores(*counts, mean).f1, 4) for mean in ("macro", "micro", "weighted")]
        [0.8286, 0.8333, 0.8381]
    """
    if not (n_images := int(support.sum())):
        raise ValueError(f"{average} scores of no images are undefined")
    if average == "micro":
        share = int(hits.sum()) / n_images
        return AverageScores(share, share, share)
    scores = class_scores(hits, support, chosen)
    weights = support if average == "weighted" else (support > 0) | (chosen != 0)
    means = (np.average(of, weights=weights) for of in (scores.precision, scores.recall, scores.f1))
    return AverageScores(*map(float, means))


def balanced_accuracy(hits: NDArray[np.int64], support: NDArray[np.int64]) -> float:
    """Return the mean recall of the classes that have images, in [0, 1].

    It differs from the macro recall only where a class without images was predicted: that class
    counts 0 there and nothing here. Source: Brodersen et al. (2010), "The balanced accuracy and its
    posterior distribution", ICPR.

    Args:
        hits: (C,) int64, images of each class that were called so.
        support: (C,) int64, images of each class; at least one in all.

    Raises:
        ValueError: If no image is counted.

    Example:
        >>> balanced_accuracy(np.array([3, 2]), np.array([4, 2]))
        0.875
    """
    if not support.any():
        raise ValueError("the balanced accuracy on no images is undefined")
    return float(_ratio(hits, support)[support > 0].mean())


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
