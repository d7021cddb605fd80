"""A bare confusion matrix: rows are targets, columns are predictions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.results.counts import Counts
from experiments.results.errors import DataError, nearest
from experiments.results.importers.imported import Imported
from experiments.results.importers.labels import ClassNames
from experiments.results.importers.values import MAX_COUNT, as_given, finite, whole
from experiments.tables import iter_csv

_KEYS = ("confusion", "class_names", "metrics")


def is_matrix(file: Path) -> bool:
    """Tell whether a CSV file is a matrix: it is a table of predictions if its header says so.

    The corner of a matrix may say `target`, as pandas writes it, and classes may have any name:
    without a column `sample_id`, what is square is a matrix.

    Raises:
        DataError: If a row cannot be read, or the first has no commas.
    """
    rows = iter_csv(file)
    _, header = next(rows)
    if len(header) == 1 and (apart := set(header[0]) & {";", "\t"}):
        raise DataError(f"{file}: its cells are apart by {apart.pop()!r}; save it with commas")
    columns = {name.strip().lower() for name in header}
    if "sample_id" in columns:
        return False
    if not columns & {"target", "prediction"}:
        return True
    # Whoever forgot the column `sample_id` is to be told so; two classes with names are 3 by 3.
    return len(header) > 2 and sum(1 for _ in rows) + 1 == len(header)


def read_csv_matrix(file: Path, known: ClassNames | None) -> Imported:
    """Read counts with the names of the classes in the first row and column, or with no names.

    Args:
        file: The matrix.
        known: The classes in their order; None takes the names, or else the numbers from 0.

    Raises:
        DataError: If it is not square, its rows and columns are of different classes, or a count is
            not whole or negative; names row and column.
    """
    rows = [cells for _, cells in iter_csv(file)]
    if not rows or not rows[0]:
        raise DataError(f"{file}: has no rows; a confusion matrix has one for every class")
    # With names or without, there are as many rows as columns.
    if len(rows) != len(rows[0]):
        raise DataError(_not_square(file, len(rows), len(rows[0])))
    if all(_is_number(cell) for cell in rows[0]):
        return _imported(file, rows, None, known)
    columns = ClassNames(tuple(rows[0][1:]), f"the first row of {file}")
    targets = ClassNames(tuple(cells[0] for cells in rows[1:]), f"the first column of {file}")
    counts = [rows[1 + place][1:] for place in columns.order_of(targets)]
    return _imported(file, counts, columns, known)


def of_json(file: Path, content: dict[str, Any] | list[Any], known: ClassNames | None) -> Imported:
    """Read a matrix from what a JSON file holds.

    Args:
        file: For messages.
        content: A list of rows, or an object with `confusion` and perhaps `class_names` (C texts)
            and `metrics` (name to number).
        known: The classes in their order; None takes the names, or else the numbers from 0.

    Raises:
        DataError: As `read_csv_matrix`, or if a metric is no number.
    """
    parts = content if isinstance(content, dict) else {"confusion": content}
    for key in parts:
        if key not in _KEYS:
            raise DataError(f"{file}, {key!r}: unknown key{nearest(key, _KEYS)}")
    rows = parts.get("confusion")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise DataError(f"{file}, 'confusion': has to be a list of rows, each a list of counts")
    if not rows:
        raise DataError(f"{file}: has no rows; a confusion matrix has one for every class")
    names = parts.get("class_names")
    own = None if names is None else ClassNames(_texts(file, names), f"'class_names' of {file}")
    return _imported(file, rows, own, known, _metrics(file, parts.get("metrics", {})))


def _imported(
    file: Path,
    rows: Sequence[Sequence[Any]],
    own: ClassNames | None,
    known: ClassNames | None,
    reported: dict[str, float] | None = None,
) -> Imported:
    _check_square(file, rows)
    numbered = ClassNames(tuple(map(str, range(len(rows)))), f"the numbers of the rows of {file}")
    classes = known or own or numbered
    names = (own or classes).names
    if len(names) != len(rows):
        origin = (own or classes).origin
        raise DataError(f"{file}: has {len(rows)} rows, but {origin} has {len(names)} classes")
    matrix = np.array(
        [
            [_count(file, cell, target, name) for cell, name in zip(cells, names, strict=True)]
            for cells, target in zip(rows, names, strict=True)
        ],
        dtype=np.int64,
    )
    _check_content(file, matrix)
    if own and classes is not own:
        order = classes.order_of(own)
        matrix = matrix[np.ix_(order, order)]
    return Imported(classes.names, Counts.of(matrix), reported or {}, "confusion matrix")


def _check_square(file: Path, rows: Sequence[Sequence[Any]]) -> None:
    for number, cells in enumerate(rows, start=1):
        if len(cells) != len(rows):
            raise DataError(f"{_not_square(file, len(rows), len(cells))} (row {number} of them)")


def _not_square(file: Path, n_rows: int, n_columns: int) -> str:
    return (
        f"{file}: has {n_rows} rows of {n_columns} cells; a confusion matrix is square, with a "
        "row for every true class and a column for every prediction"
    )


def _count(file: Path, cell: Any, target: str, prediction: str) -> int:
    """Return a count from a cell of either kind of file."""
    count = whole(cell)
    if count is None:
        raise DataError(
            f"{file}, row {target!r}, column {prediction!r}: {as_given(cell)} is no count of "
            f"images; give whole numbers from 0 to {MAX_COUNT:,}, not shares of a row"
        )
    return count


def _check_content(file: Path, matrix: NDArray[np.int64]) -> None:
    if (total := matrix.sum(dtype=np.float64)) > MAX_COUNT:
        raise DataError(f"{file}: counts {total:.3g} images in all; {MAX_COUNT:,} are the most")
    if not total:
        raise DataError(f"{file}: counts no image; a run needs at least one")
    inner = matrix[:-1, :-1]
    if len(matrix) > 2 and (
        (inner.sum(axis=0) == matrix[-1, :-1]).all()
        and (inner.sum(axis=1) == matrix[:-1, -1]).all()
    ):
        raise DataError(
            f"{file}: the last row and column are the sums of the others; remove them, or every "
            "image counts twice"
        )


def _metrics(file: Path, metrics: Any) -> dict[str, float]:
    if not isinstance(metrics, dict):
        raise DataError(f"{file}, 'metrics': has to be an object of names and numbers")
    found = {}
    for name, value in metrics.items():
        number = None if isinstance(value, str) else finite(value)
        if number is None:
            raise DataError(f"{file}, 'metrics', {name!r}: {as_given(value)} is not a number")
        found[name] = number
    return found


def _texts(file: Path, names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError(f"{file}, 'class_names': has to be a list of texts, one for every class")
    return tuple(names)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
