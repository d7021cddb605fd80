"""Encoded image files of any kind -> upright RGB pixels of 8 bits, or the reason why not."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 2**27
"""Largest image that is decoded: 134 million pixels, 400 MB as RGB."""

# Pillow's own limit warns first and refuses only twice as much; the header is checked here.
Image.MAX_IMAGE_PIXELS = None

# Those of photographs only: others run programs (EPS) or hold many images of many sizes (ICO).
Image.init()
_FORMATS = tuple(
    name
    for name in ("AVIF", "BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
    if name in Image.OPEN
)
IMAGE_SUFFIXES = frozenset(
    suffix for suffix, name in Image.registered_extensions().items() if name in _FORMATS
) | {".heic", ".heif", ".jp2", ".jxl"}
"""What files of photographs are called, those of formats too that are not read here."""

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}


# The hash needs 9 x 8 pixels. Averaged from eight times as many a side, they are nearly those that
# the whole image comes to.
_HASHED_SIZE = (9, 8)
_DRAFT_SIZE = (72, 64)


class Look(NamedTuple):
    """What is known of an image that was decoded.

    Attributes:
        width_px: Width when upright, px.
        height_px: Height when upright, px.
        dhash: As `difference_hash`.
    """

    width_px: int
    height_px: int
    dhash: str


class UnreadableError(Exception):
    """An image cannot be decoded; the message says why, without naming it."""


def decode(content: bytes) -> Image.Image:
    """Decode an image: upright, RGB, 8 bits a channel, the first frame of an animation.

    16 bits are scaled to 8, and what is transparent becomes white.

    Args:
        content: The encoded file; what it is is found from its first bytes.

    Raises:
        UnreadableError: If it cannot be decoded, or is larger than `MAX_PIXELS`.
    """
    with _opened(content) as image:
        image.load()
        rgb = _rgb(image)
        transpose = _UPRIGHT.get(_orientation(image))
        return rgb if transpose is None else rgb.transpose(transpose)


def check(content: bytes) -> Look:
    """Decode an image as cheaply as tells whether `decode` can, and what it looks like.

    Raises:
        UnreadableError: As `decode`.
    """
    with _opened(content) as image:
        if image.format != "JPEG":
            whole = decode(content)
            return Look(*whole.size, difference_hash(whole))
        orientation = _orientation(image)
        size = image.size[::-1] if orientation in _SIDEWAYS else image.size
        # All of the file is read, but only a part of its pixels is computed: half the time.
        _, box = image.draft("L", _DRAFT_SIZE) or (None, None)
        image.load()
        return Look(*size, difference_hash(image, orientation, box))


def difference_hash(
    image: Image.Image,
    orientation: int = 1,
    box: tuple[float, float, float, float] | None = None,
) -> str:
    """Return 64 bits that images which look alike share, but for a few.

    Each bit says whether one of 9 x 8 grey pixels, which the image is averaged to, is brighter than
    its left neighbour. Source: N. Krawetz (2013), "Kind of Like That",
    https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html

    Args:
        image: Of any size.
        orientation: How the camera was held, as Exif has it.
        box: The part that shows the image, px; None where that is all of it.

    Returns:
        16 hexadecimal digits, row by row of the upright image; empty for one of fewer pixels a
        side, which has too few to tell images apart by.
    """
    sideways = orientation in _SIDEWAYS
    size = _HASHED_SIZE[::-1] if sideways else _HASHED_SIZE
    if image.width < size[0] or image.height < size[1]:
        return ""
    small = image.convert("L").resize(size, Image.Resampling.BOX, box)
    transpose = _UPRIGHT.get(orientation)
    grey = np.asarray(small if transpose is None else small.transpose(transpose))
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes().hex()


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    """Yield an image whose header has been read; turn whatever goes wrong into one error."""
    if not content:
        raise UnreadableError("the file is empty")
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableError(
                    f"{image.width} × {image.height} pixels are more than the "
                    f"{MAX_PIXELS / 1e6:.0f} million that are decoded"
                )
            yield image
    except UnreadableError:
        raise
    except UnidentifiedImageError:
        raise UnreadableError(_what_else(content)) from None
    except Exception as error:
        # Pillow's decoders raise whatever their parsing of a broken file runs into.
        said = str(error).splitlines()
        raise UnreadableError(said[0] if said else type(error).__name__) from None


def _what_else(content: bytes) -> str:
    start = content[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "is a web page, not an image"
    return "is not an image of a known format, or its header is damaged"


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep(image)
    if image.has_transparency_data:
        # Dropping the transparency would show colours that nobody was meant to see.
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _from_deep(image: Image.Image) -> Image.Image:
    """Scale 16-bit grey to 8 bits; Pillow's own conversion clips at 255."""
    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > 65535:
        raise UnreadableError("has pixels of 32 bits, whose black and white are not stated")
    return Image.fromarray(np.rint(values / 257).astype(np.uint8)).convert("RGB")


def _orientation(image: Image.Image) -> int:
    """Return how the camera was held; 1, upright, where that cannot be made out."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        # Damaged metadata does not make the pixels worse.
        return 1
