"""Tensors as pictures for pages: WebP, and small enough to be shown many at a time."""

import torch
from PIL import Image, ImageOps
from torch import Tensor
from torchvision.transforms.v2 import functional

from experiments.webp import encode_webp

MAX_PX = 320
MAX_TILE_PX = 224
QUALITY = 80
# The pixels of tiny images are seen one by one; lossy WebP would mix their colours.
LOSSLESS_UP_TO_PX = 64


def colour_picture(pixels: Tensor) -> bytes:
    """Draw (3, H, W) uint8 as WebP, at most `MAX_PX` a side; what is smaller stays as it is."""
    image = functional.to_pil_image(pixels)
    if max(image.size) > MAX_PX:
        image = ImageOps.contain(image, (MAX_PX, MAX_PX))
    return webp(image, max(image.size))


def channels_picture(images: Tensor) -> bytes:
    """Draw (C, H, W) float32 as C grey tiles side by side, each from its least value to its most.

    Returns:
        WebP; tiles of at most `MAX_TILE_PX` a side. A flat channel is black.
    """
    low, high = images.amin(dim=(1, 2), keepdim=True), images.amax(dim=(1, 2), keepdim=True)
    span = (high - low).clamp(min=torch.finfo(torch.float32).eps)
    grey = ((images - low) / span * 255).round().to(torch.uint8)
    side = max(grey.shape[1:])
    if side > MAX_TILE_PX:
        grey = functional.resize(grey, [MAX_TILE_PX, MAX_TILE_PX], antialias=True)
    row = torch.cat([*grey], dim=1)
    return webp(Image.fromarray(row.numpy()), side)


def webp(image: Image.Image, side_px: int) -> bytes:
    """Encode a picture: lossless where the images in it, `side_px` wide, are tiny."""
    return encode_webp(image, QUALITY, lossless=side_px <= LOSSLESS_UP_TO_PX)
