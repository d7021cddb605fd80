"""The tables of an experiment as Markdown, for a job summary or a comment on a pull request."""

import re
from collections.abc import Iterator, Sequence

from site_builder.comparisons import compare_runs
from site_builder.exports.files import with_detail
from site_builder.loading import Experiment
from site_builder.naming import run_names
from site_builder.pages.changes import changes
from site_builder.tables import Table, performance_table, resources_table

# What GitHub's Markdown reads as markup; "|" ends a cell.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|~!&$])")
# Mentions and references are looked for in what Markdown has become: a backslash is gone by then,
# but a comment still parts the sign from the word.
_MENTION = re.compile(r"([@#])")


def summary(experiment: Experiment) -> str:
    """Return headings, what changed, and the tables of runs with the columns shown at first."""
    parts = [f"## {_escape(experiment.record.title)}", _escape(experiment.record.question)]
    parts += _changes(experiment)
    if experiment.runs:
        parts.append("Rates are in percent, with their intervals in brackets.")
        comparisons, names = compare_runs(experiment), run_names(experiment)
        for heading, table in (
            ("Performance", performance_table(comparisons, names)),
            ("Resources", resources_table(comparisons, names)),
        ):
            parts += [f"### {heading}", _table(table)]
    else:
        parts.append("No run has finished.")
    return "\n\n".join(parts) + "\n"


def _changes(experiment: Experiment) -> Iterator[str]:
    found = changes(experiment)
    if found is not None:
        yield "### Changes"
        yield _escape(found.sentence)
        rows = [
            (run.name, run.verdict, run.accuracy, run.difference, run.test) for run in found.runs
        ]
        yield _markdown(("Run", "Change", "Accuracy", "Difference", "Test"), rows)


def _table(table: Table) -> str:
    shown = [place for place, column in enumerate(table.columns) if column.shown]
    heading = ["Run", *(table.columns[place].label for place in shown)]
    rows = [
        (
            row.name.full,
            *(with_detail(row.cells[place].text, row.cells[place].detail) for place in shown),
        )
        for row in table.rows
    ]
    return _markdown(heading, rows)


def _markdown(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruler = ["---", *("---:" for _ in heading[1:])]
    lines = [_line(heading), f"| {' | '.join(ruler)} |", *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escape, cells))} |"


def _escape(text: str) -> str:
    """Return a text on one line, of which Markdown makes nothing."""
    escaped = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    return _MENTION.sub(r"\1<!-- -->", escaped)
