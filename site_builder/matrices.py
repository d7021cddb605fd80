"""Confusion matrices for the browser: sparse, and their largest errors."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from site_builder import payloads
from site_builder.loading import Run
from site_builder.naming import RunName

N_PAIRS = 10
"""Confused pairs in the list beside the matrix, before the reader asks for more."""


class ConfusedPair(NamedTuple):
    """A cell off the diagonal.

    Attributes:
        target: Index of the true class.
        prediction: Index of the class that it was taken for.
        n: Images in the cell, at least 1.
        support: Images of the true class.
        n_predicted: Images that were given the wrong class, rightly or not.
    """

    target: int
    prediction: int
    n: int
    support: int
    n_predicted: int


def matrix(run: Run, name: RunName) -> dict[str, object]:
    """Return a run's confusion matrix and what is written beside it.

    Cells are counted row by row, so that target = cell // C and prediction = cell % C. What is
    stored is the step from one cell that is not empty to the next: 50,000 predictions over 1,000
    classes come to 18 KB gzipped, half of what target, prediction and count take.

    Returns:
        `model`, `variant`: the run's name; `facts`: pairs of label and text; `steps`: the first
        cell that is not empty, then the distance to each next one; `counts`: images in each;
        `images`: whether it is known which images they are. Where there is no matrix, `absent` says
        why in place of the last three.
    """
    shard: dict[str, object] = {
        "model": name.model,
        "variant": name.variant,
        "facts": payloads.facts(run),
    }
    if run.matrix is None:
        return shard | {"absent": absent(run)}
    cells = np.flatnonzero(run.matrix)
    return shard | {
        "steps": np.diff(cells, prepend=0).tolist(),
        "counts": run.matrix.ravel()[cells].tolist(),
        "images": run.predictions is not None,
    }


def absent(run: Run) -> str:
    """Return why there is no confusion matrix; empty where there is one."""
    return f"There is no confusion matrix: {run.no_predictions}." if run.matrix is None else ""


def confused_pairs(matrix: NDArray[np.int64]) -> list[ConfusedPair]:
    """Return the largest cells off the diagonal.

    Args:
        matrix: (C, C) int64 confusion matrix, rows are targets.

    Returns:
        At most `N_PAIRS`; equal counts in the order of the classes.
    """
    errors = matrix.copy()
    np.fill_diagonal(errors, 0)
    rows, columns = np.nonzero(errors)
    counts = errors[rows, columns]
    largest = np.argsort(-counts, kind="stable")[:N_PAIRS]
    numbers = (rows, columns, counts, matrix.sum(axis=1)[rows], matrix.sum(axis=0)[columns])
    return [ConfusedPair(*cell) for cell in np.stack(numbers, axis=1)[largest].tolist()]
