"""Which part of a photograph a model was shown."""

from typing import NamedTuple

from experiments.results.schema import Preprocessing


class Crop(NamedTuple):
    """A part of a photograph, in shares of its width and height, each in [0, 1]."""

    left: float
    top: float
    width: float
    height: float


def input_crop(width_px: int, height_px: int, preprocessing: Preprocessing) -> Crop:
    """Return the part of a test image that the model was shown.

    The shorter side is resized to `resize_size`, then the centre square of `input_size` is cut out,
    with the rounding of torchvision's Resize and CenterCrop (torchvision.transforms.v2.functional,
    `_compute_resized_output_size` and `_center_crop_compute_crop_anchor`).

    Args:
        width_px: Width of the upright photograph, px; positive.
        height_px: Its height, px; positive.
        preprocessing: What the model was fed; `resize_size` is at least `input_size`.
    """
    shorter = min(width_px, height_px)
    resized = [int(preprocessing.resize_size * side / shorter) for side in (width_px, height_px)]
    side = preprocessing.input_size
    left, top = (round((length - side) / 2) for length in resized)
    width, height = resized
    return Crop(left / width, top / height, side / width, side / height)
