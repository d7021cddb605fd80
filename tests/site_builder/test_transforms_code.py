"""The transforms that pages show are run, and give the pixels that the engine makes."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from experiments.pixels import Geometry, square
from experiments.results.schema import AugmentationConfig, Preprocessing
from experiments.transforms import normalise, to_float
from site_builder.pages.pipeline.transforms_code import evaluation_code, training_code

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# One step of 256 in the channel of the least deviation: what rounding a pixel may change.
ONE_STEP = 1 / 255 / min(STD)


def fed(interpolation: str, input_size: int = 40, resize_size: int = 46) -> Preprocessing:
    return Preprocessing(
        input_size=input_size,
        resize_size=resize_size,
        interpolation=interpolation,
        mean=MEAN,
        std=STD,
    )


def run(code: str, name: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(code, name, "exec"), names)  # noqa: S102
    return names[name]


def photograph(width: int, height: int) -> Image.Image:
    """Return an image with edges and noise, where resizing by another rule is seen."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[:, : width // 2] //= 4
    return Image.fromarray(pixels)


def by_engine(photo: Image.Image, sizes: Preprocessing) -> torch.Tensor:
    geometry = Geometry("centre", sizes.resize_size, sizes.input_size, sizes.interpolation)
    pixels = square(photo, geometry).permute(2, 0, 1)[None]
    return normalise(to_float(pixels), sizes, white=255)[0]


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(131, 97), (60, 200), (46, 46), (8, 8), (30, 21)])
def test_evaluation_gives_the_pixels_of_the_engine(
    interpolation: str, size: tuple[int, int]
) -> None:
    sizes, photo = fed(interpolation), photograph(*size)
    ours, shown = by_engine(photo, sizes), run(evaluation_code(sizes), "prepare")(photo)
    assert shown.shape == ours.shape == (3, 40, 40)
    assert shown.dtype == torch.float32
    difference = (shown - ours).abs()
    assert difference.max() <= 1.01 * ONE_STEP
    assert difference.mean() <= 0.01 * ONE_STEP


def test_another_interpolation_would_be_noticed() -> None:
    photo = photograph(131, 97)
    ours = by_engine(photo, fed("bicubic"))
    other = run(evaluation_code(fed("bilinear")), "prepare")(photo)
    assert (other - ours).abs().mean() > 0.1 * ONE_STEP


def test_training_has_the_configured_parameters() -> None:
    config = AugmentationConfig(
        min_scale=0.3,
        flip_probability=0.25,
        brightness=0.1,
        contrast=0.2,
        saturation=0.3,
        rotation_degrees=20,
        grey_probability=0.4,
    )
    steps = run(training_code(fed("bicubic"), config, strong=True), "augment").transforms
    by_kind = {type(step): step for step in steps}
    crop = by_kind[v2.RandomResizedCrop]
    assert (crop.size, crop.scale, crop.ratio) == ((40, 40), (0.3, 1.0), (3 / 4, 4 / 3))
    assert by_kind[v2.RandomHorizontalFlip].p == 0.25
    assert by_kind[v2.RandomRotation].degrees == [-20, 20]
    jitter = by_kind[v2.ColorJitter]
    assert jitter.brightness == pytest.approx((0.9, 1.1))
    assert jitter.contrast == pytest.approx((0.8, 1.2))
    assert jitter.saturation == pytest.approx((0.7, 1.3))
    assert jitter.hue is None
    assert by_kind[v2.RandomGrayscale].p == 0.4
    assert (tuple(by_kind[v2.Normalize].mean), tuple(by_kind[v2.Normalize].std)) == (MEAN, STD)


def test_training_leaves_out_what_changes_nothing() -> None:
    still = AugmentationConfig(
        flip_probability=0, brightness=0, contrast=0, saturation=0, rotation_degrees=0,
        grey_probability=0,
    )  # fmt: skip
    for strong in (False, True):
        steps = run(training_code(fed("bicubic"), still, strong=strong), "augment").transforms
        kinds = [type(step) for step in steps]
        assert kinds == [v2.ToImage, v2.RandomResizedCrop, v2.ToDtype, v2.Normalize]


@pytest.mark.parametrize("strong", [False, True])
def test_training_makes_inputs(strong: bool) -> None:
    augment = run(training_code(fed("bicubic"), AugmentationConfig(), strong=strong), "augment")
    torch.manual_seed(0)
    first, second = augment(photograph(90, 60)), augment(photograph(90, 60))
    assert first.shape == (3, 40, 40)
    assert not torch.equal(first, second)
    kinds = {type(step) for step in augment.transforms}
    assert (v2.RandomRotation in kinds) == strong
