"""How many test images a model got right, where nobody said which."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Counts:
    """Images by class; all that precision, recall and F1 are made from.

    Attributes:
        support: (C,) int64, images of each class.
        hits: (C,) int64, images of each class that were called so.
        chosen: (C,) int64, images that were called each class; -1 where that is not known.
        confusion: (C, C) int64, images by target (row) and prediction (column); None if unknown.
    """

    support: NDArray[np.int64]
    hits: NDArray[np.int64]
    chosen: NDArray[np.int64]
    confusion: NDArray[np.int64] | None = None

    @property
    def n_images(self) -> int:
        """All images."""
        return int(self.support.sum())

    @property
    def n_correct(self) -> int:
        """Images that were called what they are: the trace of the matrix."""
        return int(self.hits.sum())

    @property
    def accuracy(self) -> float:
        """Share of the images that were called what they are, in [0, 1].

        Raises:
            ZeroDivisionError: If there are no images.
        """
        return self.n_correct / self.n_images

    @classmethod
    def of(cls, confusion: NDArray[np.int64]) -> "Counts":
        """Count the rows, the diagonal and the columns of a (C, C) int64 confusion matrix."""
        return cls(confusion.sum(axis=1), confusion.diagonal(), confusion.sum(axis=0), confusion)
