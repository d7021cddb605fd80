"""Agreement beyond chance between two ways to label the same images.

The two are targets and predictions, or the predictions of two runs crossed in one matrix.
"""

import math

import numpy as np
from numpy.typing import NDArray


def cohen_kappa(matrix: NDArray[np.int64]) -> float | None:
    """Return Cohen's kappa: 1 for full agreement, 0 for as much as chance gives.

    kappa = (p_o - p_e) / (1 - p_e) with p_o the share on the diagonal and p_e the share expected
    there from the row and column sums alone. Source: Cohen (1960), "A coefficient of agreement for
    nominal scales", Educational and Psychological Measurement 20.

    Args:
        matrix: (C, C) int64 counts with at least one image.

    Returns:
        In [-1, 1]; None where both sides put every image into the same one class, so that chance
        alone agrees fully (0 / 0).

    Raises:
        ValueError: If the matrix counts no image.

    Example:
        >>> round(cohen_kappa(np.array([[20, 5], [10, 15]])), 4)
        0.4
    """
    n, hits, by_chance, _, _ = _sums(matrix)
    return (n * hits - by_chance) / (n * n - by_chance) if n * n > by_chance else None


def matthews(matrix: NDArray[np.int64]) -> float | None:
    """Return the Matthews correlation coefficient of two labellings, for any number of classes.

    Source: Gorodkin (2004), "Comparing two K-category assignments by a K-category correlation
    coefficient", Computational Biology and Chemistry 28.

    Args:
        matrix: (C, C) int64 counts with at least one image.

    Returns:
        In [-1, 1]; None where either side puts every image into one class, since a constant
        correlates with nothing (0 / 0; scikit-learn returns 0 there).

    Raises:
        ValueError: If the matrix counts no image.

    Example:
        >>> round(matthews(np.array([[20, 5], [10, 15]])), 4)
        0.4082
    """
    n, hits, by_chance, of_rows, of_columns = _sums(matrix)
    spread = (n * n - of_rows) * (n * n - of_columns)
    return (n * hits - by_chance) / math.sqrt(spread) if spread else None


def _sums(matrix: NDArray[np.int64]) -> tuple[int, int, int, int, int]:
    """Return n, the trace, and the dot products row.column, row.row and column.column of sums.

    They are Python's integers: exact, and never too large.
    """
    rows, columns = matrix.sum(axis=1), matrix.sum(axis=0)
    if not (n := int(rows.sum())):
        raise ValueError("the agreement on no images is undefined")
    return n, int(matrix.trace()), int(rows @ columns), int(rows @ rows), int(columns @ columns)
