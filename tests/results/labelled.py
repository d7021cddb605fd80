"""Random labels for tests of metrics."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Labels = tuple[NDArray[np.int64], NDArray[np.int64], int]


@st.composite
def labels(draw: st.DrawFn) -> Labels:
    """Targets and predictions of up to 40 images, some classes of up to 8 never seen."""
    n_classes = draw(st.integers(2, 8))
    one_class = st.integers(0, n_classes - 1)
    pairs = draw(st.lists(st.tuples(one_class, one_class), min_size=1, max_size=40))
    targets, predicted = np.array(pairs, dtype=np.int64).T
    return targets, predicted, n_classes
