"""Every kind of image that people's folders hold: converted, or left out with the reason."""

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.config import FolderConfig, ManifestConfig
from experiments.datasets import ImageDataset, load_dataset
from experiments.decoding import MAX_PIXELS, UnreadableError, check, decode
from experiments.results.errors import DataError
from experiments.results.schema import Split

COLOURS = np.array([[[250, 20, 30], [10, 240, 60], [40, 50, 230]]] * 2, np.uint8)


def encode(image: Image.Image, format_: str, **options: object) -> bytes:
    encoded = io.BytesIO()
    image.save(encoded, format_, **options)
    return encoded.getvalue()


def png_of(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """Write a PNG by hand: Pillow writes no 16-bit colours and no image of absurd size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def pixels(content: bytes) -> np.ndarray:
    image = decode(content)
    assert image.mode == "RGB"
    assert check(content)[:2] == image.size
    return np.asarray(image)


def photograph() -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    return encode(Image.fromarray(noise), "JPEG")


@pytest.mark.parametrize("format_", ["PNG", "BMP", "TIFF", "PPM"])
def test_what_an_image_is_comes_from_its_content(format_):
    assert np.array_equal(pixels(encode(Image.fromarray(COLOURS), format_)), COLOURS)


def test_cmyk_becomes_rgb():
    inks = np.array(
        [[[0, 0, 0, 0], [255, 0, 0, 0], [0, 255, 255, 0], [0, 0, 0, 255]]] * 8, np.uint8
    )
    inks = inks.repeat(8, axis=1)
    content = encode(Image.fromarray(inks, "CMYK"), "JPEG", quality=100, subsampling=0)
    # Each colour is what its inks leave of white.
    leave = 255 - inks.astype(int)
    expected = leave[..., :3] * leave[..., 3:] / 255
    assert np.abs(pixels(content) - expected).max() <= 3


def test_a_palette_becomes_its_colours_and_what_is_transparent_white():
    image = Image.fromarray(np.array([[0, 1, 2, 3]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 100, 100, 100])
    # Opaque, transparent, half transparent, opaque.
    content = encode(image, "PNG", transparency=bytes([255, 0, 128, 255]))
    half = round(255 * (1 - 128 / 255))
    expected = [[255, 0, 0], [255, 255, 255], [half, half, 255], [100, 100, 100]]
    assert np.abs(pixels(content)[0].astype(int) - expected).max() <= 1


def test_a_transparent_picture_does_not_show_its_hidden_colours():
    rgba = np.array([[[200, 0, 0, 0], [0, 100, 0, 255]]], np.uint8)
    assert pixels(encode(Image.fromarray(rgba), "PNG")).tolist() == [[[255, 255, 255], [0, 100, 0]]]


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "PPM"])
def test_16_bits_are_scaled_and_not_clipped(format_):
    deep = np.array([[0, 255, 256, 1000, 32768, 65535]], np.uint16)
    content = encode(Image.fromarray(deep), format_)
    expected = [0, 1, 1, 4, 128, 255]  # of 255, what the values are of 65535
    assert pixels(content).tolist() == [[[value] * 3 for value in expected]]


def test_16_bit_colours_are_scaled():
    values = np.array([[0, 1000, 65535], [40000, 20000, 256]])
    rows = b"\0" + values.astype(">u2").tobytes()
    expected = values * 255 / 65535
    assert np.abs(pixels(png_of(2, 1, 16, 2, rows))[0] - expected).max() <= 1


def test_32_bit_pixels_are_left_out():
    content = encode(Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)), "TIFF")
    with pytest.raises(UnreadableError, match="32 bits, whose black and white are not stated"):
        decode(content)


@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP", "TIFF"])
def test_an_animation_is_its_first_frame(format_):
    frames = [Image.new("RGB", (9, 7), colour) for colour in ("red", "blue", "lime")]
    options = {"lossless": True} if format_ == "WEBP" else {}
    content = encode(frames[0], format_, save_all=True, append_images=frames[1:], **options)
    assert np.array_equal(pixels(content), np.full((7, 9, 3), [255, 0, 0]))


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, lambda stored: stored),
        (2, lambda stored: stored[:, ::-1]),
        (3, lambda stored: stored[::-1, ::-1]),
        (4, lambda stored: stored[::-1]),
        (5, lambda stored: stored.swapaxes(0, 1)),
        (6, lambda stored: np.rot90(stored, -1)),
        (7, lambda stored: stored[::-1, ::-1].swapaxes(0, 1)),
        (8, lambda stored: np.rot90(stored)),
    ],
)
@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_a_photograph_is_turned_upright(format_, orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # Large blocks of colour survive JPEG.
    stored = COLOURS.repeat(32, axis=0).repeat(32, axis=1)
    content = encode(
        Image.fromarray(stored),
        format_,
        exif=exif,
        **({"quality": 100, "subsampling": 0} if format_ == "JPEG" else {}),
    )
    assert np.abs(pixels(content).astype(int) - upright(stored)).max() <= 4


# Pillow warns, which a reader may want to know; the image is used all the same.
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_cost_the_image():
    content = photograph()
    damaged = b"Exif\0\0II*\0\xff\xff\xff\xff\1\2\3"
    segment = b"\xff\xe1" + struct.pack(">H", len(damaged) + 2) + damaged
    assert np.array_equal(pixels(content[:2] + segment + content[2:]), pixels(content))


def test_several_pictures_in_one_jpeg_are_the_first():
    pictures = [Image.new("RGB", (16, 16), colour) for colour in ("white", "black")]
    content = encode(pictures[0], "MPO", save_all=True, append_images=pictures[1:])
    assert pixels(content).min() == 255


PNG = encode(Image.fromarray(COLOURS.repeat(50, axis=0)), "PNG")
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "empty.jpg": (b"", "the file is empty"),
    "page.jpg": (b"\n<!DOCTYPE html><html>404</html>", "is a web page, not an image"),
    "text.png": (b"no image at all", "is not an image of a known format"),
    "cut.jpg": (photograph()[:2000], "image file is truncated"),
    "header.jpg": (photograph()[:20], "header is damaged"),
    "cut.png": (PNG[: len(PNG) // 2], "truncated|broken"),
    "cut.gif": (encode(Image.fromarray(COLOURS), "GIF")[:-6], "truncated"),
    "bomb.png": (
        png_of(60000, 60000, 8, 2, b""),
        "60000 × 60000 pixels are more than the 134 million",
    ),
    "program.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not an image"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_decoded_says_why(name):
    content, reason = UNREADABLE[name]
    for look in (decode, check):
        with pytest.raises(UnreadableError, match=reason) as caught:
            look(content)
        assert " at 0x" not in str(caught.value)


def test_a_bomb_is_refused_by_its_header_at_the_limit():
    side = 2**13
    assert 2 * side * side == MAX_PIXELS
    with pytest.raises(UnreadableError, match="are more than"):
        check(png_of(2 * side, side + 1, 1, 0, b""))
    with pytest.raises(UnreadableError, match="truncated"):
        check(png_of(2 * side, side, 1, 0, b""))


@pytest.fixture
def folder(image_folder: Callable[..., Path]) -> Path:
    """40 images in two classes, and one more of each kind that cannot be decoded."""
    root = image_folder({"train": {"a": 16, "b": 16}, "test": {"a": 4, "b": 4}})
    for name, (content, _) in UNREADABLE.items():
        (root / "train" / "b" / name).write_bytes(content)
    return root


def load(root: Path, cache: Path | None = None, allowed: float = 0.5) -> ImageDataset:
    config = FolderConfig(
        source="folder", data_dir=root, title="Mine", max_unreadable_fraction=allowed
    )
    return load_dataset(config, root, cache)


def test_unreadable_images_are_listed_counted_and_left_out(folder):
    dataset = load(folder)
    assert {image.path: image.reason for image in dataset.unreadable}.keys() == {
        f"train/b/{name}" for name in UNREADABLE
    }
    assert dataset.card.n_unreadable == len(UNREADABLE) == len(dataset.unreadable)
    # As if they had never been there: the same images in the same splits.
    for name in UNREADABLE:
        (folder / "train" / "b" / name).unlink()
    assert load(folder).items == dataset.items


def test_too_many_unreadable_images_fail_the_experiment(folder):
    with pytest.raises(DataError, match=r"9 of 49 images cannot be decoded") as caught:
        load(folder, allowed=0.18)
    assert "train/b/page.jpg: is a web page, not an image" in str(caught.value)
    assert len(load(folder, allowed=9 / 49).items) == 40


def test_one_in_a_hundred_is_allowed_and_no_more(image_folder):
    root = image_folder({"train": {"a": 44, "b": 46}, "test": {"a": 5, "b": 5}})
    config = FolderConfig(source="folder", data_dir=root, title="Mine")
    (root / "train" / "b" / "0.png").write_bytes(b"")
    assert load_dataset(config, root).card.n_unreadable == 1
    (root / "train" / "b" / "1.png").write_bytes(b"")
    with pytest.raises(DataError, match="2 of 100 images"):
        load_dataset(config, root)


def test_a_class_that_loses_its_last_image_is_named(image_folder):
    root = image_folder({"train": {"a": 9, "b": 9, "c": 9}, "test": {"a": 1, "b": 1, "c": 1}})
    (root / "test" / "b" / "0.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"class 'b' .*test; of its files there \(1\) none can"):
        load(root)


def test_a_class_that_never_had_an_image_lost_none(tmp_path):
    """A broken image of another split is not why a split has none."""
    rows = [("a", "train"), ("b", "train"), ("c", "train"), ("a", "test"), ("b", "test")]
    lines = ["path,label,split"]
    for label, split in rows:
        for index in range(4):
            name = f"{label}-{split}-{index}.jpg"
            broken = (label, index) == ("c", 0)
            (tmp_path / name).write_bytes(b"" if broken else photograph())
            lines.append(f"{name},{label},{split}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    options = {"title": "Mine", "max_unreadable_fraction": 0.5}
    config = ManifestConfig(source="manifest", file=tmp_path / "labels.csv", **options)
    with pytest.raises(DataError, match=r"class 'c' has no image in split test$"):
        load_dataset(config, tmp_path)


def test_a_file_that_may_not_be_read_is_left_out(image_folder):
    root = image_folder({"train": {"a": 9, "b": 9}, "test": {"a": 2, "b": 2}})
    (root / "train" / "a" / "gone.png").symlink_to(root / "nowhere.png")
    (only,) = load(root).unreadable
    assert only.path == "train/a/gone.png"
    assert only.reason == "cannot be read: No such file or directory"


def test_the_second_look_decodes_nothing_and_finds_the_same(folder, tmp_path, monkeypatch):
    first = load(folder, tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr("experiments.inspection.check", None)
        again = load(folder, tmp_path / "cache")
    assert (again.items, again.unreadable) == (first.items, first.unreadable)


def test_a_changed_file_is_looked_at_again(folder, tmp_path):
    before = load(folder, tmp_path / "cache").card.n_unreadable
    (folder / "train" / "b" / "empty.jpg").write_bytes(photograph())
    (folder / "test" / "b" / "0.png").write_bytes(b"")
    after = load(folder, tmp_path / "cache")
    assert after.card.n_unreadable == before
    paths = [item.path for item in after.items]
    assert "train/b/empty.jpg" in paths
    assert "test/b/0.png" not in paths


@pytest.mark.parametrize("damage", [b"", b"{", b'{"a": 3}', b"\xff\xfe"])
def test_a_damaged_cache_is_made_again(folder, tmp_path, damage):
    first = load(folder, tmp_path / "cache")
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(damage)
    assert load(folder, tmp_path / "cache").items == first.items
    assert len(json.loads(path.read_bytes())) == 40 + len(UNREADABLE)


def test_splits_are_drawn_from_what_can_be_decoded(folder):
    dataset = load(folder)
    assert len(dataset.of_split(Split.TRAIN)) + len(dataset.of_split(Split.VAL)) == 32
    assert len(dataset.of_split(Split.VAL)) == 7  # 0.2 of 32, rounded up
