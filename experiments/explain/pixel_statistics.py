"""Mean and deviation of the training images' colours, over all their pixels."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageStat
from pydantic import TypeAdapter, ValidationError

from experiments.cores import n_cores
from experiments.datasets import ImageDataset, ImageItem
from experiments.progress import Progress
from experiments.results.files import write_atomically
from experiments.results.schema import RGB, PixelStatistics, Split

# Raise this when the same file would give other sums than before.
_FORMAT = 1
# Of one image: its pixels; for red, green and blue the sum of values, and of their squares.
_Sums = tuple[int, list[int], list[int]]
_SUMS = TypeAdapter(dict[str, _Sums])


def pixel_statistics(dataset: ImageDataset, cache: Path, progress: Progress) -> PixelStatistics:
    """Compute the statistics of the training images, as decoded; each file is decoded once, ever.

    With n pixels, sum s and sum of squares q of a channel, its mean is s / n and its standard
    deviation the root of q / n - (s / n)^2. Sums are of whole numbers, hence exact.

    Args:
        dataset: The images.
        cache: Folder where sums are kept by the content of the file.
        progress: Told while images are decoded.

    Raises:
        DataError: If an image cannot be decoded.
    """
    items = dataset.of_split(Split.TRAIN)
    sums = _sums(dataset, items, cache, progress)
    of_items = [sums[item.sha256] for item in items]
    n = np.array([n_pixels for n_pixels, _, _ in of_items], np.float64)[:, None]
    s = np.array([of_image for _, of_image, _ in of_items], np.float64)
    q = np.array([of_image for _, _, of_image in of_items], np.float64)
    total = n.sum()
    return PixelStatistics(
        n_images=len(items),
        n_pixels=int(total),
        mean=_rgb(s.sum(axis=0) / total),
        std=_rgb(_deviation(total, s.sum(axis=0), q.sum(axis=0))),
        mean_of_stds=_rgb(_deviation(n, s, q).mean(axis=0)),
    )


def _deviation(
    n: NDArray[np.float64] | np.float64, s: NDArray[np.float64], q: NDArray[np.float64]
) -> NDArray[np.float64]:
    # Rounding may leave a flat image a little less than nothing.
    deviation: NDArray[np.float64] = np.sqrt(np.maximum(q / n - (s / n) ** 2, 0))
    return deviation


def _rgb(values: NDArray[np.float64]) -> RGB:
    """Return the values of [0, 255] as red, green and blue in [0, 1]."""
    red, green, blue = (values / 255).tolist()
    return red, green, blue


def _sums(
    dataset: ImageDataset, items: list[ImageItem], cache: Path, progress: Progress
) -> dict[str, _Sums]:
    """Return the sums of each file by its SHA-256; decode those that are not known."""
    path = cache / f"pixel-sums-{_FORMAT}-pillow-{PIL.__version__}.json"
    known = _read(path)
    unknown = list({item.sha256: item for item in items if item.sha256 not in known}.values())
    if not unknown:
        return known
    with (
        progress.work("adding up pixels", len(unknown)) as step,
        ThreadPoolExecutor(n_cores()) as threads,
    ):
        for item, sums in zip(
            unknown, threads.map(lambda item: _add_up(dataset.open(item)), unknown), strict=True
        ):
            known[item.sha256] = sums
            step()
    write_atomically(path, _SUMS.dump_json(known))
    return known


def _add_up(image: Image.Image) -> _Sums:
    # Pillow counts the 256 values of each channel: that is fast, and its sums are whole numbers.
    counted = ImageStat.Stat(image)
    return image.width * image.height, [*map(int, counted.sum)], [*map(int, counted.sum2)]


def _read(path: Path) -> dict[str, _Sums]:
    """Read what was added up before; nothing where the file is missing or damaged."""
    try:
        return _SUMS.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}
