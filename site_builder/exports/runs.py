"""The tables of all runs as files: performance, resources, ranking, and each two runs compared."""

from collections.abc import Sequence

from site_builder import formatting
from site_builder.comparisons import Comparison, Comparisons, SeedGroup
from site_builder.curves.table import LEARNING, learning_table
from site_builder.exports.files import Files, Records, Value, csv_of, table_files, with_detail
from site_builder.exports.latex import booktabs
from site_builder.loading import Run
from site_builder.naming import RunName
from site_builder.pages.ranking import ranking
from site_builder.tables import Cell, Table, performance_table, resources_table
from site_builder.tables.families import family
from site_builder.tables.performance import performance_columns
from site_builder.tables.resources import RESOURCES
from site_builder.tables.table import Spec


def runs_files(comparisons: Comparisons, names: dict[str, RunName]) -> Files:
    """Yield the tables of runs as files.

    Args:
        comparisons: The finished runs; at least one.
        names: Run id to name.
    """
    tables = (
        (performance_table(comparisons, names), performance_columns(comparisons)),
        (resources_table(comparisons, names), RESOURCES),
        (learning_table(comparisons, names), LEARNING),
    )
    for table, specs in tables:
        yield f"exports/{table.key}.csv", csv_of(_records(specs, comparisons, names))
        yield f"exports/{table.key}.tex", _latex(table)
    yield from _ranking(comparisons, names)
    yield from _pairs(comparisons, names)


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
    return with_detail(cell.text, cell.detail), cell.best


def _ranking(comparisons: Comparisons, names: dict[str, RunName]) -> Files:
    """Yield the ranking, a row for each run, or for several that differ only in their seed."""
    rows = ranking(comparisons, names).rows
    header: list[Value] = [
        "run", "model", "variant", "n_seeds", "accuracy", "accuracy_low", "accuracy_high",
        "accuracy_deviation", "first_tie_group", "last_tie_group",
    ]  # fmt: skip
    groups = zip(comparisons.seed_groups, rows, strict=True)
    records = [header, *(_ranked(group, row.name) for group, row in groups)]
    shown = [
        ["Run", "Accuracy, %", "Group"],
        *(
            [row.name.full, with_detail(row.accuracy.text, row.accuracy.detail), row.place]
            for row in rows
        ),
    ]
    yield from table_files("ranking", records, shown)


def _ranked(group: SeedGroup, name: RunName) -> list[Value]:
    ends: Sequence[Value] = (None, None)
    if len(group.runs) == 1:
        ends = group.run.interval
    ties: Sequence[Value] = (None, None)
    if group.tie_groups:
        ties = (group.tie_groups[0], group.tie_groups[-1])
    summary = group.summary
    return [
        group.run.run_id, name.model, name.variant, summary.n, summary.mean, *ends,
        summary.deviation, *ties,
    ]  # fmt: skip


def _pairs(comparisons: Comparisons, names: dict[str, RunName]) -> Files:
    """Yield each two runs that a paired test compares, the more accurate first."""
    header: list[Value] = [
        "first", "second", "accuracy_difference", "accuracy_difference_low",
        "accuracy_difference_high", "n_only_first", "n_only_second", "n_both", "n_neither",
        "p_value", "p_value_holm",
    ]  # fmt: skip
    records: Records = [header]
    shown = [["First", "Second", "Difference", "Only first right", "Only second right", "p"]]
    for place, first in enumerate(comparisons.tested):
        for second in comparisons.tested[place + 1 :]:
            compared = comparisons.compare(first.run_id, second.run_id)
            if compared is not None:
                records.append(_pair(first, second, compared))
                both = (names[run.run_id].full for run in (first, second))
                shown.append([*both, *_said(compared)])
    yield from table_files("pairs", records, shown, n_texts=2)


def _pair(first: Run, second: Run, compared: Comparison) -> list[Value]:
    paired = compared.paired
    return [
        first.run_id, second.run_id, paired.difference, *paired.interval, paired.n_only_first,
        paired.n_only_second, paired.n_both, paired.n_neither, paired.p_value,
        compared.adjusted_p_value,
    ]  # fmt: skip


def _said(compared: Comparison) -> list[str]:
    paired = compared.paired
    difference = formatting.signed_points(paired.difference)
    return [
        with_detail(difference, formatting.points_between(paired.interval)),
        formatting.count(paired.n_only_first),
        formatting.count(paired.n_only_second),
        formatting.p_value(compared.adjusted_p_value),
    ]
