"""The tables of an experiment as Markdown, for a job summary or a comment on a pull request."""

import re
from collections.abc import Iterator, Sequence

from site_builder import formatting
from site_builder.comparisons import compare_runs
from site_builder.exports.files import with_detail
from site_builder.loading import Experiment
from site_builder.naming import RunName, run_names
from site_builder.pages.changes import changes
from site_builder.pages.compare import unfinished
from site_builder.tables import Table, performance_table, resources_table

# What GitHub's Markdown reads as markup; "|" ends a cell.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|~!&$])")
# Mentions and references are looked for in what Markdown has become: a backslash is gone by then,
# but a comment still parts the sign from the word.
_MENTION = re.compile(r"([@#])")

_METHOD = (
    "Each run against itself in the older results, on the same test images: exact McNemar, "
    "Holm-corrected over all runs compared, at 5 %."
)


def summary(experiment: Experiment) -> str:
    """Return what failed, what changed, and the tables of runs with the columns shown at first."""
    names = run_names(experiment)
    parts = [f"## {_escape(experiment.record.title)}", *_alarm(experiment)]
    parts += [_escape(experiment.record.question), *_unfinished(experiment, names)]
    parts += _changes(experiment)
    if experiment.runs:
        parts.append("Rates are in percent, with their intervals in brackets.")
        comparisons = compare_runs(experiment)
        for heading, table in (
            ("Performance", performance_table(comparisons, names)),
            ("Resources", resources_table(comparisons, names)),
        ):
            parts += [f"### {heading}", _table(table)]
    else:
        parts.append("No run has finished.")
    return "\n\n".join(parts) + "\n"


def _alarm(experiment: Experiment) -> Iterator[str]:
    if experiment.n_failed_checks:
        failed = _escape(formatting.count_of(experiment.n_failed_checks, "check"))
        yield f"> **{failed} failed:** numbers below may be wrong; `checks.html` says which."


def _unfinished(experiment: Experiment, names: dict[str, RunName]) -> Iterator[str]:
    runs = unfinished(experiment, names)
    if runs:
        yield "### Runs without results"
        yield "\n".join(f"- {_escape(run.name)}: {_escape(run.reason)}" for run in runs)


def _changes(experiment: Experiment) -> Iterator[str]:
    found = changes(experiment)
    if found is not None:
        yield "### Changes"
        yield _escape(found.sentence)
        rows = [
            (run.name, run.verdict, run.accuracy, run.difference, run.test) for run in found.runs
        ]
        yield _markdown(("Run", "Change", "Accuracy", "Difference", "Test"), rows)
        yield f"{_METHOD} {found.note}"


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
