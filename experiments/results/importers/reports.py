"""What scikit-learn's `classification_report(output_dict=True)` tells, which is no matrix."""

from pathlib import Path
from typing import Any

import numpy as np

from experiments.results.counts import Counts
from experiments.results.errors import DataError
from experiments.results.importers.imported import Imported
from experiments.results.importers.labels import ClassNames
from experiments.results.importers.values import MAX_COUNT, as_given, finite

_AVERAGES = {"macro avg": "macro", "weighted avg": "weighted"}
_OTHER_AVERAGES = ("micro avg", "samples avg")
_SCORES = {"precision": "precision", "recall": "recall", "f1-score": "f1"}
# A count that was computed from a fraction is whole but for rounding.
_TOLERANCE = 0.01


def of_report(file: Path, content: dict[str, Any], known: ClassNames | None) -> Imported:
    """Recover the counts of every class from its precision, recall and support.

    Hits are recall times support, and the images that were called a class are hits over precision.
    Where there are no hits, precision is 0 however many were; that is then counted from the others
    if only one class is so.

    Args:
        file: For messages.
        content: The report.
        known: The classes in their order; None takes those of the report.

    Raises:
        DataError: If a class lacks a score, its counts are not whole, or the report leaves classes
            out; names the class.
    """
    for average in _OTHER_AVERAGES:
        if average in content:
            raise DataError(
                f"{file}, {average!r}: is of images with several labels, or of some classes only; "
                "bakeoff needs the report of all classes, one label for each image"
            )
    entries = {
        name: entry
        for name, entry in content.items()
        if isinstance(entry, dict) and name not in _AVERAGES
    }
    own = ClassNames(tuple(entries), f"the report {file}")
    classes = known or own
    order = classes.order_of(own)
    counts = np.array([_counts(file, name, entry) for name, entry in entries.items()])[order]
    support, hits, chosen = counts.T
    _complete(file, support, chosen)
    return Imported(
        classes.names,
        Counts(support, hits, chosen),
        _reported(file, content, bool(((support == 0) & (chosen == 0)).any())),
        "classification report",
    )


def _counts(file: Path, name: str, entry: dict[str, Any]) -> tuple[int, int, int]:
    """Return support, hits and the images that were called the class, or -1 if that is unknown."""
    support = _whole(file, name, "support", _number(file, name, "support", entry))
    recall = _number(file, name, "recall", entry)
    precision = _number(file, name, "precision", entry)
    hits = _whole(file, name, "recall times support", recall * support)
    if (hits > 0) != (precision > 0):
        raise DataError(f"{file}, class {name!r}: precision or recall is 0, but not both")
    if not hits:
        return support, 0, -1
    return support, hits, _whole(file, name, "hits over precision", hits / precision)


def _number(file: Path, name: str, field: str, entry: dict[str, Any]) -> float:
    value = entry.get(field)
    number = None if isinstance(value, str) else finite(value)
    if number is None or number < 0:
        raise DataError(f"{file}, class {name!r}, {field!r}: {as_given(value)} is no number from 0")
    if field != "support" and number > 1:
        raise DataError(f"{file}, class {name!r}, {field!r}: {number:g} is no share, from 0 to 1")
    return number


def _whole(file: Path, name: str, what: str, value: float) -> int:
    if value > MAX_COUNT:
        raise DataError(
            f"{file}, class {name!r}: {what} is {value:.3g}; {MAX_COUNT:,} images are the most"
        )
    if abs(value - round(value)) > _TOLERANCE:
        raise DataError(
            f"{file}, class {name!r}: {what} is {value:g}, but images come whole; give the report "
            "with all its digits, not rounded"
        )
    return round(value)


def _complete(file: Path, support: Any, chosen: Any) -> None:
    """Find the last unknown count of chosen images, in place: together they are all images."""
    unknown = chosen < 0
    for counts in (support, chosen):
        if (total := counts.sum(dtype=np.float64)) > MAX_COUNT:
            raise DataError(f"{file}: counts {total:.3g} images in all; {MAX_COUNT:,} are the most")
    left = int(support.sum() - chosen[~unknown].sum())
    if not support.sum():
        raise DataError(f"{file}: counts no image; a run needs at least one")
    if left < 0 or (left and not unknown.any()):
        raise DataError(
            f"{file}: its precisions add up to {chosen[~unknown].sum()} predictions for "
            f"{support.sum()} images; the report contradicts itself or leaves classes out"
        )
    if left == 0 or unknown.sum() == 1:
        chosen[unknown] = left


def _reported(file: Path, content: dict[str, Any], some_never_occur: bool) -> dict[str, float]:
    """Return the averages of the report under the names that other imports give them.

    The macro averages are left out where a class is neither a target nor a prediction: scikit-learn
    counts it as 0 if it was told of the class, and the site leaves it out.
    """
    reported = {}
    if "accuracy" in content and not isinstance(content["accuracy"], dict):
        reported["accuracy"] = _number(file, "accuracy", "accuracy", content)
    for average, prefix in _AVERAGES.items():
        if average == "macro avg" and some_never_occur:
            continue
        if isinstance(entry := content.get(average), dict):
            for field, name in _SCORES.items():
                reported[f"{prefix}_{name}"] = _number(file, average, field, entry)
    return reported
