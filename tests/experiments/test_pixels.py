import subprocess
import sys

import numpy as np
import pytest
import timm.data
import torch
from PIL import Image
from torchvision.transforms import v2
from torchvision.transforms.functional import InterpolationMode

from experiments import models
from experiments.config import FolderConfig
from experiments.datasets import load_dataset
from experiments.images import Images
from experiments.pixels import Geometry, evaluated, load_pixels, square
from experiments.results.errors import DataError
from experiments.results.schema import Preprocessing, PreprocessingConfig, Split
from experiments.transforms import normalise, resolve_preprocessing, to_unit

CENTRE = Geometry("center", 24, 20, "bicubic")


@pytest.fixture
def dataset(image_folder, tmp_path):
    root = image_folder(
        {"train": {"a": 4, "b": 4}, "val": {"a": 1, "b": 1}, "test": {"a": 1, "b": 1}}
    )
    return load_dataset(FolderConfig(source="folder", data_dir=root, title="Mine"), tmp_path)


def noise(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


@pytest.mark.parametrize("size", [(50, 37), (37, 50), (24, 24), (301, 25), (20, 20)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
def test_the_centre_is_torchvisions_resize_and_centre_crop(size, interpolation):
    image = noise(*size)
    oracle = v2.Compose([v2.Resize(24, InterpolationMode(interpolation)), v2.CenterCrop(20)])
    ours = square(image, Geometry("center", 24, 20, interpolation)).numpy()
    theirs = np.asarray(oracle(image))
    # The oracle resizes with Pillow, which rounds between its two passes. Noise is the worst case.
    assert np.abs(ours.astype(int) - theirs).max() <= (0 if interpolation == "nearest" else 2)


def test_the_whole_image_is_squeezed_into_the_square():
    values = np.zeros((10, 40, 3), dtype=np.uint8)
    values[:, 20:] = 255
    squeezed = square(Image.fromarray(values), Geometry("squash", 8, 8, "nearest"))
    assert (squeezed[:, :4] == 0).all()
    assert (squeezed[:, 4:] == 255).all()


@pytest.mark.parametrize("model", ["convnext_base.fb_in22k_ft_in1k_384", "dm_nfnet_f0.dm_in1k"])
def test_images_of_models_that_squash_are_timms(model):
    wanted = models.data_config(model)
    assert wanted["crop_mode"] == "squash"
    image = noise(500, 333)
    oracle = timm.data.create_transform(**wanted, is_training=False)
    theirs = oracle(image)
    sizes = resolve_preprocessing(wanted, PreprocessingConfig())
    pixels = square(image, evaluated(sizes)).permute(2, 0, 1)[None]
    ours = normalise(to_unit(pixels), sizes)[0]
    # Of 255, 2 for resizing with Pillow, as above.
    assert (ours - theirs).abs().max() <= 2.01 / 255 / min(sizes.std)


def test_an_unknown_interpolation_is_refused(dataset, tmp_path, progress):
    with pytest.raises(DataError, match="interpolation 'lanczos' is not one of nearest"):
        load_pixels(
            dataset, list(dataset.items), Geometry("center", 24, 20, "lanczos"), tmp_path, progress
        )


def test_pixels_are_those_of_the_decoded_images(dataset, tmp_path, progress):
    items = dataset.of_split(Split.TRAIN)
    pixels = load_pixels(dataset, items, CENTRE, tmp_path / "cache", progress)
    assert pixels.shape == (8, 20, 20, 3)
    for values, item in zip(pixels, items, strict=True):
        assert np.array_equal(values, square(dataset.open(item), CENTRE).numpy())


def test_the_second_time_nothing_is_decoded(dataset, tmp_path, progress):
    items = dataset.of_split(Split.TRAIN)
    first = load_pixels(dataset, items, CENTRE, tmp_path / "cache", progress)
    for item in items:
        (tmp_path / "images" / item.path).unlink()
    second = load_pixels(dataset, items, CENTRE, tmp_path / "cache", progress)
    assert np.array_equal(first, second)


def test_pixels_cut_short_are_decoded_again(dataset, tmp_path, progress):
    items = dataset.of_split(Split.TRAIN)
    first = load_pixels(dataset, items, CENTRE, tmp_path / "cache", progress).copy()
    (file,) = (tmp_path / "cache").iterdir()
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    again = load_pixels(dataset, items, CENTRE, tmp_path / "cache", progress)
    assert np.array_equal(again, first)
    assert file.read_bytes() == content


def test_one_changed_pixel_misses_the_cache(dataset, tmp_path, progress):
    items = dataset.of_split(Split.TRAIN)
    before = load_pixels(dataset, items, CENTRE, tmp_path / "cache", progress)[0].copy()
    file = tmp_path / "images" / items[0].path
    values = np.asarray(Image.open(file)).copy()
    values[8, 10] ^= 255
    Image.fromarray(values).save(file)
    config = FolderConfig(source="folder", data_dir=tmp_path / "images", title="Mine")
    changed = load_dataset(config, tmp_path)
    items = changed.of_split(Split.TRAIN)
    after = load_pixels(changed, items, CENTRE, tmp_path / "cache", progress)[0]
    assert not np.array_equal(before, after)


PLAIN = Preprocessing(
    input_size=20,
    resize_size=24,
    crop_mode="center",
    interpolation="bicubic",
    mean=(0.5, 0.5, 0.5),
    std=(0.2, 0.2, 0.2),
)


def name_of_inputs(dataset, tmp_path, progress, **changes):
    images = Images(
        dataset=dataset,
        preprocessing=PLAIN.model_copy(update=changes),
        batch_size=4,
        device=torch.device("cpu"),
        cache=tmp_path / "cache",
        progress=progress,
    )
    return images.plain(Split.TRAIN).key


@pytest.mark.parametrize(
    "changes",
    [
        {"mean": (0.5, 0.5, 0.4)},
        {"std": (0.2, 0.2, 0.3)},
        {"interpolation": "bilinear"},
        {"crop_mode": "squash"},
        {"input_size": 16},
        {"resize_size": 25},
    ],
)
def test_inputs_are_named_by_all_that_is_done_to_them(dataset, tmp_path, progress, changes):
    name = name_of_inputs(dataset, tmp_path, progress)
    assert name == name_of_inputs(dataset, tmp_path, progress)
    assert name != name_of_inputs(dataset, tmp_path, progress, **changes)


def test_inputs_are_named_by_every_pixel(dataset, tmp_path, progress):
    name = name_of_inputs(dataset, tmp_path, progress)
    file = tmp_path / "images" / dataset.of_split(Split.TRAIN)[-1].path
    values = np.asarray(Image.open(file)).copy()
    values[0, 0, 0] ^= 1
    Image.fromarray(values).save(file)
    config = FolderConfig(source="folder", data_dir=tmp_path / "images", title="Mine")
    assert name != name_of_inputs(load_dataset(config, tmp_path), tmp_path, progress)


def test_another_geometry_misses_the_cache(dataset, tmp_path, progress):
    items = dataset.of_split(Split.TRAIN)
    load_pixels(dataset, items, CENTRE, tmp_path / "cache", progress)
    other = load_pixels(
        dataset, items, Geometry("center", 24, 16, "bicubic"), tmp_path / "cache", progress
    )
    assert other.shape == (8, 16, 16, 3)


def test_a_failed_decoding_leaves_nothing_behind(dataset, tmp_path, progress):
    items = dataset.of_split(Split.TRAIN)
    (tmp_path / "images" / items[3].path).write_bytes(b"not an image")
    with pytest.raises(DataError, match=r"train/a/3\.png: is not an image"):
        load_pixels(dataset, items, CENTRE, tmp_path / "cache", progress)
    assert list((tmp_path / "cache").iterdir()) == []


def test_reading_leaves_torch_its_threads() -> None:
    """In a process of its own, where nobody has asked torch for threads before."""
    imports = "import torch\nfrom experiments.pixels import one_image_a_thread\n"
    read = "with one_image_a_thread() as pool: list(pool.map(lambda _: None, range(8)))\n"
    threads = [
        subprocess.check_output([sys.executable, "-c", f"{script}print(torch.get_num_threads())"])
        for script in (imports, imports + read)
    ]
    assert threads[0] == threads[1]
