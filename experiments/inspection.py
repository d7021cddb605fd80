"""Every file is looked at once: its digests, its size, and whether it can be decoded."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import PIL
from pydantic import TypeAdapter, ValidationError

from experiments.cores import n_cores
from experiments.decoding import Look, UnreadableError, check
from experiments.progress import Step
from experiments.results.files import write_atomically
from experiments.results.schema import UnreadableImage
from experiments.sources import Entry, Listing

# Raise this when the same file would be judged otherwise than before.
_FORMAT = 2
# What an image looks like, or the reason why it cannot be decoded.
_Verdict = Look | str
_VERDICTS = TypeAdapter(dict[str, _Verdict])


@dataclass(frozen=True)
class ImageItem(Entry):
    """One labelled image whose file has been looked at.

    Attributes:
        sha256: SHA-256 of the encoded file.
        width_px: Width when upright, px.
        height_px: Height when upright, px.
        dhash: Difference hash of the image, 16 hexadecimal digits; empty for a tiny one.
    """

    sha256: str
    width_px: int
    height_px: int
    dhash: str


def inspect_images(
    listing: Listing, cache: Path | None, step: Step
) -> tuple[list[ImageItem], list[UnreadableImage]]:
    """Read and decode all images, in parallel; those whose content is known are only read.

    Args:
        listing: The images.
        cache: Folder where verdicts are kept by the content of the file; None keeps none.
        step: Told of each image.

    Returns:
        The images that can be decoded, and those that cannot; both in the order of the listing.
    """
    path = cache / f"verdicts-{_FORMAT}-pillow-{PIL.__version__}.json" if cache else None
    known = _read_verdicts(path)
    verdicts = dict(known)
    items: list[ImageItem] = []
    unreadable: list[UnreadableImage] = []
    try:
        with ThreadPoolExecutor(n_cores()) as threads:
            looks = threads.map(lambda entry: _look(entry, listing, known), listing.entries)
            for entry, (sha256, verdict) in zip(listing.entries, looks, strict=True):
                if sha256:
                    verdicts[sha256] = verdict
                if isinstance(verdict, str):
                    name = entry.path or entry.sample_id
                    unreadable.append(UnreadableImage(path=name, reason=verdict))
                else:
                    items.append(_item(entry, sha256, verdict))
                step()
    finally:
        if path and verdicts != known:
            write_atomically(path, _VERDICTS.dump_json(verdicts))
    return items, unreadable


def _look(entry: Entry, listing: Listing, known: dict[str, _Verdict]) -> tuple[str, _Verdict]:
    """Return the digest of a file, empty if it cannot be read, and what is to be said of it."""
    try:
        content = listing.read(entry)
    except OSError as error:
        return "", f"cannot be read: {error.strerror or error}"
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 in known:
        return sha256, known[sha256]
    try:
        return sha256, check(content)
    except UnreadableError as error:
        return sha256, str(error)


def _item(entry: Entry, sha256: str, look: Look) -> ImageItem:
    return ImageItem(
        sample_id=entry.sample_id,
        split=entry.split,
        target=entry.target,
        path=entry.path,
        sha256=sha256,
        **look._asdict(),
    )


def _read_verdicts(path: Path | None) -> dict[str, _Verdict]:
    """Read what was found before; nothing where the file is missing or damaged."""
    if path is None:
        return {}
    try:
        return _VERDICTS.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}
