"""Where the images of a split lie on a map of what a model makes of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Embedding:
    """Places of n test images; images with alike features lie near each other.

    Attributes:
        samples: (n,) int32, rising: the images, by their place in the test split, from 0.
        positions: (n, 2) float32 in [0, 1], with one scale for both axes.
    """

    samples: NDArray[np.int32]
    positions: NDArray[np.float32]

    def __len__(self) -> int:
        """Return n."""
        return len(self.samples)
