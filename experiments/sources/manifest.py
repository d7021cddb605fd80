"""Images listed in a CSV or Parquet table: `path`, `label`, and perhaps `split`, `superclass`."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from experiments.config import ManifestConfig
from experiments.results.errors import DataError, nearest
from experiments.results.schema import DatasetCard, Split
from experiments.sources.folder import SPLIT_FOLDERS
from experiments.sources.listing import Entry, Listing, files_below
from experiments.tables import SUFFIXES, iter_csv, parquet_text, read_parquet, sorted_labels

_REQUIRED = ("path", "label")
_OPTIONAL = ("split", "superclass")
_SPLITS = {name: split for split, names in SPLIT_FOLDERS.items() for name in names}


@dataclass(frozen=True)
class _Row:
    """One row of the table, whose cells are complained about by file, row and column.

    Attributes:
        file: The table.
        number: Number of the row as a spreadsheet shows it, below a header in row 1.
        cells: Column name to text.
    """

    file: Path
    number: int
    cells: Mapping[str, str]

    def problem(self, column: str, what: str) -> DataError:
        return DataError(f"{self.file}, row {self.number}, column {column!r}: {what}")

    def text(self, column: str) -> str:
        """Return what is in a column.

        Raises:
            DataError: If nothing is.
        """
        if not (text := self.cells[column].strip()):
            raise self.problem(column, "is empty")
        return text


def list_manifest(config: ManifestConfig) -> Listing:
    """List the images of a table.

    Raises:
        DataError: If the table cannot be read, or a cell makes no sense; names row and column.
    """
    root = config.data_dir or config.file.parent
    if not root.is_dir():
        raise DataError(
            f"the images of {config.title!r} are missing: looked in {root}. Set data_dir under "
            "[dataset], or pass --data-dir, to the folder that paths are relative to"
        )
    rows = _read(config.file)
    columns = rows[0].cells
    labels = [row.text("label") for row in rows]
    class_names = sorted_labels(labels)
    targets = {name: target for target, name in enumerate(class_names)}
    paths = _paths(rows, root)
    entries = [
        Entry(path, _split(row) if "split" in columns else Split.TRAIN, targets[label], path)
        for row, path, label in zip(rows, paths, labels, strict=True)
    ]
    groups = _superclasses(rows) if "superclass" in columns else None
    return Listing(
        card=DatasetCard(
            name=config.title,
            description=config.description,
            licence=config.licence,
            source=config.origin,
            n_unreadable=0,
        ),
        class_names=class_names,
        entries=tuple(entries),
        read=files_below(root),
        superclasses=tuple(groups[name] for name in class_names) if groups else None,
    )


def _read(file: Path) -> list[_Row]:
    """Read the rows of a table, and check its columns."""
    if file.suffix.lower() not in SUFFIXES:
        raise DataError(f"{file}: the table has to be a .csv or a .parquet file")
    rows = _parquet_rows(file) if file.suffix.lower() == ".parquet" else iter_csv(file)
    columns = [name.strip().lower() for name in next(rows)[1]]
    _check_columns(file, columns)
    complete = [
        _Row(file, number, dict(zip(columns, cells, strict=True))) for number, cells in rows
    ]
    if not complete:
        raise DataError(f"{file}: has no rows")
    return complete


def _parquet_rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the names of the columns that we know, then their cells, row by row."""
    table = read_parquet(file)
    known = (*_REQUIRED, *_OPTIONAL)
    places = [
        place for place, name in enumerate(table.column_names) if name.strip().lower() in known
    ]
    yield 1, [table.column_names[place] for place in places]
    cells = zip(*(parquet_text(table, place) for place in places), strict=True)
    yield from ((number, list(row)) for number, row in enumerate(cells, start=2))


def _check_columns(file: Path, columns: list[str]) -> None:
    for name in _REQUIRED:
        if name not in columns:
            raise DataError(
                f"{file}: has no column {name!r}{nearest(name, columns)}; it has "
                f"{', '.join(map(repr, columns)) or 'none'}"
            )
    for name in (*_REQUIRED, *_OPTIONAL):
        if columns.count(name) > 1:
            raise DataError(f"{file}: has the column {name!r} twice")
    # A misspelt `split` would quietly mix the official test images into training.
    for name in set(columns) - {*_REQUIRED, *_OPTIONAL}:
        if close := nearest(name, set(_OPTIONAL) - set(columns)):
            raise DataError(f"{file}: unknown column {name!r}{close}")


def _paths(rows: list[_Row], root: Path) -> list[str]:
    """Return each row's path below `root`, with forward slashes."""
    seen: dict[str, int] = {}
    for row in rows:
        path = _path(row, root)
        if path in seen:
            raise row.problem("path", f"{path!r} is in row {seen[path]} already")
        seen[path] = row.number
    return list(seen)


def _path(row: _Row, root: Path) -> str:
    if not (written := row.cells["path"]).strip():
        raise row.problem("path", "is empty")
    if "\0" in written:
        raise row.problem("path", "holds a NUL character")
    # Tables made on Windows have backslashes, which elsewhere may be part of a name.
    if "\\" in written and not (root / written).is_file():
        written = written.replace("\\", "/")
    path = posixpath.normpath(written)
    if path.startswith("/") or PureWindowsPath(path).drive:
        raise row.problem("path", f"{written!r} is absolute; it has to be relative to {root}")
    if path.split("/")[0] in ("..", "."):
        raise row.problem("path", f"{written!r} leads out of {root}")
    return path


def _split(row: _Row) -> Split:
    name = row.text("split").lower()
    if name not in _SPLITS:
        raise row.problem(
            "split", f"{name!r} is none of {', '.join(_SPLITS)}{nearest(name, _SPLITS)}"
        )
    return _SPLITS[name]


def _superclasses(rows: list[_Row]) -> dict[str, str]:
    """Return the one superclass of each label."""
    first: dict[str, _Row] = {}
    for row in rows:
        before = first.setdefault(row.text("label"), row)
        if row.text("superclass") != before.text("superclass"):
            raise row.problem(
                "superclass",
                f"label {row.text('label')!r} is {row.text('superclass')!r} here and "
                f"{before.text('superclass')!r} in row {before.number}",
            )
    return {label: row.text("superclass") for label, row in first.items()}
