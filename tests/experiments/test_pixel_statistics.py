"""Colours of the training images, against numpy over all their pixels at once."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from experiments.config import FolderConfig
from experiments.datasets import load_dataset
from experiments.explain.pixel_statistics import pixel_statistics
from experiments.results.schema import Split

# Width, height and how bright: a mean of means, or of deviations, would come out otherwise.
TRAIN = [(20, 16, 40), (7, 30, 120), (50, 9, 200), (12, 12, 0)]


@pytest.fixture
def dataset(tmp_path):
    rng = np.random.default_rng(0)
    for split, shapes in {"train": TRAIN, "val": TRAIN[:2], "test": TRAIN[:2]}.items():
        for name in ("a", "b"):
            folder = tmp_path / "images" / split / name
            folder.mkdir(parents=True)
            for index, (width, height, base) in enumerate(shapes):
                noise = rng.integers(0, 1 + base // 4, (height, width, 3))
                values = base + noise * (1, 0.5, 0.25)
                Image.fromarray(values.astype(np.uint8)).save(folder / f"{index}.png")
    # A photograph in a format whose pixels only its decoder knows, and one without colours.
    train = tmp_path / "images" / "train" / "a"
    Image.fromarray(rng.integers(0, 256, (33, 21, 3), dtype=np.uint8)).save(train / "j.jpg")
    Image.fromarray(rng.integers(0, 256, (8, 9), dtype=np.uint8)).save(train / "grey.png")
    config = FolderConfig(source="folder", data_dir=tmp_path / "images", title="Noise")
    return load_dataset(config, tmp_path / "none")


def test_they_are_those_of_all_pixels_of_all_training_images(dataset, tmp_path, around):
    found = pixel_statistics(dataset, tmp_path / "cache", around.progress)
    images = [
        np.asarray(dataset.open(item).convert("RGB")).reshape(-1, 3) / 255
        for item in dataset.of_split(Split.TRAIN)
    ]
    pixels = np.concatenate(images)
    assert found.n_images == len(images) == 10
    assert found.n_pixels == len(pixels)
    assert found.mean == pytest.approx(pixels.mean(axis=0), abs=1e-12)
    assert found.std == pytest.approx(pixels.std(axis=0), abs=1e-12)
    wrong = np.mean([image.std(axis=0) for image in images], axis=0)
    assert found.mean_of_stds == pytest.approx(wrong, abs=1e-12)
    assert all(np.array(found.mean_of_stds) < 0.5 * np.array(found.std))


def test_each_file_is_decoded_once_ever(dataset, tmp_path, around):
    expected = pixel_statistics(dataset, tmp_path / "cache", around.progress)
    read = []

    def reading(entry):
        read.append(entry.sample_id)
        return dataset.read(entry)

    watched = replace(dataset, read=reading)
    assert pixel_statistics(watched, tmp_path / "cache", around.progress) == expected
    assert read == []
    first, *others = dataset.items
    assert first.split == Split.TRAIN
    renamed = replace(watched, items=(replace(first, sha256="f" * 64), *others))
    assert pixel_statistics(renamed, tmp_path / "cache", around.progress) == expected
    assert read == [first.sample_id]


def test_a_damaged_cache_is_made_anew(dataset, tmp_path, around):
    expected = pixel_statistics(dataset, tmp_path / "cache", around.progress)
    (file,) = (tmp_path / "cache").iterdir()
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    assert pixel_statistics(dataset, tmp_path / "cache", around.progress) == expected
    assert file.read_bytes() == content
