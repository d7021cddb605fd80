"""The confusion matrix."""

import numpy as np
from numpy.typing import NDArray


def confusion_matrix(
    targets: NDArray[np.integer], predicted: NDArray[np.integer], n_classes: int
) -> NDArray[np.int64]:
    """Count images by true and chosen class.

    Args:
        targets: (N,) int in [0, n_classes), true classes.
        predicted: (N,) int in [0, n_classes), chosen classes.
        n_classes: C, at least 1.

    Returns:
        (C, C) int64; rows are targets, columns are predictions; sums to N.

    Raises:
        ValueError: If the arrays differ in length or hold a class outside the range.

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    if targets.shape != predicted.shape:
        raise ValueError(f"{targets.shape} targets but {predicted.shape} predictions")
    for name, classes in (("targets", targets), ("predicted", predicted)):
        if classes.size and (classes.min() < 0 or classes.max() >= n_classes):
            raise ValueError(f"{name}: a class outside 0 to {n_classes - 1}")
    cells = targets.astype(np.int64) * n_classes + predicted
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def most_taken_for(confusion: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the class that each class is most often taken for.

    Args:
        confusion: (C, C) int64, images by target (rows) and prediction (columns).

    Returns:
        (C,) int64, for each class the other one that most of its images were called, the first of
        a tie; and (C,) int64, how many were, 0 where none was.

    Example:
        >>> other, n = most_taken_for(np.array([[5, 1, 2], [0, 3, 0], [1, 1, 0]]))
        >>> other.tolist(), n.tolist()
        ([2, 0, 0], [2, 0, 1])
    """
    errors = confusion.copy()
    np.fill_diagonal(errors, 0)
    most = errors.argmax(axis=1)
    return most, errors[np.arange(len(errors)), most]
