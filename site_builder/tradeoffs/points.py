"""The points of each trade-off, and which of them no other run beats on both counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from site_builder import formatting
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.hardware import comparable
from site_builder.pareto import pareto_front
from site_builder.tables.families import family
from site_builder.tables.resources import MEASURED, RESOURCES

N_SERIES = 8
"""Series colours in `tokens.css`, and shapes of marks."""

LOG_BEYOND = 10.0
"""A range with a larger ratio than this gets a logarithmic axis."""


@dataclass(frozen=True)
class Cost:
    """What accuracy is set against.

    Attributes:
        column: Key of its column in the resources table.
        label: What to choose it by.
        title: Title of its axis.
        write: Makes a number at the axis text.
        unit: Unit after the numbers that Plotly writes; None where the title has it.
    """

    column: str
    label: str
    title: str
    write: Callable[[float], str]
    unit: str | None


@dataclass(frozen=True)
class Point:
    """One run.

    Attributes:
        run_id: The run.
        name: Its name.
        series: Place of its model among the models, from 0; of its family, if they are too many.
        filled: Whether it was trained with augmentation.
        x: What it costs, in the unit that is stored.
        y: Accuracy, percent.
        below: From the lower end of the interval to `y`, percentage points.
        above: From `y` to the upper end of the interval, percentage points.
        cost: What it costs, as text.
        series_name: Name of the model or the family.
    """

    run_id: str
    name: RunName
    series: int
    filled: bool
    x: float
    y: float
    below: float
    above: float
    cost: str
    series_name: str


@dataclass(frozen=True)
class Tradeoff:
    """Accuracy against one cost.

    Attributes:
        cost: The cost.
        points: The runs whose cost is known, most accurate first.
        front: Those of them that no other run beats, by rising cost; none where the costs were
            measured on several machines.
        log_x: Whether the axis of the cost is logarithmic.
    """

    cost: Cost
    points: tuple[Point, ...]
    front: tuple[Point, ...]
    log_x: bool

    @property
    def name(self) -> str:
        """Name of the chart in addresses."""
        return f"accuracy-{self.cost.column}"

    @property
    def title(self) -> str:
        """Title of the axis of the cost."""
        return f"{self.cost.title}{' (log scale)' if self.log_x else ''}"


COSTS = (
    Cost("latency", "Latency", "Latency of one image, ms", formatting.setting, None),
    Cost("parameters", "Parameters", "Parameters", formatting.quantity, ""),
    Cost("flops", "FLOPs", "Floating-point operations for one image", formatting.quantity, ""),
    Cost("size", "Size", "Size of the weights", formatting.size, "B"),
    Cost("training", "Training time", "Training time, s", formatting.setting, None),
)


def tradeoffs(experiment: Experiment, names: dict[str, RunName]) -> tuple[Tradeoff, ...]:
    """Return the trade-offs for which at least one run's cost is known.

    Args:
        experiment: What is stored.
        names: Run id to name, of every finished run.
    """
    series = _series(experiment)
    one_machine = comparable(experiment.runs)
    found = ((cost, _points(cost, experiment, names, series)) for cost in COSTS)
    return tuple(
        Tradeoff(
            cost,
            points,
            _front(points) if one_machine or cost.column not in MEASURED else (),
            _spans_far(points),
        )
        for cost, points in found
        if points
    )


def _points(
    cost: Cost, experiment: Experiment, names: dict[str, RunName], series: dict[str, str]
) -> tuple[Point, ...]:
    column = next(spec for spec in RESOURCES if spec.key == cost.column)
    order = list(dict.fromkeys(series.values()))
    return tuple(
        Point(
            run_id=run.run_id,
            name=names[run.run_id],
            series=order.index(series[run.run_id]),
            filled=run.record.config is None or run.record.config.augmentation != "none",
            x=value,
            y=100 * run.accuracy,
            below=100 * (run.accuracy - run.interval.low),
            above=100 * (run.interval.high - run.accuracy),
            cost=column.write(value),
            series_name=series[run.run_id],
        )
        for run in experiment.ranked
        if (value := column.read(run).value)
    )


def _series(experiment: Experiment) -> dict[str, str]:
    """Return run id to what its colour stands for, in the order of the config."""
    models = {run.run_id: _model(run) for run in experiment.runs}
    if len(set(models.values())) <= N_SERIES:
        return models
    return {run.run_id: family(run.record.config) for run in experiment.runs}


def _model(run: Run) -> str:
    return run.record.config.label if run.record.config else run.record.label


def _front(points: Sequence[Point]) -> tuple[Point, ...]:
    places = pareto_front([point.x for point in points], [point.y for point in points])
    return tuple(points[place] for place in places)


def _spans_far(points: Sequence[Point]) -> bool:
    costs = [point.x for point in points]
    return max(costs) / min(costs) > LOG_BEYOND
