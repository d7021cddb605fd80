"""Each cell of the gallery shows what it is said to show."""

import io

import numpy as np
import pytest
from PIL import Image

from experiments.explain.augmentations import N_DRAWS, draw_gallery
from experiments.results.schema import AugmentationConfig, Preprocessing
from experiments.transforms import LUMA

SIDE = 32
SIZES = Preprocessing(
    input_size=SIDE, resize_size=SIDE, interpolation="bilinear", mean=(0.5,) * 3, std=(0.5,) * 3
)
CONFIG = AugmentationConfig(min_scale=0.4, rotation_degrees=30)


def photo(width=SIDE, height=SIDE):
    """Return an image whose red rises to the right and whose green rises downwards."""
    x, y = np.meshgrid(np.linspace(60, 180, width), np.linspace(40, 150, height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 70)], axis=2).astype(np.uint8))


def cells_of(config, image=None):
    """Return the cells of each row as (N, 32, 32, 3) float, and those of cell 0 as `photo`."""
    content, cell_px, shown = draw_gallery(image or photo(), SIZES, config)
    assert cell_px == SIDE
    sheet = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=float)

    def cell(place):
        row, column = divmod(place, N_DRAWS)
        return sheet[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]

    rows = {
        of.name: np.array([cell(of.first_cell + nth) for nth in range(of.n_cells)]) for of in shown
    }
    return rows | {"photo": cell(0)}


def distinct(cells):
    return len({cell.tobytes() for cell in cells})


def test_what_is_not_augmented_is_the_image():
    assert np.array_equal(cells_of(CONFIG)["photo"], np.asarray(photo()))
    # Of a wide one it is the centre.
    wide = cells_of(CONFIG, photo(2 * SIDE))["photo"]
    assert np.abs(wide - np.asarray(photo(2 * SIDE))[:, SIDE // 2 : -SIDE // 2]).max() <= 1


def test_a_flip_mirrors_left_and_right_and_is_shown_happening():
    cells = cells_of(CONFIG.model_copy(update={"flip_probability": 0.01}))
    assert np.abs(cells["flip"] - cells["photo"][:, ::-1]).max() <= 1
    assert len(cells["flip"]) == 1


def test_grey_keeps_the_luma_and_no_colour():
    cells = cells_of(CONFIG)
    luma = cells["photo"] @ np.array(LUMA)
    assert np.abs(cells["grey"][0] - luma[..., None]).max() <= 1
    assert len(cells["grey"]) == 1


@pytest.mark.parametrize(
    ("name", "still"),
    [
        ("brightness", lambda image: np.zeros_like(image)),
        ("contrast", lambda image: np.full_like(image, (image @ np.array(LUMA)).mean())),
        ("saturation", lambda image: (image @ np.array(LUMA))[..., None] * np.ones(3)),
    ],
)
def test_a_colour_change_alone_is_a_step_from_what_has_none(name, still):
    cells = cells_of(CONFIG)
    image = cells["photo"]
    fixed = still(image)
    factors = []
    for cell in cells[name]:
        factor = ((cell - fixed) * (image - fixed)).sum() / ((image - fixed) ** 2).sum()
        assert np.abs(cell - (fixed + factor * (image - fixed))).max() <= 0.8
        factors.append(factor)
    assert len(factors) == N_DRAWS
    assert min(factors) >= 0.79
    assert max(factors) <= 1.21
    assert max(factors) - min(factors) > 0.1


def test_a_rotation_alone_turns_both_ways_about_the_centre():
    cells = cells_of(CONFIG)
    middle = slice(SIDE // 2 - 1, SIDE // 2 + 1)
    angles = []
    for cell in cells["rotation"]:
        assert np.abs(cell[middle, middle] - cells["photo"][middle, middle]).max() <= 2
        # Red rises to the right: where it rises after turning is the angle.
        inner = cell[8:-8, 8:-8, 0]
        angles.append(
            np.degrees(
                np.arctan2(
                    np.diff(inner, axis=0).mean() / (110 / 31),
                    np.diff(inner, axis=1).mean() / (110 / 31),
                )
            )
        )
    assert distinct(cells["rotation"]) == N_DRAWS
    assert max(np.abs(angles)) <= 31
    assert max(angles) > 3
    assert min(angles) < -3


def test_a_crop_alone_is_a_part_of_the_whole_photograph():
    image = photo(40, 30)
    crops = cells_of(CONFIG, image)["crop"]
    assert distinct(crops) == N_DRAWS
    for crop in crops:
        # Colours say where a pixel was: right and down they rise, over a part of the image.
        spans = [np.ptp(crop[..., 0]) / 120, np.ptp(crop[..., 1]) / 110]
        assert 0.35 < spans[0] * spans[1] < 1.05
        assert crop[..., 2] == pytest.approx(70, abs=1)
    # The centre of a wide one holds half of its reds: 90 to 150.
    crops = cells_of(CONFIG, photo(2 * SIDE))["crop"]
    assert crops[..., 0].min() < 80
    assert crops[..., 0].max() > 160


def test_whole_augmentations_are_drawn_anew():
    cells = cells_of(CONFIG.model_copy(update={"grey_probability": 1.0}))
    for name in ("standard", "strong"):
        assert distinct(cells[name]) == N_DRAWS
    # Only the strong one drops colours.
    assert np.ptp(cells["strong"], axis=3).max() <= 1
    assert np.ptp(cells["standard"], axis=3).max() > 20


def test_what_changes_nothing_takes_no_cell():
    off = {"flip_probability": 0, "saturation": 0, "grey_probability": 0, "min_scale": 1}
    cells = cells_of(CONFIG.model_copy(update=off))
    assert {name for name, of in cells.items() if len(of) == 0} == {
        "crop",
        "flip",
        "saturation",
        "grey",
    }
    assert len(cells["strong"]) == N_DRAWS


def test_the_same_photograph_gives_the_same_draws():
    assert draw_gallery(photo(), SIZES, CONFIG) == draw_gallery(photo(), SIZES, CONFIG)
