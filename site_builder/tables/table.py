"""The two tables of runs: which columns there are, and what stands in each cell."""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.results.metrics.intervals import Interval
from site_builder import formatting
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName

BAR_WIDTH = 96.0
"""Drawn width of the axis that an interval bar lies on."""


@dataclass(frozen=True)
class Bar:
    """An interval drawn on an axis of `BAR_WIDTH`: its ends and its middle, in drawn units."""

    low: str
    high: str
    value: str


@dataclass(frozen=True)
class Cell:
    """One number of one run.

    Attributes:
        text: The number, or a dash.
        value: The number to sort by; empty where it is missing.
        detail: Its interval; empty where it has none.
        reason: Why it is missing; empty where it is not.
        best: Whether it reads the same as the best of its column.
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
    """

    key: str
    label: str
    help: str
    arrow: str
    better: str
    axis: str


@dataclass(frozen=True)
class Row:
    """One run: its id, its name and a cell for every column."""

    run_id: str
    name: RunName
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table of runs: its name in the address of the page, its columns and its rows."""

    key: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class _Number:
    """A value and how it reads; `value` is None where it is missing, and then `reason` is given."""

    value: float | None
    text: str = formatting.MISSING
    detail: str = ""
    reason: str = ""
    interval: Interval | None = None


@dataclass(frozen=True)
class _Spec:
    key: str
    label: str
    help: str
    more_is_better: bool
    read: Callable[[Run], _Number]


def performance_table(experiment: Experiment, names: dict[str, RunName]) -> Table:
    """Return accuracy, macro precision, recall, F1 and top-k accuracy, best run first."""
    top_k = experiment.ranked[0].top_k
    specs = [
        _Spec("accuracy", "Accuracy", "Share of test images that the model got right.", True,
              lambda run: _rate(run.accuracy, run.interval)),
        _Spec("precision", "Precision",
              "Of the images called a class, the share that are; mean over classes.", True,
              lambda run: _rate(run.macro.precision)),
        _Spec("recall", "Recall",
              "Of the images of a class, the share called so; mean over classes.", True,
              lambda run: _rate(run.macro.recall)),
        _Spec("f1", "F1", "Harmonic mean of precision and recall; mean over classes.", True,
              lambda run: _rate(run.macro.f1)),
    ]  # fmt: skip
    if top_k > 1:
        help_ = f"Share of test images whose class is among the {top_k} most probable."
        specs.append(_Spec(f"top{top_k}", f"Top-{top_k}", help_, True, _top_k))
    return _table("performance", specs, experiment, names)


def resources_table(experiment: Experiment, names: dict[str, RunName]) -> Table:
    """Return times, operations, parameters and size, in the order of the performance table."""
    specs = [
        _Spec("training", "Training", "Training, validation included.", False,
              lambda run: _cost(run, "train_time_s", formatting.duration)),
        _Spec("latency", "Latency", "One image through the model, median.", False, _latency),
        _Spec("flops", "FLOPs", "Floating-point operations for one image.", False,
              lambda run: _cost(run, "flops", formatting.quantity)),
        _Spec("parameters", "Parameters", "Numbers in the model, head included.", False,
              lambda run: _cost(run, "n_parameters", formatting.quantity)),
        _Spec("size", "Size", "The weights as a file; 1 MB is 1,000,000 bytes.", False,
              lambda run: _cost(run, "size_bytes", formatting.size)),
    ]  # fmt: skip
    return _table("resources", specs, experiment, names)


def _table(
    key: str, specs: list[_Spec], experiment: Experiment, names: dict[str, RunName]
) -> Table:
    runs = experiment.ranked
    numbers = [[spec.read(run) for run in runs] for spec in specs]
    drawn = [_cells(spec, column) for spec, column in zip(specs, numbers, strict=True)]
    return Table(
        key=key,
        columns=tuple(_column(*pair) for pair in zip(specs, numbers, strict=True)),
        rows=tuple(
            Row(run.run_id, names[run.run_id], cells)
            for run, cells in zip(runs, zip(*drawn, strict=True), strict=True)
        ),
    )


def _column(spec: _Spec, numbers: list[_Number]) -> Column:
    axis = _axis(numbers)
    return Column(
        key=spec.key,
        label=spec.label,
        help=spec.help,
        arrow="↑" if spec.more_is_better else "↓",
        better="descending" if spec.more_is_better else "ascending",
        axis=formatting.interval(axis) if axis else "",
    )


def _cells(spec: _Spec, numbers: list[_Number]) -> list[Cell]:
    present = [number for number in numbers if number.value is not None]
    choose = max if spec.more_is_better else min
    # Numbers that read the same share the mark: the page does not show what would part them.
    best = choose(present, key=lambda number: number.value or 0.0).text if present else None
    axis = _axis(numbers)
    return [
        Cell(
            text=number.text,
            value="" if number.value is None else repr(number.value),
            detail=number.detail,
            reason=number.reason,
            best=number.value is not None and number.text == best,
            bar=_bar(number, axis) if axis else None,
        )
        for number in numbers
    ]


def _axis(numbers: list[_Number]) -> Interval | None:
    """Return the span of all intervals of a column; None where it has none."""
    intervals = [number.interval for number in numbers if number.interval]
    if not intervals:
        return None
    return Interval(min(ends.low for ends in intervals), max(ends.high for ends in intervals))


def _bar(number: _Number, axis: Interval) -> Bar | None:
    if number.interval is None or number.value is None:
        return None
    scale = BAR_WIDTH / (axis.high - axis.low)
    low, high, value = (
        f"{(end - axis.low) * scale + 2:.1f}" for end in (*number.interval, number.value)
    )
    return Bar(low, high, value)


def _rate(value: float, ends: Interval | None = None) -> _Number:
    detail = formatting.interval(ends) if ends else ""
    return _Number(value, formatting.rate(value), detail, interval=ends)


def _top_k(run: Run) -> _Number:
    value = run.n_in_top_k / run.n_images
    return _Number(value, formatting.rate(value), formatting.interval(run.top_k_interval))


def _cost(run: Run, field: str, write: Callable[[float], str]) -> _Number:
    if run.cost is None:
        return _Number(None, reason=run.record.absent["cost"])
    value = getattr(run.cost, field)
    if value is None:
        return _Number(None, reason=run.cost.absent[field])
    return _Number(value, write(value))


def _latency(run: Run) -> _Number:
    median = _cost(run, "latency_ms", formatting.milliseconds)
    slow = _cost(run, "latency_p95_ms", formatting.milliseconds)
    if median.value is None or slow.value is None:
        return median
    return _Number(median.value, median.text, f"p95 {slow.text}")
