"""Tables that people bring along, CSV or Parquet, whose rows are complained about by number."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.results.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (".csv", ".parquet")


def iter_csv(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the header and every row that is not blank, with its number as a spreadsheet shows it.

    An empty file yields an empty header. The file is read as it is asked for, since tables with a
    column for each of a thousand classes are large.

    Raises:
        DataError: If it cannot be read, is not UTF-8 or not CSV, or a row is longer or shorter than
            the header; names the line.
    """
    try:
        # A byte order mark is what Excel writes before UTF-8.
        with file.open(encoding="utf-8-sig", newline="") as opened:
            yield from _rows(file, csv.reader(opened, strict=True))
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{file}, line {_undecodable_line(file)}: is not UTF-8") from None


def read_parquet(file: Path) -> "pa.Table":
    """Read a Parquet file.

    Raises:
        DataError: If it cannot be read or is not Parquet.
    """
    import pyarrow as pa  # only those who have such a file wait for it
    import pyarrow.parquet as pq

    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from None
    try:
        return pq.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file}: is not Parquet: {str(error).splitlines()[0]}") from None


def parquet_text(table: "pa.Table", place: int) -> list[str]:
    """Return a column by its place as text; empty for null."""
    values: list[Any] = table.column(place).to_pylist()
    return ["" if value is None else str(value) for value in values]


def sorted_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Sort different labels: numbers by value, anything else by the alphabet."""
    found = set(labels)
    if all(label.isascii() and label.isdecimal() for label in found):
        return tuple(sorted(found, key=lambda label: (int(label), label)))
    return tuple(sorted(found))


def _rows(file: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    rows = ((number, cells) for number, cells in enumerate(reader, start=1) if cells)
    try:
        number, header = next(rows, (1, []))
        yield number, header
        for number, cells in rows:
            if len(cells) != len(header):
                raise DataError(
                    f"{file}, row {number}: has {len(cells)} columns where the header has "
                    f"{len(header)}; a comma within a cell needs quotes around the cell"
                )
            yield number, cells
    except csv.Error as error:
        raise DataError(f"{file}, line {reader.line_num}: is not CSV: {error}") from None


def _undecodable_line(file: Path) -> int:
    """Return the number of the first line that is not UTF-8."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1
