"""Atlases and their numbers, against NumPy."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from experiments.explain.atlases import (
    MAX_BYTES,
    channel_numbers,
    draw_atlas,
    drawn_range,
    n_columns,
    shown_channels,
    similarity,
)
from experiments.explain.layers import kept_maps, spread_layers
from experiments.models import build_backbone

MAPS = torch.randn(10, 12, 12, generator=torch.Generator().manual_seed(0))


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture)).convert("L"))


def tile(picture, place, columns, side):
    row, column = divmod(place, columns)
    return pixels(picture)[row * side : (row + 1) * side, column * side : (column + 1) * side]


def test_a_tile_is_the_map_between_its_percentiles():
    picture = draw_atlas(MAPS, *drawn_range(MAPS))
    assert pixels(picture).shape == (3 * 12, 4 * 12)
    for place, values in enumerate(MAPS.numpy()):
        low, high = np.percentile(values, [1, 99])
        expected = np.rint(255 * np.clip((values - low) / (high - low), 0, 1))
        difference = np.abs(tile(picture, place, 4, 12) - expected)
        # Rounding at the halves may fall to either side.
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.02


def test_a_large_map_is_made_smaller_by_area():
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    smooth = torch.stack([torch.sin(x / 20) * torch.cos(y / 15), x + 2 * y])
    picture = draw_atlas(smooth, *drawn_range(smooth))
    assert pixels(picture).shape == (64, 128)
    for place, values in enumerate(smooth.numpy()):
        low, high = np.percentile(values, [1, 99])
        by_area = values.reshape(64, 2, 64, 2).mean(axis=(1, 3))
        expected = 255 * np.clip((by_area - low) / (high - low), 0, 1)
        # WebP of quality 80 is lossy.
        assert np.abs(tile(picture, place, 2, 64) - expected).mean() < 2


def test_a_channel_that_is_zero_but_for_one_position_shows_it():
    maps = torch.zeros(1, 12, 12)
    maps[0, 3, 5] = 0.1
    drawn = tile(draw_atlas(maps, *drawn_range(maps)), 0, 1, 12)
    assert drawn[3, 5] == 255
    assert drawn.sum() == 255


def test_the_noisiest_atlas_stays_within_its_budget():
    noise = torch.randn(64, 64, 64, generator=torch.Generator().manual_seed(0))
    assert 10_000 < len(draw_atlas(noise, *drawn_range(noise))) <= MAX_BYTES


def test_numbers_are_those_of_numpy():
    maps = MAPS.relu()
    low, high = drawn_range(maps)
    numbers = channel_numbers(maps, low, high, None)
    values = maps.numpy().reshape(10, -1).astype(np.float64)
    np.testing.assert_allclose(numbers.low, np.percentile(values, 1, axis=1), rtol=1e-4)
    np.testing.assert_allclose(numbers.high, np.percentile(values, 99, axis=1), rtol=1e-4)
    np.testing.assert_allclose(numbers.minimum, values.min(axis=1), rtol=1e-5)
    np.testing.assert_allclose(numbers.maximum, values.max(axis=1), rtol=1e-5)
    np.testing.assert_allclose(numbers.mean, values.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(numbers.variance, values.var(axis=1), rtol=1e-5)
    np.testing.assert_allclose(numbers.zeros, (values == 0).mean(axis=1), rtol=1e-5)
    assert numbers.similarity == [None] * 10


def test_the_channels_of_highest_variance_are_shown():
    assert shown_channels(torch.rand(2, 64, 3, 3)) == list(range(64))
    maps = torch.rand(2, 70, 3, 3)
    # Flat on one of the images: their mean variance is still low enough to be left out.
    quiet = [0, 5, 33, 40, 41, 69]
    maps[:, quiet] *= 0.01
    assert shown_channels(maps) == [channel for channel in range(70) if channel not in quiet]


def test_similarity_is_the_correlation_on_the_grid_of_the_activation_map():
    rng = np.random.default_rng(0)
    activation = rng.random((6, 6)).astype(np.float32)
    maps = MAPS.clone()
    maps[3] = 0.1
    maps[4] = torch.from_numpy(np.kron(activation, np.ones((2, 2), np.float32)))
    found = similarity(maps, activation)
    on_grid = maps.numpy().reshape(10, 6, 2, 6, 2).mean(axis=(2, 4))
    assert found[3] is None
    assert found[4] == pytest.approx(1)
    for place in (0, 1, 2, 5, 9):
        expected = np.corrcoef(on_grid[place].ravel(), activation.ravel())[0, 1]
        assert found[place] == pytest.approx(expected, abs=1e-5)
    assert similarity(maps, np.zeros((6, 6), np.float32)) == [None] * 10


def test_pictures_are_about_square():
    assert [n_columns(n) for n in (1, 2, 16, 24, 64)] == [1, 2, 4, 5, 8]


@pytest.mark.realdata
def test_five_models_on_six_photographs_stay_within_the_budget():
    shared = Path(os.environ["BAKEOFF_REALDATA"])
    files = sorted((shared / "datasets/oxford-iiit-pet/images").glob("*.jpg"))[::80][:6]
    photographs = [Image.open(file).convert("RGB").resize((224, 224)) for file in files]
    pictures = torch.tensor(np.stack(photographs)).permute(0, 3, 1, 2) / 127.5 - 1
    totals = []
    for weights in sorted((shared / "weights").glob("*.safetensors")):
        backbone = build_backbone(
            weights.stem, 224, pretrained=True, weights_dir=weights.parent
        ).eval()
        names = spread_layers(backbone, pictures[:1])
        with torch.inference_mode(), kept_maps(backbone, names) as kept:
            backbone(pictures)
        sizes = [
            len(draw_atlas(maps[channels], *drawn_range(maps[channels])))
            for layer in kept.values()
            for channels in [shown_channels(layer.maps)]
            for maps in layer.maps
        ]
        assert max(sizes) <= MAX_BYTES
        totals.append(sum(sizes))
    assert len(totals) == 4
    # A fifth as large as the largest of them.
    assert sum(totals) + max(totals) < 5_000_000
