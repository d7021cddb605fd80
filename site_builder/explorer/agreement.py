"""How alike the runs are: in what they say, and in what they get wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.results.metrics.agreement import cohen_kappa
from experiments.results.metrics.confusion import confusion_matrix
from site_builder.explorer.images import Images

MAX_RUNS = 30
"""Runs that are compared with each other: what a person can still read as a table."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """The best R runs compared with each other, best first.

    Attributes:
        kappa: R rows of R, Cohen's kappa between the predictions of two runs; None where undefined.
        n_common: (R, R) int64, images that both get wrong.
        n_either: (R, R) int64, images that at least one of them gets wrong.
    """

    kappa: list[list[float | None]]
    n_common: NDArray[np.int64]
    n_either: NDArray[np.int64]


def agreement(images: Images, n_classes: int) -> Agreement:
    """Compare the best `MAX_RUNS` runs."""
    predicted = images.predicted[:MAX_RUNS]
    wrong = ~images.right[:MAX_RUNS]
    n_wrong = wrong.sum(axis=1, dtype=np.int64)
    # Exact: 32-bit floats count up to 16 million images, and multiply much faster than integers.
    n_common = (wrong.astype(np.float32) @ wrong.astype(np.float32).T).astype(np.int64)
    kappa: list[list[float | None]] = [[1.0] * len(predicted) for _ in predicted]
    for first in range(len(predicted)):
        for second in range(first):
            crossed = confusion_matrix(predicted[first], predicted[second], n_classes)
            kappa[first][second] = kappa[second][first] = cohen_kappa(crossed)
    return Agreement(kappa, n_common, n_wrong[:, None] + n_wrong - n_common)
