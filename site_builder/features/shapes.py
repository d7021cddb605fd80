"""The shapes of a network's layers in words, step by step, the same on every page."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.results.schema import MappedLayer
from site_builder import formatting


@dataclass(frozen=True)
class Step:
    """What comes out of one layer for one image.

    Attributes:
        layer: Where it is in the backbone, such as `layer1`.
        kind: Class of the module.
        shape: Channels, height and width: `64 × 56 × 56`.
        values: How many numbers that is.
        shown: How many of its channels have pictures: `64 of 512`.
        grid: What height and width are where the layer has tokens; empty elsewhere.
        change: How its shape differs from the one before: `resolution ÷ 2, channels × 2`.
    """

    layer: str
    kind: str
    shape: str
    values: str
    shown: str
    grid: str
    change: str


def steps(layers: Sequence[MappedLayer]) -> tuple[Step, ...]:
    """Return what comes out of each layer, from input to output."""
    return tuple(_step(*pair) for pair in zip(layers, (None, *layers[:-1]), strict=True))


def _step(layer: MappedLayer, before: MappedLayer | None) -> Step:
    channels, height, width = layer.shape
    return Step(
        layer=layer.name,
        kind=layer.kind,
        shape=formatting.shape(layer.shape),
        values=formatting.quantity(channels * height * width),
        shown=f"{formatting.count(len(layer.shown))} of {formatting.count(channels)}",
        grid="height and width are the grid of its tokens" if layer.from_tokens else "",
        change=_change(before.shape, layer.shape) if before else "",
    )


def _change(before: tuple[int, int, int], now: tuple[int, int, int]) -> str:
    if now == before:
        return "the same shape"
    return f"resolution {_times(before[1], now[1])}, channels {_times(before[0], now[0])}"


def _times(before: int, now: int) -> str:
    """Return what a size was multiplied or divided by; both sizes where that is no whole number."""
    if now == before:
        return "as before"
    if now % before == 0:
        return f"×{formatting.NBSP}{formatting.count(now // before)}"
    if before % now == 0:
        return f"÷{formatting.NBSP}{formatting.count(before // now)}"
    return f"from {formatting.count(before)} to {formatting.count(now)}"
