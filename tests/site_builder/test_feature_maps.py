"""What feature-maps.html says is what is stored; crops and colours are as in the libraries."""

import json
import math
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from experiments.pixels import Geometry, square
from experiments.results.feature_maps import (
    atlas_file,
    has_feature_maps,
    read_feature_maps,
    read_picture,
    read_top_images,
)
from experiments.results.schema import MappedLayer, Preprocessing, Split
from experiments.results.store import ExperimentStore
from site_builder import formatting
from site_builder.architectures.networks import IMPORTED
from site_builder.explorer.images import images_of
from site_builder.features.colormaps import N_NODES, colormaps
from site_builder.features.crop import input_crop
from site_builder.features.files import feature_files
from site_builder.features.shapes import steps
from site_builder.features.stored import NOT_MADE, feature_maps, without_feature_maps
from site_builder.loading import Experiment, load
from site_builder.naming import run_names
from site_builder.pages.feature_maps import FeatureMapsContext, feature_maps_context
from site_builder.render import render
from tests.feature_maps import LAYERS, NO_ACTIVATION, add_feature_maps
from tests.made_up import write_made_up_store
from tests.pictures import SIZE, write_illustrated_store
from tests.site_builder.changes import fail
from tests.site_builder.pages import PageReader


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    store = write_illustrated_store(tmp_path_factory.mktemp("results"))
    add_feature_maps(store)
    return load(store)


@pytest.fixture(scope="module")
def files(mapped: Experiment) -> dict[str, bytes]:
    return files_of(mapped)


def files_of(experiment: Experiment) -> dict[str, bytes]:
    images = images_of(experiment)
    names = run_names(experiment)
    return dict(feature_files(experiment, names, images, feature_maps(experiment)))


def context_of(experiment: Experiment) -> FeatureMapsContext:
    stored = feature_maps(experiment)
    names, images = run_names(experiment), images_of(experiment)
    return feature_maps_context(experiment, names, images, stored)


def shard(files: dict[str, bytes], name: str) -> dict:  # type: ignore[type-arg]
    text = files[f"data/feature-maps/{name}.js"].decode()
    start = text.index(",") + 1
    return json.loads(text[start : text.rindex(")")])  # type: ignore[no-any-return]


def number(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (9999.6, "1.000e4"),
        (9999.4, "9999"),
        (-0.00012345, "−0.0001234"),
        (1e-9, "1.000e−9"),
    ],
)
def test_values_have_four_digits(value: float, text: str) -> None:
    assert formatting.value(value) == text


@pytest.mark.parametrize(
    "size", [(500, 333), (333, 500), (150, 120), (8, 8), (33, 64), (601, 600), (224, 1000)]
)
@pytest.mark.parametrize(("resize", "side"), [(256, 224), (32, 32), (235, 224), (37, 24)])
def test_the_crop_is_that_of_the_engine(size: tuple[int, int], resize: int, side: int) -> None:
    """In an image whose colours say where they are, the outermost pixels of what the model sees."""
    width, height = size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    where = np.stack([x % 250, y % 250, x // 250 * 10 + y // 250], axis=2).astype(np.uint8)
    seen = square(Image.fromarray(where), Geometry("center", resize, side, "nearest")).numpy()
    fed = Preprocessing(
        input_size=side, resize_size=resize, interpolation="nearest", mean=(0,) * 3, std=(1,) * 3
    )
    crop = input_crop(width, height, fed)
    for place in (0, side - 1):
        share = (place + 0.5) / side
        column = math.floor((crop.left + share * crop.width) * width + 1e-9)
        row = math.floor((crop.top + share * crop.height) * height + 1e-9)
        assert seen[place, place].tolist() == where[row, column].tolist()


def test_colours_are_those_of_matplotlib() -> None:
    greys = np.arange(256) / 255
    for ours in colormaps():
        wanted = mpl.colormaps[ours.name](greys)
        for channel, table in enumerate((ours.red, ours.green, ours.blue)):
            nodes = [float(share) for share in table.split()]
            assert len(nodes) == N_NODES
            drawn = np.interp(greys, np.linspace(0, 1, N_NODES), nodes)
            assert np.abs(drawn - wanted[:, channel]).max() * 255 < 4


def test_steps_say_how_shapes_change() -> None:
    shapes = [(3, 224, 224), (64, 56, 56), (64, 56, 56), (96, 40, 40), (48, 40, 40)]
    layers = [
        MappedLayer(
            name=f"layer{place}",
            kind="Conv2d",
            shape=shape,
            from_tokens=place == 3,
            dtype="float32",
            shown=[0, 1],
            tile_px=8,
            n_columns=2,
        )
        for place, shape in enumerate(shapes)
    ]
    found = [vars(step) for step in steps(layers)]
    for step in found:
        step["change"] = step["change"].replace("\u00a0", " ")
    assert [step["change"] for step in found] == [
        "",
        "resolution ÷ 4, channels from 3 to 64",
        "the same shape",
        "resolution from 56 to 40, channels from 64 to 96",
        "resolution as before, channels ÷ 2",
    ]
    assert found[1]["shape"].replace("\u00a0", " ") == "64 × 56 × 56"
    assert found[1]["values"].replace("\u00a0", " ") == "201 k"
    assert found[3]["shown"] == "2 of 96"
    assert [bool(step["grid"]) for step in found] == [False, False, False, True, False]


def test_the_numbers_are_those_stored(mapped: Experiment, files: dict[str, bytes]) -> None:
    record = read_feature_maps(mapped.store, "beta-none")
    for atlas in record.atlases:
        texts = shard(files, f"beta-none/{atlas.layer}")["numbers"][atlas.sample]
        for name in ("minimum", "maximum", "mean", "variance", "low", "high"):
            shown = [number(text) for text in texts[name].split(" ")]
            assert shown == pytest.approx(getattr(atlas.channels, name), rel=5.1e-4)
        zeros = [number(text) / 100 for text in texts["zeros"].split(" ")]
        assert zeros == pytest.approx(atlas.channels.zeros, abs=1e-3)
        for text, stored in zip(
            texts["similarity"].split(" "), atlas.channels.similarity, strict=True
        ):
            assert (
                (text == "–") if stored is None else number(text) == pytest.approx(stored, abs=1e-3)
            )


def test_top_images_are_named_as_in_the_explorer(
    mapped: Experiment, files: dict[str, bytes]
) -> None:
    images = images_of(mapped)
    record = read_feature_maps(mapped.store, "alpha-none")
    for place, (layer, top) in enumerate(
        zip(record.layers, read_top_images(mapped.store, record), strict=True)
    ):
        shown = shard(files, f"alpha-none/{place}")["top"]
        assert len(shown) == len(layer.shown)
        for flat, channel in zip(shown, layer.shown, strict=True):
            pairs = list(zip(flat[::2], flat[1::2], strict=True))
            for (target, rank), wanted in zip(pairs, top[channel], strict=True):
                of_class = np.flatnonzero(images.targets == target)
                assert of_class[rank] == wanted


def test_a_run_says_what_it_made_of_its_images(mapped: Experiment, files: dict[str, bytes]) -> None:
    run = next(run for run in mapped.runs if run.run_id == "beta-none")
    said = run.predictions
    assert said is not None
    assert said.top_probabilities is not None
    ids = said.sample_ids.tolist()
    index = shard(files, "beta-none/run")
    assert index["samples"] == len(mapped.record.explained) == 4
    assert [image["id"] for image in index["images"][:4]] == [
        sample.sample_id for sample in mapped.record.explained
    ]
    for image in index["images"]:
        place = ids.index(image["id"])
        assert image["target"] == mapped.record.class_names[said.targets[place]]
        name, _, percent = image["said"].replace("\u00a0", " ").partition(", ")
        assert name == mapped.record.class_names[said.predicted[place]]
        assert float(percent.removesuffix(" %")) == pytest.approx(
            100 * said.top_probabilities[place, 0], abs=0.1
        )
        assert image["right"] == (said.predicted[place] == said.targets[place])
        assert tuple(image["size"]) == SIZE
        # 150 x 120 resized to 40 x 32, of which the middle 32 are seen.
        assert image["crop"] == [1000, 0, 8000, 10000]
    assert [image["why"] for image in index["images"][2:5]] == [
        "chosen for its class",
        "chosen for its class",
        "",
    ]


def test_pictures_are_copied_as_they_are(mapped: Experiment, files: dict[str, bytes]) -> None:
    for run_id in mapped.record.run_ids:
        record = read_feature_maps(mapped.store, run_id)
        for atlas in record.atlases:
            address = f"assets/feature-maps/{run_id}/{atlas_file(atlas.sample, atlas.layer)}"
            assert files[address] == read_picture(mapped.store, run_id, atlas.file)


def test_the_page_reads_without_scripts(mapped: Experiment) -> None:
    page = PageReader(render("pages/feature-maps.html", context_of(mapped)).decode())
    best = mapped.ranked[0]
    record = read_feature_maps(mapped.store, best.run_id)
    rows = page.rows("Channels")
    numbers = record.atlases[0].channels
    assert [number(row[2]) for row in rows.values()] == pytest.approx(numbers.mean, rel=5.1e-4)
    layers = page.tables["Layers of each model"][1:]
    # The two runs of each of the three models have the same layers.
    assert len(layers) == 3 * len(LAYERS)
    assert {row[0] for row in layers[:: len(LAYERS)]} == {
        f"{model}2\u00a0runs" for model in ("Alpha", "Beta", "Gamma")
    }
    assert layers[1][:5] == [
        "layer1",
        "BasicBlock",
        "24\u00a0×\u00a08\u00a0×\u00a08",
        "1.54\u00a0k",
        "24 of 24",
    ]
    methods = page.rows("Class-activation maps of each model")
    assert sorted(row[0] for row in methods.values()) == sorted(
        4 * ["Grad-CAM, for a class"]
        + ["attention rollout, the same for every class", f"none: {NO_ACTIVATION}"]
    )


def test_runs_without_maps_say_why(store: ExperimentStore) -> None:
    context = context_of(load(store))
    assert context.still is None
    assert context.summary == "No run has feature maps."
    assert [group.reason for group in context.without] == [NOT_MADE]
    assert context.command is not None
    assert context.command.lines == "bakeoff --experiment made-up --run-experiments"
    page = PageReader(render("pages/feature-maps.html", context).decode())
    assert context.command.lines in page.text
    assert page.tables == {}


def test_some_runs_may_lack_maps(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    add_feature_maps(store)
    (store.run_folder("alpha-none") / "feature_maps.json").unlink()
    fail(store, "beta-none", "loss is not finite")
    experiment = load(store)
    stored = feature_maps(experiment)
    assert dict(without_feature_maps(experiment, stored)) == {
        "alpha-none": NOT_MADE,
        "beta-none": "the run failed",
    }
    assert set(stored) == {"alpha-standard", "beta-standard"}
    # Maps of a run that failed afterwards are not shown.
    assert has_feature_maps(store, "beta-none")


def test_imported_runs_have_no_network(mapped: Experiment) -> None:
    run = mapped.runs[0]
    imported = replace(run, record=run.record.model_copy(update={"origin": "imported"}))
    alone = replace(mapped, runs=(imported,), failed=())
    assert without_feature_maps(alone, {}) == ((run.run_id, IMPORTED),)
    assert context_of(replace(alone, store=ExperimentStore(Path("nowhere")))).command is None


def test_unknown_images_and_places_are_left_out(mapped: Experiment) -> None:
    """A build that allows failed checks must not stumble over what they found."""
    nowhere = replace(
        mapped, samples={split: of for split, of in mapped.samples.items() if split != Split.TEST}
    )
    files = files_of(nowhere)
    assert {image["image"] for image in shard(files, "alpha-none/run")["images"]} == {""}
    assert shard(files, "alpha-none/1")["top"] == []
    assert "Test image of" in render("pages/feature-maps.html", context_of(nowhere)).decode()


def test_the_files_have_no_clock(mapped: Experiment, files: dict[str, bytes]) -> None:
    assert files_of(load(mapped.store)) == files
