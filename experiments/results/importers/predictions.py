"""A table of predictions, one image a row: CSV or Parquet."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.results.errors import DataError, nearest
from experiments.results.importers.imported import Imported
from experiments.results.importers.labels import ClassNames, UnknownLabelError, class_indices
from experiments.results.importers.rows import Places, Rows, to_predictions
from experiments.tables import iter_csv, parquet_text, read_parquet, sorted_labels

_TEXTS = ("sample_id", "target", "prediction")
_REQUIRED = ("sample_id", "target")
CONFIDENCE = "confidence"
_OTHER_COLUMNS = (
    f"every column but {', '.join(_TEXTS)} and {CONFIDENCE} has to be the probability of the class "
    "that it is named after"
)


@dataclass(frozen=True)
class TablePlaces(Places):
    """Rows of a table.

    Attributes:
        file: The table.
        numbers: N row numbers as a spreadsheet shows them.
    """

    file: Path
    numbers: Sequence[int]

    def problem(self, row: int, field: str, what: str) -> DataError:
        """Name file, row and column."""
        return DataError(f"{self.file}, row {self.numbers[row]}, column {field!r}: {what}")

    def of_class(self, row: int, class_name: str, what: str) -> DataError:
        """Name file, row and column; there is one for every class."""
        return self.problem(row, class_name, what)

    def of_row(self, row: int, what: str) -> DataError:
        """Name file and row."""
        return DataError(f"{self.file}, row {self.numbers[row]}: {what}")


@dataclass(frozen=True)
class _Table:
    """N rows, sorted into what is text and what is numbers.

    Attributes:
        places: Where the rows stand.
        texts: The columns of `_TEXTS` that there are, each with N cells.
        number_names: Names of the K other columns.
        numbers: (N, K) float64.
    """

    places: TablePlaces
    texts: dict[str, list[str]]
    number_names: tuple[str, ...]
    numbers: NDArray[np.float64]


def read_predictions(file: Path, known: ClassNames | None) -> Imported:
    """Read `sample_id, target, prediction[, confidence]`, or one probability column per class.

    Args:
        file: The table; every other column has the probability of the class that it is named after.
        known: The classes in their order; None takes the columns, or else the labels.

    Raises:
        DataError: If a row makes no sense, names the row and the column.
    """
    table = _parquet(file) if file.suffix.lower() == ".parquet" else _csv(file)
    if not table.places.numbers:
        raise DataError(f"{file}: has no rows; a run needs at least one image")
    scored = [name for name in table.number_names if name != CONFIDENCE]
    classes = known or _own_classes(file, table, scored)
    targets, predicted = _classes_of(table, classes)
    rows = Rows(
        places=table.places,
        sample_ids=table.texts["sample_id"],
        targets=targets,
        scores=_scores(file, table, scored, classes) if scored else None,
        predicted=predicted,
        confidences=table.numbers[:, table.number_names.index(CONFIDENCE)]
        if CONFIDENCE in table.number_names
        else None,
    )
    return Imported(classes.names, to_predictions(rows, classes))


def _own_classes(file: Path, table: _Table, scored: list[str]) -> ClassNames:
    if scored:
        return ClassNames(tuple(scored), f"the columns of {file}")
    labels = chain(table.texts["target"], table.texts["prediction"])
    return ClassNames(sorted_labels(labels), f"the labels in {file}")


def _classes_of(
    table: _Table, classes: ClassNames
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Find the classes of both columns of labels at once: they are of one kind."""
    columns = [name for name in ("target", "prediction") if name in table.texts]
    labels = [label for name in columns for label in table.texts[name]]
    n = len(table.places.numbers)
    try:
        found = class_indices(labels, classes)
    except UnknownLabelError as error:
        column, row = columns[error.place // n], error.place % n
        what = str(error) if labels[error.place] else "is empty; give every image a label"
        raise table.places.problem(row, column, what) from None
    return found[:n], found[n:] if len(columns) == 2 else None


def _scores(
    file: Path, table: _Table, scored: list[str], classes: ClassNames
) -> NDArray[np.float64]:
    """Return the columns of the classes in the order of the classes."""
    order = classes.order_of(ClassNames(tuple(scored), f"the columns of {file}"))
    places = [table.number_names.index(scored[place]) for place in order]
    return table.numbers[:, places]


def _csv(file: Path) -> _Table:
    rows = iter_csv(file)
    columns = _Columns.of(file, next(rows)[1])
    numbers: list[int] = []
    texts: dict[str, list[str]] = {name: [] for name in columns.texts}
    values = array("d")
    for number, cells in rows:
        numbers.append(number)
        for name, place in columns.texts.items():
            texts[name].append(cells[place])
        try:
            values.extend([float(cells[place]) for place in columns.numbers.values()])
        except ValueError:
            raise _no_number(TablePlaces(file, [number]), columns.numbers, cells) from None
    shape = (len(numbers), len(columns.numbers))
    return _Table(
        TablePlaces(file, numbers),
        texts,
        tuple(columns.numbers),
        np.array(values, dtype=np.float64).reshape(shape),
    )


def _parquet(file: Path) -> _Table:
    import pyarrow as pa

    table = read_parquet(file)
    columns = _Columns.of(file, table.column_names)
    # The first row is below a header, as in a spreadsheet.
    numbers = range(2, table.num_rows + 2)
    values = np.empty((table.num_rows, len(columns.numbers)))
    for target, (name, place) in enumerate(columns.numbers.items()):
        column = table.column(place)
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
            raise DataError(f"{file}, column {name!r}: {_OTHER_COLUMNS}, but holds {column.type}")
        values[:, target] = column.to_numpy()
    texts = {name: parquet_text(table, place) for name, place in columns.texts.items()}
    return _Table(TablePlaces(file, numbers), texts, tuple(columns.numbers), values)


@dataclass(frozen=True)
class _Columns:
    """Which columns hold text and which hold numbers: name to place, in the order of the file."""

    texts: dict[str, int]
    numbers: dict[str, int]

    @classmethod
    def of(cls, file: Path, header: list[str]) -> "_Columns":
        """Sort the columns by their names.

        Raises:
            DataError: If one is missing, without a name, or there twice.
        """
        columns = cls({}, {})
        for place, written in enumerate(header):
            plain = written.strip().lower()
            name = plain if plain in (*_TEXTS, CONFIDENCE) else written
            kind = columns.texts if name in _TEXTS else columns.numbers
            if name in kind:
                raise DataError(
                    f"{file}: has the column {name!r} twice; remove one. A class of that name can "
                    "be imported from an .npz file"
                )
            if not name:
                raise DataError(f"{file}: column {place + 1} has no name; name or remove it")
            kind[name] = place
        columns.refuse_missing(file, header)
        return columns

    def refuse_missing(self, file: Path, header: list[str]) -> None:
        """Refuse a table that does not say which image, which class, or what was said of it."""
        chosen = set(self.numbers) - {CONFIDENCE}
        for name in _REQUIRED if chosen else _TEXTS:
            if name not in self.texts:
                raise DataError(
                    f"{file}: has no column {name!r}{nearest(name, header)}; it has "
                    f"{', '.join(map(repr, header)) or 'none'}, apart by commas"
                )


def _no_number(places: TablePlaces, numbers: dict[str, int], cells: list[str]) -> DataError:
    """Return what to raise about the first cell of a row that is no number."""
    for name, place in numbers.items():
        try:
            float(cells[place])
        except ValueError:
            return places.problem(0, name, f"{cells[place]!r} is not a number; {_OTHER_COLUMNS}")
    raise ValueError("all cells are numbers")
