"""pipeline/preprocessing.html: values before and after, constants, colours and augmentations."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.results.schema import (
    AugmentationConfig,
    PixelStatistics,
    Preprocessing,
    PreprocessingConfig,
)
from experiments.results.store import ExperimentStore
from experiments.results.teaching import read_augmentations, read_teaching
from experiments.results.walkthrough import read_walkthrough
from site_builder import formatting
from site_builder.loading import load
from site_builder.pages.pipeline.constants import as_fed, ends, training_pixels
from site_builder.pages.pipeline.gallery import gallery, parameters
from site_builder.pipeline import build_site
from tests.imports import import_all_kinds
from tests.made_up import write_made_up_store
from tests.site_builder.pages import PageReader
from tests.site_builder.test_pipeline_pages import (
    Filled,
    finished,
    first_model,
    page_of,
    shard_of,
)
from tests.walkthrough import DRAWS, grey_of_cell

PAGE = "pipeline/preprocessing.html"
NBSP = formatting.NBSP
IMAGENET = Preprocessing(
    input_size=224,
    resize_size=256,
    interpolation="bicubic",
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
)


@pytest.fixture
def store(walked_store: ExperimentStore) -> ExperimentStore:
    return walked_store


@pytest.fixture
def site(walked_site: Path) -> Path:
    return walked_site


def test_black_and_white_are_the_ends() -> None:
    # (0 - 0.485) / 0.229 and (1 - 0.485) / 0.229, and so on, by hand.
    assert ends(IMAGENET) == (
        ("Red", "0.485", "0.229", "−2.118", "2.249"),
        ("Green", "0.456", "0.224", "−2.036", "2.429"),
        ("Blue", "0.406", "0.225", "−1.804", "2.640"),
    )


def test_training_pixels_are_compared_with_the_wrong_way() -> None:
    stored = PixelStatistics(
        n_images=3,
        n_pixels=1200,
        mean=(0.5, 0.25, 0.0),
        std=(0.25, 0.2, 0.0),
        mean_of_stds=(0.2, 0.19, 0.0),
    )
    shown = training_pixels(stored)
    assert [(row[0], row[1], row[4]) for row in shown.rows] == [
        ("Red", "0.5000", f"20.0{NBSP}%"),
        ("Green", "0.2500", f"5.0{NBSP}%"),
        ("Blue", "0", f"0.0{NBSP}%"),
    ]
    assert shown.worst == f"20.0{NBSP}%"
    # (0.5 - 0.485) / 0.229 and 0.25 / 0.229, by hand.
    assert as_fed(stored, IMAGENET)[0] == ("Red", "0.06550", "1.092")


def test_pixel_statistics_are_the_stored_ones(site: Path, store: ExperimentStore) -> None:
    pixels = read_teaching(store).pixels
    rows = PageReader(page_of(site, PAGE)).rows("Mean and deviation of the training images")
    columns = zip(pixels.mean, pixels.std, pixels.mean_of_stds, strict=True)
    for cells, numbers in zip(rows.values(), columns, strict=True):
        assert cells[:3] == [f"{number:.4f}" for number in numbers]
        assert float(cells[3].split()[0]) == pytest.approx(
            100 * (1 - numbers[2] / numbers[1]), abs=0.05
        )


def test_steps_show_the_stored_values(site: Path, store: ExperimentStore) -> None:
    for run in finished(store):
        shard, walk = shard_of(site, run.run_id), read_walkthrough(store, run.run_id)
        texts = shard["texts"]
        for name in ("photo", "resize", "crop", "tensor", "normalise"):
            step = walk.step(name)  # type: ignore[arg-type]
            assert texts[f"preprocessing.{name}-shape"] == formatting.shape(step.shape)
            low, high = str(texts[f"preprocessing.{name}-range"]).split(f"{NBSP}to{NBSP}")
            assert float(low.replace("−", "-")) == pytest.approx(step.values.minimum, rel=1e-3)
            assert float(high) == pytest.approx(step.values.maximum, rel=1e-3)
        rows = {row[0]: row[1:] for row in shard["rows"]["preprocessing.colours"]}  # type: ignore[union-attr]
        red = walk.step("normalise").colours[0]
        assert rows["Red, normalised"] == [
            formatting.value(number) for number in (red.minimum, red.maximum, red.mean, red.std)
        ]
        # 32 x 32 are left of 32 x 38.
        assert texts["preprocessing.cut"] == f"16{NBSP}%"
        # 3 of 38 columns on either side, and no row.
        margins = "M0 0H100V100H0zM7.9 0.0V100.0H92.1V0.0z"
        assert shard["paths"]["preprocessing.margins"] == margins
        for name in ("photo", "resize", "crop", "normalise"):
            assert f"preprocessing.{name}" in shard["pictures"]


def test_the_worked_example_is_right(site: Path, store: ExperimentStore) -> None:
    for run in finished(store):
        said = str(shard_of(site, run.run_id)["texts"]["preprocessing.example"])
        found = re.fullmatch(r"\((\S+) − (\S+)\) / (\S+) = (\S+)", said)
        assert found
        value, mean, std, result = (float(part.replace("−", "-")) for part in found.groups())
        assert (value - mean) / std == pytest.approx(result, abs=2e-3)
        assert run.preprocessing
        assert (mean, std) == (run.preprocessing.mean[0], run.preprocessing.std[0])


def test_constants_are_each_models_own(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results", models=("alpha", "beta"))
    for run in finished(store):
        config = run.config
        assert config
        changes: dict[str, object] = {}
        if config.model == "alpha":
            changes["preprocessing"] = IMAGENET
        else:
            asked = PreprocessingConfig(mean=(0.5,) * 3)
            changes["config"] = config.model_copy(update={"preprocessing": asked})
        store.write_run(run.model_copy(update=changes))
    build_site(store, tmp_path / "site")
    reader = PageReader(page_of(tmp_path / "site", PAGE))
    rows = reader.rows("Normalisation constants of every model")
    assert rows == {
        "Alpha": [
            "alpha", "0.485, 0.456, 0.406", "0.229, 0.224, 0.225", "the model’s own data config",
        ],
        "Beta": ["beta", "0.5, 0.5, 0.5", "0.5, 0.5, 0.5", "this experiment’s configuration"],
    }  # fmt: skip
    assert "v2.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])" in reader.text
    assert "v2.Normalize(mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5])" in reader.text


def test_every_augmentation_shows_its_own_cells(store: ExperimentStore) -> None:
    stored = read_teaching(store).gallery
    shown = gallery(stored, load(store).runs)
    found = (*shown.geometry, *shown.colour, *shown.whole)
    assert len(found) == len(DRAWS)
    with Image.open(io.BytesIO(read_augmentations(store, stored.sheet))) as sheet:
        assert sheet.size == (shown.width, shown.height)
        grey = np.asarray(sheet.convert("L")).astype(int)
    by_name = {one.name: one for one in found}
    place = 1
    titles = (
        "Random resized crop", "Horizontal flip", "Brightness", "Contrast", "Saturation",
        "Rotation", "Loss of colour", "All of standard", "All of strong",
    )  # fmt: skip
    for title, n_cells in zip(titles, DRAWS.values(), strict=True):
        corners = by_name[title].cells
        assert len(corners) == n_cells
        for corner in corners:
            middle = grey[corner.y + shown.cell // 2, corner.x + shown.cell // 2]
            assert middle == pytest.approx(grey_of_cell(place), abs=2)
            place += 1
    assert by_name["Horizontal flip"].note == "Configured to change nothing here."
    assert not by_name["Horizontal flip"].what
    assert "Shown as it happens" in by_name["Loss of colour"].note
    assert (shown.original.x, shown.original.y) == (0, 0)
    assert (
        shown.used
        == f"In this experiment: 3{NBSP}runs without augmentation and 3{NBSP}runs "
        + ("with standard.")
    )


def test_parameters_are_said_as_configured() -> None:
    config = AugmentationConfig(min_scale=0.29, flip_probability=0.125, brightness=1.5)
    assert f"29{NBSP}% to 100{NBSP}% of the area" in parameters("crop", config)
    assert parameters("flip", config).endswith(f"a chance of 12.5{NBSP}%")
    assert parameters("brightness", config).endswith("by 0 to 2.5")
    assert parameters("contrast", config).endswith("by 0.8 to 1.2")
    assert parameters("rotation", config).startswith("By −15° to 15°")


def test_the_gallery_is_in_the_page(site: Path) -> None:
    page = page_of(site, PAGE)
    n_cells = 1 + sum(DRAWS.values())
    assert page.count('<image href="../assets/teaching/augmentations.webp"') == n_cells


def test_a_store_without_pictures_says_so(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    build_site(store, tmp_path / "site")
    page = page_of(tmp_path / "site", PAGE)
    assert "<img" not in re.sub(r"<img[^>]* hidden>", "", page)
    text = PageReader(page).text
    assert "So there are no pictures of it here." in text
    assert "Mean and deviation of this experiment’s images are not stored." in text
    assert "What it does to an image of this experiment is not stored." in text
    assert "v2.CenterCrop(32)" in text
    filled = Filled(page)
    assert "preprocessing.sample" in filled.hidden
    assert filled.values["preprocessing.input-size"] == {"32"}


def test_a_store_without_finished_runs_still_explains(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    for run in [*finished(store)]:
        (store.run_folder(run.run_id) / "run.json").unlink()
    build_site(store, tmp_path / "site")
    text = PageReader(page_of(tmp_path / "site", PAGE)).text
    assert "No run of this experiment stored what its model was fed." in text
    assert "No run of this experiment stored its constants." in text


def test_imported_runs_lack_preprocessing(tmp_path: Path) -> None:
    build_site(import_all_kinds(tmp_path), tmp_path / "site")
    filled = Filled(page_of(tmp_path / "site", PAGE))
    assert "came without its network" in filled.values["preprocessing.missing"].pop()
    assert filled.values["preprocessing.resize-size"] == {formatting.MISSING}
    assert {"preprocessing.ends", "preprocessing.colours"} <= filled.hidden


def test_the_page_as_built_says_what_the_browser_fetches(site: Path) -> None:
    texts = shard_of(site, first_model(site))["texts"]
    for page in ("pipeline/input.html", PAGE):
        filled = Filled(page_of(site, page)).values
        assert filled
        assert filled == {name: {texts[name]} for name in filled}
