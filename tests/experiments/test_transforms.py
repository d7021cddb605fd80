import pytest
import torch
from torchvision.transforms import functional as oracle

from experiments.results.errors import ConfigError
from experiments.results.schema import AugmentationConfig, Preprocessing, PreprocessingConfig
from experiments.transforms import (
    Augmentation,
    brightness,
    contrast,
    normalise,
    resolve_preprocessing,
    saturation,
    to_unit,
)

STILL = AugmentationConfig(
    min_scale=1,
    flip_probability=0,
    brightness=0,
    contrast=0,
    saturation=0,
    rotation_degrees=0,
    grey_probability=0,
)
IMAGES = torch.rand(6, 3, 20, 20, generator=torch.Generator().manual_seed(3))
SQUARE = torch.full((6, 2), 100)


def augment(config, sizes=SQUARE, images=IMAGES, *, seed=0, side=20, strong=False):
    generator = torch.Generator().manual_seed(seed)
    return Augmentation(config, strong=strong, crop_px=side, generator=generator)(images, sizes)


def ramp(n: int, side: int = 64) -> torch.Tensor:
    """Images whose red is x and green is y, both from 0 to 1: each pixel says where it was."""
    place = (torch.arange(side) + 0.5) / side
    x, y = place.expand(side, side), place[:, None].expand(side, side)
    return torch.stack((x, y, torch.zeros(side, side))).expand(n, 3, side, side).contiguous()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (brightness, oracle.adjust_brightness),
        (contrast, oracle.adjust_contrast),
        (saturation, oracle.adjust_saturation),
    ],
)
def test_colour_changes_are_torchvisions_with_a_factor_for_each_image(ours, theirs):
    factors = torch.tensor([0.0, 0.5, 0.9, 1.0, 1.3, 2.0])
    expected = torch.stack([theirs(i, float(f)) for i, f in zip(IMAGES, factors, strict=True)])
    torch.testing.assert_close(ours(IMAGES, factors), expected, atol=1e-6, rtol=0)


def test_nothing_asked_for_is_nothing_done():
    torch.testing.assert_close(augment(STILL), IMAGES, atol=1e-5, rtol=0)


def test_a_certain_flip_mirrors_left_and_right():
    flipped = augment(STILL.model_copy(update={"flip_probability": 1.0}))
    torch.testing.assert_close(flipped, IMAGES.flip(3), atol=1e-5, rtol=0)


def test_a_flip_happens_as_often_as_asked():
    config = STILL.model_copy(update={"flip_probability": 0.25})
    out = augment(config, torch.full((2000, 2), 64), ramp(2000, 8), side=8)
    n_flipped = int((out[:, 0, 0, 0] > out[:, 0, 0, -1]).sum())
    assert 420 < n_flipped < 580  # 500 expected, four standard deviations are 77


@pytest.mark.parametrize("size", [(100, 100), (300, 100), (90, 200)])
def test_crops_lie_inside_and_have_the_area_and_shape_asked_for(size):
    config = STILL.model_copy(update={"min_scale": 0.3})
    out = augment(config, torch.tensor([size] * 500), ramp(500), side=32)
    # From pixel centre to pixel centre a crop spans 31 of its 32 pixels.
    width = (out[:, 0, 16, -1] - out[:, 0, 16, 0]) * 32 / 31
    height = (out[:, 1, -1, 16] - out[:, 1, 0, 16]) * 32 / 31
    ratio = width * size[0] / (height * size[1])
    assert out[:, :2].min() >= 0
    assert out[:, :2].max() <= 1
    assert (ratio > 3 / 4 - 0.02).all()
    assert (ratio < 4 / 3 + 0.02).all()
    # In a 3:1 image a crop of a third of the area or less is the only one that keeps its shape.
    share = width * height
    assert share.min() > 0.28
    assert share.max() > share.min() + 0.05 or size == (300, 100)


def test_a_rotation_turns_about_the_centre_of_the_crop():
    config = STILL.model_copy(update={"rotation_degrees": 30.0})
    out = augment(config, torch.full((400, 2), 64), ramp(400), side=65, strong=True)
    centre = out[:, :2, 32, 32]
    torch.testing.assert_close(centre, torch.full_like(centre, 0.5), atol=0.01, rtol=0)
    across = out[:, :2, 32, 42] - out[:, :2, 32, 22]
    angles = torch.rad2deg(torch.atan2(across[:, 1], across[:, 0]))
    assert angles.abs().max() <= 30.5
    assert angles.std() > 12  # uniform over 60 degrees: 17.3


def test_only_strong_drops_colours_as_often_as_asked():
    config = STILL.model_copy(update={"grey_probability": 0.25})
    images, sizes = torch.rand(2000, 3, 4, 4), torch.full((2000, 2), 4)

    def n_grey(*, strong):
        out = augment(config, sizes, images, side=4, strong=strong)
        return int((out.std(dim=1).amax(dim=(1, 2)) < 1e-6).sum())

    assert n_grey(strong=False) == 0
    assert 420 < n_grey(strong=True) < 580  # 500 expected, four standard deviations are 77


def test_the_same_seed_gives_the_same_images():
    config = AugmentationConfig()
    assert torch.equal(augment(config, seed=1), augment(config, seed=1))
    assert not torch.equal(augment(config, seed=1), augment(config, seed=2))


def test_normalising_is_torchvisions():
    pixels = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    preprocessing = Preprocessing(
        input_size=4,
        resize_size=4,
        interpolation="bicubic",
        mean=(0.1, 0.2, 0.3),
        std=(0.5, 0.6, 0.7),
    )
    expected = oracle.normalize(pixels / 255, preprocessing.mean, preprocessing.std)
    torch.testing.assert_close(normalise(to_unit(pixels), preprocessing), expected)


def test_the_models_own_data_config_holds_where_nothing_overrides_it():
    data = {
        "input_size": (3, 224, 224),
        "crop_pct": 0.875,
        "crop_mode": "center",
        "interpolation": "bicubic",
        "mean": (0.5, 0.5, 0.5),
        "std": (0.2, 0.2, 0.2),
    }
    same = PreprocessingConfig()
    own = resolve_preprocessing(data, same)
    assert (own.input_size, own.resize_size, own.mean) == (224, 256, (0.5, 0.5, 0.5))
    changed = resolve_preprocessing(data, PreprocessingConfig(input_size=100, crop_fraction=1.0))
    assert (changed.input_size, changed.resize_size, changed.std) == (100, 100, (0.2, 0.2, 0.2))
    assert (own.crop_mode, changed.crop_mode) == ("center", "center")
    assert resolve_preprocessing(data | {"crop_mode": "squash"}, same).crop_mode == "squash"
    with pytest.raises(ConfigError, match=r"crop_mode 'border', .* to one of center, squash"):
        resolve_preprocessing(data | {"crop_mode": "border"}, same)
    forced = PreprocessingConfig(crop_mode="center")
    assert resolve_preprocessing(data | {"crop_mode": "border"}, forced).crop_mode == "center"
