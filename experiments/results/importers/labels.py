"""Which classes there are, and which of them a label names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.results.errors import DataError, nearest
from experiments.results.importers.values import is_storable
from experiments.results.store import ExperimentStore


@dataclass(frozen=True)
class ClassNames:
    """The classes, in the order of their indices.

    Attributes:
        names: At least two different ones; any text that is not empty and can be stored.
        origin: Where they are from, for messages: `experiment 'digits'`.
    """

    names: tuple[str, ...]
    origin: str

    def __post_init__(self) -> None:
        if len(self.names) < 2:
            raise DataError(f"{self.origin}: names {len(self.names)} classes; two are the least")
        seen: set[str] = set()
        for name in self.names:
            if not name:
                raise DataError(f"{self.origin}: a class has an empty name; name it")
            if not is_storable(name):
                raise DataError(
                    f"{self.origin}: the class {name!r} holds half of a surrogate pair, which no "
                    "file can hold; correct it"
                )
            if name in seen:
                raise DataError(f"{self.origin}: has the class {name!r} twice; remove one")
            seen.add(name)

    def __len__(self) -> int:
        """Return C."""
        return len(self.names)

    @classmethod
    def read(cls, file: Path) -> "ClassNames":
        """Read a text file with one name a line.

        Raises:
            DataError: If it cannot be read, is not UTF-8, or names fewer than two classes, an empty
                one or one twice.
        """
        try:
            text = file.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise DataError(f"{file}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise DataError(f"{file}: is not UTF-8; save it as UTF-8") from None
        # Not `splitlines`: a name may hold what Unicode takes for the end of a line.
        lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
        return cls(tuple(lines), str(file))

    @classmethod
    def of_store(cls, store: ExperimentStore) -> "ClassNames":
        """Return the classes of an experiment.

        Raises:
            StoreError: If its record cannot be read.
        """
        return cls(tuple(store.read_experiment().class_names), f"experiment {store.name!r}")

    def order_of(self, given: "ClassNames") -> NDArray[np.int64]:
        """Return for each of these classes its place among `given`, the same in any order.

        Raises:
            DataError: If they are not the same; names one that is missing.
        """
        for some, others in ((given, self), (self, given)):
            if unknown := [name for name in some.names if name not in set(others.names)]:
                more = f" (and {len(unknown) - 1} others)" if len(unknown) > 1 else ""
                raise DataError(
                    f"{some.origin}: {unknown[0]!r}{more} is no class of {others.origin}"
                    f"{nearest(unknown[0], others.names)}; both have to have the same classes"
                )
        places = {name: place for place, name in enumerate(given.names)}
        return np.array([places[name] for name in self.names], dtype=np.int64)


class UnknownLabelError(Exception):
    """A label that names no class.

    Attributes:
        place: Where it stands among the labels, from 0.
    """

    def __init__(self, place: int, message: str) -> None:
        super().__init__(message)
        self.place = place


def class_indices(labels: Sequence[str], classes: ClassNames) -> NDArray[np.int64]:
    """Return the class of each label: all are names, or else all are indices from 0.

    Labels that can be read as both are names.

    Raises:
        UnknownLabelError: Names the first label that is neither.
    """
    different = set(labels)
    indices = {name: index for index, name in enumerate(classes.names)}
    if not different <= indices.keys() and _are_indices(different, len(classes)):
        indices = {label: int(label) for label in different}
    _refuse_unknown(labels, indices, classes)
    return np.fromiter((indices[label] for label in labels), np.int64, len(labels))


def _are_indices(labels: Iterable[str], n_classes: int) -> bool:
    known = {str(index) for index in range(n_classes)}
    return all(label in known for label in labels)


def _refuse_unknown(labels: Sequence[str], indices: Mapping[str, int], classes: ClassNames) -> None:
    for place, label in enumerate(labels):
        if label not in indices:
            raise UnknownLabelError(
                place,
                f"{label!r} is none of the {len(classes)} classes of {classes.origin}"
                f"{nearest(label, classes.names)}; labels have to be their names, or all of them "
                f"indices from 0 to {len(classes) - 1}",
            )
