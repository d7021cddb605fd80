"""One image followed through real models, against a computation of its own."""

import io

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from PIL import Image
from rich.console import Console

from experiments.config import ExplainConfig
from experiments.datasets import load_dataset
from experiments.experiment import run_experiment
from experiments.explain import step
from experiments.explain.pictures import channels_picture, colour_picture
from experiments.progress import PlainProgress
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from experiments.results.teaching import has_teaching, read_teaching
from experiments.results.walkthrough import (
    has_walkthrough,
    read_walkthrough,
    read_walkthrough_picture,
)
from experiments.surroundings import Surroundings

SIDE, LARGER = 64, 80
RUN = "test_vit-none"


@pytest.fixture
def store(tmp_path):
    return ExperimentStore(tmp_path / "results" / "quick")


def run(config, store, around, **options):
    return run_experiment(config, store, around, downloads=store.folder / "none", **options)


def heard(around):
    text = io.StringIO()
    progress = PlainProgress(Console(file=text, width=500))
    return Surroundings(**{**vars(around), "progress": progress}), text


def with_model(config, name, **preprocessing):
    sizes = config.preprocessing.model_copy(update=preprocessing)
    models = [config.models[0].model_copy(update={"name": name})]
    return config.model_copy(update={"models": models, "preprocessing": sizes})


def pixels_of(store, run_id, file):
    content = read_walkthrough_picture(store, run_id, file)
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def assert_statistics(statistics, values, abs_=1e-5):
    values = np.asarray(values, dtype=np.float64)
    expected = [values.min(), values.max(), values.mean(), values.std()]
    found = [statistics.minimum, statistics.maximum, statistics.mean, statistics.std]
    assert found == pytest.approx(expected, rel=1e-4, abs=abs_)


@pytest.mark.parametrize(
    ("name", "pooling", "shape", "axes"),
    [
        ("test_resnet", "mean", [96, 2, 2], ["channels", "height", "width"]),
        ("test_vit", "class token", [17, 64], ["tokens", "features"]),
    ],
)
def test_every_step_is_what_an_independent_computation_gives(
    quick_config, store, around, name, pooling, shape, axes
):
    config = with_model(quick_config, name, input_size=SIDE, crop_fraction=SIDE / LARGER)
    (record,) = run(config, store, around)
    walk = read_walkthrough(store, record.run_id)
    dataset = load_dataset(config.dataset, None)
    item = next(i for i in dataset.items if i.sample_id == walk.sample_id)

    photo = np.asarray(dataset.open(item))
    assert_statistics(walk.step("photo").values, photo)
    assert np.array_equal(pixels_of(store, record.run_id, walk.step("photo").picture), photo)

    # Pillow and torchvision round in their own ways.
    filter_ = Image.Resampling[record.preprocessing.interpolation.upper()]
    small = Image.fromarray(photo).resize((LARGER, LARGER), filter_)
    assert walk.step("resize").shape == [3, LARGER, LARGER]
    assert_statistics(walk.step("resize").values, small, abs_=2)
    margin = (LARGER - SIDE) // 2
    cut = small.crop((margin, margin, margin + SIDE, margin + SIDE))
    crop = pixels_of(store, record.run_id, walk.step("crop").picture)
    assert np.abs(crop.astype(int) - np.asarray(cut).astype(int)).max() <= 2
    assert_statistics(walk.step("crop").values, crop)

    unit = crop / 255
    assert_statistics(walk.step("tensor").values, unit)
    sizes = record.preprocessing
    normal = (unit - np.array(sizes.mean)) / np.array(sizes.std)
    assert_statistics(walk.step("normalise").values, normal)
    for channel, colour in enumerate(walk.step("normalise").colours):
        assert_statistics(colour, normal[..., channel])

    state = safetensors.torch.load(store.read_weights(record))
    backbone = timm.create_model(name, num_classes=0)
    if name == "test_vit":
        backbone.set_input_size(img_size=(SIDE, SIDE))
    mine = {k.removeprefix("backbone."): v for k, v in state.items() if k.startswith("backbone.")}
    backbone.load_state_dict(mine)
    inputs = torch.from_numpy(normal.transpose(2, 0, 1)[None]).float()
    with torch.inference_mode():
        features = backbone.eval().forward_features(inputs)[0].numpy()
    pooled = features[0] if pooling == "class token" else features.mean(axis=(1, 2))
    assert walk.pooling == pooling
    assert (walk.step("features").shape, walk.step("features").axes) == (shape, axes)
    assert_statistics(walk.step("features").values, features, abs_=1e-4)
    assert walk.pooled == pytest.approx(pooled, rel=1e-3, abs=1e-4)

    logits = state["head.weight"].numpy() @ pooled + state["head.bias"].numpy()
    assert walk.classes == np.argsort(-logits).tolist()
    assert walk.logits == pytest.approx(logits[walk.classes], rel=1e-4, abs=1e-4)
    probabilities = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert walk.probabilities == pytest.approx(probabilities[walk.classes], abs=1e-5)
    assert_statistics(walk.step("probabilities").values, probabilities)

    said = store.read_predictions(record, Split.TEST)
    place = said.sample_ids.tolist().index(walk.sample_id)
    assert walk.classes == said.top_classes[place].tolist()
    differences = np.abs(np.array(walk.probabilities) - said.top_probabilities[place])
    assert differences.max() == pytest.approx(walk.difference, abs=1e-9)
    assert walk.difference < 1e-5
    assert walk.sample_id == store.read_experiment().explained[0].sample_id


def test_what_cannot_be_made_is_said_and_harms_nothing(quick_config, store, around, monkeypatch):
    (record,) = run(quick_config, store, around)
    walk = read_walkthrough(store, RUN)
    changed = {}
    for split in (Split.VAL, Split.TEST):
        changed[split] = store.read_predictions(record, split)
    place = changed[Split.TEST].sample_ids.tolist().index(walk.sample_id)
    changed[Split.TEST].top_probabilities[place, 1] += 0.002
    file = store.write_predictions(RUN, changed)
    store.write_run(record.model_copy(update={"predictions": file}))
    (store.run_folder(RUN) / "walkthrough.json").unlink()
    listening, text = heard(around)
    run(quick_config, store, listening)
    assert f"note: no walkthroughs of {RUN}: the stored weights give prob" in text.getvalue()
    assert "differ from the stored ones by 0.002, more than 0.001" in text.getvalue()
    assert not has_walkthrough(store, RUN)

    def failing(*_arguments):
        raise RuntimeError("no memory")

    for made in (*store.folder.glob("teaching*"), *store.folder.glob("teaching/*")):
        if made.is_file():
            made.unlink()
    monkeypatch.setattr(step, "rebuild_classifier", failing)
    listening, text = heard(around)
    assert run(quick_config, store, listening) == []
    assert f"note: no walkthroughs of {RUN}: no memory" in text.getvalue()
    assert not has_walkthrough(store, RUN)
    assert has_teaching(store)


def test_what_is_missing_or_damaged_is_made_and_the_rest_stays(quick_config, store, around):
    """As for a store that an older bakeoff wrote, or one where the step was interrupted."""
    run(quick_config, store, around)
    folder = store.run_folder(RUN)
    made = {
        path: path.read_bytes()
        for path in [
            *folder.glob("walkthrough*"),
            *folder.glob("walkthrough/*"),
            store.folder / "teaching.json",
            *store.folder.glob("teaching/*"),
        ]
        if path.is_file()
    }
    assert len(made) == 7
    maps = (folder / "feature_maps.json").stat().st_mtime_ns
    before = {path: path.stat().st_mtime_ns for path in made}
    assert run(quick_config, store, around) == []
    assert {path: path.stat().st_mtime_ns for path in made} == before
    for path in made:
        path.write_bytes(b"damaged")
        run(quick_config, store, around)
        assert {path: path.read_bytes() for path in made} == made
        path.unlink()
        run(quick_config, store, around)
        assert {path: path.read_bytes() for path in made} == made
    assert (folder / "feature_maps.json").stat().st_mtime_ns == maps


def test_another_image_or_other_augmentations_are_shown_when_asked_for(quick_config, store, around):
    run(quick_config, store, around)
    before = read_teaching(store)
    *_, other = store.read_experiment().explained
    assert read_walkthrough(store, RUN).sample_id == before.gallery.sample_id != other.sample_id
    stronger = quick_config.augmentation.model_copy(update={"brightness": 0.9})
    run(quick_config.model_copy(update={"augmentation": stronger}), store, around)
    after = read_teaching(store)
    assert after.gallery.parameters.brightness == 0.9
    assert after.gallery.sheet.sha256 != before.gallery.sheet.sha256
    assert after.pixels == before.pixels
    named = ExplainConfig(images=[other.sample_id])
    run(quick_config.model_copy(update={"explain": named}), store, around)
    assert read_walkthrough(store, RUN).sample_id == other.sample_id
    assert read_teaching(store).gallery.sample_id == other.sample_id


def test_large_pictures_are_made_small_and_tiny_ones_stay():
    rng = np.random.default_rng(0)
    large = torch.from_numpy(rng.integers(0, 256, (3, 500, 400), dtype=np.uint8))
    assert Image.open(io.BytesIO(colour_picture(large))).size == (256, 320)
    tiny = large[:, :8, :6]
    drawn = np.asarray(Image.open(io.BytesIO(colour_picture(tiny))).convert("RGB"))
    assert np.array_equal(drawn, tiny.permute(1, 2, 0))


def test_each_colour_is_drawn_from_its_least_value_to_its_greatest():
    ramp = torch.linspace(-1, 1, 16).view(4, 4)
    images = torch.stack([ramp, 5 * ramp + 2, torch.full((4, 4), 3.0)])
    drawn = np.asarray(Image.open(io.BytesIO(channels_picture(images))).convert("L"))
    expected = np.round(np.linspace(0, 255, 16)).reshape(4, 4)
    assert drawn.shape == (4, 12)
    assert np.abs(drawn[:, :4] - expected).max() <= 1
    assert np.array_equal(drawn[:, 4:8], drawn[:, :4])
    assert (drawn[:, 8:] == 0).all()
