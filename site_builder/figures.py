"""Charts: the points, and the Plotly figure that the browser draws when it is asked to.

The same points are drawn at build time by `stills.py`. Colours are names of CSS tokens; the browser
looks them up when it draws, so that light and dark follow the page.
"""

import html
import json
from dataclasses import dataclass

import plotly.graph_objects as go

from site_builder import formatting
from site_builder.loading import Experiment
from site_builder.naming import RunName

N_SERIES = 8
"""Series colours in `tokens.css`, and marker shapes."""

LOG_BEYOND = 10.0
"""A range with a larger ratio than this gets a logarithmic axis."""

_SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "hexagon", "star"
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One run in accuracy against latency.

    Attributes:
        run_id: The run.
        name: Its name.
        series: Place of its model among the models, from 0.
        filled: Whether it was trained with augmentation.
        x: Latency, milliseconds.
        y: Accuracy, percent.
        below: From the lower end of the interval to `y`, percentage points.
        above: From `y` to the upper end of the interval, percentage points.
    """

    run_id: str
    name: RunName
    series: int
    filled: bool
    x: float
    y: float
    below: float
    above: float


@dataclass(frozen=True)
class Scatter:
    """Points to draw and whether their x axis is logarithmic."""

    points: tuple[Point, ...]
    log_x: bool


def accuracy_latency(experiment: Experiment, names: dict[str, RunName]) -> Scatter | None:
    """Return a point for every run whose latency is known; None if there is none."""
    models = list(dict.fromkeys(run.record.config.label for run in experiment.runs))
    points = tuple(
        Point(
            run_id=run.run_id,
            name=names[run.run_id],
            series=models.index(run.record.config.label),
            filled=run.record.config.augmentation != "none",
            x=run.cost.latency_ms,
            y=100 * run.accuracy,
            below=100 * (run.accuracy - run.interval.low),
            above=100 * (run.interval.high - run.accuracy),
        )
        for run in experiment.runs
        if run.cost and run.cost.latency_ms
    )
    if not points:
        return None
    latencies = [point.x for point in points]
    return Scatter(points, log_x=max(latencies) / min(latencies) > LOG_BEYOND)


def plotly_figure(scatter: Scatter) -> dict[str, object]:
    """Return the figure as Plotly's JSON; `customdata` of a trace is its run's id."""
    by_series = {point.series: point for point in reversed(scatter.points)}
    firsts = list(by_series.values())
    figure = go.Figure(
        data=[_trace(point, first=point in firsts) for point in scatter.points],
        layout={
            # Plotly's own template is 7 KB of colours that the page does not use.
            "template": go.layout.Template(),
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": "var(--muted)", "size": 12},
            "margin": {"l": 56, "r": 16, "t": 8, "b": 48},
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.18, "x": 0},
            "hovermode": "closest",
            "hoverlabel": {
                "bgcolor": "var(--raised)",
                "bordercolor": "var(--rule)",
                "font": {"color": "var(--ink)"},
            },
            "xaxis": _axis(_x_title(scatter), "log" if scatter.log_x else "linear"),
            "yaxis": _axis("Accuracy, %", "linear"),
        },
    )
    decoded: dict[str, object] = json.loads(figure.to_json())
    return decoded


def latency_title(log_x: bool) -> str:
    """Return the title of a latency axis."""
    return f"Latency of one image, ms{' (log scale)' if log_x else ''}"


def _x_title(scatter: Scatter) -> str:
    return latency_title(scatter.log_x)


def _axis(title: str, kind: str) -> dict[str, object]:
    return {
        "title": {"text": title, "font": {"size": 12}},
        "type": kind,
        "gridcolor": "var(--hair)",
        "linecolor": "var(--rule)",
        "zeroline": False,
        "automargin": True,
    }


def _trace(point: Point, *, first: bool) -> go.Scatter:
    """Return a point as a trace of its own; the first of a model stands for it in the legend."""
    colour = f"var(--series-{point.series % N_SERIES + 1})"
    symbol = _SYMBOLS[point.series % N_SERIES]
    return go.Scatter(
        x=[point.x],
        y=[point.y],
        customdata=[point.run_id],
        mode="markers",
        name=html.escape(point.name.model, quote=False),
        legendgroup=str(point.series),
        showlegend=first,
        marker={
            "symbol": symbol if point.filled else f"{symbol}-open",
            "size": 10,
            "color": colour,
            "line": {"width": 2, "color": colour},
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [point.above],
            "arrayminus": [point.below],
            "color": colour,
            "thickness": 1,
            "width": 0,
        },
        hoverinfo="text",
        hovertext=[_hover(point)],
    )


def _hover(point: Point) -> str:
    """Return the hover text. Plotly reads some HTML in it, so names are escaped."""
    return "<br>".join(
        [
            f"<b>{html.escape(point.name.full, quote=False)}</b>",
            f"{formatting.percent(point.y / 100)} right",
            f"{formatting.milliseconds(point.x)} an image",
        ]
    )
