"""Feature maps of real runs: what is made, when, and what happens when something goes wrong."""

import gc
import io
import weakref

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from rich.console import Console
from torchvision.transforms.v2 import functional

from experiments import models
from experiments.config import ExplainConfig
from experiments.datasets import load_dataset
from experiments.experiment import run_experiment
from experiments.explain import run as explain_run_module
from experiments.explain import step
from experiments.explain.rebuild import rebuild_classifier
from experiments.progress import PlainProgress
from experiments.results.errors import ConfigError
from experiments.results.feature_maps import (
    has_feature_maps,
    read_feature_maps,
    read_picture,
    read_top_images,
)
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings


@pytest.fixture
def store(tmp_path):
    return ExperimentStore(tmp_path / "results" / "quick")


def run(config, store, around, **options):
    return run_experiment(config, store, around, downloads=store.folder / "none", **options)


def asking(config, **asked):
    return config.model_copy(update={"explain": ExplainConfig(**asked)})


def with_model(config, *names):
    models = [config.models[0].model_copy(update={"name": name}) for name in names]
    return config.model_copy(update={"models": models})


def files_of(store, run_id):
    folder = store.run_folder(run_id) / "feature_maps"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def heard(around):
    text = io.StringIO()
    progress = PlainProgress(Console(file=text, width=500))
    return Surroundings(**{**vars(around), "progress": progress}), text


def test_a_channels_pixels_are_those_of_a_forward_pass_of_its_own(quick_config, store, around):
    config = with_model(quick_config, "test_resnet")
    (record,) = run(config, store, around)
    maps = read_feature_maps(store, record.run_id)
    model = rebuild_classifier(store, record, 10, torch.device("cpu"))
    state = safetensors.torch.load(store.read_weights(record))
    assert torch.equal(model.state_dict()["head.weight"], state["head.weight"])
    items = {item.sample_id: item for item in dataset_of(config).of_split(Split.TEST)}
    layer = [layer.name for layer in maps.layers].index("layer1")
    described = maps.layers[layer]
    for sample, sample_id in enumerate(maps.samples):
        output = {}
        handle = model.backbone.layer1.register_forward_hook(
            lambda _module, _inputs, found, output=output: output.update(found=found.clone())
        )
        with torch.inference_mode():
            model(as_fed(dataset_of(config).open(items[sample_id]), record.preprocessing))
        handle.remove()
        atlas = maps.atlases[sample * len(maps.layers) + layer]
        picture = read_picture(store, record.run_id, atlas.file)
        grey = np.asarray(Image.open(io.BytesIO(picture)).convert("L"), dtype=float)
        for tile, channel in ((0, described.shown[0]), (17, described.shown[17])):
            values = output["found"][0, channel].numpy()
            low, high = np.percentile(values, [1, 99])
            expected = 255 * np.clip((values - low) / max(high - low, 1e-9), 0, 1)
            row, column = divmod(tile, described.n_columns)
            side = described.tile_px
            drawn = grey[row * side : (row + 1) * side, column * side : (column + 1) * side]
            # Small tiles are lossless; one grey level is what rounding makes.
            assert np.abs(drawn - expected).max() <= 1.01
            assert atlas.channels.mean[tile] == pytest.approx(values.mean(), rel=1e-3, abs=1e-6)


def dataset_of(config):
    return load_dataset(config.dataset, None)


def as_fed(image, sizes):
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None]
    # On whole numbers, as pixels are stored: in floats some would round to the next one.
    small = functional.resize(pixels, [32, 32], antialias=True)
    mean, std = (torch.tensor(values)[:, None, None] for values in (sizes.mean, sizes.std))
    return (small / 255 - mean) / std


def test_all_runs_are_explained_on_the_same_images(quick_config, store, around):
    config = with_model(quick_config, "test_vit", "test_resnet")
    run(config, store, around)
    chosen = [sample.sample_id for sample in store.read_experiment().explained]
    assert len(chosen) == len(set(chosen)) == 6
    for run_id in store.read_experiment().run_ids:
        maps = read_feature_maps(store, run_id)
        assert maps.samples == chosen
        assert len(read_top_images(store, maps)) == len(maps.layers)
        assert sum(atlas.file.size_bytes for atlas in maps.atlases) < 1_000_000
    assert read_feature_maps(store, "test_resnet-none").activation.method == "grad-cam"
    # A rollout is the same for every class: one map an image.
    rollout = read_feature_maps(store, "test_vit-none").activation
    assert rollout.method == "attention rollout"
    assert {entry.of for entry in rollout.maps} == {"prediction"}


def test_images_stay_when_runs_are_added_and_force_chooses_again(quick_config, store, around):
    run(quick_config, store, around)
    before = store.read_experiment().explained
    first = (store.run_folder("test_vit-none") / "feature_maps.json").stat().st_mtime_ns
    run(with_model(quick_config, "test_vit", "test_resnet"), store, around)
    assert store.read_experiment().explained == before
    assert (store.run_folder("test_vit-none") / "feature_maps.json").stat().st_mtime_ns == first
    named = asking(quick_config, images=[before[0].sample_id])
    run(named, store, around)
    assert [s.why for s in store.read_experiment().explained] == ["named"]
    assert read_feature_maps(store, "test_vit-none").samples == [before[0].sample_id]
    run(quick_config, store, around, force=True)
    assert len(store.read_experiment().explained) == 6


def test_a_model_is_rebuilt_once_for_all_that_its_run_lacks(
    quick_config, store, around, monkeypatch
):
    rebuilt = []

    def rebuild(store, record, *arguments):
        rebuilt.append(record.run_id)
        return rebuild_classifier(store, record, *arguments)

    monkeypatch.setattr(step, "rebuild_classifier", rebuild)
    run(with_model(quick_config, "test_vit", "test_resnet"), store, around)
    assert sorted(rebuilt) == ["test_resnet-none", "test_vit-none"]
    run(with_model(quick_config, "test_vit", "test_resnet"), store, around)
    assert len(rebuilt) == 2


def test_layers_are_looked_for_in_one_network_at_a_time(quick_config, monkeypatch):
    made, build = [], models.build_backbone

    def watched(*arguments, **options):
        gc.collect()
        assert not any(backbone() for backbone in made)
        backbone = build(*arguments, **options)
        made.append(weakref.ref(backbone))
        return backbone

    monkeypatch.setattr(models, "build_backbone", watched)
    config = with_model(quick_config, "test_vit", "test_resnet", "test_efficientnet")
    step.check_asked(asking(config, layers=["layer3", "blocks.1"]), dataset_of(config))
    assert len(made) == 3
    with pytest.raises(ConfigError, match=r"no model has a module 'layer33'; did you mean"):
        step.check_asked(asking(config, layers=["layer33"]), dataset_of(config))


def test_layers_chosen_while_running_are_not_chosen_again(quick_config, store, around, monkeypatch):
    def choose(*_):
        raise AssertionError("an image went through the model to choose layers")

    monkeypatch.setattr(explain_run_module, "choose_layers", choose)
    run(quick_config, store, around)
    assert has_feature_maps(store, "test_vit-none")
    # Other layers are asked for, and then those of the model's own choice again.
    monkeypatch.undo()
    run(asking(quick_config, layers=["blocks.1"]), store, around)
    assert [layer.name for layer in read_feature_maps(store, "test_vit-none").layers] == [
        "blocks.1"
    ]
    run(quick_config, store, around)
    assert len(read_feature_maps(store, "test_vit-none").layers) > 1
    run(asking(quick_config, layers=["blocks.1"]), store, around, force=True)
    run(quick_config, store, around)
    assert len(read_feature_maps(store, "test_vit-none").layers) > 1


def test_layers_that_are_asked_for_are_shown(quick_config, store, around):
    run(quick_config, store, around)
    run(asking(quick_config, layers=["blocks.1", "blocks.3"]), store, around)
    maps = read_feature_maps(store, "test_vit-none")
    assert [layer.name for layer in maps.layers] == ["blocks.1", "blocks.3"]
    # The run counted its top images for other layers.
    assert maps.top_images is None
    assert "top_images" in maps.absent


def test_what_is_missing_is_made_without_doing_the_run_again(quick_config, store, around):
    """As for a store that an older bakeoff wrote, or one where the step was interrupted."""
    run(quick_config, store, around)
    folder = store.run_folder("test_vit-none")
    expected = (folder / "feature_maps.json").read_bytes()
    before = (folder / "run.json").stat().st_mtime_ns
    (folder / "feature_maps.json").unlink()
    assert run(quick_config, store, around) == []
    assert (folder / "feature_maps.json").read_bytes() == expected
    assert (folder / "run.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("n_written", [0, 5, 20])
def test_killed_between_files_it_goes_on(quick_config, store, around, monkeypatch, n_written):
    run(quick_config, store, around)
    folder = store.run_folder("test_vit-none")
    whole, pictures = (folder / "feature_maps.json").read_bytes(), files_of(store, "test_vit-none")
    (folder / "feature_maps.json").unlink()
    write, written = explain_run_module.write_picture, []

    def dying(*arguments):
        if len(written) == n_written:
            raise KeyboardInterrupt
        written.append(arguments)
        return write(*arguments)

    monkeypatch.setattr(explain_run_module, "write_picture", dying)
    with pytest.raises(KeyboardInterrupt):
        run(quick_config, store, around)
    assert not has_feature_maps(store, "test_vit-none")
    monkeypatch.undo()
    run(quick_config, store, around)
    assert (folder / "feature_maps.json").read_bytes() == whole
    assert files_of(store, "test_vit-none") == pictures


def test_one_failing_run_harms_neither_itself_nor_the_others(quick_config, store, around):
    config = with_model(quick_config, "test_vit", "test_resnet")
    run(config, store, around)
    for run_id in ("test_vit-none", "test_resnet-none"):
        (store.run_folder(run_id) / "feature_maps.json").unlink()
    before = (store.run_folder("test_vit-none") / "run.json").read_bytes()
    (store.run_folder("test_vit-none") / "model.safetensors").write_bytes(b"damaged")
    listening, text = heard(around)
    run(config, store, listening)
    assert "no feature maps of test_vit-none" in text.getvalue()
    assert "model.safetensors: its content is not what run.json recorded" in text.getvalue()
    assert (store.run_folder("test_vit-none") / "run.json").read_bytes() == before
    assert not has_feature_maps(store, "test_vit-none")
    assert has_feature_maps(store, "test_resnet-none")


def test_what_there_is_not_is_refused_before_anything_is_run(quick_config, store, around):
    with pytest.raises(ConfigError, match=r"explain\.images: no test images: 'digit-x'"):
        run(asking(quick_config, images=["digit-x"]), store, around)
    with pytest.raises(ConfigError, match=r"'block\.1'; did you mean 'blocks\.1'"):
        run(asking(quick_config, layers=["block.1"]), store, around)
    with pytest.raises(ConfigError, match=r"'head' gives no maps"):
        run(asking(quick_config, layers=["head"]), store, around)
    assert not store.folder.exists()
