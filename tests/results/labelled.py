"""Random labels for tests of metrics."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Counts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
Labels = tuple[NDArray[np.int64], NDArray[np.int64], int]


def margins(matrix: NDArray[np.int64]) -> Counts:
    """Hits, images and choices of every class, as the scores take them."""
    return matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)


@st.composite
def labels(draw: st.DrawFn) -> Labels:
    """Targets and predictions of up to 40 images, some classes of up to 8 never seen."""
    n_classes = draw(st.integers(2, 8))
    one_class = st.integers(0, n_classes - 1)
    pairs = draw(st.lists(st.tuples(one_class, one_class), min_size=1, max_size=40))
    targets, predicted = np.array(pairs, dtype=np.int64).T
    return targets, predicted, n_classes
