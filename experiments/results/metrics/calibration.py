"""Calibration: does a model that says 80 % get 80 % of those images right?

Source: Guo, Pleiss, Sun and Weinberger (2017), "On calibration of modern neural networks", ICML.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_BINS = 15


@dataclass(frozen=True)
class ReliabilityBins:
    """Images grouped by the probability of their chosen class, in B bins of equal width.

    A bin holds the images with low < confidence <= high; the first one also confidence 0.

    Attributes:
        low: (B,) float64 in [0, 1], lower edges.
        high: (B,) float64 in [0, 1], upper edges.
        n: (B,) int64, images; at least one in all.
        mean_confidence: (B,) float64 in [0, 1]; 0 where `n` is 0.
        accuracy: (B,) float64 in [0, 1]; 0 where `n` is 0.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    n: NDArray[np.int64]
    mean_confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]


def reliability_bins(
    confidences: NDArray[np.floating], correct: NDArray[np.bool_], n_bins: int = N_BINS
) -> ReliabilityBins:
    """Group images by confidence and compare it with the accuracy in each group.

    Args:
        confidences: (N,) float in [0, 1], probability of the chosen class.
        correct: (N,) bool, whether it is the true one.
        n_bins: B, at least 1.

    Raises:
        ValueError: If there is no image, or a confidence is not in [0, 1].

    Example:
        >>> bins = reliability_bins(np.array([0.6, 0.8, 0.3]), np.array([True, False, True]), 2)
        >>> bins.n.tolist(), bins.mean_confidence.round(3).tolist(), bins.accuracy.tolist()
        ([1, 2], [0.3, 0.7], [1.0, 0.5])
    """
    check_confidences(confidences, correct)
    which = bin_numbers(confidences, n_bins)
    n = np.bincount(which, minlength=n_bins)
    at_least_one = np.maximum(n, 1)
    edges = np.linspace(0, 1, n_bins + 1)
    return ReliabilityBins(
        low=edges[:-1],
        high=edges[1:],
        n=n,
        mean_confidence=np.bincount(which, confidences, n_bins) / at_least_one,
        accuracy=np.bincount(which, correct, n_bins) / at_least_one,
    )


def expected_calibration_error(bins: ReliabilityBins) -> float:
    """Return the mean over images of |mean confidence - accuracy| of their bin, in [0, 1].

    It depends on the number of bins, and by chance is above 0 even for a perfectly calibrated
    model. Source: Guo et al. (2017), equation 3.

    Example:
        >>> bins = reliability_bins(np.array([0.6, 0.8, 0.3]), np.array([True, False, True]), 2)
        >>> round(expected_calibration_error(bins), 4)
        0.3667
    """
    return float(bins.n @ _gaps(bins) / bins.n.sum())


def maximum_calibration_error(bins: ReliabilityBins) -> float:
    """Return the largest |mean confidence - accuracy| of the bins that hold images, in [0, 1].

    A bin with few images easily makes it large. Source: Guo et al. (2017), equation 5.

    Example:
        >>> bins = reliability_bins(np.array([0.6, 0.8, 0.3]), np.array([True, False, True]), 2)
        >>> round(maximum_calibration_error(bins), 4)
        0.7
    """
    return float(_gaps(bins).max())


def mean_overconfidence(bins: ReliabilityBins) -> float:
    """Return mean confidence minus accuracy over all images, in [-1, 1]; above 0: over-confident.

    Example:
        >>> bins = reliability_bins(np.array([0.9, 0.9]), np.array([True, False]))
        >>> round(mean_overconfidence(bins), 4)
        0.4
    """
    return float(bins.n @ (bins.mean_confidence - bins.accuracy) / bins.n.sum())


def bin_numbers(confidences: NDArray[np.floating], n_bins: int) -> NDArray[np.intp]:
    """Return the bin of each confidence, (N,) in [0, n_bins).

    Example:
        >>> bin_numbers(np.array([0.0, 0.5, 0.51, 1.0]), 2).tolist()
        [0, 0, 1, 1]
    """
    upper_edges = np.linspace(0, 1, n_bins + 1)[1:]
    return np.searchsorted(upper_edges, confidences, side="left")


def check_confidences(confidences: NDArray[np.floating], correct: NDArray[np.bool_]) -> None:
    """Raise ValueError unless each of at least one image has a confidence in [0, 1]."""
    if confidences.shape != correct.shape:
        raise ValueError(f"{confidences.shape} confidences but {correct.shape} images")
    if not len(confidences):
        raise ValueError("the calibration on no images is undefined")
    if not (confidences.min() >= 0 and confidences.max() <= 1):
        raise ValueError("a confidence is not a number from 0 to 1")


def _gaps(bins: ReliabilityBins) -> NDArray[np.float64]:
    return np.abs(bins.mean_confidence - bins.accuracy)
