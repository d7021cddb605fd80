"""What a model said about every image of a split: the one truth that all else is computed from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

ALL_CLASSES_UP_TO = 100
TOP_CLASSES_BEYOND = 20


@dataclass(frozen=True)
class Predictions:
    """Predictions on N images of one split, k classes kept for each.

    Attributes:
        sample_ids: (N,) str, unique.
        targets: (N,) int64, index of the true class.
        top_classes: (N, k) int32, classes by falling probability.
        top_probabilities: (N, k) float32 in [0, 1], of `top_classes`.
        target_probabilities: (N,) float32 in [0, 1], of the true class.
        target_ranks: (N,) int32, place of the true class among all classes, from 1.
    """

    sample_ids: NDArray[np.str_]
    targets: NDArray[np.int64]
    top_classes: NDArray[np.int32]
    top_probabilities: NDArray[np.float32]
    target_probabilities: NDArray[np.float32]
    target_ranks: NDArray[np.int32]

    def __len__(self) -> int:
        """Return N."""
        return len(self.targets)

    @property
    def predicted(self) -> NDArray[np.int32]:
        """(N,) int32, the chosen class of each image."""
        chosen: NDArray[np.int32] = self.top_classes[:, 0]
        return chosen

    @classmethod
    def from_logits(
        cls, sample_ids: NDArray[np.str_], targets: NDArray[np.int64], logits: NDArray[np.floating]
    ) -> "Predictions":
        """Rank the classes of every image and keep the first k with their probabilities.

        Ranks come from the logits, since softmax rounds different logits to equal probabilities.
        Equal logits rank by class index, so that rank 1 is exactly `predicted`.

        Args:
            sample_ids: (N,) str.
            targets: (N,) int64 in [0, C).
            logits: (N, C) float, finite.

        Raises:
            ValueError: If a logit is not finite (NaN would rank as an arbitrary class), or a target
                is not a class (a negative one would rank first).
        """
        n_classes = logits.shape[1]
        finite = np.isfinite(logits).all(axis=1)
        if not finite.all():
            raise ValueError(f"logits of sample {_first(sample_ids, ~finite)!r} are not finite")
        strange = (targets < 0) | (targets >= n_classes)
        if strange.any():
            raise ValueError(
                f"sample {_first(sample_ids, strange)!r} has target {_first(targets, strange)}, "
                f"but there are {n_classes} classes"
            )
        kept = n_classes if n_classes <= ALL_CLASSES_UP_TO else TOP_CLASSES_BEYOND
        rows = np.arange(len(targets))
        order = np.argsort(-logits, axis=1, kind="stable")
        probabilities = softmax(logits.astype(np.float64), axis=1).astype(np.float32)
        top = order[:, :kept]
        return cls(
            sample_ids=np.asarray(sample_ids, dtype=np.str_),
            targets=np.asarray(targets, dtype=np.int64),
            top_classes=top.astype(np.int32),
            top_probabilities=np.take_along_axis(probabilities, top, axis=1),
            target_probabilities=probabilities[rows, targets],
            target_ranks=(np.argmax(order == targets[:, None], axis=1) + 1).astype(np.int32),
        )


def _first(values: NDArray[np.generic], chosen: NDArray[np.bool_]) -> object:
    """Return the first chosen value as a plain Python object, for a message."""
    first: object = values[chosen][0].item()
    return first
