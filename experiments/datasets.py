"""The images of an experiment: listed by a source, looked at once, and split."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from experiments.config import DatasetConfig
from experiments.decoding import UnreadableError, decode
from experiments.inspection import ImageItem, inspect_images
from experiments.progress import Progress, ignore_steps
from experiments.results.errors import DataError
from experiments.results.schema import DatasetCard, Split, UnreadableImage
from experiments.sources import Entry, Listing, list_images
from experiments.splitting import complete_splits

__all__ = ["ImageDataset", "ImageItem", "load_dataset"]

N_COMPLAINTS = 10
"""Unreadable images that an error names one by one."""


@dataclass(frozen=True)
class ImageDataset:
    """Labelled images in three splits.

    Attributes:
        card: What the images are.
        class_names: Names of the classes; targets index into it.
        items: All images; those of a split are together, in a fixed order.
        read: Returns the encoded image file of an item; may be called from several threads.
        superclasses: For each class the group it belongs to; None where there are no groups.
        unreadable: Images that were left out, by path.
    """

    card: DatasetCard
    class_names: tuple[str, ...]
    items: tuple[ImageItem, ...]
    read: Callable[[Entry], bytes]
    superclasses: tuple[str, ...] | None = None
    unreadable: tuple[UnreadableImage, ...] = ()

    def of_split(self, split: Split) -> list[ImageItem]:
        """Return the items of one split, in order."""
        return [item for item in self.items if item.split == split]

    def open(self, item: Entry) -> Image.Image:
        """Decode an image, turned upright, as RGB.

        Raises:
            DataError: If it cannot be decoded; names the file.
        """
        try:
            return decode(self.read(item))
        except UnreadableError as error:
            raise DataError(f"{item.path or item.sample_id}: {error}") from None
        except OSError as error:
            raise DataError(f"{item.path or item.sample_id}: {error.strerror or error}") from None


def load_dataset(
    config: DatasetConfig,
    downloads: Path,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> ImageDataset:
    """Find the images that a configuration names, and look at every file once.

    What cannot be decoded is left out before anything is split or counted.

    Args:
        config: The `[dataset]` table.
        downloads: Folder for datasets that are downloaded.
        cache: Folder where it is kept which files can be decoded; without it all are tried.
        progress: Told while files are looked at.

    Raises:
        DataError: If a folder is missing or empty, too many files are unreadable, or a class has
            no image left in `train` or `test`.
        ConfigError: If there is no such dataset.
    """
    listing = list_images(config, downloads)
    n_files = len(listing.entries)
    work = progress.work("checking images", n_files) if progress else nullcontext(ignore_steps)
    with work as step:
        readable, unreadable = inspect_images(listing, cache, step)
    _refuse_many(listing, unreadable, config.max_unreadable_fraction)
    items, how = complete_splits(readable, config, listing.class_names)
    _require_classes(listing, items)
    description = f"{listing.card.description} {how}".strip()
    return ImageDataset(
        card=listing.card.model_copy(
            update={"n_unreadable": len(unreadable), "description": description}
        ),
        class_names=listing.class_names,
        items=tuple(items),
        read=listing.read,
        superclasses=listing.superclasses,
        unreadable=tuple(sorted(unreadable, key=lambda image: image.path)),
    )


def _refuse_many(listing: Listing, unreadable: list[UnreadableImage], allowed: float) -> None:
    n_files = len(listing.entries)
    if len(unreadable) <= allowed * n_files:
        return
    lines = [f"  {image.path}: {image.reason}" for image in unreadable[:N_COMPLAINTS]]
    if more := len(unreadable) - len(lines):
        lines.append(f"  and {more} more")
    raise DataError(
        f"{listing.card.name}: {len(unreadable)} of {n_files} images cannot be decoded, more than "
        f"max_unreadable_fraction = {allowed:g} under [dataset] allows to leave out:\n"
        + "\n".join(lines)
    )


def _require_classes(listing: Listing, items: list[ImageItem]) -> None:
    for split in Split:
        present = {item.target for item in items if item.split == split}
        if len(present) < 2:
            names = ", ".join(repr(listing.class_names[target]) for target in present) or "none"
            raise DataError(
                f"{listing.card.name}: the classes in split {split} are {names}; telling classes "
                "apart needs two or more in every split"
            )
        lacking = [n for target, n in enumerate(listing.class_names) if target not in present]
        # Models are chosen on `val` as a whole, but learn and are judged class by class.
        if lacking and split != Split.VAL:
            raise DataError(f"{listing.card.name}: {_lacks(listing, lacking[0], split)}")


def _lacks(listing: Listing, name: str, split: Split) -> str:
    target = listing.class_names.index(name)
    # Where splits are held out, those that models learn from and are judged by keep some of every
    # class: what is missing here would have come from the source's own split.
    n_files = sum(entry.target == target and entry.split == split for entry in listing.entries)
    said = f"class {name!r} has no image in split {split}"
    return f"{said}; of its files there ({n_files}) none can be decoded" if n_files else said
