"""What was said about each image, wherever it was read: checked, then ranked."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.results.errors import DataError
from experiments.results.importers.labels import ClassNames
from experiments.results.importers.values import is_storable
from experiments.results.predictions import Predictions

SUM_TOLERANCE = 0.01
"""How far from 1 the probabilities of an image may add up: so much is rounding, and divided out."""

CONFIDENCE_TOLERANCE = 0.01
"""How far a stated confidence may be from the largest probability of its image."""


class Places(ABC):
    """Where the rows of an import stand, for messages."""

    @abstractmethod
    def problem(self, row: int, field: str, what: str) -> DataError:
        """Return what to raise about one field of a row, counted from 0."""

    @abstractmethod
    def of_class(self, row: int, class_name: str, what: str) -> DataError:
        """Return what to raise about the number that a row gives for one class."""

    @abstractmethod
    def of_row(self, row: int, what: str) -> DataError:
        """Return what to raise about the numbers of a row together."""


@dataclass(frozen=True)
class Rows:
    """What was said about N images.

    Attributes:
        places: Where they stand.
        sample_ids: N names of the images.
        targets: (N,) int64 in [0, C).
        scores: (N, C) float64, logits or probabilities; None where one class is named.
        are_logits: Whether the scores are logits.
        predicted: (N,) int64 in [0, C), the chosen classes; None where the scores choose.
        confidences: (N,) float64, the probability of each chosen class; None where not given.
    """

    places: Places
    sample_ids: Sequence[str]
    targets: NDArray[np.int64]
    scores: NDArray[np.float64] | None = None
    are_logits: bool = False
    predicted: NDArray[np.int64] | None = None
    confidences: NDArray[np.float64] | None = None


def to_predictions(rows: Rows, classes: ClassNames) -> Predictions:
    """Rank the classes of every image.

    Raises:
        DataError: If an id is empty or there twice, a number is no finite one, the probabilities of
            an image do not add up, or what is said of it contradicts itself; names the row.
    """
    _check_ids(rows)
    ids = np.array(rows.sample_ids, dtype=np.str_)
    if rows.confidences is not None:
        _check_range(rows, rows.confidences[:, None], None)
    if rows.scores is None:
        return _one_class_each(rows, ids)
    _check_range(rows, rows.scores, classes)
    if rows.are_logits:
        return Predictions.from_logits(ids, rows.targets, rows.scores)
    _check_sums(rows, rows.scores)
    _check_choice(rows, rows.scores, classes)
    shares = rows.scores / rows.scores.sum(axis=1, keepdims=True)
    return Predictions.from_probabilities(ids, rows.targets, shares, rows.predicted)


def _one_class_each(rows: Rows, ids: NDArray[np.str_]) -> Predictions:
    if rows.predicted is None:
        raise ValueError("rows without scores name a class")
    sure = rows.confidences
    return Predictions(
        sample_ids=ids,
        targets=rows.targets,
        top_classes=rows.predicted[:, None].astype(np.int32),
        top_probabilities=None if sure is None else sure[:, None].astype(np.float32),
        target_probabilities=None,
        target_ranks=None,
    )


def _check_ids(rows: Rows) -> None:
    seen: dict[str, int] = {}
    for row, sample_id in enumerate(rows.sample_ids):
        if not sample_id:
            raise rows.places.problem(row, "sample_id", "is empty; give every image a name")
        if "\0" in sample_id:
            # NumPy drops it at the end of a text.
            raise rows.places.problem(row, "sample_id", "holds a NUL character; leave it out")
        if not is_storable(sample_id):
            what = f"{sample_id!r} holds half of a surrogate pair, which no file can hold"
            raise rows.places.problem(row, "sample_id", f"{what}; correct it")
        if sample_id in seen:
            first = rows.places.problem(seen[sample_id], "sample_id", "here")
            raise rows.places.problem(
                row, "sample_id", f"{sample_id!r} is there already ({first}); remove one"
            )
        seen[sample_id] = row


def _check_range(rows: Rows, values: NDArray[np.float64], classes: ClassNames | None) -> None:
    """Refuse what is not finite and, unless they are logits, what is not within [0, 1]."""
    wrong = ~np.isfinite(values)
    if not rows.are_logits:
        wrong |= (values < 0) | (values > 1)
    if not wrong.any():
        return
    row, column = (int(place) for place in np.argwhere(wrong)[0])
    value = float(values[row, column])
    what = f"{value:g} is no probability, from 0 to 1"
    if rows.are_logits or not np.isfinite(value):
        what = f"{value:g} is no finite number"
    elif classes:
        what += "; logits are imported as an array `logits` in an .npz file"
    if classes is None:
        raise rows.places.problem(row, "confidence", what)
    raise rows.places.of_class(row, classes.names[column], what)


def _check_sums(rows: Rows, scores: NDArray[np.float64]) -> None:
    sums = scores.sum(axis=1)
    # 0.33 three times is off by 0.01 and one unit in the last place.
    wrong = np.abs(sums - 1) > SUM_TOLERANCE + 1e-9
    if not wrong.any():
        return
    row = int(np.argmax(wrong))
    off = float(sums[row]) - 1
    others = int(wrong.sum()) - 1
    more = f"; {others} more are off as well" if others else ""
    raise rows.places.of_row(
        row,
        f"the probabilities add up to {sums[row]:.4g}, {abs(off):.2g} too "
        f"{'much' if off > 0 else 'little'}, where at most {SUM_TOLERANCE} is taken for "
        f"rounding{more}. Give the probability of every class, with more digits if need be",
    )


def _check_choice(rows: Rows, scores: NDArray[np.float64], classes: ClassNames) -> None:
    """Refuse a stated prediction or confidence that the probabilities contradict."""
    largest = scores.max(axis=1)
    if rows.predicted is not None:
        chosen = scores[np.arange(len(scores)), rows.predicted]
        if (wrong := chosen < largest).any():
            row = int(np.argmax(wrong))
            most = classes.names[int(scores[row].argmax())]
            what = f"is {classes.names[rows.predicted[row]]!r}, but the most probable is {most!r}"
            raise rows.places.problem(row, "prediction", f"{what}; correct one of the columns")
    if rows.confidences is not None:
        wrong = np.abs(rows.confidences - largest) > CONFIDENCE_TOLERANCE
        if wrong.any():
            row = int(np.argmax(wrong))
            what = f"is {rows.confidences[row]:g}, but the largest probability is {largest[row]:g}"
            raise rows.places.problem(row, "confidence", f"{what}; correct one of the columns")
