"""What a model said about every image of a split: the one truth that all else is computed from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

ALL_CLASSES_UP_TO = 100
TOP_CLASSES_BEYOND = 20

# Why imported predictions lack something.
NO_RANKS = "what was imported names one class for each image"
NO_CONFIDENCE = "what was imported gives no probabilities"


@dataclass(frozen=True)
class Predictions:
    """Predictions on N images of one split, k classes kept for each.

    The last three are None where imported predictions do not tell them: a table that names one
    class per image, k = 1, tells at most the probability of that class.

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
    top_probabilities: NDArray[np.float32] | None
    target_probabilities: NDArray[np.float32] | None
    target_ranks: NDArray[np.int32] | None

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
        _refuse_strange(sample_ids, targets, logits, "logits")
        order = np.argsort(-logits, axis=1, kind="stable")
        return cls._ranked(sample_ids, targets, softmax(logits.astype(np.float64), axis=1), order)

    @classmethod
    def from_probabilities(
        cls,
        sample_ids: NDArray[np.str_],
        targets: NDArray[np.int64],
        probabilities: NDArray[np.floating],
        predicted: NDArray[np.int64] | None = None,
    ) -> "Predictions":
        """Rank the classes of every image and keep the first k with their probabilities.

        Equal probabilities rank by class index.

        Args:
            sample_ids: (N,) str.
            targets: (N,) int64 in [0, C).
            probabilities: (N, C) float in [0, 1]; each row adds up to 1.
            predicted: (N,) int64 in [0, C), the chosen classes, which come first among classes of
                equal probability; None chooses by index.

        Raises:
            ValueError: If a probability is not finite, or a target is not a class.
        """
        _refuse_strange(sample_ids, targets, probabilities, "probabilities")
        order = np.argsort(-probabilities, axis=1, kind="stable")
        if predicted is not None:
            for row in np.flatnonzero(order[:, 0] != predicted):
                others = order[row][order[row] != predicted[row]]
                order[row] = [predicted[row], *others]
        return cls._ranked(sample_ids, targets, probabilities, order)

    @classmethod
    def _ranked(
        cls,
        sample_ids: NDArray[np.str_],
        targets: NDArray[np.int64],
        probabilities: NDArray[np.floating],
        order: NDArray[np.int64],
    ) -> "Predictions":
        """Keep the first k of the (N, C) classes in `order`."""
        n_classes = probabilities.shape[1]
        kept = n_classes if n_classes <= ALL_CLASSES_UP_TO else TOP_CLASSES_BEYOND
        probabilities = probabilities.astype(np.float32)
        top, rows = order[:, :kept], np.arange(len(targets))
        return cls(
            sample_ids=np.asarray(sample_ids, dtype=np.str_),
            targets=np.asarray(targets, dtype=np.int64),
            top_classes=top.astype(np.int32),
            top_probabilities=np.take_along_axis(probabilities, top, axis=1),
            target_probabilities=probabilities[rows, targets],
            target_ranks=(np.argmax(order == targets[:, None], axis=1) + 1).astype(np.int32),
        )


def _refuse_strange(
    sample_ids: NDArray[np.str_],
    targets: NDArray[np.int64],
    scores: NDArray[np.floating],
    what: str,
) -> None:
    """Refuse scores that are not finite, and targets that are not a class."""
    n_classes = scores.shape[1]
    finite = np.isfinite(scores).all(axis=1)
    if not finite.all():
        raise ValueError(f"{what} of sample {_first(sample_ids, ~finite)!r} are not finite")
    strange = (targets < 0) | (targets >= n_classes)
    if strange.any():
        raise ValueError(
            f"sample {_first(sample_ids, strange)!r} has target {_first(targets, strange)}, "
            f"but there are {n_classes} classes"
        )


def _first(values: NDArray[np.generic], chosen: NDArray[np.bool_]) -> object:
    """Return the first chosen value as a plain Python object, for a message."""
    first: object = values[chosen][0].item()
    return first
