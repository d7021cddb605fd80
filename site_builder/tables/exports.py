"""Tables as files: CSV with every number in full, LaTeX with the numbers as the site shows them.

Names go into a file as they are. In CSV every text is quoted, so that commas, quotes and line
breaks survive; a spreadsheet may still take a name such as `=1+1` for a formula, and no character
is added to prevent that, since it would change the name.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from site_builder import formatting
from site_builder.comparisons import Comparisons
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.tables.families import family
from site_builder.tables.latex import booktabs
from site_builder.tables.performance import performance_columns, performance_table
from site_builder.tables.resources import RESOURCES, resources_table
from site_builder.tables.table import Cell, Spec, Table

Value = str | int | float | None
Records = list[list[Value]]


def runs_files(comparisons: Comparisons, names: dict[str, RunName]) -> Iterator[tuple[str, bytes]]:
    """Yield the tables of runs as files: name and content.

    Args:
        comparisons: The finished runs; at least one.
        names: Run id to name.
    """
    tables = (
        (performance_table(comparisons, names), performance_columns(comparisons)),
        (resources_table(comparisons, names), RESOURCES),
    )
    for table, specs in tables:
        yield f"{table.key}.csv", _csv(_records(specs, comparisons, names))
        yield f"{table.key}.tex", _latex(table)
    yield "pairs.csv", _csv(_pairs(comparisons))


def class_files(run: Run, class_names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the table of a run's classes as files."""
    yield from _files(f"runs/{run.run_id}-classes", _classes(run, class_names))


def matrix_files(run: Run, class_names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield a run's confusion matrix as files; none where it is not known."""
    if run.matrix is not None:
        yield from _files(f"runs/{run.run_id}-matrix", _matrix(run.matrix.tolist(), class_names))


def _files(name: str, records: Records) -> Iterator[tuple[str, bytes]]:
    yield f"{name}.csv", _csv(records)
    heading, *rows = records
    lines = [[(_text(value), False) for value in row] for row in rows]
    yield f"{name}.tex", booktabs([str(text) for text in heading], lines).encode()


def all_files(
    experiment: Experiment, comparisons: Comparisons, names: dict[str, RunName]
) -> Iterator[tuple[str, bytes]]:
    """Yield every table as files: those of the runs, and for each run its classes and matrix."""
    if not experiment.runs:
        return
    yield from runs_files(comparisons, names)
    for run in experiment.ranked:
        yield from class_files(run, experiment.record.class_names)
        yield from matrix_files(run, experiment.record.class_names)


def _records(specs: Sequence[Spec], comparisons: Comparisons, names: dict[str, RunName]) -> Records:
    runs = [run for group in comparisons.seed_groups for run in group.runs]
    with_ends = {spec.key for spec in specs if any(spec.read(run).interval for run in runs)}
    header: list[Value] = ["run", "model", "variant", "family"]
    for spec in specs:
        ends = ("_low", "_high") if spec.key in with_ends else ()
        header += [spec.stored_as, *(f"{spec.stored_as}{end}" for end in ends)]
    return [
        [*header, "missing"],
        *(_record(run, names[run.run_id], specs, with_ends) for run in runs),
    ]


def _record(run: Run, name: RunName, specs: Sequence[Spec], with_ends: set[str]) -> list[Value]:
    values: list[Value] = [run.run_id, name.model, name.variant, family(run.record.config)]
    missing = []
    for spec in specs:
        score = spec.read(run)
        values.append(score.value)
        if spec.key in with_ends:
            values += score.interval or (None, None)
        if score.value is None:
            missing.append(f"{spec.stored_as}: {score.reason}")
    return [*values, "; ".join(missing)]


def _pairs(comparisons: Comparisons) -> Records:
    """Return each two runs that a paired test compares, the more accurate first."""
    header: list[Value] = [
        "first", "second", "accuracy_difference", "accuracy_difference_low",
        "accuracy_difference_high", "n_only_first", "n_only_second", "n_both", "n_neither",
        "p_value", "p_value_holm",
    ]  # fmt: skip
    records: Records = [header]
    for place, first in enumerate(comparisons.tested):
        for second in comparisons.tested[place + 1 :]:
            compared = comparisons.compare(first.run_id, second.run_id)
            if compared is not None:
                paired = compared.paired
                records.append([
                    first.run_id, second.run_id, paired.difference, *paired.interval,
                    paired.n_only_first, paired.n_only_second, paired.n_both, paired.n_neither,
                    paired.p_value, compared.adjusted_p_value,
                ])  # fmt: skip
    return records


def _classes(run: Run, class_names: Sequence[str]) -> Records:
    of = run.scores.classes
    columns = [column.tolist() for column in (of.precision, of.recall, of.f1, of.support)]
    return [
        ["class", "precision", "recall", "f1", "n_images"],
        *([name, *values] for name, *values in zip(class_names, *columns, strict=True)),
    ]


def _matrix(counts: list[list[int]], class_names: Sequence[str]) -> Records:
    records: Records = [["target", *class_names]]
    for name, row in zip(class_names, counts, strict=True):
        records.append([name, *row])
    return records


def _text(value: Value) -> str:
    """Return a value as the site shows it: whole numbers are counts, others are rates."""
    if value is None:
        return formatting.MISSING
    if isinstance(value, float):
        return formatting.rate(value)
    return formatting.count(value) if isinstance(value, int) else value


def _csv(records: Records) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(records)
    return text.getvalue().encode()


def _latex(table: Table) -> bytes:
    """Return the columns that the page shows at first: all of them would not fit on paper."""
    shown = [place for place, column in enumerate(table.columns) if column.shown]
    heading = ["Run", *(table.columns[place].label for place in shown)]
    lines = [
        [(row.name.full, False), *(_cell(row.cells[place]) for place in shown)]
        for row in table.rows
    ]
    return booktabs(heading, lines).encode()


def _cell(cell: Cell) -> tuple[str, bool]:
    return f"{cell.text} ({cell.detail})" if cell.detail else cell.text, cell.best
