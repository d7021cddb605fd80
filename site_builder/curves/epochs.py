"""The epochs of a series in words, and all that the browser needs to draw them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from site_builder import formatting, payloads
from site_builder.curves.axes import axes_of
from site_builder.curves.series import QUANTITIES, RATES, Series

_DIGITS = 6


@dataclass(frozen=True)
class EpochText:
    """One epoch of a series.

    Attributes:
        epoch: Its number.
        numbers: Loss in training and validation, accuracy in both, learning rate, time since the
            first epoch began; with their deviation over seeds.
        remark: What is special about it; or empty.
    """

    epoch: str
    numbers: tuple[str, ...]
    remark: str


def epoch_text(series: Series, epoch: int) -> EpochText:
    """Return an epoch in words.

    Args:
        series: The series.
        epoch: From 1 to its number of epochs.
    """
    return EpochText(
        epoch=formatting.count(epoch),
        numbers=tuple(_number(series, quantity, epoch - 1) for quantity in QUANTITIES),
        remark=_remark(series, epoch),
    )


def _number(series: Series, quantity: str, place: int) -> str:
    text = _write(quantity, float(series.values[quantity][place]))
    spread = float(series.spreads[quantity][place]) if series.spreads else 0.0
    return f"{text} ± {_write(quantity, spread)}" if spread else text


def _write(quantity: str, value: float) -> str:
    if quantity in RATES:
        return formatting.rate(value)
    if quantity == "learning_rate":
        return formatting.learning_rate(value)
    return formatting.duration(value) if quantity == "seconds" else formatting.loss(value)


def _remark(series: Series, epoch: int) -> str:
    began = series.unfrozen.get(epoch)
    remarks = [
        "best epoch" if epoch == series.best else "",
        "stopped early" if series.stopped_early and epoch == series.n_epochs else "",
        f"{began} began to learn" if began else "",
    ]
    return ", ".join(remark for remark in remarks if remark)


def series_file(series: Series) -> tuple[str, bytes]:
    """Return what the browser fetches when a series is picked: path below the site's root, content.

    `axes` is name to `[title, low, high, [[value, text], ...]]`; `values` and `bands` are quantity
    to one value, and to one lower and one upper end, an epoch; `texts` has `[numbers, remark]` for
    each epoch.
    """
    bands = {quantity: series.band(quantity) for quantity in QUANTITIES if series.spreads}
    texts = [epoch_text(series, epoch) for epoch in range(1, series.n_epochs + 1)]
    value = {
        "axes": {
            name: [axis.title, axis.low, axis.high, axis.ticks]
            for name, axis in axes_of(series).items()
        },
        "values": {name: _rounded(values) for name, values in series.values.items()},
        "bands": {name: [_rounded(end) for end in ends] for name, ends in bands.items()},
        "best": series.best,
        "stopped": series.stopped_early,
        "unfrozen": list(series.unfrozen.items()),
        "texts": [[text.numbers, text.remark] for text in texts],
    }
    return payloads.shard(f"curves/{series.key}", value)


def _rounded(values: NDArray[np.float64]) -> list[float]:
    """Keep as many digits as a chart can show."""
    return [float(f"{value:.{_DIGITS}g}") for value in values]
