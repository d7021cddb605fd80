"""Accuracy against costs: points, front, drawings and the figure for Plotly."""

import re
from dataclasses import replace

import pytest

from experiments.results.schema import Cost
from site_builder.loading import Experiment
from site_builder.naming import RunName, run_names
from site_builder.tradeoffs import (
    N_SERIES,
    NARROW,
    WIDE,
    Point,
    Size,
    Tradeoff,
    draw,
    plotly_figure,
    tradeoffs,
)
from tests.site_builder.changes import elsewhere


@pytest.fixture
def charts(experiment: Experiment) -> dict[str, Tradeoff]:
    return {chart.cost.column: chart for chart in tradeoffs(experiment, run_names(experiment))}


def with_costs(experiment: Experiment, **changes: dict[str, object]) -> Experiment:
    """Change the costs of runs, by run id."""
    runs = []
    for run in experiment.runs:
        cost = run.cost
        assert isinstance(cost, Cost)
        changed = cost.model_copy(update=changes.get(run.run_id.replace("-", "_"), {}))
        runs.append(replace(run, cost=changed))
    return replace(experiment, runs=tuple(runs))


def test_points_are_the_stored_numbers(experiment: Experiment, charts: dict[str, Tradeoff]) -> None:
    fields = {
        "latency": "latency_ms",
        "parameters": "n_parameters",
        "flops": "flops",
        "size": "size_bytes",
        "training": "train_time_s",
    }
    assert charts.keys() == fields.keys()
    for column, chart in charts.items():
        for point, run in zip(chart.points, experiment.ranked, strict=True):
            assert run.record.config is not None
            assert (point.run_id, point.x) == (run.run_id, getattr(run.cost, fields[column]))
            ends = (point.y - point.below, point.y, point.y + point.above)
            expected = (100 * run.interval.low, 100 * run.accuracy, 100 * run.interval.high)
            assert ends == pytest.approx(expected)
            assert point.filled == (run.record.config.augmentation == "standard")


def test_the_front_is_what_no_run_beats(charts: dict[str, Tradeoff]) -> None:
    for chart in charts.values():
        front = {
            point.run_id
            for point in chart.points
            if not any(
                other.x <= point.x
                and other.y >= point.y
                and (other.x, other.y) != (point.x, point.y)
                for other in chart.points
            )
        }
        assert {point.run_id for point in chart.front} == front


def test_no_front_joins_times_of_two_machines(experiment: Experiment) -> None:
    first, *others = experiment.runs
    mixed = replace(experiment, runs=(elsewhere(first), *others))
    charts = {chart.cost.column: chart for chart in tradeoffs(mixed, run_names(mixed))}
    drawn = {column for column, chart in charts.items() if chart.front}
    assert drawn == {"parameters", "flops", "size"}
    assert draw(charts["latency"], WIDE).front == ""
    assert len(draw(charts["latency"], WIDE).marks) == len(experiment.runs)
    assert plotly_figure(charts["latency"])["data"][0]["x"] == []  # type: ignore[index]


def test_training_counts_a_frozen_backbones_features(experiment: Experiment) -> None:
    changed = with_costs(experiment, alpha_none={"features_time_s": 4.0, "train_time_s": 0.5})
    chart = tradeoffs(changed, run_names(changed))[-1]
    assert chart.cost.column == "training"
    assert {point.run_id: point.x for point in chart.points}["alpha-none"] == 4.5


@pytest.mark.parametrize(("slowest", "log"), [(19.9, False), (20.1, True)])
def test_a_wide_range_gets_a_logarithmic_axis(
    experiment: Experiment, slowest: float, log: bool
) -> None:
    changed = with_costs(experiment, beta_none={"latency_ms": slowest})
    chart = tradeoffs(changed, run_names(changed))[0]
    assert chart.log_x == log
    axis = plotly_figure(chart)["layout"]["xaxis"]  # type: ignore[index]
    assert axis["type"] == ("log" if log else "linear")
    assert ("(log scale)" in draw(chart, WIDE).x_title) == log


def test_a_cost_that_no_run_knows_has_no_chart(experiment: Experiment) -> None:
    nothing = {"flops": None, "absent": {"flops": "not counted"}}
    ids = [run.run_id.replace("-", "_") for run in experiment.runs]
    changed = with_costs(experiment, **dict.fromkeys(ids, nothing))
    keys = [chart.cost.column for chart in tradeoffs(changed, run_names(changed))]
    assert keys == ["latency", "parameters", "size", "training"]


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("log", [False, True])
def test_marks_stand_where_their_numbers_do(experiment: Experiment, size: Size, log: bool) -> None:
    slowest = 200.0 if log else 8.0
    changed = with_costs(experiment, beta_none={"latency_ms": slowest})
    chart = tradeoffs(changed, run_names(changed))[0]
    still = draw(chart, size)
    assert still == draw(chart, size)
    places = {mark.run_id: middle(mark.path) for mark in still.marks}
    by_cost = sorted(chart.points, key=lambda point: point.x)
    xs = [places[point.run_id][0] for point in by_cost]
    assert xs == sorted(xs)
    by_accuracy = sorted(chart.points, key=lambda point: -point.y)
    ys = [places[point.run_id][1] for point in by_accuracy]
    assert ys == sorted(ys)
    for x, y in places.values():
        assert size.left <= x <= still.right
        assert still.top <= y <= still.bottom
    for tick in still.x_ticks:
        assert size.left - 0.1 <= float(tick.at) <= still.right + 0.1


def test_ticks_stand_at_their_numbers(experiment: Experiment) -> None:
    changed = with_costs(experiment, alpha_none={"latency_ms": 5.0}, beta_none={"latency_ms": 500})
    still = draw(tradeoffs(changed, run_names(changed))[0], WIDE)
    at = {tick.text: float(tick.at) for tick in still.x_ticks}
    marks = {mark.run_id: middle(mark.path)[0] for mark in still.marks}
    assert marks["alpha-none"] == pytest.approx(at["5"], abs=0.15)
    assert marks["beta-none"] == pytest.approx(at["500"], abs=0.15)


def test_many_runs_are_named_on_the_front_alone(charts: dict[str, Tradeoff]) -> None:
    first = charts["latency"].points[0]
    points = tuple(
        replace(
            first,
            run_id=f"run-{place}",
            name=RunName(f"Model {place}", "augmented"),
            series=place % 3,
            series_name=f"family {place % 3}",
            x=1.0 + place,
            y=50.0 + (40 if place == 60 else -place / 10),
            below=1.0,
            above=1.0,
        )
        for place in range(100)
    )
    chart = Tradeoff(charts["latency"].cost, points, (points[0], points[60]), log_x=True)
    still = draw(chart, WIDE)
    assert {label.text for label in still.labels} <= {"Model 0", "Model 60"}
    assert len(still.labels) >= 1
    assert len(still.marks) == 100
    assert sum(len(mark.path) for mark in still.marks) < 12_000


def test_more_models_than_colours_are_coloured_by_family(experiment: Experiment) -> None:
    base = experiment.runs[0]
    assert base.record.config is not None
    runs = []
    for place in range(N_SERIES + 1):
        model = f"{'vgg' if place % 2 else 'resnet'}{place}"
        config = base.record.config.model_copy(update={"model": model, "label": model.title()})
        update = {"run_id": model, "config": config}
        runs.append(replace(base, record=base.record.model_copy(update=update)))
    many = replace(experiment, runs=tuple(runs))
    chart = tradeoffs(many, run_names(many))[0]
    assert {point.series_name for point in chart.points} == {"resnet", "vgg"}
    assert {point.series for point in chart.points} == {0, 1}


def test_names_in_hover_text_are_escaped_for_plotly(charts: dict[str, Tradeoff]) -> None:
    chart = charts["latency"]
    point: Point = replace(chart.points[0], name=RunName("<a href=x>&amp;", "augmented"))
    figure = plotly_figure(replace(chart, points=(point,), front=(point,)))
    (text,) = figure["data"][1]["hovertext"]  # type: ignore[index]
    assert text.startswith("&lt;a href=x&gt;&amp;amp;, augmented<br>")


def test_every_colour_is_a_token(charts: dict[str, Tradeoff]) -> None:
    for chart in charts.values():
        text = str(plotly_figure(chart))
        for colour in re.findall(r"'\w*color': '([^']+)'", text):
            assert re.fullmatch(r"var\(--[\w-]+\)|rgba\(0,0,0,0\)", colour), colour


def middle(path: str) -> tuple[float, float]:
    """Return where a mark's outline begins from: its middle."""
    x, y = re.findall(r"M([\d.]+) ([\d.]+)m", path)[-1]
    return float(x), float(y)


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_no_label_lies_on_the_front(charts: dict[str, Tradeoff], size: Size) -> None:
    chart = charts["latency"]
    still = draw(replace(chart, front=(chart.points[0], chart.points[-1])), size)
    start, *steps = re.findall(r"[MHV]([\d.]+)(?: ([\d.]+))?", still.front)
    x, y = map(float, start)
    right, up = float(steps[0][0]), float(steps[1][0])
    assert still.labels
    for label in still.labels:
        at, baseline = float(label.x), float(label.y)
        width = 0.58 * size.font_px * len(label.text)
        left = at if label.anchor == "start" else at - width
        crossed = left < right and x < left + width and baseline - 0.7 * size.font_px < y < baseline
        beside = left < right < left + width and min(y, up) < baseline < max(y, up)
        assert not crossed, label
        assert not beside, label
