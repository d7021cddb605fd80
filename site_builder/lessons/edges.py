"""A real photograph convolved with two kernels that find edges."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import correlate

RISING_TO_THE_RIGHT = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
RISING_DOWNWARDS = ((-1, -2, -1), (0, 0, 0), (1, 2, 1))
"""Sobel's kernels: the change of brightness to one side, smoothed along the other."""
_MIDDLE = 128
_GREY_WEIGHTS = (0.299, 0.587, 0.114)


def respond(photo: NDArray[np.uint8], kernel: tuple[tuple[int, ...], ...]) -> NDArray[np.uint8]:
    """Convolve the brightness of a photograph with a kernel and scale the result to grey levels.

    Args:
        photo: (H, W, 3) uint8.
        kernel: (h, w) integers.

    Returns:
        (H, W) uint8. A response of 0 is 128, the strongest response is 1 or 255, with one scale
        for both signs. Beyond the edge of the photograph its last pixels are repeated.
    """
    brightness = photo @ np.array(_GREY_WEIGHTS)
    response = correlate(brightness, np.array(kernel, dtype=np.float64), mode="nearest")
    strongest = np.abs(response).max() or 1.0
    return np.round(_MIDDLE + response / strongest * (_MIDDLE - 1)).astype(np.uint8)


def edge_pictures(picture: bytes) -> tuple[bytes, bytes]:
    """Return the responses to both kernels as pictures, WebP, of the same size.

    Args:
        picture: A photograph in a format that Pillow reads.
    """
    with Image.open(io.BytesIO(picture)) as image:
        photo = np.asarray(image.convert("RGB"))
    right, down = (
        _webp(respond(photo, kernel)) for kernel in (RISING_TO_THE_RIGHT, RISING_DOWNWARDS)
    )
    return right, down


def _webp(grey: NDArray[np.uint8]) -> bytes:
    written = io.BytesIO()
    Image.fromarray(grey).save(written, "WEBP", quality=80)
    return written.getvalue()
