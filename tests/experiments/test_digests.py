"""What inspection notes of an image, so that its likes are found: digests of file and of looks."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.config import FolderConfig
from experiments.datasets import load_dataset
from experiments.decoding import check, decode, difference_hash

ORIENTATION = 0x0112


def encoded(image: Image.Image, format_: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, format_, **options)
    return content.getvalue()


def scene(seed: int = 0, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Return smooth random colours, as a photograph has."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def n_differing(first: str, second: str) -> int:
    return (int(first, 16) ^ int(second, 16)).bit_count()


def test_bits_tell_where_an_image_grows_brighter() -> None:
    steps = np.array([0, 1, 1, 0, 1, 0, 0, 1], np.int8)
    # Each of the 9 x 8 cells is a block of 5 x 4 pixels of one grey.
    greys = 100 + 20 * np.cumsum([0, *np.where(steps, 1, -1)])
    image = Image.fromarray(np.tile(greys.repeat(5), (32, 1)).astype(np.uint8))
    assert difference_hash(image) == "69" * 8


@pytest.mark.parametrize("size", [(8, 8), (9, 7), (8, 100)])
def test_too_small_an_image_has_no_hash(size: tuple[int, int]) -> None:
    assert difference_hash(Image.new("L", size)) == ""
    assert difference_hash(Image.new("L", (9, 8))) == "0" * 16


def test_a_photograph_keeps_its_hash_but_for_a_few_bits() -> None:
    image = scene()
    hash_ = check(encoded(image, "PNG")).dhash
    smaller = image.resize((200, 150))
    for other in (
        encoded(image, "JPEG", quality=60),
        encoded(smaller, "JPEG", quality=90),
        encoded(smaller, "PNG"),
        encoded(image.point(lambda value: int(value * 0.8)), "PNG"),
    ):
        assert n_differing(check(other).dhash, hash_) <= 2
    assert n_differing(check(encoded(scene(seed=1), "PNG")).dhash, hash_) > 10


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_hash_is_that_of_the_upright_image(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = encoded(scene(), "JPEG", quality=95, exif=exif)
    look, upright = check(content), decode(content)
    assert (look.width_px, look.height_px) == upright.size
    assert n_differing(look.dhash, difference_hash(upright)) <= 2


def test_inspection_finds_both_digests_and_keeps_them(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    root = image_folder({"train": {"a": 8, "b": 8}, "test": {"a": 2, "b": 2}})
    config = FolderConfig(source="folder", data_dir=root, title="Images")
    first = load_dataset(config, tmp_path, cache=tmp_path / "cache").items
    for item in first:
        content = (root / item.path).read_bytes()
        assert item.sha256 == hashlib.sha256(content).hexdigest()
        assert item.dhash == check(content).dhash
    assert load_dataset(config, tmp_path, cache=tmp_path / "cache").items == first
