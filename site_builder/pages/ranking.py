"""The ranking on the summary: accuracy and tie group of every run, seeds in one row."""

from dataclasses import dataclass

from site_builder import formatting
from site_builder.comparisons import Comparisons, SeedGroup
from site_builder.loading import Run
from site_builder.naming import RunName
from site_builder.tables import Cell, Group, performance_table
from site_builder.tables.performance import place


@dataclass(frozen=True)
class SeedRow:
    """One seed of a row: its run, what it is called, and its accuracy."""

    run_id: str
    seed: str
    accuracy: Cell


@dataclass(frozen=True)
class RankingRow:
    """Runs that differ only in their seed; most often a single one.

    Attributes:
        run_id: The run, or the first of several.
        runs: Its id, or theirs apart by spaces.
        name: What it or they are called.
        accuracy: Accuracy with its interval, or the mean with the deviation over seeds.
        place: The tie group, or the first and last of several; a dash where nothing was tested.
        reason: Why nothing was tested; empty where it was.
        leads: Whether it is not separated from the best run.
        opens: Whether its place is below that of every row above.
        n_seeds: How many seeds, as text; empty for a single run.
        seeds: The runs, where there are several.
    """

    run_id: str
    runs: str
    name: RunName
    accuracy: Cell
    place: str
    reason: str
    leads: bool
    opens: bool
    n_seeds: str
    seeds: tuple[SeedRow, ...]


@dataclass(frozen=True)
class Ranking:
    """All finished runs, most accurate first.

    Attributes:
        axis: Ends of the axis of the bars, as text.
        rows: One for each run, or for several that differ only in their seed.
        several_seeds: Whether there is a row of several runs.
        trained: Whether a run was trained here; of imported ones nobody knows how.
        tested: Whether a paired test put two runs or more into groups.
    """

    axis: str
    rows: tuple[RankingRow, ...]
    several_seeds: bool
    trained: bool
    tested: bool


def ranking(comparisons: Comparisons, names: dict[str, RunName]) -> Ranking:
    """Return the ranking of at least one finished run."""
    table = performance_table(comparisons, names)
    column = [column.key for column in table.columns].index("accuracy")
    rows: list[RankingRow] = []
    last_above = 1
    for group, shown in zip(comparisons.seed_groups, table.groups, strict=True):
        opens = bool(group.tie_groups) and group.tie_groups[0] > last_above
        last_above = max((last_above, *group.tie_groups))
        reason = "" if group.tie_groups else comparisons.why_untested(group.run)
        rows.append(_row(group, shown, column, reason, opens=opens))
    return Ranking(
        axis=table.columns[column].axis,
        rows=tuple(rows),
        several_seeds=any(row.seeds for row in rows),
        trained=any(run.record.config for group in comparisons.seed_groups for run in group.runs),
        tested=len(comparisons.tested) > 1,
    )


def _row(group: SeedGroup, shown: Group, column: int, reason: str, *, opens: bool) -> RankingRow:
    cells = [row.cells[column] for row in shown.rows]
    seeds = tuple(map(_seed_row, group.runs, cells)) if len(cells) > 1 else ()
    return RankingRow(
        run_id=group.run.run_id,
        runs=" ".join(run.run_id for run in group.runs),
        name=shown.name,
        accuracy=shown.mean[column] if shown.mean else cells[0],
        place=place(group),
        reason=reason,
        leads=group.with_the_best,
        opens=opens,
        n_seeds=shown.seeds if seeds else "",
        seeds=seeds,
    )


def _seed_row(run: Run, accuracy: Cell) -> SeedRow:
    config = run.record.config
    seed = f"seed {formatting.setting(config.seed)}" if config else run.run_id
    return SeedRow(run.run_id, seed, accuracy)
