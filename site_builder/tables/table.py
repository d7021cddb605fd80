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
from site_builder.naming import RunName, without_seed
from site_builder.scores import Score
from site_builder.tables.families import family

BAR_WIDTH = 96.0
"""Drawn width of the axis that an interval bar lies on."""


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
        bars: Whether its intervals are drawn.
        best: Returns whether a run is marked as best; None marks what reads as the best number.
    """

    key: str
    label: str
    help: str
    stored_as: str
    more_is_better: bool
    read: Callable[[Run], Score]
    write: Callable[[float], str]
    shown: bool = True
    bars: bool = False
    best: Callable[[Run], bool] | None = None


@dataclass(frozen=True)
class Bar:
    """An interval drawn on an axis of `BAR_WIDTH`: its ends and its middle, in drawn units."""

    low: str
    high: str
    value: str


@dataclass(frozen=True)
class Cell:
    """One number of one run, or of runs that differ only in their seed.

    Attributes:
        text: The number, or a dash.
        value: The number to sort by; empty where it is missing.
        detail: Its interval, or its deviation over seeds; empty where it has none.
        reason: Why it is missing; empty where it is not.
        best: Whether it is marked as best of its column.
        bar: Its interval drawn; None where the column has no bars.
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
        shown: Whether the page shows it before the reader chooses.
    """

    key: str
    label: str
    help: str
    arrow: str
    better: str
    axis: str
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
    runs = [run for group in groups for run in group.runs]
    scores = [[spec.read(run) for run in runs] for spec in specs]
    cells = {
        run.run_id: of_run
        for run, of_run in zip(
            runs,
            zip(*(_cells(*pair, runs) for pair in zip(specs, scores, strict=True)), strict=True),
            strict=True,
        )
    }
    return Table(
        key=key,
        columns=tuple(_column(*pair) for pair in zip(specs, scores, strict=True)),
        groups=tuple(_group(group, specs, cells, names) for group in groups),
    )


def _group(
    group: SeedGroup,
    specs: Sequence[Spec],
    cells: dict[str, tuple[Cell, ...]],
    names: dict[str, RunName],
) -> Group:
    runs, several = group.runs, len(group.runs) > 1
    return Group(
        key=group.run.run_id,
        name=_common_name(group, names) if several else names[group.run.run_id],
        family=family(group.run.record.config),
        mean=tuple(_mean(spec, runs) for spec in specs) if several else None,
        seeds=formatting.count_of(len(runs), "seed"),
        rows=tuple(Row(run.run_id, names[run.run_id], cells[run.run_id]) for run in runs),
    )


def _common_name(group: SeedGroup, names: dict[str, RunName]) -> RunName:
    config, name = group.run.record.config, names[group.run.run_id]
    return without_seed(name, config.seed) if config else name


def _mean(spec: Spec, runs: Sequence[Run]) -> Cell:
    """Return the mean over seeds and the sample standard deviation; a dash if one has no number."""
    scores = [spec.read(run) for run in runs]
    values = [score.value for score in scores if score.value is not None]
    if len(values) < len(scores):
        reason = next(score.reason for score in scores if score.value is None)
        return Cell(formatting.MISSING, "", "", reason, best=False, bar=None)
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    spread = spec.write(deviation) if max(values) > min(values) else "0"
    return Cell(spec.write(mean), repr(mean), f"± {spread}", "", best=False, bar=None)


def _column(spec: Spec, scores: list[Score]) -> Column:
    axis = _axis(spec, scores)
    return Column(
        key=spec.key,
        label=spec.label,
        help=spec.help,
        arrow="↑" if spec.more_is_better else "↓",
        better="descending" if spec.more_is_better else "ascending",
        axis=formatting.interval(axis) if axis else "",
        shown=spec.shown,
    )


def _cells(spec: Spec, scores: list[Score], runs: list[Run]) -> list[Cell]:
    axis, best = _axis(spec, scores), _best(spec, scores, runs)
    return [
        Cell(
            text=text_of(spec, score),
            value="" if score.value is None else repr(float(score.value)),
            detail=formatting.interval(score.interval) if score.interval else "",
            reason=score.reason,
            best=is_best,
            bar=_bar(score, axis) if axis else None,
        )
        for score, is_best in zip(scores, best, strict=True)
    ]


def text_of(spec: Spec, score: Score) -> str:
    """Return a number as text, or a dash."""
    return formatting.MISSING if score.value is None else spec.write(score.value)


def _best(spec: Spec, scores: list[Score], runs: list[Run]) -> list[bool]:
    if spec.best is not None:
        return [spec.best(run) for run in runs]
    present = [score.value for score in scores if score.value is not None]
    if not present:
        return [False] * len(scores)
    # Numbers that read the same share the mark: the page does not show what would part them.
    best = spec.write(max(present) if spec.more_is_better else min(present))
    return [score.value is not None and spec.write(score.value) == best for score in scores]


def _axis(spec: Spec, scores: list[Score]) -> Interval | None:
    """Return the span of all intervals of a column; None where they are not drawn."""
    intervals = [score.interval for score in scores if score.interval]
    if not spec.bars or not intervals:
        return None
    return Interval(min(ends.low for ends in intervals), max(ends.high for ends in intervals))


def _bar(score: Score, axis: Interval) -> Bar | None:
    if score.interval is None or score.value is None:
        return None
    scale = BAR_WIDTH / (axis.high - axis.low)
    low, high, value = (
        f"{(end - axis.low) * scale + 2:.1f}" for end in (*score.interval, score.value)
    )
    return Bar(low, high, value)
