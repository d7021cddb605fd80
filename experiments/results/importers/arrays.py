"""Logits or probabilities as arrays: from a NumPy archive, or from somebody's own loop."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.results.archives import npz_names, read_npz
from experiments.results.errors import DataError, StoreError, nearest
from experiments.results.importers.imported import Imported
from experiments.results.importers.labels import ClassNames, UnknownLabelError, class_indices
from experiments.results.importers.rows import Places, Rows, to_predictions

_SCORES = ("probabilities", "logits")
_KNOWN = (*_SCORES, "targets", "sample_ids", "class_names")


@dataclass(frozen=True)
class ArrayPlaces(Places):
    """Rows of arrays.

    Attributes:
        origin: Where the arrays are from.
        scores: Name of the array of scores.
    """

    origin: str
    scores: str

    def problem(self, row: int, field: str, what: str) -> DataError:
        """Name the array, in the plural as they are called, and the row."""
        name = field if field in _KNOWN else f"{field}s"
        return DataError(f"{self.origin}, array {name!r}, row {row} (from 0): {what}")

    def of_class(self, row: int, class_name: str, what: str) -> DataError:
        """Name the array of scores, the row and the class."""
        return self.problem(row, self.scores, f"class {class_name!r}: {what}")

    def of_row(self, row: int, what: str) -> DataError:
        """Name the array of scores and the row."""
        return self.problem(row, self.scores, what)


def read_arrays(file: Path, known: ClassNames | None) -> Imported:
    """Read an .npz file; nothing in it is ever unpickled.

    Args:
        file: Holds `logits` or `probabilities` (N, C), `targets` (N,), and perhaps `sample_ids`
            (N,) and `class_names` (C,).
        known: The classes in their order; None takes `class_names`, or else the numbers from 0.

    Raises:
        DataError: If an array is missing, of another shape, or a row makes no sense.
        StoreError: If it is no such archive.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from None
    names = npz_names(content, file)
    for name in sorted(names - set(_KNOWN)):
        if close := nearest(name, set(_KNOWN) - names):
            raise DataError(f"{file}: unknown array {name!r}{close}")
    try:
        arrays = read_npz(content, [name for name in _KNOWN if name in names], file)
    except StoreError as error:
        if "Object arrays" not in str(error):
            raise
        raise DataError(
            f"{file}: holds an array of Python objects, which would have to be unpickled; save "
            "texts as np.asarray(texts, dtype=str)"
        ) from None
    return from_arrays(arrays, known, str(file))


def from_arrays(
    arrays: Mapping[str, NDArray[Any]], known: ClassNames | None, origin: str
) -> Imported:
    """Read arrays by the names that they have in a file.

    Args:
        arrays: As `read_arrays` finds them.
        known: The classes in their order; None takes `class_names`, or else the numbers from 0.
        origin: Where they are from, for messages.

    Raises:
        DataError: If an array is missing, of another shape, or a row makes no sense.
    """
    scores_name = _only_scores(arrays, origin)
    scores = _scores(arrays[scores_name], scores_name, origin)
    n_images, n_classes = scores.shape
    own = _own_classes(arrays, n_classes, origin)
    classes = known or own or _numbered(n_classes, origin)
    if len(classes) != n_classes:
        raise DataError(
            f"{origin}, array {scores_name!r}: has {n_classes} columns, but {classes.origin} has "
            f"{len(classes)} classes; there has to be one for each"
        )
    places = ArrayPlaces(origin, scores_name)
    targets = _targets(arrays, n_images, own or classes, places)
    if own and classes is not own:
        order = classes.order_of(own)
        scores, targets = scores[:, order], np.argsort(order)[targets]
    rows = Rows(
        places=places,
        sample_ids=_sample_ids(arrays, n_images, origin),
        targets=targets,
        scores=scores,
        are_logits=scores_name == "logits",
    )
    return Imported(classes.names, to_predictions(rows, classes))


def _only_scores(arrays: Mapping[str, NDArray[Any]], origin: str) -> str:
    found = [name for name in _SCORES if name in arrays]
    if len(found) != 1:
        there = ", ".join(arrays) or "none"
        raise DataError(
            f"{origin}: needs an array 'probabilities' or 'logits', one of them; it has {there}"
        )
    return found[0]


def _scores(array: NDArray[Any], name: str, origin: str) -> NDArray[np.float64]:
    if array.dtype.kind not in "fiu" or array.ndim != 2:
        raise DataError(
            f"{origin}, array {name!r}: has shape {array.shape} and type {array.dtype}; it has to "
            "be numbers by image (rows) and class (columns)"
        )
    if not len(array):
        raise DataError(f"{origin}, array {name!r}: has no rows; a run needs at least one image")
    return array.astype(np.float64)


def _own_classes(
    arrays: Mapping[str, NDArray[Any]], n_classes: int, origin: str
) -> ClassNames | None:
    if "class_names" not in arrays:
        return None
    names = _texts(arrays, "class_names", n_classes, origin)
    return ClassNames(tuple(names), f"the array 'class_names' of {origin}")


def _numbered(n_classes: int, origin: str) -> ClassNames:
    return ClassNames(tuple(map(str, range(n_classes))), f"the columns of {origin}")


def _targets(
    arrays: Mapping[str, NDArray[Any]], n_images: int, classes: ClassNames, places: ArrayPlaces
) -> NDArray[np.int64]:
    if "targets" not in arrays:
        raise DataError(f"{places.origin}: has no array 'targets', the true class of every image")
    labels = _texts(arrays, "targets", n_images, places.origin)
    if arrays["targets"].dtype.kind in "iu":
        # Numbers are indices even where classes are called by numbers, unlike in a table of text.
        classes = ClassNames(tuple(map(str, range(len(classes)))), classes.origin)
    try:
        return class_indices(labels, classes)
    except UnknownLabelError as error:
        raise places.problem(error.place, "targets", str(error)) from None


def _sample_ids(arrays: Mapping[str, NDArray[Any]], n_images: int, origin: str) -> list[str]:
    """Return the names of the images; without any they are called by their numbers from 0."""
    if "sample_ids" not in arrays:
        return [str(number) for number in range(n_images)]
    return _texts(arrays, "sample_ids", n_images, origin)


def _texts(arrays: Mapping[str, NDArray[Any]], name: str, length: int, origin: str) -> list[str]:
    """Return an array of text or whole numbers as text."""
    array = arrays[name]
    if array.dtype.kind == "O" and all(isinstance(value, str | int) for value in array.flat):
        # What pandas holds texts in; in a file it would have been refused before.
        array = array.astype(np.str_)
    if array.shape != (length,) or array.dtype.kind not in "USiu":
        raise DataError(
            f"{origin}, array {name!r}: has shape {array.shape} and type {array.dtype}; it has to "
            f"be {length} texts or whole numbers, as many as the scores have"
        )
    if array.dtype.kind == "S":
        try:
            array = np.char.decode(array, "utf-8")
        except UnicodeDecodeError:
            raise DataError(f"{origin}, array {name!r}: is not UTF-8") from None
    return [str(value) for value in array.tolist()]
