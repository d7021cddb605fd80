"""Depthwise-separable convolutions found in a network, against a plain one of the same shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import prod

from experiments.results.schema import Architecture, Layer
from site_builder import formatting
from site_builder.architectures.layers import short_name
from site_builder.lessons.arithmetic import factors


@dataclass(frozen=True)
class Pair:
    """A depthwise layer and the pointwise one that follows it.

    Attributes:
        depthwise: One kernel for each channel.
        pointwise: A kernel of one pixel over all channels: a 1 x 1 convolution or a linear layer.
        kernel: Height and width of the depthwise kernel.
        n_in: Its channels.
        n_out: Channels of the pointwise layer's output.
    """

    depthwise: Layer
    pointwise: Layer
    kernel: tuple[int, int]
    n_in: int
    n_out: int

    @property
    def n_weights(self) -> int:
        """Weights of both, without biases."""
        return self.kernel[0] * self.kernel[1] * self.n_in + self.n_in * self.n_out

    @property
    def n_plain(self) -> int:
        """Weights of one plain convolution from as many channels to as many, without biases."""
        return self.kernel[0] * self.kernel[1] * self.n_in * self.n_out


@dataclass(frozen=True)
class Separable:
    """A pair in words.

    Attributes:
        layers: The two layers.
        kernel: Size of the kernel.
        channels: Channels before and after.
        depthwise: Weights of the first, worked out.
        pointwise: Weights of the second, worked out.
        together: Weights of both.
        plain: Weights of a plain convolution, worked out.
        ratio: Both as a share of the plain one.
    """

    layers: str
    kernel: str
    channels: str
    depthwise: str
    pointwise: str
    together: str
    plain: str
    ratio: str


def first_pair(made_of: Architecture) -> Pair | None:
    """Return the first depthwise-separable convolution of a network; None where it has none."""
    return next(_pairs(made_of), None)


def in_words(pair: Pair) -> Separable:
    """Work the weights of a pair out."""
    height, width = pair.kernel
    return Separable(
        layers=f"{short_name(pair.depthwise.name)} and {short_name(pair.pointwise.name)}",
        kernel=formatting.shape(pair.kernel),
        channels=f"{formatting.count(pair.n_in)} to {formatting.count(pair.n_out)}",
        depthwise=_product(height, width, pair.n_in),
        pointwise=_product(pair.n_in, pair.n_out),
        together=formatting.count(pair.n_weights),
        plain=_product(height, width, pair.n_in, pair.n_out),
        ratio=formatting.percent(pair.n_weights / pair.n_plain),
    )


def _pairs(made_of: Architecture) -> Iterator[Pair]:
    weighted = [layer for layer in made_of.layers if layer.type in ("convolution", "linear")]
    for depthwise, pointwise in _neighbours(weighted):
        if depthwise.kernel and _is_depthwise(depthwise) and _is_pointwise(pointwise):
            *_, n_in, n_out = factors(pointwise)
            if n_in == depthwise.output_shape[0]:
                yield Pair(depthwise, pointwise, depthwise.kernel, n_in, n_out)


def _neighbours(layers: list[Layer]) -> Iterator[tuple[Layer, Layer]]:
    """Yield each layer and the next, those of squeeze-and-excitation, on one pixel, left out."""
    on_grids = [layer for layer in layers if max(layer.output_shape[1:], default=1) > 1]
    yield from pairwise(on_grids)


def _is_depthwise(layer: Layer) -> bool:
    return (
        layer.groups is not None
        and 1 < layer.groups == layer.input_shape[0] == (layer.output_shape[0])
    )


def _is_pointwise(layer: Layer) -> bool:
    return layer.type == "linear" or (layer.kernel == (1, 1) and layer.groups == 1)


def _product(*sizes: int) -> str:
    return f"{formatting.shape(sizes)} = {formatting.count(prod(sizes))}"
