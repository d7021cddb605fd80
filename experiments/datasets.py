"""Where images and labels come from: a source's files, inspected once and split."""

import hashlib
import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from experiments.config import DatasetConfig, DigitsConfig, FolderConfig, OxfordPetsConfig
from experiments.results.errors import DataError
from experiments.results.schema import DatasetCard, Split
from experiments.sources import Entry, Listing, list_digits, list_folder, list_oxford_pets

EXIF_ORIENTATION = 0x0112
SIDEWAYS = {5, 6, 7, 8}


@dataclass(frozen=True)
class ImageItem(Entry):
    """One labelled image whose file has been looked at.

    Attributes:
        sha256: SHA-256 of the encoded file.
        width_px: Width when upright, px.
        height_px: Height when upright, px.
    """

    sha256: str
    width_px: int
    height_px: int


@dataclass(frozen=True)
class ImageDataset:
    """Labelled images in three splits.

    Attributes:
        card: What the images are.
        class_names: Names of the classes; targets index into it.
        items: All images; those of a split are together, in a fixed order.
        read: Returns the encoded image file of an item; may be called from several threads.
    """

    card: DatasetCard
    class_names: tuple[str, ...]
    items: tuple[ImageItem, ...]
    read: Callable[[Entry], bytes]

    def of_split(self, split: Split) -> list[ImageItem]:
        """Return the items of one split, in order."""
        return [item for item in self.items if item.split == split]

    def open(self, item: Entry) -> Image.Image:
        """Decode an image, turned upright, as RGB.

        Raises:
            DataError: If it cannot be decoded; names the file.
        """
        try:
            with Image.open(io.BytesIO(self.read(item))) as image:
                return ImageOps.exif_transpose(image).convert("RGB")
        except (OSError, Image.DecompressionBombError) as error:
            raise DataError(f"{item.path or item.sample_id}: cannot be decoded: {error}") from None


def load_dataset(config: DatasetConfig, downloads: Path) -> ImageDataset:
    """Find the images that a configuration names, and look at every file once.

    Args:
        config: The `[dataset]` table.
        downloads: Folder for datasets that are downloaded.

    Raises:
        DataError: If a folder is missing or empty, a file is no image, or a split has one class.
    """
    match config:
        case DigitsConfig():
            listing = list_digits(config)
        case OxfordPetsConfig():
            listing = list_oxford_pets(config, downloads)
        case FolderConfig():
            listing = list_folder(config)
    _require_classes(listing)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        items = tuple(threads.map(lambda entry: _inspect(entry, listing.read), listing.entries))
    return ImageDataset(listing.card, listing.class_names, items, listing.read)


def _require_classes(listing: Listing) -> None:
    for split in Split:
        present = {entry.target for entry in listing.entries if entry.split == split}
        if len(present) < 2:
            names = ", ".join(repr(listing.class_names[target]) for target in present) or "none"
            raise DataError(
                f"{listing.card.name}: the classes in split {split} are {names}; telling classes "
                "apart needs two or more in every split"
            )


def _inspect(entry: Entry, read: Callable[[Entry], bytes]) -> ImageItem:
    """Hash an image file and read its size from its header, without decoding it."""
    content = read(entry)
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
            if image.getexif().get(EXIF_ORIENTATION) in SIDEWAYS:
                width, height = height, width
    except (OSError, Image.DecompressionBombError) as error:
        raise DataError(f"{entry.path or entry.sample_id}: is not an image: {error}") from None
    return ImageItem(
        sample_id=entry.sample_id,
        split=entry.split,
        target=entry.target,
        path=entry.path,
        sha256=hashlib.sha256(content).hexdigest(),
        width_px=width,
        height_px=height,
    )
