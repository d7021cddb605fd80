"""A table of runs: columns read from each run, and what stands in each cell.

Runs that differ only in their seed are a group: a row of means, and below it a row for each run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from experiments.results.metrics.intervals import Interval
from site_builder import formatting
from site_builder.comparisons import Comparisons, SeedGroup
from site_builder.loading import Run
from site_builder.naming import RunName, group_name
from site_builder.scores import Score
from site_builder.tables.bars import Bar, axis_of, bar
from site_builder.tables.families import family


@dataclass(frozen=True)
class Spec:
    """A column: what it is called, and how a run's number is read and written.

    Attributes:
        key: Name of the column in the address of the page.
        label: Heading.
        help: What the number is, in a sentence.
        stored_as: Name of the number in exported tables, with its unit.
        more_is_better: Which way is better.
        read: Returns a run's number.
        write: Makes a number text.
        shown: Whether the page shows the column before the reader chooses.
        own_bars: Whether its intervals are drawn in a column of their own, not below the numbers.
        best: Returns whether a run is marked as best; None marks what reads as the best number.
        of_seeds: Makes the cell of runs that differ only in their seed; None takes their mean.
    """

    key: str
    label: str
    help: str
    stored_as: str
    more_is_better: bool
    read: Callable[[Run], Score]
    write: Callable[[float], str]
    shown: bool = True
    own_bars: bool = False
    best: Callable[[Run], bool] | None = None
    of_seeds: Callable[[SeedGroup], "Cell"] | None = None


@dataclass(frozen=True)
class Cell:
    """One number of one run, or of runs that differ only in their seed.

    Attributes:
        text: The number, or a dash.
        value: The number to sort by; empty where it is missing.
        detail: Its interval, or its deviation over seeds; empty where it has none.
        reason: Why it is missing; empty where it is not.
        best: Whether it is marked as best of its column.
        bar: Its interval drawn, or its deviation to both sides of the mean; None where it has none.
    """

    text: str
    value: str
    detail: str
    reason: str
    best: bool
    bar: Bar | None


@dataclass(frozen=True)
class Column:
    """What a column shows.

    Attributes:
        key: Name of the column in the address of the page.
        label: Heading.
        help: What the number is, in a sentence.
        arrow: Up where more is better, down where less is.
        better: `descending` where more is better, else `ascending`.
        axis: Ends of the axis of the bars, as text; empty where there are none.
        own_bars: Whether the bars are in a column of their own.
        shown: Whether the page shows it before the reader chooses.
    """

    key: str
    label: str
    help: str
    arrow: str
    better: str
    axis: str
    own_bars: bool
    shown: bool


@dataclass(frozen=True)
class Row:
    """One run: its id, its name and a cell for every column."""

    run_id: str
    name: RunName
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """Runs that differ only in their seed; most often a single one.

    Attributes:
        key: Id of its first run, which names the group in the address of the page.
        name: What its runs have in common.
        family: Family of the architecture.
        mean: A cell for every column, of means; None of a single run.
        seeds: How many runs, in words.
        rows: Its runs, in the order of their seeds.
    """

    key: str
    name: RunName
    family: str
    mean: tuple[Cell, ...] | None
    seeds: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Table:
    """A table of runs: its name in the address of the page, its columns and its groups of runs."""

    key: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """One row for each run, group by group."""
        return tuple(row for group in self.groups for row in group.rows)


def make_table(
    key: str, specs: Sequence[Spec], comparisons: Comparisons, names: dict[str, RunName]
) -> Table:
    """Return the table of all finished runs.

    Args:
        key: Its name in the address of the page.
        specs: Its columns.
        comparisons: The runs, by falling accuracy.
        names: Run id to name.
    """
    groups = comparisons.seed_groups
    filled = [_fill(spec, groups) for spec in specs]
    return Table(
        key=key,
        columns=tuple(each.column for each in filled),
        groups=tuple(_group(group, filled, names) for group in groups),
    )


@dataclass(frozen=True)
class _Filled:
    """A column with its cells.

    Attributes:
        column: What it shows.
        of_run: Run id to the run's cell.
        of_seeds: Id of the first run of several that differ only in their seed, to their cell.
    """

    column: Column
    of_run: dict[str, Cell]
    of_seeds: dict[str, Cell]


def _fill(spec: Spec, groups: Sequence[SeedGroup]) -> _Filled:
    runs = [run for group in groups for run in group.runs]
    scores = [spec.read(run) for run in runs]
    folded = [_folded(spec, group) for group in groups]
    axis = None
    # Deviations over seeds are drawn beside intervals, and not where nothing has one.
    if any(score.interval for score in scores):
        axis = axis_of([*scores, *(score for score, _ in folded)])
    marked = zip(runs, scores, _best(spec, scores, [(run,) for run in runs]), strict=True)
    # With seeds folded, a mean competes with other means and with runs of a single seed.
    best = _best(spec, [score for score, _ in folded], [group.runs for group in groups])
    of_seeds = {
        group.run.run_id: _seeds_cell(spec, group, *shown, axis, best=is_best)
        for group, shown, is_best in zip(groups, folded, best, strict=True)
        if len(group.runs) > 1
    }
    return _Filled(
        _column(spec, axis),
        {run.run_id: _cell(spec, score, axis, best=is_best) for run, score, is_best in marked},
        of_seeds,
    )


def _group(group: SeedGroup, filled: Sequence[_Filled], names: dict[str, RunName]) -> Group:
    key, runs, several = group.run.run_id, group.runs, len(group.runs) > 1
    return Group(
        key=key,
        name=group_name(group, names),
        family=family(group.run.record.config),
        mean=tuple(each.of_seeds[key] for each in filled) if several else None,
        seeds=formatting.count_of(len(runs), "seed"),
        rows=tuple(
            Row(run.run_id, names[run.run_id], tuple(each.of_run[run.run_id] for each in filled))
            for run in runs
        ),
    )


def _folded(spec: Spec, group: SeedGroup) -> tuple[Score, str]:
    """Return what a row of runs shows while its seeds are folded, and the deviation over them."""
    return _mean(spec, group.runs) if len(group.runs) > 1 else (spec.read(group.run), "")


def _mean(spec: Spec, runs: Sequence[Run]) -> tuple[Score, str]:
    """Return the mean over seeds, and the sample standard deviation as text.

    The interval of the mean is one deviation to both sides, and ends where rates do: only rates
    have intervals. The score has a reason instead where one of the runs has no number.
    """
    scores = [spec.read(run) for run in runs]
    values = [score.value for score in scores if score.value is not None]
    if len(values) < len(scores):
        return next(score for score in scores if score.value is None), ""
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    spread = spec.write(deviation) if max(values) > min(values) else "0"
    ends = Interval(max(mean - deviation, 0.0), min(mean + deviation, 1.0))
    return Score(mean, ends), f"± {spread}"


def _seeds_cell(
    spec: Spec, group: SeedGroup, score: Score, detail: str, axis: Interval | None, *, best: bool
) -> Cell:
    if spec.of_seeds is not None:
        return spec.of_seeds(group)
    text, drawn = text_of(spec, score), bar(score, axis)
    return Cell(text, _order(score), detail, score.reason, best, drawn)


def _column(spec: Spec, axis: Interval | None) -> Column:
    return Column(
        key=spec.key,
        label=spec.label,
        help=spec.help,
        arrow="↑" if spec.more_is_better else "↓",
        better="descending" if spec.more_is_better else "ascending",
        axis=f"{formatting.rate(axis.low)} to {formatting.rate(axis.high)}" if axis else "",
        own_bars=spec.own_bars and axis is not None,
        shown=spec.shown,
    )


def _cell(spec: Spec, score: Score, axis: Interval | None, *, best: bool) -> Cell:
    return Cell(
        text=text_of(spec, score),
        value=_order(score),
        detail=formatting.interval(score.interval) if score.interval else "",
        reason=score.reason,
        best=best,
        bar=bar(score, axis),
    )


def _order(score: Score) -> str:
    """Return what a cell is sorted by."""
    return "" if score.value is None else formatting.sort_key(float(score.value))


def text_of(spec: Spec, score: Score) -> str:
    """Return a number as text, or a dash."""
    return formatting.MISSING if score.value is None else spec.write(score.value)


def _best(spec: Spec, scores: list[Score], runs: Sequence[Sequence[Run]]) -> list[bool]:
    """Tell which rows are marked; `runs` has those of each row, of which one suffices."""
    if spec.best is not None:
        return [any(map(spec.best, of_row)) for of_row in runs]
    present = [score.value for score in scores if score.value is not None]
    if not present:
        return [False] * len(scores)
    # Numbers that read the same share the mark: the page does not show what would part them.
    best = spec.write(max(present) if spec.more_is_better else min(present))
    return [score.value is not None and spec.write(score.value) == best for score in scores]
