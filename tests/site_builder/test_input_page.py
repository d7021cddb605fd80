"""pipeline/input.html: memory, steps, batches and sizes, against NumPy and cases done by hand."""

from pathlib import Path

import numpy as np
import pytest

from experiments.results.schema import Preprocessing, Split
from experiments.results.store import ExperimentStore
from site_builder import formatting
from site_builder.loading import load
from site_builder.pages.pipeline.batches import Input, batches_sentence, cached_bytes
from site_builder.pages.pipeline.image_sizes import image_sizes
from site_builder.pages.pipeline.memory_layout import (
    ORDERS,
    memory_layout,
    stride_rows,
    strides,
)
from site_builder.pipeline import build_site
from tests.imports import import_all_kinds
from tests.made_up import write_made_up_store
from tests.site_builder.changes import add_examples
from tests.site_builder.pages import PageReader
from tests.site_builder.test_pipeline_pages import Filled, finished, page_of, shard_of

PAGE = "pipeline/input.html"
NBSP = formatting.NBSP


def resize(store: ExperimentStore, sizes: list[tuple[int, int]]) -> None:
    """Give the images, in turn, these widths and heights."""
    samples = [
        sample.model_copy(update=dict(zip(("width_px", "height_px"), size, strict=True)))
        for place, sample in enumerate(store.read_samples())
        for size in [sizes[place % len(sizes)]]
    ]
    store.write_experiment(store.read_experiment(), samples)


@pytest.mark.parametrize("shape", [(1, 3, 2, 2), (32, 3, 224, 160), (2, 1, 1, 5)])
def test_steps_are_those_of_numpy(shape: tuple[int, ...]) -> None:
    first = np.empty(shape, np.float32)
    last = np.empty([shape[axis] for axis in ORDERS["NHWC"]], np.float32).transpose(0, 3, 1, 2)
    assert strides(shape, ORDERS["NCHW"]) == tuple(step // 4 for step in first.strides)
    assert strides(shape, ORDERS["NHWC"]) == tuple(step // 4 for step in last.strides)


def test_steps_are_shown_axis_by_axis() -> None:
    # PyTorch's own example of channels last: (10, 3, 32, 32) has the strides (3072, 1, 96, 3).
    assert stride_rows((10, 3, 32, 32)) == (
        ("N", "10", "3,072", "3,072"),
        ("C", "3", "1,024", "1"),
        ("H", "32", "32", "96"),
        ("W", "32", "1", "3"),
    )


def test_the_drawing_shows_memory_as_numpy_lays_it_out() -> None:
    labels = np.array(
        [[[f"{colour}{row}{column}" for column in (0, 1)] for row in (0, 1)] for colour in "RGB"]
    )
    drawn = memory_layout()
    first, last = ([cell.label for cell in strip.cells] for strip in drawn.strips)
    assert first == labels.ravel().tolist()
    assert last == labels.transpose(1, 2, 0).ravel().tolist()
    assert [cell.label for cell in drawn.pixels] == last
    marked = [cell.label for cell in drawn.pixels if "marked" in cell.kind]
    assert marked == ["R10", "G10", "B10"]
    offsets = [[order.index(label) for label in marked] for order in (first, last)]
    assert offsets == [[2, 6, 10], [6, 7, 8]]
    assert "at 2, 6 and 10 in NCHW and at 6, 7 and 8 in NHWC" in drawn.marked
    corners = [(cell.x, cell.y) for strip in drawn.strips for cell in strip.cells]
    inside = all(x + drawn.cell <= drawn.width and y < drawn.height for x, y in corners)
    assert inside
    assert len(set(corners)) == len(corners)


def test_memory_is_four_bytes_a_number() -> None:
    fed = Input(side_px=224, batch_size=32)
    assert fed.image_bytes == 602_112
    assert fed.batch_bytes == 19_267_584
    assert formatting.size(fed.image_bytes) == f"602{NBSP}kB"


@pytest.mark.parametrize(
    ("n_images", "said"),
    [
        (100, "3 batches of 32 and one of 4: drop_last would leave out 4,"),
        (96, "3 batches of 32: none is smaller, drop_last would change nothing"),
        (20, "one batch, smaller than 32: drop_last would leave out all of it"),
        (33, "1 batch of 32 and one of 1: drop_last would leave out 1,"),
    ],
)
def test_an_epoch_falls_into_batches(n_images: int, said: str) -> None:
    assert said in batches_sentence(n_images, 32).replace(NBSP, " ")


def test_decoded_images_take_a_byte_a_number(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",))
    for run in finished(store):
        sizes = Preprocessing(
            input_size=32, resize_size=40, interpolation="bicubic", mean=(0.5,) * 3, std=(0.5,) * 3
        )
        store.write_run(run.model_copy(update={"preprocessing": sizes}))
    experiment = load(store)
    found = {run.run_id: cached_bytes(experiment, run.record) for run in experiment.runs}
    # 60 images in each of three splits; augmented, those of training are kept whole.
    assert found == {
        "alpha-none": 180 * 3 * 32**2,
        "alpha-standard": 120 * 3 * 32**2 + 60 * 3 * 40**2,
    }


def test_the_page_says_what_each_model_is_fed(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    build_site(store, tmp_path / "site")
    for run in finished(store):
        assert run.preprocessing
        assert run.config
        shard = shard_of(tmp_path / "site", run.run_id)
        texts, side = shard["texts"], run.preprocessing.input_size
        batch = run.config.training.batch_size
        assert texts["input.shape"] == formatting.shape((3, side, side))
        assert texts["input.image-memory"] == formatting.size(3 * side * side * 4)
        assert texts["input.batch-memory"] == formatting.size(batch * 3 * side * side * 4)
        assert texts["input.pixel-memory"] == formatting.size(3 * side * side)
        steps = {row[0]: row[1:] for row in shard["rows"]["input.strides"]}  # type: ignore[union-attr]
        assert steps["N"][0] == str(batch)
        assert steps["C"][2] == "1"
    page = page_of(tmp_path / "site", PAGE)
    rows = PageReader(page).rows("Memory of every model’s input")
    assert {cells[0] for cells in rows.values()} == {formatting.shape((3, 32, 32))}
    assert "All have to be enlarged" not in page


def test_the_classes_are_counted_in_every_split(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results", n_images=70)
    build_site(store, tmp_path / "site")
    samples, names = store.read_samples(), store.read_experiment().class_names
    rows = PageReader(page_of(tmp_path / "site", PAGE)).rows("Images of every class")
    for target, name in enumerate(names):
        of_class = [sample.split for sample in samples if sample.target == target]
        counts = [of_class.count(split) for split in Split]
        assert rows[name] == [str(count) for count in (*counts, len(of_class))]
    assert "The smallest class has 69 images, the largest 72." in (
        page_of(tmp_path / "site", PAGE).replace(NBSP, " ")
    )


def test_sizes_are_counted_from_the_samples(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    resize(store, [(500, 375), (500, 375), (300, 400), (20, 20)])
    found = image_sizes(load(store))
    assert found
    assert found.summary.replace(NBSP, " ") == (
        "180 images of 3 different sizes, most often 500 × 375 px (50 %); 50 % wide, 25 % tall and "
        "25 % square."
    )
    rows = {row[0]: row[1:] for row in found.rows}
    assert rows["Width, px"] == ("20", "20", "300", "500", "500")
    assert rows["Shorter side, px"] == ("20", "20", "300", "375", "375")
    assert rows["Width divided by height"] == ("0.750", "0.750", "1.00", "1.33", "1.33")
    for chart in found.charts:
        top, bottom = float(chart.y_ticks[-1].at), float(chart.y_ticks[0].at)
        most = float(chart.y_ticks[-1].text)
        heights = [float(bar.height) / (bottom - top) * most for bar in chart.bars]
        assert sum(heights) == pytest.approx(180, abs=2)


def test_images_that_are_enlarged_are_counted(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    resize(store, [(500, 375), (500, 31), (32, 32)])
    build_site(store, tmp_path / "site")
    said = Filled(page_of(tmp_path / "site", PAGE)).values["input.enlarged"].pop()
    assert said.replace(NBSP, " ").startswith("60 of 180 images (33 %) have to be enlarged")


def test_images_of_one_size_need_no_chart(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    found = image_sizes(load(store))
    assert found
    assert found.summary.replace(NBSP, " ") == "All 180 images are of 32 × 32 px."
    assert not found.rows
    assert not found.charts


def test_images_of_unknown_size_are_said_to_be(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    unknown = {"width_px": None, "height_px": None}
    samples = [sample.model_copy(update=unknown) for sample in store.read_samples()]
    store.write_experiment(store.read_experiment(), samples)
    build_site(store, tmp_path / "site")
    assert "The sizes of the images are not stored." in page_of(tmp_path / "site", PAGE)


def test_every_class_is_shown(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    add_examples(store)
    build_site(store, tmp_path / "site")
    page = page_of(tmp_path / "site", PAGE)
    assert page.count('<image href="../assets/examples.webp"') == 3


def test_imported_runs_say_that_their_input_is_unknown(tmp_path: Path) -> None:
    build_site(import_all_kinds(tmp_path), tmp_path / "site")
    filled = Filled(page_of(tmp_path / "site", PAGE))
    assert "what it was fed is not told" in filled.values["input.unknown"].pop()
    assert filled.values["input.image-memory"] == {formatting.MISSING}
    assert "input.strides" in filled.hidden
