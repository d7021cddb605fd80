"""A trade-off as the Plotly figure that the browser draws when it is asked to.

Colours are names of CSS tokens; the browser looks them up when it draws, so that light and dark
follow the page.
"""

import html
import json

import plotly.graph_objects as go

from site_builder import formatting
from site_builder.tradeoffs.points import N_SERIES, Point, Tradeoff

_SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "hexagon", "cross"
)  # fmt: skip


def plotly_figure(tradeoff: Tradeoff) -> dict[str, object]:
    """Return the figure as Plotly's JSON; `customdata` of a trace is its run's id."""
    firsts = {point.series: point for point in reversed(tradeoff.points)}.values()
    figure = go.Figure(
        data=[_front(tradeoff), *(_trace(point, first=point in firsts)
                                  for point in reversed(tradeoff.points))],
        layout={
            # Plotly's own template is 7 KB of colours that the page does not use.
            "template": go.layout.Template(),
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": "var(--muted)", "size": 12},
            "margin": {"l": 56, "r": 16, "t": 8, "b": 48},
            "legend": {"orientation": "h", "yanchor": "top", "y": -0.18, "x": 0},
            "hovermode": "closest",
            # The same whatever is drawn again: the reader's zoom and hidden series stay.
            "uirevision": tradeoff.name,
            "hoverlabel": {
                "bgcolor": "var(--raised)",
                "bordercolor": "var(--rule)",
                "font": {"color": "var(--ink)"},
            },
            "xaxis": _x_axis(tradeoff),
            "yaxis": _axis("Accuracy, %"),
        },
    )  # fmt: skip
    decoded: dict[str, object] = json.loads(figure.to_json())
    return decoded


def _x_axis(tradeoff: Tradeoff) -> dict[str, object]:
    made = _axis(tradeoff.title) | {"type": "log" if tradeoff.log_x else "linear"}
    if tradeoff.cost.unit is not None:
        made |= {"tickformat": "~s", "ticksuffix": tradeoff.cost.unit}
    return made


def _axis(title: str) -> dict[str, object]:
    return {
        "title": {"text": title, "font": {"size": 12}},
        "gridcolor": "var(--hair)",
        "linecolor": "var(--rule)",
        "zeroline": False,
        "automargin": True,
    }


def _front(tradeoff: Tradeoff) -> go.Scatter:
    return go.Scatter(
        x=[point.x for point in tradeoff.front],
        y=[point.y for point in tradeoff.front],
        mode="lines",
        line={"shape": "hv", "color": "var(--muted)", "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )


def _trace(point: Point, *, first: bool) -> go.Scatter:
    """Return a point as a trace of its own; the first of a series stands for it in the legend."""
    colour = f"var(--series-{point.series % N_SERIES + 1})"
    symbol = _SYMBOLS[point.series % N_SERIES]
    return go.Scatter(
        x=[point.x],
        y=[point.y],
        customdata=[point.run_id],
        mode="markers",
        name=html.escape(point.series_name, quote=False),
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
            html.escape(point.name.full, quote=False),
            f"{formatting.percent(point.y / 100)} right",
            html.escape(point.cost, quote=False),
        ]
    )
