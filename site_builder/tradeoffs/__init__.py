"""Accuracy against what it costs: the points, the chart in the page, and the one for Plotly."""

from site_builder.tradeoffs.plotly import plotly_figure
from site_builder.tradeoffs.points import N_SERIES, Point, Tradeoff, tradeoffs
from site_builder.tradeoffs.still import NARROW, WIDE, Size, Still, draw

__all__ = [
    "NARROW",
    "N_SERIES",
    "WIDE",
    "Point",
    "Size",
    "Still",
    "Tradeoff",
    "draw",
    "plotly_figure",
    "tradeoffs",
]
