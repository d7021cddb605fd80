"""A layer's maps as grey pictures, one tile for each channel, and the numbers that go with them."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from experiments.results.schema import ChannelNumbers
from experiments.webp import encode_webp

MAX_CHANNELS = 64
MAX_TILE_PX = 64
# What is drawn black and white: a single extreme position would leave all others grey.
PERCENTILES = (1, 99)
# Of WebP. The first does for all but the noisiest; a page shows one picture, of at most 100 KB.
QUALITIES = (80, 60, 40, 20)
MAX_BYTES = 100_000
# Lossy WebP has no room for small tiles: its blocks of 16 px would mix them.
LOSSLESS_UP_TO_PX = 16
# Far below what can be told from such a number, and half the length in the record.
_DIGITS = 6
_FLAT = 1e-6


def shown_channels(maps: Tensor) -> list[int]:
    """Return which channels are shown: all, or the `MAX_CHANNELS` of highest variance.

    Args:
        maps: (N, C, H, H) float32; the variance over positions is averaged over the images.

    Returns:
        Rising places of channels.
    """
    if maps.shape[1] <= MAX_CHANNELS:
        return list(range(maps.shape[1]))
    variance = maps.var(dim=(2, 3), unbiased=False).mean(dim=0)
    return sorted(variance.topk(MAX_CHANNELS).indices.tolist())


def tile_px(side: int) -> int:
    """Return the side of a tile for maps of `side` positions: larger ones are made smaller."""
    return min(side, MAX_TILE_PX)


def resized(maps: Tensor, height: int, width: int) -> Tensor:
    """Resize (C, H, W) float32 maps to (C, height, width): each place is the mean of its area."""
    return functional.interpolate(maps[None], size=(height, width), mode="area")[0]


def draw_atlas(maps: Tensor, low: NDArray[np.float32], high: NDArray[np.float32]) -> bytes:
    """Draw the channels of one image as tiles, row by row, in as many columns as rows or one more.

    Args:
        maps: (C, H, H) float32, C at most `MAX_CHANNELS`.
        low: (C,) what is black.
        high: (C,) what is white; where it is no more than `low`, all above `low` is.

    Returns:
        A WebP picture: lossless where tiles are small, else of quality 80, or less where it would
        take more than `MAX_BYTES`.
    """
    side = tile_px(maps.shape[-1])
    values = resized(maps, side, side).numpy()
    span = np.maximum(high - low, np.finfo(np.float32).eps)[:, None, None]
    grey = np.clip((values - low[:, None, None]) / span, 0, 1)
    tiles = np.rint(255 * grey).astype(np.uint8)
    grid = tiled(tiles, n_columns(len(tiles)))
    if side <= LOSSLESS_UP_TO_PX:
        return webp_lossless(grid)
    picture = b""
    for quality in QUALITIES:
        picture = encode_webp(Image.fromarray(grid), quality)
        if len(picture) <= MAX_BYTES:
            break
    return picture


def n_columns(n_tiles: int) -> int:
    """Return how many tiles are in a row, which makes the picture about square."""
    return math.ceil(math.sqrt(n_tiles))


def tiled(tiles: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Lay (N, h, w) tiles out row by row; what is left over is black."""
    n_tiles, height, width = tiles.shape
    rows = math.ceil(n_tiles / columns)
    sheet = np.zeros((rows * columns, height, width), np.uint8)
    sheet[:n_tiles] = tiles
    by_row = sheet.reshape(rows, columns, height, width).swapaxes(1, 2)
    return by_row.reshape(rows * height, columns * width)


def webp_lossless(grey: NDArray[np.uint8]) -> bytes:
    """Encode an (H, W) uint8 picture as it is."""
    return encode_webp(Image.fromarray(grey), lossless=True)


def drawn_range(maps: Tensor) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the two `PERCENTILES` of each channel of (C, H, H) float32 maps, (C,) each."""
    low, high = np.percentile(maps.flatten(1).numpy(), PERCENTILES, axis=1).astype(np.float32)
    return low, high


def channel_numbers(
    maps: Tensor,
    low: NDArray[np.float32],
    high: NDArray[np.float32],
    activation: NDArray[np.float32] | None,
) -> ChannelNumbers:
    """Return the numbers of each channel on one image.

    Args:
        maps: (C, H, H) float32.
        low: (C,) what is drawn black.
        high: (C,) what is drawn white.
        activation: (h, w) float32, the class-activation map of the predicted class, if any.
    """
    values = maps.flatten(1).double().numpy()
    return ChannelNumbers(
        low=rounded(low),
        high=rounded(high),
        minimum=rounded(values.min(axis=1)),
        maximum=rounded(values.max(axis=1)),
        mean=rounded(values.mean(axis=1)),
        variance=rounded(values.var(axis=1)),
        zeros=rounded((values == 0).mean(axis=1)),
        similarity=similarity(maps, activation),
    )


def similarity(maps: Tensor, activation: NDArray[np.float32] | None) -> list[float | None]:
    """Return the Pearson correlation of each channel with an activation map, on the map's grid.

    Args:
        maps: (C, H, H) float32.
        activation: (h, w) float32.

    Returns:
        C numbers in [-1, 1]; None where the channel or the map is flat, or there is no map.
    """
    if activation is None:
        return [None] * len(maps)
    channels = resized(maps, *activation.shape).flatten(1).double().numpy()
    wanted = activation.ravel().astype(np.float64)
    flat = _is_flat(channels) | _is_flat(wanted)
    centred = channels - channels.mean(axis=1, keepdims=True)
    wanted -= wanted.mean()
    lengths = np.linalg.norm(centred, axis=1) * np.linalg.norm(wanted)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlations = np.clip(centred @ wanted / lengths, -1, 1)
    return [
        None if is_flat else round(float(value), _DIGITS)
        for value, is_flat in zip(correlations, flat, strict=True)
    ]


def _is_flat(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether the last axis varies by no more than what rounding makes of a constant."""
    flat: NDArray[np.bool_] = np.ptp(values, axis=-1) <= _FLAT * np.abs(values).max(axis=-1)
    return flat


def rounded(values: Iterable[float], digits: int = _DIGITS) -> list[float]:
    """Round numbers to so many significant digits."""
    return [float(f"{value:.{digits}g}") for value in values]
