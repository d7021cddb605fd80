"""What augmentations make of a test image: each change alone, then all of them, drawn anew."""

from collections.abc import Iterator

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional
from torchvision.utils import make_grid

from experiments.explain.pictures import webp
from experiments.pixels import Geometry, evaluated, square
from experiments.results.schema import AugmentationConfig, Preprocessing, ShownTransform, Transform
from experiments.transforms import Augmentation, to_unit

N_DRAWS = 6
CELL_PX = 128
SEED = 0

# The parameter of each change, and its value that changes nothing.
_ALONE: dict[Transform, tuple[str, float]] = {
    "crop": ("min_scale", 1.0),
    "flip": ("flip_probability", 0.0),
    "brightness": ("brightness", 0.0),
    "contrast": ("contrast", 0.0),
    "saturation": ("saturation", 0.0),
    "rotation": ("rotation_degrees", 0.0),
    "grey": ("grey_probability", 0.0),
}
_STILL = AugmentationConfig.model_validate(dict(_ALONE.values()))
# Where nothing is random but whether it happens, it is shown happening: once will do.
_CHANCES: tuple[Transform, ...] = ("flip", "grey")


def draw_gallery(
    photo: Image.Image, sizes: Preprocessing, config: AugmentationConfig
) -> tuple[bytes, int, list[ShownTransform]]:
    """Draw a photograph as the augmentations change it, by the engine's own `Augmentation`.

    The crop and the whole augmentations start from the whole photograph, as in training; the other
    changes from its centre, as models are fed without augmentation, so that they are seen alone.

    Args:
        photo: RGB, upright.
        sizes: What one of the models is fed.
        config: Parameters of the augmentations.

    Returns:
        The cells as one WebP picture, `N_DRAWS` in a row; the side of a cell, px; and what each of
        them shows. Cell 0 is the centre of the photograph, not augmented.
    """
    generator = torch.Generator().manual_seed(SEED)
    centre = _unit(photo, evaluated(sizes))
    side = sizes.resize_size
    whole = _unit(photo, Geometry("squash", side, side, sizes.interpolation))
    cells, shown = [centre], []
    for name, mine, n_cells in _rows(config):
        shown.append(ShownTransform(name=name, first_cell=len(cells), n_cells=n_cells))
        from_whole = name in ("crop", "standard", "strong")
        start = whole if from_whole else centre
        # The centre is a square: as such it is not distorted by a crop of all of it.
        size_px = photo.size if from_whole else (sizes.input_size, sizes.input_size)
        augment = Augmentation(
            mine,
            strong=name in ("rotation", "grey", "strong"),
            crop_px=sizes.input_size,
            generator=generator,
        )
        if n_cells:
            batch = start.expand(n_cells, -1, -1, -1)
            cells.extend(augment(batch, torch.tensor([size_px] * n_cells)))
    cell_px = min(sizes.input_size, CELL_PX)
    return _sheet(torch.stack(cells), cell_px), cell_px, shown


def _rows(config: AugmentationConfig) -> Iterator[tuple[Transform, AugmentationConfig, int]]:
    """Yield each row's name, the parameters that make it, and how many cells it takes."""
    for name, (parameter, neutral) in _ALONE.items():
        value = getattr(config, parameter)
        chance = name in _CHANCES
        n_cells = 0 if value == neutral else 1 if chance else N_DRAWS
        yield name, _STILL.model_copy(update={parameter: 1.0 if chance else value}), n_cells
    yield "standard", config, N_DRAWS
    yield "strong", config, N_DRAWS


def _unit(photo: Image.Image, geometry: Geometry) -> Tensor:
    """Return a photograph as (3, H, H) float32 in [0, 1]."""
    return to_unit(square(photo, geometry).permute(2, 0, 1)[None])[0]


def _sheet(cells: Tensor, cell_px: int) -> bytes:
    """Lay (N, 3, H, H) float32 in [0, 1] out row by row; what is left over is black."""
    small = functional.resize(cells, [cell_px, cell_px], antialias=True)
    pixels = (small.clamp(0, 1) * 255).round().to(torch.uint8)
    sheet = make_grid(pixels, nrow=N_DRAWS, padding=0)
    return webp(functional.to_pil_image(sheet), cell_px)
