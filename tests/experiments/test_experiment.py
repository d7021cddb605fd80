"""The engine from end to end, on real digits with one epoch of a real model."""

import dataclasses
import io
import os
import platform
import threading
import time
from collections import Counter
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from PIL import Image
from rich.console import Console
from torchvision.transforms import v2

from experiments import models, weights
from experiments.config import FolderConfig, OxfordPetsConfig, load_config
from experiments.datasets import load_dataset
from experiments.experiment import run_experiment
from experiments.launchers import in_this_process
from experiments.lock import BusyError, only_runner, only_writer
from experiments.models import Classifier, build_backbone
from experiments.progress import PlainProgress
from experiments.results.errors import ConfigError, DataError, StoreError
from experiments.results.feature_maps import has_feature_maps
from experiments.results.schema import Split, StrategyConfig, TrainingConfig
from experiments.results.store import ExperimentStore
from experiments.runner import run_and_store
from site_builder.loading import load


@pytest.fixture
def store(tmp_path):
    return ExperimentStore(tmp_path / "results" / "quick")


@pytest.fixture
def with_weights(tmp_path, around):
    """Surroundings with weights of the smallest model."""
    torch.manual_seed(9)
    state = timm.create_model("test_vit", img_size=32).state_dict()
    safetensors.torch.save_file(state, tmp_path / "test_vit.safetensors")
    return dataclasses.replace(around, weights_dir=tmp_path)


def run(config, store, around, **options):
    return run_experiment(config, store, around, downloads=store.folder / "none", **options)


def test_a_run_stores_all_that_it_names(quick_config, store, around):
    (record,) = run(quick_config, store, around)
    experiment = store.read_experiment()
    assert store.read_run("test_vit-none") == record
    assert record.status == "finished"
    assert experiment.run_ids == ["test_vit-none"]
    for split in (Split.VAL, Split.TEST):
        predictions = store.read_predictions(record, split)
        of_split = [sample for sample in store.read_samples() if sample.split == split]
        assert [s.sample_id for s in of_split] == predictions.sample_ids.tolist()
        assert [s.target for s in of_split] == predictions.targets.tolist()
        assert experiment.splits[split].n_images == len(of_split)
    # The record's own claim about val is what the stored predictions say.
    val = store.read_predictions(record, Split.VAL)
    best = record.history[record.best_epoch - 1]
    assert best.val_accuracy == pytest.approx((val.predicted == val.targets).mean())
    assert experiment.examples.file.size_bytes == (
        (store.thumbnails_folder / "examples.webp").stat().st_size
    )


def test_the_stored_configuration_gives_the_same_runs(quick_config, store, around, tmp_path):
    (record,) = run(quick_config, store, around)
    file = tmp_path / "again.toml"
    file.write_text(store.read_experiment().config_toml)
    again = load_config(str(file))
    assert again == quick_config
    assert again.runs() == {"test_vit-none": record.config}


def test_every_image_is_listed_with_its_digests(quick_config, store, around):
    (record,) = run(quick_config, store, around)
    samples = store.read_samples()
    counts = {
        split: of_split.n_images for split, of_split in store.read_experiment().splits.items()
    }
    assert Counter(sample.split for sample in samples) == counts
    assert set(counts) == set(Split)
    assert len(samples) == 1797 == len({sample.sha256 for sample in samples})
    # Their 8 x 8 pixels are too few for a difference hash.
    assert {sample.dhash for sample in samples} == {""}
    assert 1 <= record.cost.flops / (2 * record.cost.layer_macs) < 2.2


def timm_on_pillow(preprocessing):
    return timm.data.create_transform(
        input_size=32,
        crop_pct=1.0,
        interpolation=preprocessing.interpolation,
        mean=preprocessing.mean,
        std=preprocessing.std,
    )


def torchvision_on_tensors(preprocessing):
    return v2.Compose(
        [
            v2.PILToTensor(),
            v2.Resize(32, v2.InterpolationMode(preprocessing.interpolation), antialias=True),
            v2.CenterCrop(32),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(preprocessing.mean, preprocessing.std),
        ]
    )


@pytest.mark.parametrize(
    ("transforms", "tolerance"),
    # Pillow resizes up to 2 of 255 apart from torchvision in a pixel.
    [(torchvision_on_tensors, 1e-4), (timm_on_pillow, 1e-3)],
)
def test_stored_weights_give_the_stored_predictions(
    quick_config, store, around, transforms, tolerance
):
    (record,) = run(quick_config, store, around)
    dataset = load_dataset(quick_config.dataset, store.folder)
    model = Classifier(build_backbone("test_vit", 32, pretrained=False, weights_dir=None), 10, 32)
    model.load_state_dict(
        safetensors.torch.load_file(store.run_folder(record.run_id) / record.weights.name)
    )
    transform = transforms(record.preprocessing)
    items = dataset.of_split(Split.TEST)
    images = torch.stack([transform(dataset.open(item)) for item in items])
    with torch.inference_mode():
        expected = model.eval()(images).softmax(dim=1).numpy()
    stored = store.read_predictions(record, Split.TEST)
    ours = np.empty_like(expected)
    np.put_along_axis(ours, stored.top_classes, stored.top_probabilities, axis=1)
    np.testing.assert_allclose(ours, expected, atol=tolerance)


def test_the_cost_is_the_models_own(quick_config, store, around):
    (record,) = run(quick_config, store, around)
    parameters = sum(p.numel() for p in timm.create_model("test_vit", num_classes=10).parameters())
    # timm's own model is made for larger images: 10 x 10 patches of 16 px against 2 x 2 here.
    positions = (100 - 4) * 64
    assert record.cost.n_parameters == parameters - positions
    assert record.cost.n_trained_parameters == record.cost.n_parameters
    weights = store.run_folder(record.run_id) / "model.safetensors"
    assert record.cost.size_bytes == weights.stat().st_size
    assert record.cost.size_bytes > 4 * record.cost.n_parameters
    assert sum(e.duration_s for e in record.history) <= record.cost.train_time_s
    # The device is the CPU: measured once, and nothing is missing.
    assert record.cost.cpu_latency_ms == record.cost.latency_ms
    assert record.cost.cpu_throughput_per_s == record.cost.throughput_per_s
    assert record.cost.throughput_batch_size == 32
    assert record.cost.absent == {"features_time_s": "nothing is frozen"}
    assert record.notes == []


def test_two_runs_with_one_seed_say_the_same(quick_config, tmp_path, around):
    stores = [ExperimentStore(tmp_path / name / "quick") for name in ("one", "two")]
    config = quick_config.model_copy(update={"augmentations": ["standard"]})
    first, second = (run(config, store, around)[0] for store in stores)
    assert first.predictions.sha256 == second.predictions.sha256
    assert first.weights.sha256 == second.weights.sha256


@pytest.fixture
def two_threads():
    n_threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(n_threads)


@pytest.mark.usefixtures("two_threads")
def test_two_runs_on_two_threads_say_the_same(quick_config, tmp_path, around):
    stores = [ExperimentStore(tmp_path / name / "quick") for name in ("one", "two")]
    models = [quick_config.models[0].model_copy(update={"name": "test_resnet"})]
    config = quick_config.model_copy(update={"augmentations": ["standard"], "models": models})
    first, second = (run(config, store, around)[0] for store in stores)
    assert first.status == "finished", first.failure
    assert first.predictions.sha256 == second.predictions.sha256
    assert first.weights.sha256 == second.weights.sha256


def test_what_is_finished_is_not_touched(quick_config, store, around):
    run(quick_config, store, around)
    folder = store.run_folder("test_vit-none")
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert run(quick_config, store, around) == []
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert len(run(quick_config, store, around, force=True)) == 1
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} != before


def test_only_some_models_can_be_run(quick_config, store, around):
    second = quick_config.models[0].model_copy(update={"name": "test_resnet"})
    config = quick_config.model_copy(update={"models": [*quick_config.models, second]})
    records = run(config, store, around, only_models=["test_vit"])
    assert [record.run_id for record in records] == ["test_vit-none"]
    assert store.read_experiment().run_ids == ["test_vit-none", "test_resnet-none"]


def test_a_seed_more_is_a_run_more_and_one_run_is_done_anew_alone(quick_config, store, around):
    before = run(quick_config, store, around)
    config = quick_config.model_copy(update={"seeds": [0, 1]})
    assert [record.run_id for record in run(config, store, around)] == ["test_vit-none-seed1"]
    (again,) = run(config, store, around, only_runs=["test_vit-none-seed1"], force=True)
    assert again.run_id == "test_vit-none-seed1"
    assert store.read_run("test_vit-none") == before[0]
    assert store.read_experiment().run_ids == ["test_vit-none", "test_vit-none-seed1"]


def test_a_failing_run_is_recorded_and_tried_again(quick_config, store, around):
    diverging = TrainingConfig(optimizer="sgd", learning_rate=1e30, batch_size=64, max_epochs=1)
    bad = quick_config.model_copy(
        update={"training": diverging, "augmentations": ["none", "standard"]}
    )
    records = run(bad, store, around)
    assert [record.status for record in records] == ["failed", "failed"]
    assert store.read_run("test_vit-none").failure.startswith("DivergedError: the loss became")
    assert [path.name for path in store.run_folder("test_vit-none").iterdir()] == ["run.json"]
    (again,) = run(quick_config, store, around)
    assert again.status == "finished"


def test_a_batch_of_one_that_batch_norm_cannot_learn_from_is_refused_at_once(
    quick_config, store, around, monkeypatch
):
    monkeypatch.setattr("experiments.runner.read_images", None)
    training = quick_config.training.model_copy(update={"batch_size": 1})
    models = [quick_config.models[0].model_copy(update={"name": "test_resnet"})]
    config = quick_config.model_copy(update={"training": training, "models": models})
    (record,) = run(config, store, around)
    assert record.failure == (
        "ConfigError: batch_size = 1 under [training] leaves batch norm one value per channel to "
        "learn from, as test_resnet makes a single image 1 x 1; set batch_size to 2 or more"
    )


def test_a_run_that_diverges_keeps_the_epochs_before(quick_config, store, around):
    """From the second epoch on its images are no numbers."""
    seen = []

    class Listening(type(around.progress)):
        def epoch_finished(self, run_id, epoch):
            seen.append(epoch)

    def poison(module, inputs):
        if isinstance(module, Classifier) and module.training and seen:
            return (inputs[0] * torch.nan,)
        return None

    training = quick_config.training.model_copy(update={"max_epochs": 3, "patience": None})
    listening = dataclasses.replace(around, progress=Listening(Console(quiet=True)))
    with torch.nn.modules.module.register_module_forward_pre_hook(poison):
        (record,) = run(quick_config.model_copy(update={"training": training}), store, listening)
    assert (record.status, record.best_epoch) == ("failed", None)
    assert "became nan at step 1 of epoch 2; the last finite loss was " in record.failure
    assert store.read_run("test_vit-none").history == seen
    assert [epoch.epoch for epoch in seen] == [1]


def interrupt(config, store, around, **options):
    """Stop in the first epoch's report, as Ctrl-C does."""

    class Impatient(type(around.progress)):
        def epoch_finished(self, run_id, epoch):
            raise KeyboardInterrupt

    impatient = dataclasses.replace(around, progress=Impatient(Console(quiet=True)))
    with pytest.raises(KeyboardInterrupt):
        run(config, store, impatient, **options)


def heard(around):
    """Return the surroundings with a progress that writes, and what it wrote to."""
    text = io.StringIO()
    return dataclasses.replace(around, progress=PlainProgress(Console(file=text))), text


def test_an_interrupted_run_is_no_run(quick_config, store, around):
    interrupt(quick_config, store, around)
    assert not store.has_run("test_vit-none")
    assert store.read_experiment().run_ids == ["test_vit-none"]
    assert [record.status for record in run(quick_config, store, around)] == ["finished"]


def test_an_interrupted_run_goes_on(quick_config, store, around, tmp_path):
    training = quick_config.training.model_copy(update={"max_epochs": 2})
    config = quick_config.model_copy(update={"training": training, "augmentations": ["strong"]})
    (whole,) = run(config, ExperimentStore(tmp_path / "whole" / "quick"), around)
    interrupt(config, store, around)
    folder = store.run_folder("test_vit-strong")
    assert [path.name for path in folder.iterdir()] == ["checkpoint.safetensors"]
    (folder / ".run.json.left").touch()
    listening, text = heard(around)
    (record,) = run(config, store, listening)
    assert "goes on from where it was interrupted" in text.getvalue()
    assert record.predictions.sha256 == whole.predictions.sha256
    assert record.weights.sha256 == whole.weights.sha256
    files = {"run.json", "predictions.npz", "embedding.npz", "model.safetensors"}
    pictures = {"architecture.json", "feature_maps.json", "feature_maps"}
    pictures |= {"walkthrough.json", "walkthrough"}
    assert {path.name for path in folder.iterdir()} == files | pictures
    assert record.embedding == whole.embedding


def test_another_configuration_begins_anew(quick_config, store, around):
    interrupt(quick_config, store, around)
    training = quick_config.training.model_copy(update={"learning_rate": 0.002})
    listening, text = heard(around)
    run(quick_config.model_copy(update={"training": training}), store, listening)
    assert "goes on" not in text.getvalue()


@pytest.mark.parametrize("package", ["torch", "timm", "bakeoff"])
def test_other_versions_begin_anew(quick_config, store, around, monkeypatch, package):
    """What began with one version and went on with another would be neither's result."""
    interrupt(quick_config, store, around)
    version = metadata.version
    newer = {package: "99.0"}
    monkeypatch.setattr(metadata, "version", lambda name: newer.get(name) or version(name))
    listening, text = heard(around)
    (record,) = run(quick_config, store, listening)
    assert "goes on" not in text.getvalue()
    said = record.provenance.packages | {"bakeoff": record.provenance.bakeoff_version}
    assert said[package] == "99.0"


def test_the_hardware_is_named(quick_config, store, around):
    (record,) = run(quick_config, store, around)
    said = record.provenance
    known = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else said.cpu
    assert said.cpu
    assert said.cpu in known or said.cpu in (platform.processor(), platform.machine())
    # What `conftest.py` sets for all tests.
    assert said.n_threads == 1
    assert (said.gpu, said.absent["gpu"]) == (None, "the run used the CPU")
    assert said.platform == f"{platform.system()} {platform.machine()}"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_the_gpu_is_named(quick_config, store, around):
    on_gpu = dataclasses.replace(around, device=torch.device("cuda"))
    (record,) = run(quick_config, store, on_gpu)
    assert record.status == "finished", record.failure
    assert record.provenance.gpu == torch.cuda.get_device_properties(0).name


def test_force_begins_anew(quick_config, store, around):
    interrupt(quick_config, store, around)
    listening, text = heard(around)
    run(quick_config, store, listening, force=True)
    assert "goes on" not in text.getvalue()


def test_a_checkpoint_that_outlived_its_run_goes(quick_config, store, around):
    run(quick_config, store, around)
    checkpoint = store.run_folder("test_vit-none") / "checkpoint.safetensors"
    checkpoint.touch()
    assert run(quick_config, store, around) == []
    assert not checkpoint.exists()


def test_a_checkpoint_of_a_run_that_another_process_has_begun_stays(quick_config, store, around):
    run(quick_config, store, around)
    checkpoint = store.run_folder("test_vit-none") / "checkpoint.safetensors"
    checkpoint.touch()
    with only_runner(store.folder, "test_vit-none", around.now()):
        assert run(quick_config, store, around) == []
        assert checkpoint.exists()


def test_a_record_is_read_only_while_no_other_process_can_remove_it(quick_config, store, around):
    """As another command with `force` does, between a look at the file and reading it."""
    run(quick_config, store, around)

    class Changing(ExperimentStore):
        looks = 0

        def has_run(self, run_id):
            there = super().has_run(run_id)
            self.looks += 1
            with suppress(BusyError), only_runner(self.folder, run_id, around.now()):
                if self.looks == 1:
                    self.remove_run(run_id)
            return there

    (record,) = run(quick_config, Changing(store.folder), around)
    assert record.status == "finished"


def test_every_seed_is_a_run_of_its_own(quick_config, store, around):
    config = quick_config.model_copy(update={"seeds": [3, 4]})
    first, second = run(config, store, around)
    assert [first.run_id, second.run_id] == ["test_vit-none-seed3", "test_vit-none-seed4"]
    assert first.predictions.sha256 != second.predictions.sha256
    # What a seed gives does not depend on the runs before it.
    alone = ExperimentStore(store.folder.parent / "alone" / "quick")
    (again,) = run(quick_config.model_copy(update={"seeds": [4]}), alone, around)
    assert again.predictions.sha256 == second.predictions.sha256


def test_a_batch_that_does_not_fit_is_said_in_the_record(quick_config, store, around):
    def small_memory(module, inputs):
        if isinstance(module, Classifier) and module.training and len(inputs[0]) > 20:
            raise torch.OutOfMemoryError

    with torch.nn.modules.module.register_module_forward_pre_hook(small_memory):
        (record,) = run(quick_config, store, around)
    assert record.status == "finished", record.failure
    (note,) = record.notes
    assert "batches of 64" in note
    assert "at most 16" in note


@pytest.mark.parametrize("augmentation", ["none", "standard"])
@pytest.mark.parametrize("strategy", ["scratch", "frozen"])
def test_images_that_do_not_fit_where_nothing_is_learned_are_said_too(
    quick_config, store, with_weights, strategy, augmentation
):
    seen = []

    def small_memory(module, inputs):
        images = inputs[0]
        if module.training or type(module).__name__ != "VisionTransformer":
            return
        seen.append(len(images))
        if len(images) > 3:
            raise torch.OutOfMemoryError

    changes = {"strategy": strategy, "augmentations": [augmentation]}
    config = quick_config.model_copy(update=changes)
    with torch.nn.modules.module.register_module_forward_pre_hook(small_memory):
        (record,) = run(config, store, with_weights)
    assert record.status == "finished", record.failure
    (note,) = record.notes
    assert note.startswith("8 at once did not fit into the memory where nothing is learned")
    assert "parts of at most 2" in note
    # Tried for validation and for predictions, or for features, and not for each batch of 64.
    assert seen.count(8) <= 4


def test_what_was_freed_when_is_recorded(quick_config, store, with_weights):
    training = quick_config.training.model_copy(update={"max_epochs": 3})
    stages = StrategyConfig(epochs_per_stage=1)
    changes = {"strategy": "progressive", "training": training, "stages": stages}
    (record,) = run(quick_config.model_copy(update=changes), store, with_weights)
    assert record.status == "finished", record.failure
    assert [freed.epoch for freed in record.unfreezings] == [2, 3]
    n_head = sum(
        value.numel()
        for name, value in safetensors.torch.load(store.read_weights(record)).items()
        if name.startswith("head.")
    )
    assert n_head < record.cost.n_trained_parameters < record.cost.n_parameters


def test_features_from_the_cache_cost_what_computing_them_took(quick_config, store, with_weights):
    """Another seed, another head and a run done again, with the same images and backbone."""
    config = quick_config.model_copy(update={"strategy": "frozen", "seeds": [0, 1]})
    first, second = run(config, store, with_weights)
    (again,) = run(config, store, with_weights, only_runs=["test_vit-none"], force=True)
    deep = quick_config.model_copy(update={"strategy": "frozen", "head": "deep"})
    other = ExperimentStore(store.folder.parent / "deep" / "quick")
    (of_deep,) = run(deep, other, with_weights)
    assert first.cost.features_time_s > 0
    assert first.notes == []
    for record in (second, again, of_deep):
        assert record.cost.features_time_s == first.cost.features_time_s
        assert record.notes == [
            "features of train, val, test were cached; their time is what computing them took"
        ]
    # What the site adds up is as if each run had computed its own.
    assert {run.run_id: run.training_time_s for run in load(store).runs} == {
        record.run_id: record.cost.train_time_s + first.cost.features_time_s
        for record in (again, second)
    }
    # Of augmented images only those are computed once that are not augmented.
    strong = config.model_copy(update={"augmentations": ["strong"], "seeds": [0]})
    (augmented,) = run(strong, store, with_weights)
    assert 0 < augmented.cost.features_time_s < first.cost.features_time_s
    assert augmented.notes[0].startswith("features of val, test were cached")


def test_other_images_are_not_mixed_in(quick_config, store, around):
    run(quick_config, store, around)
    before = (store.folder / "experiment.json").read_bytes()
    other = quick_config.dataset.model_copy(update={"split_seed": 1})
    config = quick_config.model_copy(update={"dataset": other})
    with pytest.raises(StoreError, match="results on other images"):
        run(config, store, around)
    assert (store.folder / "experiment.json").read_bytes() == before
    assert [record.status for record in run(config, store, around, force=True)] == ["finished"]


def with_other_images(config):
    dataset = config.dataset.model_copy(update={"split_seed": 1})
    return config.model_copy(update={"dataset": dataset})


def test_what_other_images_remove_is_said_before(quick_config, store, around):
    run(quick_config, store, around)
    listening, text = heard(around)
    run(with_other_images(quick_config), store, listening, force=True)
    lines = text.getvalue().splitlines()
    removing = lines.index(
        "note: the images are others than before: removing test_vit-none to begin anew"
    )
    assert removing < lines.index("[1/1] test_vit-none, up to 1 epochs")


def test_other_images_remove_no_run_that_is_not_done_again(quick_config, store, around):
    both = quick_config.model_copy(update={"seeds": [0, 1]})
    records = run(both, store, around)
    other = with_other_images(both)
    with pytest.raises(StoreError, match="would remove test_vit-none-seed1, which this command do"):
        run(other, store, around, only_runs=["test_vit-none"], force=True)
    assert [store.read_run(record.run_id) for record in records] == records
    assert len(run(other, store, around, force=True)) == 2


def test_other_images_do_not_remove_what_was_imported(quick_config, store, around):
    (record,) = run(quick_config, store, around)
    said = store.read_predictions(record, Split.TEST)
    certain = np.eye(10)[said.targets]
    imported = store.add_predictions(
        run="Theirs",
        sample_ids=said.sample_ids,
        targets=said.targets,
        probabilities=certain,
        class_names=store.read_experiment().class_names,
    )
    with pytest.raises(StoreError, match=f"would remove {imported.run_id}, which this command do"):
        run(with_other_images(quick_config), store, around, force=True)
    assert store.read_run(imported.run_id) == imported
    store.read_predictions(imported, Split.TEST)
    assert store.read_run(record.run_id) == record


@pytest.mark.parametrize("split", ["train", "test"])
def test_other_pixels_under_the_same_names_are_not_mixed_in(
    quick_config, store, around, image_folder, split
):
    root = image_folder({"train": {"a": 6, "b": 6}, "test": {"a": 3, "b": 3}}, size=(40, 40))
    source = FolderConfig(source="folder", data_dir=root, title="Mine")
    config = quick_config.model_copy(update={"dataset": source})
    run(config, store, around)
    assert run(config, store, around) == []
    path = root / split / "a" / "0.png"
    Image.new("RGB", (40, 40), "teal").save(path)
    with pytest.raises(StoreError, match=rf"such as '{split}/a/0.png': 1 changed"):
        run(config, store, around)


def test_a_run_whose_weights_or_preprocessing_changed_stays_and_that_is_said(
    quick_config, store, around, tmp_path, monkeypatch
):
    folders = [tmp_path / "weights1", tmp_path / "weights2"]
    for seed, folder in enumerate(folders):
        folder.mkdir()
        torch.manual_seed(seed)
        state = timm.create_model("test_vit", img_size=160).state_dict()
        safetensors.torch.save_file(state, folder / "test_vit.safetensors")
    config = quick_config.model_copy(update={"strategy": "full"})
    first, second = (dataclasses.replace(around, weights_dir=folder) for folder in folders)
    said: list[str] = []
    monkeypatch.setattr(around.progress, "say", said.append)
    (before,) = run(config, store, first)
    assert run(config, store, first) == []
    assert not [line for line in said if "is stored as it was configured before" in line]
    assert run(config, store, second) == []
    assert store.read_run("test_vit-none") == before
    assert "with another file of weights (file test_vit.safetensors, sha256" in said[-1]
    own = models.data_config("test_vit")
    monkeypatch.setattr(models, "data_config", lambda _: own | {"mean": (0.0, 0.0, 0.0)})
    assert run(config, store, first) == []
    assert "with another preprocessing; --runs test_vit-none --force does it again" in said[-1]


def test_a_store_in_use_is_waited_for(quick_config, store, around):
    listening, text = heard(around)
    with only_writer(store.folder, around.now()):
        before = sorted(store.folder.iterdir())
        waiting = threading.Thread(target=run, args=(quick_config, store, listening))
        waiting.start()
        while "waiting for process" not in text.getvalue():
            time.sleep(0.01)
        assert sorted(store.folder.iterdir()) == before
    waiting.join()
    assert store.read_run("test_vit-none").status == "finished"


def test_a_run_that_another_process_does_is_left_to_it(quick_config, store, around):
    both = quick_config.model_copy(update={"augmentations": ["none", "strong"]})
    listening, text = heard(around)
    with only_runner(store.folder, "test_vit-none", around.now()):
        (done,) = run(both, store, listening)
        assert done.run_id == "test_vit-strong"
        assert f"test_vit-none is being done by process {os.getpid()}" in text.getvalue()
        assert "feature maps are left to whoever does test_vit-none" in text.getvalue()
        assert not has_feature_maps(store, "test_vit-strong")
    (done,) = run(both, store, around)
    assert done.run_id == "test_vit-none"
    assert has_feature_maps(store, "test_vit-strong")


def test_a_run_that_another_process_has_done_meanwhile_is_not_done_again(
    quick_config, store, around
):
    def slow(tasks, dataset):
        run(quick_config, store, around)
        return in_this_process(tasks, dataset)

    assert run(quick_config, store, around, launch=slow) == []
    assert store.read_run("test_vit-none").status == "finished"


def test_a_run_that_another_process_does_is_not_removed(quick_config, store, around):
    run(quick_config, store, around)
    before = store.read_run("test_vit-none")
    other = quick_config.model_copy(
        update={"dataset": quick_config.dataset.model_copy(update={"split_seed": 1})}
    )
    with (
        only_runner(store.folder, "test_vit-none", around.now()),
        pytest.raises(StoreError, match="test_vit-none is being done by process"),
    ):
        run(other, store, around, force=True)
    assert store.read_run("test_vit-none") == before


def test_an_unknown_model_changes_nothing(quick_config, store, around):
    unknown = [quick_config.models[0].model_copy(update={"name": "test_vitt"})]
    with pytest.raises(ConfigError, match="did you mean 'test_vit'"):
        run(quick_config.model_copy(update={"models": unknown}), store, around)
    assert not store.folder.exists()


@pytest.mark.parametrize(
    ("model", "silent"),
    [("vgg16", weights.ENDPOINT), ("torchvision/vgg16", "https://download.pytorch.org")],
)
def test_all_that_is_missing_is_said_at_once(
    quick_config, store, around, monkeypatch, tmp_path, model, silent
):
    monkeypatch.setattr(weights, "_answers", lambda host: False)
    monkeypatch.setattr(weights, "_is_cached", lambda name: False)
    config = quick_config.model_copy(
        update={
            "strategy": "frozen",
            "dataset": OxfordPetsConfig(source="oxford-iiit-pet", data_dir=tmp_path / "nowhere"),
            "models": [quick_config.models[0].model_copy(update={"name": model})],
        }
    )
    with pytest.raises(DataError) as caught:
        run(config, store, around)
    message = str(caught.value)
    assert "Oxford-IIIT Pet dataset is missing" in message
    assert f"weights of {model} are missing" in message
    assert f"and {silent} does not answer" in message
    for option in ("data_dir", "--data-dir", "weights_dir", "--weights-dir"):
        assert option in message
    assert not store.folder.exists()


@pytest.mark.parametrize("augmentation", ["none", "standard"])
def test_a_frozen_backbone_stays_as_it_was(quick_config, store, around, tmp_path, augmentation):
    # Weights as a file, batch-norm statistics and all, from a model made here.
    torch.manual_seed(9)
    state = timm.create_model("test_resnet").state_dict()
    safetensors.torch.save_file(state, tmp_path / "test_resnet.safetensors")
    config = quick_config.model_copy(
        update={
            "strategy": "frozen",
            "augmentations": [augmentation],
            "models": [quick_config.models[0].model_copy(update={"name": "test_resnet"})],
        }
    )
    (run_id, run_config), *_ = config.runs().items()
    dataset = load_dataset(config.dataset, tmp_path)
    with_weights = dataclasses.replace(around, weights_dir=tmp_path)
    record = run_and_store(run_id, run_config, dataset, store, with_weights)
    assert record.status == "finished", record.failure
    trained = safetensors.torch.load_file(store.run_folder(run_id) / "model.safetensors")
    for name, value in trained.items():
        if name.startswith("backbone."):
            assert torch.equal(value, state[name.removeprefix("backbone.")]), name
    n_head = trained["head.weight"].numel() + trained["head.bias"].numel()
    assert record.cost.n_trained_parameters == n_head
    assert record.provenance.weights.startswith("file test_resnet.safetensors, sha256 ")
