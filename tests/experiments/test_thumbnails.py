"""The pictures as they lie in the store, against images resized in another way."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError
from torchvision.transforms.v2 import functional

from experiments import thumbnails as module
from experiments.config import OxfordPetsConfig
from experiments.datasets import load_dataset
from experiments.experiment import run_experiment
from experiments.results.errors import DataError, StoreError
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from experiments.thumbnails import CELL_PX, N_COLUMNS, PREVIEW_PX, Picture, write_thumbnails
from tests.made_up import write_made_up_store

# Mean difference, of 255, between a picture that was resized, compressed and decoded, and the same
# image resized by torchvision. Two different images are 60 apart on average.
TOLERANCE = 10
SIZES = [(400, 300), (300, 400), (640, 640), (500, 150), (1000, 999), (150, 120), (90, 70), (8, 8)]


def photograph(seed, size):
    """Return a smooth image with detail of its own, like no other."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def picture(place, target, size, opened=None):
    def open_():
        if opened is not None:
            opened.append(place)
        return photograph(place, size)

    return Picture(f"image {place}", target, f"{place:064x}", open_)


@pytest.fixture
def store(tmp_path):
    return ExperimentStore(tmp_path / "shapes")


def write(pictures, store, progress, n_classes=3):
    return write_thumbnails(pictures, n_classes, store, progress)


def decode(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).astype(float)


def cells_of(thumbnails, store, targets):
    """Return the cell of each image, (N, side, side, 4), found as the site finds it."""
    sheets = [decode(store.read_thumbnails(sheet.file)) for sheet in thumbnails.sheets]
    side = thumbnails.cell_px
    cells = []
    for sheet, cell in thumbnails.places(targets):
        row, column = divmod(cell, thumbnails.n_columns)
        top, left = row * side, column * side
        cells.append(sheets[sheet][top : top + side, left : left + side])
    return np.array(cells)


def fitted(image, side):
    """Return an image in the middle of a square by torchvision, and where it is opaque."""
    scale = side / max(image.size)
    size = [max(1, round(image.height * scale)), max(1, round(image.width * scale))]
    pixels = functional.resize(functional.pil_to_tensor(image), size, antialias=True)
    square = np.zeros((side, side, 3))
    opaque = np.zeros((side, side), dtype=bool)
    top, left = (side - size[0]) // 2, (side - size[1]) // 2
    square[top : top + size[0], left : left + size[1]] = pixels.permute(1, 2, 0).numpy()
    opaque[top : top + size[0], left : left + size[1]] = True
    return square, opaque


class TestSheets:
    def test_every_image_is_in_its_cell_and_whole(self, store, progress):
        rng = np.random.default_rng(0)
        # Classes of 0, 30 and 120 images, mixed: the last one needs two sheets.
        targets = rng.permutation([1] * 30 + [2] * 120).tolist()
        sizes = [SIZES[place % 5] for place in range(150)]
        pictures = [picture(p, t, s) for p, (t, s) in enumerate(zip(targets, sizes, strict=True))]
        _, thumbnails = write(pictures, store, progress)
        assert [(sheet.target, sheet.n_images) for sheet in thumbnails.sheets] == [
            (1, 30),
            (2, 100),
            (2, 20),
        ]
        cells = cells_of(thumbnails, store, targets)
        for place, cell in enumerate(cells):
            expected, opaque = fitted(photograph(place, sizes[place]), CELL_PX)
            assert abs(opaque.sum() - (cell[..., 3] > 0).sum()) <= 2 * CELL_PX
            both = opaque & (cell[..., 3] == 255)
            assert np.abs(cell[..., :3] - expected)[both].mean() < TOLERANCE
            # No other cell is more like it, as far as few pixels tell.
            differences = np.abs(cells[:, ::8, ::8, :3] - expected[::8, ::8])[:, both[::8, ::8]]
            assert differences.mean(axis=(1, 2)).argmin() == place

    def test_tiny_images_show_their_own_pixels(self, store, progress):
        values = np.random.default_rng(1).integers(0, 2, (8, 6), dtype=np.uint8) * 255
        tiny = Image.fromarray(values).convert("RGB")
        pictures = [Picture("a", 0, "0" * 64, lambda: tiny), picture(1, 1, (8, 8))]
        _, thumbnails = write(pictures, store, progress)
        cell = cells_of(thumbnails, store, [0, 1])[0]
        # Eight pixels of 12 in height, six in width: 12 px are left over on either side.
        blocks = cell[:, 12:84].reshape(8, 12, 6, 12, 4)
        assert np.abs(blocks[:, 2:-2, :, 2:-2, 0] - values[:, None, :, None]).max() < 30
        assert (blocks[..., 3] == 255).all()
        assert (cell[:, :12, 3] == 0).all()
        assert thumbnails.previews is None
        assert thumbnails.absent == {"previews": "no image is larger than its thumbnail"}
        assert list(store.read_previews(thumbnails)) == []

    def test_the_same_images_are_the_same_bytes(self, tmp_path, progress):
        pictures = [picture(place, place % 3, SIZES[place % 8]) for place in range(40)]
        written = [
            write(pictures, ExperimentStore(tmp_path / name), progress) for name in ("one", "two")
        ]
        assert written[0] == written[1]

    def test_the_first_image_of_every_class_is_an_example(self, store, progress):
        pictures = [picture(place, (2, 0, 2, 0)[place], (300, 200)) for place in range(4)]
        examples, _ = write(pictures, store, progress)
        assert examples.sample_ids == ["image 1", "", "image 0"]
        sheet = decode(store.read_thumbnails(examples.file))
        assert sheet.shape == (CELL_PX, N_COLUMNS * CELL_PX, 4)
        for target, place in ((0, 1), (2, 0)):
            centre = photograph(place, (300, 200)).crop((50, 0, 250, 200))
            expected, _ = fitted(centre, CELL_PX)
            cell = sheet[:, target * CELL_PX : (target + 1) * CELL_PX, :3]
            assert np.abs(cell - expected).mean() < TOLERANCE
        assert (sheet[:, CELL_PX : 2 * CELL_PX, 3] == 0).all()

    def test_an_image_that_cannot_be_decoded_is_an_error(self, store, progress):
        def broken():
            raise DataError("cat.jpg: is damaged")

        pictures = [picture(0, 0, (8, 8)), Picture("cat", 1, "0" * 64, broken)]
        with pytest.raises(DataError, match=r"cat\.jpg"):
            write(pictures, store, progress)


class TestPreviews:
    def test_they_show_more_than_the_thumbnail_does(self, store, progress):
        pictures = [picture(place, 0, size) for place, size in enumerate(SIZES)]
        _, thumbnails = write(pictures, store, progress)
        previews = dict(store.read_previews(thumbnails))
        # All but those that the thumbnail shows pixel by pixel.
        assert list(previews) == [0, 1, 2, 3, 4, 5]
        for place, content in previews.items():
            image = photograph(place, SIZES[place])
            if max(image.size) > PREVIEW_PX:
                expected, opaque = fitted(image, PREVIEW_PX)
                rows, columns = opaque.any(axis=1), opaque.any(axis=0)
                expected = expected[rows][:, columns]
            else:
                expected = np.asarray(image)
            assert decode(content).shape[:2] == expected.shape[:2]
            assert np.abs(decode(content)[..., :3] - expected).mean() < TOLERANCE

    def test_many_images_are_small_and_have_none(self, store, progress, monkeypatch):
        monkeypatch.setattr(module, "MANY_IMAGES", 3)
        pictures = [picture(place, 0, (400, 300)) for place in range(4)]
        _, thumbnails = write(pictures, store, progress)
        assert thumbnails.cell_px == 64
        assert thumbnails.absent == {"previews": "more than 3 images"}
        cell = cells_of(thumbnails, store, [0] * 4)[2]
        expected, opaque = fitted(photograph(2, (400, 300)), 64)
        assert np.abs(cell[..., :3] - expected)[opaque].mean() < TOLERANCE

    @pytest.mark.realdata
    def test_a_site_of_3669_photographs_has_room_for_them(self, realdata, store, progress):
        config = OxfordPetsConfig(source="oxford-iiit-pet", data_dir=realdata / "datasets")
        items = load_dataset(config, store.folder).items
        dataset = load_dataset(config, store.folder)
        pictures = [
            Picture(item.sample_id, item.target, item.sha256, partial(dataset.open, item))
            for item in items
        ]
        _, thumbnails = write(pictures, store, progress, 37)
        files = [thumbnails.previews, *(sheet.file for sheet in thumbnails.sheets)]
        per_image = sum(file.size_bytes for file in files) / len(items)
        # Of the site's 60 MB, 20 are left for all else.
        assert per_image * 3669 < 40e6


class TestOnce:
    """What is drawn already is not drawn again."""

    @pytest.fixture
    def opened(self):
        return []

    @pytest.fixture
    def pictures(self, opened):
        sizes = [(200, 100), (8, 8)]
        return [picture(place, place % 3, sizes[place % 2], opened) for place in range(12)]

    @pytest.fixture
    def store(self, tmp_path, pictures, opened, progress):
        """A store that has them, and a record of them."""
        store = write_made_up_store(tmp_path, models=())
        self.record(store, write(pictures, store, progress))
        # Each once for the sheets, and the first of each class once more for the examples.
        assert sorted(opened) == sorted([*range(12), 0, 1, 2])
        opened.clear()
        return store

    def record(self, store, written):
        examples, thumbnails = written
        absent = {"superclasses": "made up"}
        changes = {"examples": examples, "thumbnails": thumbnails, "absent": absent}
        store.write_experiment(
            store.read_experiment().model_copy(update=changes), store.read_samples()
        )

    def files(self, store):
        return {path.name: path.stat().st_mtime_ns for path in store.thumbnails_folder.iterdir()}

    def test_the_same_images_stay(self, store, pictures, opened, progress):
        before = self.files(store)
        record = store.read_experiment()
        assert write(pictures, store, progress) == (record.examples, record.thumbnails)
        assert opened == []
        assert self.files(store) == before

    @pytest.mark.parametrize(
        "change", [{"sha256": "f" * 64}, {"sample_id": "other"}, {"target": 1}], ids=str
    )
    def test_another_image_is_drawn(self, store, pictures, opened, progress, change):
        pictures[3] = replace(pictures[3], **change)
        write(pictures, store, progress)
        assert set(opened) == set(range(12))

    @pytest.mark.parametrize("name", ["class_1_0.webp", "examples.webp", "previews.zip"])
    def test_a_damaged_or_lost_picture_is_drawn_again(
        self, store, pictures, opened, progress, name
    ):
        path = store.thumbnails_folder / name
        content = path.read_bytes()
        path.write_bytes(content[:-1])
        write(pictures, store, progress)
        assert path.read_bytes() == content
        opened.clear()
        path.unlink()
        write(pictures, store, progress)
        assert path.read_bytes() == content
        assert opened

    def test_what_no_record_names_goes(self, store, pictures, progress):
        fewer = [one for one in pictures if one.target == 0]
        write(fewer, store, progress)
        assert set(self.files(store)) == {"class_0_0.webp", "examples.webp", "previews.zip"}


class TestRecord:
    @pytest.fixture
    def thumbnails(self, store, progress):
        pictures = [picture(place, 0, (200, 8)) for place in range(101)]
        return write(pictures, store, progress)[1]

    def test_other_images_are_not_found(self, thumbnails):
        assert thumbnails.places([0] * 101)[99:] == [(0, 99), (1, 0)]
        for targets in ([0] * 100, [0] * 102, [0] * 101 + [1], [1] * 101):
            with pytest.raises(ValueError, match="not of these test images"):
                thumbnails.places(targets)

    @pytest.mark.parametrize(
        "change",
        [
            lambda content: content["sheets"].reverse(),
            lambda content: content["sheets"][0].update(n_images=99),
            lambda content: content["sheets"][1].update(n_images=101),
            lambda content: content["sheets"][0].update(target=1),
            lambda content: content.update(previews=None),
        ],
    )
    def test_one_that_contradicts_itself_is_refused(self, thumbnails, change):
        content = thumbnails.model_dump()
        change(content)
        with pytest.raises(ValidationError):
            type(thumbnails).model_validate(content)

    def test_a_changed_file_is_named_with_its_field(self, store, thumbnails):
        for name, read in (
            ("previews.zip", lambda: list(store.read_previews(thumbnails))),
            ("class_0_1.webp", lambda: store.read_thumbnails(thumbnails.sheets[1].file)),
        ):
            path = store.thumbnails_folder / name
            path.write_bytes(path.read_bytes() + b"x")
            with pytest.raises(StoreError, match=rf"{name}: .* experiment\.json recorded"):
                read()
            path.unlink()
            with pytest.raises(StoreError, match=rf"{name}: cannot be read"):
                read()

    def test_a_store_of_version_1_has_none_and_says_why(self, tmp_path):
        store = write_made_up_store(tmp_path)
        run_file = store.run_folder("alpha-none") / "run.json"
        for path, field in (
            (store.folder / "experiment.json", "thumbnails"),
            (run_file, "embedding"),
        ):
            content = json.loads(path.read_bytes())
            content["schema_version"] = 1
            del content[field], content["absent"][field]
            path.write_text(json.dumps(content))
        record = store.read_experiment()
        assert record.thumbnails is None
        assert record.absent["thumbnails"] == "not recorded by schema version 1"
        run = store.read_run("alpha-none")
        assert run.absent["embedding"] == "not recorded by schema version 1"
        with pytest.raises(StoreError, match="not recorded by schema version 1"):
            store.read_embedding(run)


def test_an_experiment_stores_its_test_images(quick_config, tmp_path, around):
    store = ExperimentStore(tmp_path / "results" / "quick")
    run_experiment(quick_config, store, around, downloads=tmp_path)
    targets = [sample.target for sample in store.read_samples() if sample.split == Split.TEST]
    cells = cells_of(store.read_experiment().thumbnails, store, targets)
    dataset = load_dataset(quick_config.dataset, tmp_path)
    for item, cell in zip(dataset.of_split(Split.TEST), cells, strict=True):
        # Every twelfth pixel, from the middle of the first.
        shown = cell[6::12, 6::12, :3]
        assert np.abs(shown - np.asarray(dataset.open(item), dtype=float)).max() < 40


def test_no_torch_is_needed():
    code = "import sys, experiments.thumbnails; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
