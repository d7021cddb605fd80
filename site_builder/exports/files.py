"""A table as files: CSV with every number in full, LaTeX with the numbers as the site shows them.

Names go into a file as they are. In CSV every text is quoted, so that commas, quotes and line
breaks survive; a spreadsheet may still take a name such as `=1+1` for a formula, and no character
is added to prevent that, since it would change the name.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from site_builder import formatting
from site_builder.exports.latex import booktabs

Value = str | int | float | None
Records = list[list[Value]]
"""A heading and rows of values; rates are fractions in [0, 1]."""

Files = Iterator[tuple[str, bytes]]
"""Path below the site's root, and content."""


def table_files(
    name: str,
    records: Sequence[Sequence[Value]],
    shown: Sequence[Sequence[str]] | None = None,
    *,
    n_texts: int = 1,
) -> Files:
    """Yield a table as CSV and as LaTeX.

    Args:
        name: Path of the files below `exports/`, without a suffix.
        records: What goes into CSV.
        shown: Heading and rows as the site shows them, for LaTeX; None writes `records`, whole
            numbers as counts and others as rates.
        n_texts: How many columns from the left are text in LaTeX.
    """
    heading, *rows = shown or [[_text(value) for value in row] for row in records]
    lines = [[(text, False) for text in row] for row in rows]
    yield f"exports/{name}.csv", csv_of(records)
    yield f"exports/{name}.tex", booktabs(heading, lines, n_texts).encode()


def csv_of(records: Sequence[Sequence[Value]]) -> bytes:
    """Return records as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(records)
    return text.getvalue().encode()


def with_detail(text: str, detail: str) -> str:
    """Return a number with its interval or its deviation as LaTeX gets it: `88.5 (87.5–89.5)`."""
    return f"{text} ({detail})" if detail else text


def _text(value: Value) -> str:
    if value is None:
        return formatting.MISSING
    if isinstance(value, float):
        return formatting.rate(value)
    return formatting.count(value) if isinstance(value, int) else value
