"""The charts of some series as SVG made at build time.

`static/js/curves-drawing.js` draws other series in the same way.
"""

from collections.abc import Iterable, Sequence

from site_builder.charts.chart import Chart, Drawing
from site_builder.curves.axes import PANELS, axes_of, widest
from site_builder.curves.series import Series
from site_builder.tradeoffs.points import N_SERIES

MAX_DRAWN = N_SERIES
"""Series at once. Dashes tell training from validation, so that colours must tell the series."""


def charts(drawn: Sequence[Series]) -> tuple[Chart, ...]:
    """Draw series over their epochs: loss, accuracy, learning rate.

    Args:
        drawn: From 1 to `MAX_DRAWN` series; their colours are in this order.
    """
    return tuple(_chart(panel, drawn) for panel in PANELS)


def colour(place: int) -> str:
    """Return the look of the series at a place, from 0 to `MAX_DRAWN` - 1."""
    return f"series-{place + 1}"


def _chart(panel: str, drawn: Sequence[Series]) -> Chart:
    axes = [axes_of(series) for series in drawn]
    drawing = Drawing(widest(of["epoch"] for of in axes), widest(of[panel] for of in axes))
    named = panel == "loss" and sum(bool(series.unfrozen) for series in drawn) == 1
    for place, series in enumerate(drawn):
        _unfreezings(drawing, series, colour(place), named=named)
        for quantity in PANELS[panel]:
            _line(drawing, series, quantity, colour(place))
        _marks(drawing, series, PANELS[panel][-1], colour(place))
    return drawing.chart()


def _unfreezings(drawing: Drawing, series: Series, look: str, *, named: bool) -> None:
    """Draw when parts began to learn.

    Names are in one chart only, and of one series only: others would lie over each other.
    """
    for epoch, stage in series.unfrozen.items():
        drawing.upright(f"unfreezing {look}", epoch, stage if named else "")


def _line(drawing: Drawing, series: Series, quantity: str, look: str) -> None:
    kind = f"{'train' if quantity.startswith('train') else 'val'} {look}"
    epochs = range(1, series.n_epochs + 1)
    if series.spreads:
        low, high = map(_floats, series.band(quantity))
        drawing.band(kind, epochs, low, high, series.key)
    # A line of one point is not seen.
    dots = series.n_epochs == 1
    drawing.line(kind, epochs, _floats(series.values[quantity]), series.key, dots=dots)


def _marks(drawing: Drawing, series: Series, quantity: str, look: str) -> None:
    """Mark the best epoch, and the last one where patience ran out."""
    marks = {"best": series.best} | ({"stopped": series.n_epochs} if series.stopped_early else {})
    for kind, epoch in marks.items():
        value = float(series.values[quantity][epoch - 1])
        drawing.line(f"{kind} {look}", [epoch], [value], series.key, dots=True)


def _floats(values: Iterable[float]) -> list[float]:
    return [float(value) for value in values]
