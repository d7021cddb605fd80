"""Parameters of layers worked out from their shapes, and held against what was counted."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod

from experiments.results.schema import Architecture, Layer
from site_builder import formatting
from site_builder.architectures.layers import short_name

_NUMBERED = re.compile(r".*\d")


@dataclass(frozen=True)
class Sum:
    """Where a layer's parameters come from.

    Attributes:
        layer: The layer.
        kind: Class of the module.
        terms: The calculation; empty where the layer has parameters of a kind of its own.
        result: Its parameters, as counted in the model.
    """

    layer: str
    kind: str
    terms: str
    result: str


@dataclass(frozen=True)
class Block:
    """A block of a network: the layers that it repeats.

    Attributes:
        name: Where it is.
        sums: Its layers that have parameters.
        total: Their parameters together.
    """

    name: str
    sums: tuple[Sum, ...]
    total: str


def factors(layer: Layer) -> tuple[int, ...]:
    """Return the sizes whose product is the number of a layer's weights; empty where it has none.

    A convolution has height x width of its kernel x input channels of a group x output channels, a
    linear layer inputs x outputs, a normalisation a scale and a shift for each channel.
    """
    if layer.type == "convolution" and layer.kernel and layer.groups:
        return (*layer.kernel, layer.input_shape[0] // layer.groups, layer.output_shape[0])
    if layer.type == "linear":
        return layer.input_shape[-1], layer.output_shape[-1]
    if layer.type == "normalisation" and layer.n_parameters:
        channels = [side for side in layer.output_shape if 2 * side == layer.n_parameters]
        return (2, channels[0]) if channels else ()
    return ()


def n_biases(layer: Layer) -> int | None:
    """Return how many biases a layer has; None where `factors` do not explain its parameters."""
    sizes = factors(layer)
    left = layer.n_parameters - prod(sizes)
    return left if sizes and left in (0, sizes[-1]) else None


def layer_sum(layer: Layer) -> Sum:
    """Work a layer's parameters out."""
    biases = n_biases(layer)
    terms = ""
    if biases is not None:
        terms = formatting.shape(factors(layer))
        terms += f" + {formatting.count(biases)}" if biases else ""
    return Sum(short_name(layer.name), layer.kind, terms, formatting.count(layer.n_parameters))


def n_features(made_of: Architecture) -> int:
    """Return F, how many numbers the head gets for an image."""
    head = len(made_of.stages) - 1
    return next(layer.input_shape[-1] for layer in made_of.layers if layer.stage == head)


def first_convolution(made_of: Architecture) -> Layer | None:
    """Return the convolution that sees the image; None where there is none."""
    return next((layer for layer in made_of.layers if layer.type == "convolution"), None)


def first_block(made_of: Architecture) -> Block | None:
    """Return the first block: the smallest numbered part that has two layers of weights.

    The convolution that sees the image is no part of it: stems are unlike what follows them.
    """
    stem, *weighted = (layer for layer in made_of.layers if factors(layer) and _weighs(layer))
    parts = [
        name for layer in weighted for name in _numbered(layer.name) if not _is_in(stem.name, name)
    ]
    several = [name for name in dict.fromkeys(parts) if parts.count(name) > 1]
    found = next((name for name in several if not _holds_another(name, several)), None)
    if found is None:
        return None
    layers = [layer for layer in made_of.layers if _is_in(layer.name, found) and layer.n_parameters]
    return Block(
        name=short_name(found),
        sums=tuple(map(layer_sum, layers)),
        total=formatting.count(sum(layer.n_parameters for layer in layers)),
    )


def _weighs(layer: Layer) -> bool:
    return layer.type in ("convolution", "linear")


def _numbered(name: str) -> Iterator[str]:
    """Yield the parts around a layer whose own name ends in a number: `blocks.0.1`, `layer1`."""
    names = name.split(".")
    for depth in range(1, len(names)):
        if _NUMBERED.fullmatch(names[depth - 1]):
            yield ".".join(names[:depth])


def _holds_another(name: str, others: Iterable[str]) -> bool:
    return any(other != name and _is_in(other, name) for other in others)


def _is_in(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")
