"""Scores of the probabilities themselves: log loss and Brier score. Lower is better."""

import numpy as np
from numpy.typing import NDArray

from experiments.results.predictions import Predictions


def log_loss(target_probabilities: NDArray[np.float32]) -> float:
    """Return the mean of -ln p over images, p the probability given to the true class.

    p is clipped to [eps, 1 - eps], eps = 1.2e-7 being the resolution of its type, float32, as
    scikit-learn does: one image that was given probability 0 then costs 15.9, not infinity.

    Args:
        target_probabilities: (N,) float32 in [0, 1], at least one.

    Returns:
        In [0, 15.95], in nats; ln C for a model that gives all C classes the same probability.

    Raises:
        ValueError: If there is no image.

    Example:
        >>> round(log_loss(np.array([0.5, 0.25], dtype=np.float32)), 4)
        1.0397
    """
    if not len(target_probabilities):
        raise ValueError("the log loss on no images is undefined")
    eps = float(np.finfo(np.float32).eps)
    return float(-np.log(np.clip(target_probabilities.astype(np.float64), eps, 1 - eps)).mean())


def brier_score(predictions: Predictions, n_classes: int) -> float | None:
    """Return the mean over images of the squared distance between probabilities and truth.

    For one image it is the sum over classes of (p_c - y_c)^2 with y_c = 1 for the true class and 0
    for the others, which is sum(p_c^2) - 2 p_true + 1. This is Brier's own definition for any
    number of classes; the two-class score on the scale [0, 1] is half of it. Source: Brier (1950),
    "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78.

    Args:
        predictions: At least one image.
        n_classes: C.

    Returns:
        In [0, 2]; None where the probabilities of some classes were not stored, since their squares
        are missing: of more than 100 classes only the top 20 are, of imported runs perhaps none.

    Raises:
        ValueError: If there is no image.
    """
    if not len(predictions):
        raise ValueError("the Brier score on no images is undefined")
    top, of_targets = predictions.top_probabilities, predictions.target_probabilities
    if top is None or of_targets is None or top.shape[1] < n_classes:
        return None
    squares = float(np.einsum("nk,nk->", top, top, dtype=np.float64)) / len(predictions)
    return max(0.0, squares - 2 * float(of_targets.mean(dtype=np.float64)) + 1)
