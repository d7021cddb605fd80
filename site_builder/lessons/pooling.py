"""Pooling and a linear layer, worked out on numbers small enough to check."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from site_builder import formatting
from site_builder.lessons.convolution import Grid, grid

MAPS = (
    ((0, 1, 0, 2), (1, 5, 6, 1), (0, 7, 8, 1), (0, 0, 0, 0)),
    ((3, 3, 2, 2), (3, 3, 2, 2), (2, 2, 1, 1), (2, 2, 1, 5)),
    ((0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 8)),
)
"""Feature maps of three channels: a spot in the middle, a gentle slope, a single corner."""
WEIGHTS = ((1, 0, 2), (-1, 2, 1))
BIASES = (0, -1)
"""A linear layer from three features to two classes."""


@dataclass(frozen=True)
class Pooled:
    """A feature map and what pooling makes of it.

    Attributes:
        map: The feature map.
        total: The sum of its numbers.
        count: How many they are.
        mean: What average pooling gives.
        largest: What max pooling gives.
    """

    map: Grid
    total: str
    count: str
    mean: str
    largest: str


@dataclass(frozen=True)
class Logit:
    """A logit worked out.

    Attributes:
        name: Which one.
        terms: The sum behind it.
        result: The logit.
    """

    name: str
    terms: str
    result: str


def average(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each channel: global average pooling (Lin, Chen and Yan, 2014).

    Args:
        maps: (C, H, W) float64.

    Returns:
        (C,) float64.
    """
    means: NDArray[np.float64] = maps.mean(axis=(1, 2))
    return means


def pooled_maps() -> tuple[Pooled, ...]:
    """Return `MAPS` pooled."""
    maps = np.array(MAPS, dtype=np.float64)
    return tuple(
        Pooled(
            map=grid(f"Channel {place}", numbers.tolist()),
            total=formatting.plain(numbers.sum()),
            count=formatting.count(numbers.size),
            mean=formatting.plain(mean),
            largest=formatting.plain(numbers.max()),
        )
        for place, (numbers, mean) in enumerate(zip(maps, average(maps), strict=True), start=1)
    )


def logits() -> tuple[Logit, ...]:
    """Return what the linear layer makes of the means of `MAPS`."""
    features = average(np.array(MAPS, dtype=np.float64))
    results = np.array(WEIGHTS) @ features + np.array(BIASES)
    return tuple(
        Logit(f"Class {place}", _terms(features.tolist(), weights, bias), formatting.plain(result))
        for place, (weights, bias, result) in enumerate(
            zip(WEIGHTS, BIASES, results.tolist(), strict=True), start=1
        )
    )


def _terms(features: list[float], weights: tuple[int, ...], bias: int) -> str:
    products = [
        f"{formatting.factor(weight)}·{formatting.plain(feature)}"
        for weight, feature in zip(weights, features, strict=True)
    ]
    return " + ".join([*products, formatting.factor(bias)])
