"""From stored pixels to a model's input: normalisation, and augmentation of whole batches."""

import math
from typing import Any, get_args

import torch
from torch import Tensor
from torch.nn import functional

from experiments.results.errors import ConfigError
from experiments.results.schema import (
    AugmentationConfig,
    CropMode,
    Preprocessing,
    PreprocessingConfig,
)

# Width over height of a random crop, as in torchvision's RandomResizedCrop.
CROP_RATIO = (3 / 4, 4 / 3)
LOG_CROP_RATIO = (math.log(CROP_RATIO[0]), math.log(CROP_RATIO[1]))
CROP_TRIES = 10
# ITU-R BT.601 luma, as in torchvision's rgb_to_grayscale.
LUMA = (0.2989, 0.587, 0.114)


def resolve_preprocessing(
    data_config: dict[str, Any], overrides: PreprocessingConfig
) -> Preprocessing:
    """Combine what a model wants to be fed with what the experiment's configuration says.

    Args:
        data_config: timm's data config: `input_size`, `crop_pct`, `crop_mode`, `interpolation`,
            `mean`, `std`.
        overrides: Values that are not null win.

    Raises:
        ConfigError: If the model wants images cropped in a way that there is not.
    """
    crop_mode = overrides.crop_mode or data_config["crop_mode"]
    if crop_mode not in get_args(CropMode):
        raise ConfigError(
            f"its weights were trained with crop_mode {crop_mode!r}, which there is not here; set "
            f"crop_mode under [preprocessing] to one of {', '.join(get_args(CropMode))}"
        )
    input_size = overrides.input_size or data_config["input_size"][-1]
    crop_fraction = overrides.crop_fraction or data_config["crop_pct"]
    return Preprocessing(
        input_size=input_size,
        resize_size=math.floor(input_size / crop_fraction),
        crop_mode=crop_mode,
        interpolation=overrides.interpolation or data_config["interpolation"],
        mean=overrides.mean or data_config["mean"],
        std=overrides.std or data_config["std"],
    )


def to_float(pixels: Tensor) -> Tensor:
    """Turn pixels into float32 of the same values and shape, channels last in memory."""
    return pixels.to(torch.float32, memory_format=torch.channels_last)


def to_unit(pixels: Tensor) -> Tensor:
    """Turn uint8 pixels into float32 in [0, 1], channels last in memory, of the same shape."""
    return to_float(pixels).div_(255)


def normalise(images: Tensor, preprocessing: Preprocessing, white: float = 1.0) -> Tensor:
    """Subtract the mean and divide by the deviation, per channel.

    Args:
        images: (N, 3, H, W) float32 in [0, `white`]; changed in place.
        preprocessing: Holds mean and deviation.
        white: What the images have for white: 1, or 255 where that division is saved.
    """
    mean = torch.tensor(preprocessing.mean, device=images.device)[:, None, None]
    std = torch.tensor(preprocessing.std, device=images.device)[:, None, None]
    # One pass over the pixels instead of two.
    return torch.addcmul(-mean / std, images, 1 / (std * white), out=images)


class Augmentation:
    """Random resized crop, flip and colour jitter, drawn anew for every image.

    Where it is strong, also rotation and loss of colour.

    Geometry is one affine map and one bilinear sampling per image, for the whole batch at once.
    The crop is drawn as torchvision's RandomResizedCrop draws it.

    Args:
        config: Its parameters.
        strong: Whether to rotate and to drop colours.
        crop_px: Side of the result.
        generator: Source of randomness, on the CPU.
    """

    def __init__(
        self, config: AugmentationConfig, *, strong: bool, crop_px: int, generator: torch.Generator
    ) -> None:
        self._config = config
        self._strong = strong
        self._crop_px = crop_px
        self._generator = generator

    def __call__(self, images: Tensor, sizes_px: Tensor) -> Tensor:
        """Augment a batch.

        Args:
            images: (N, 3, R, R) float32 in [0, 1]: whole images squeezed into squares.
            sizes_px: (N, 2) width and height of the originals, for undistorted crops.

        Returns:
            (N, 3, crop_px, crop_px) float32 in [0, 1].
        """
        theta = self._affine(sizes_px).to(images.device)
        shape = [len(images), 3, self._crop_px, self._crop_px]
        grid = functional.affine_grid(theta, shape, align_corners=False)
        cropped = functional.grid_sample(
            images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
        )
        config = self._config
        for change, strength in (
            (brightness, config.brightness),
            (contrast, config.contrast),
            (saturation, config.saturation),
        ):
            if strength:
                low, high = max(0.0, 1 - strength), 1 + strength
                cropped = change(cropped, self._uniform(low, high, len(images)).to(images.device))
        if self._strong:
            coloured = self._uniform(0, 1, len(images)) >= config.grey_probability
            cropped = saturation(cropped, coloured.float().to(images.device))
        return cropped

    def _affine(self, sizes_px: Tensor) -> Tensor:
        """Return (N, 2, 3) maps from the result to the input, both in [-1, 1]."""
        n = len(sizes_px)
        crop, centre = self._crop_boxes(sizes_px)
        limit = math.radians(self._config.rotation_degrees) if self._strong else 0.0
        angle = self._uniform(-limit, limit, n)
        flips = self._uniform(0, 1, n) < self._config.flip_probability
        cos, sin, sign = angle.cos(), angle.sin(), torch.where(flips, -1.0, 1.0)
        rows = [
            torch.stack((crop[:, 0] * cos * sign, -crop[:, 0] * sin, centre[:, 0]), dim=1),
            torch.stack((crop[:, 1] * sin * sign, crop[:, 1] * cos, centre[:, 1]), dim=1),
        ]
        return torch.stack(rows, dim=1)

    def _crop_boxes(self, sizes_px: Tensor) -> tuple[Tensor, Tensor]:
        """Return (N, 2) sizes as shares of the image, and (N, 2) centres in [-1, 1]; x before y."""
        n = len(sizes_px)
        width, height = sizes_px.to(torch.float32).unbind(1)
        aspect = (width / height)[:, None]
        area = self._uniform(self._config.min_scale, 1, n, CROP_TRIES)
        ratio = self._uniform(*LOG_CROP_RATIO, n, CROP_TRIES).exp()
        # Shares of width and height: their product is the area, their quotient undoes the aspect.
        shares = torch.stack(
            ((area * ratio / aspect).sqrt(), (area / ratio * aspect).sqrt()), dim=2
        )
        fits = (shares <= 1).all(dim=2)
        first = fits.to(torch.int8).argmax(dim=1)
        crop = shares[torch.arange(n), first]
        # As torchvision: where no try fits, the largest centre crop within the ratios.
        clamped = aspect[:, 0].clamp(*CROP_RATIO)
        fallback = torch.stack((clamped / aspect[:, 0], aspect[:, 0] / clamped), dim=1).clamp(max=1)
        found = fits.any(dim=1, keepdim=True)
        place = self._uniform(-1, 1, n, 2)
        return torch.where(found, crop, fallback), torch.where(found, place * (1 - crop), 0.0)

    def _uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return torch.empty(shape).uniform_(low, high, generator=self._generator)


def brightness(images: Tensor, factors: Tensor) -> Tensor:
    """Scale (N, 3, H, W) images in [0, 1] by (N,) factors; 0 is black, 1 changes nothing."""
    return images.mul(factors[:, None, None, None]).clamp_(0, 1)


def contrast(images: Tensor, factors: Tensor) -> Tensor:
    """Blend each image with its mean grey; a factor of 0 is flat grey, 1 changes nothing."""
    mean = _grey(images).mean(dim=(2, 3), keepdim=True)
    return mean.lerp(images, factors[:, None, None, None]).clamp_(0, 1)


def saturation(images: Tensor, factors: Tensor) -> Tensor:
    """Blend each image with its grey version; a factor of 0 is grey, 1 changes nothing."""
    return _grey(images).lerp(images, factors[:, None, None, None]).clamp_(0, 1)


def _grey(images: Tensor) -> Tensor:
    weights = torch.tensor(LUMA, device=images.device)[:, None, None]
    return (images * weights).sum(dim=1, keepdim=True)
