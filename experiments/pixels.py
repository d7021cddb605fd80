"""Images as pixels: decoded and resized once, kept on disk, read as one memory-mapped array."""

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from experiments.datasets import ImageDataset, ImageItem
from experiments.progress import Progress
from experiments.results.files import fresh_path

# Raise this when the same geometry would give other pixels than before.
_FORMAT = 1
_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Geometry:
    """How an image of any shape becomes a square.

    Attributes:
        kind: `centre` resizes the shorter side and crops the centre; `whole` squeezes the whole
            image into the square, so that a random crop can still reach every part of it.
        resize_px: Side after resizing: the shorter one for `centre`, both for `whole`.
        crop_px: Side of the result.
        interpolation: Resampling filter.
    """

    kind: Literal["centre", "whole"]
    resize_px: int
    crop_px: int
    interpolation: str


def load_pixels(
    dataset: ImageDataset,
    items: list[ImageItem],
    geometry: Geometry,
    cache: Path,
    progress: Progress,
) -> NDArray[np.uint8]:
    """Return the pixels of `items`; from the cache, if the same files were read so before.

    Args:
        dataset: Where the images are read from.
        items: N images.
        geometry: How they become squares.
        cache: Folder of cached arrays; entries are named by the content of the files.
        progress: Told while images are decoded.

    Returns:
        (N, 3, crop_px, crop_px) uint8, RGB; memory-mapped, not to be written to.

    Raises:
        DataError: If an image cannot be decoded.
    """
    key = json.dumps([_FORMAT, PIL.__version__, asdict(geometry), [item.sha256 for item in items]])
    path = cache / f"{hashlib.sha256(key.encode()).hexdigest()}.npy"
    if not path.exists():
        with fresh_path(path) as partial, progress.work("reading images", len(items)) as step:
            _decode_into(partial, dataset, items, geometry, step)
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


def _decode_into(
    path: Path,
    dataset: ImageDataset,
    items: list[ImageItem],
    geometry: Geometry,
    step: Callable[[], None],
) -> None:
    shape = (len(items), 3, geometry.crop_px, geometry.crop_px)
    values = np.lib.format.open_memmap(path, "w+", dtype=np.uint8, shape=shape)

    def decode(index: int) -> None:
        image = square(dataset.open(items[index]), geometry)
        values[index] = np.asarray(image).transpose(2, 0, 1)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(decode, range(len(items))):
            step()
    values.flush()


def square(image: Image.Image, geometry: Geometry) -> Image.Image:
    """Make an image a square of `geometry.crop_px`, as torchvision's Resize and CenterCrop do."""
    filter_ = _FILTERS[geometry.interpolation]
    if geometry.kind == "whole":
        return image.resize((geometry.crop_px, geometry.crop_px), filter_)
    scale = geometry.resize_px / min(image.size)
    resized = image.resize((int(image.width * scale), int(image.height * scale)), filter_)
    left = round((resized.width - geometry.crop_px) / 2)
    top = round((resized.height - geometry.crop_px) / 2)
    return resized.crop((left, top, left + geometry.crop_px, top + geometry.crop_px))
