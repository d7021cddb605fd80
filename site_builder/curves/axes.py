"""The axes that a series needs.

Of several series in one chart the widest axis holds them all: losses, learning rates, seconds and
epochs begin at the same value, accuracies end at 100 %. Logarithmic ones have no such end: there
the numbers at the axes of all make one. So the browser, which draws whatever series the reader
picks, never makes a number.
"""

import math
from collections.abc import Iterable

import numpy as np

from site_builder import formatting
from site_builder.charts.chart import Axis, axis, log_axis
from site_builder.charts.learning import accuracy_axis, epoch_axis, loss_axis
from site_builder.curves.series import Series

ACROSS = ("epoch", "seconds")
"""What the x axis may be."""
PANELS = {
    "loss": ("train_loss", "val_loss"),
    "accuracy": ("train_accuracy", "val_accuracy"),
    "rate": ("learning_rate",),
}
"""Chart to what it draws, the last on top."""
LOGS = ("log-loss", "log-rate", "log-seconds")
"""Logarithmic axes: of charts, where the reader wants them, and of times that are far apart."""


def axes_of(series: Series) -> dict[str, Axis]:
    """Return the axes of a series: one for each of `ACROSS`, of `PANELS`, and of `LOGS`."""
    return {
        "epoch": epoch_axis(series.n_epochs),
        "seconds": axis("Seconds", 0, float(series.values["seconds"][-1]), formatting.tick),
        "loss": loss_axis(_reach(series, "loss")),
        "accuracy": accuracy_axis(_reach(series, "accuracy")),
        "rate": _rate_axis(max(_reach(series, "rate"))),
        "log-loss": _log_axis("Loss, nats", series, "loss"),
        "log-rate": _log_axis("Learning rate", series, "rate"),
        "log-seconds": _log_seconds(series),
    }


def _log_axis(title: str, series: Series, panel: str) -> Axis:
    """Return an axis of the values that a logarithm has; any if there are none."""
    drawn = np.concatenate([series.values[quantity] for quantity in PANELS[panel]])
    positive = drawn[drawn > 0]
    highest = max(_reach(series, panel))
    return (
        log_axis(title, float(positive.min()), highest) if len(positive) else log_axis(title, 1, 1)
    )


def _log_seconds(series: Series) -> Axis:
    positive = [float(value) for value in series.values["seconds"] if value > 0] or [1.0]
    return log_axis("Seconds", positive[0], positive[-1])


def widest(axes: Iterable[Axis]) -> Axis:
    """Return the axis that holds what each of at least one axis does."""
    return max(axes, key=lambda each: each.high - each.low)


def _reach(series: Series, panel: str) -> list[float]:
    """Return all values that a chart draws, the ends of the band among them."""
    drawn = [series.values[quantity] for quantity in PANELS[panel]]
    bands = [end for of in PANELS[panel] if series.spreads for end in series.band(of)]
    return [float(value) for values in (*drawn, *bands) for value in values]


def _rate_axis(highest: float) -> Axis:
    """Return an axis of learning rates, whose numbers stay short in a power of ten."""
    exponent = math.floor(math.log10(highest)) if highest else 0
    if exponent > -3:
        return axis("Learning rate", 0, highest or 1)
    title = f"Learning rate, {formatting.power_of_ten(exponent)}"
    return axis(title, 0, highest, lambda rate: formatting.learning_rate(rate / 10.0**exponent))
