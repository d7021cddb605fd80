"""Pictures as WebP; needs Pillow, but no torch."""

import io

from PIL import Image


def encode_webp(image: Image.Image, quality: int = 80, *, lossless: bool = False) -> bytes:
    """Encode a picture.

    Args:
        image: The picture.
        quality: 0 to 100; of a lossless one, how hard to try.
        lossless: Whether every pixel stays as it is.
    """
    content = io.BytesIO()
    image.save(content, "WEBP", quality=quality, lossless=lossless)
    return content.getvalue()
