"""After the runs of an experiment: what every model sees, on the same images."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from experiments import models
from experiments.config import ExperimentConfig
from experiments.datasets import ImageDataset
from experiments.explain.choice import choose_samples, image_to_follow, named_samples
from experiments.explain.layers import check_layers, choose_layers
from experiments.explain.rebuild import rebuild_classifier
from experiments.explain.run import explain_run
from experiments.explain.teaching import make_teaching
from experiments.explain.walkthrough import walk_run
from experiments.progress import Progress
from experiments.results.errors import DiskFullError, StoreError
from experiments.results.feature_maps import (
    has_feature_maps,
    read_feature_maps,
    read_picture,
    remove_feature_maps,
)
from experiments.results.schema import ExplainedSample, RunRecord, Split
from experiments.results.store import ExperimentStore
from experiments.results.walkthrough import (
    has_walkthrough,
    read_walkthrough,
    read_walkthrough_picture,
    remove_walkthrough,
)
from experiments.surroundings import Surroundings
from experiments.transforms import resolve_preprocessing


@dataclass(frozen=True)
class _Part:
    """Something that is made of a run's model: what it is called, and what removes and makes it."""

    what: str
    remove: Callable[[ExperimentStore, str], None]
    make: Callable[[RunRecord, models.Classifier], None]


def check_asked(config: ExperimentConfig, dataset: ImageDataset) -> None:
    """Refuse images and layers that there are not, before anything is run for hours.

    Raises:
        ConfigError: If an image is no test image, no model has a layer, or it gives no maps.
    """
    named_samples(dataset, config.explain.images)
    if not config.explain.layers:
        return
    # One at a time: all of an experiment's networks may take more memory than there is.
    known = {name for model in config.models for name in _checked_modules(config, model.name)}
    check_layers(config.explain.layers, known)


def _checked_modules(config: ExperimentConfig, model: str) -> list[str]:
    """Return a network's modules; refuse it where one that is asked for gives no maps."""
    side = resolve_preprocessing(models.data_config(model), config.preprocessing).input_size
    backbone = models.build_backbone(model, side, pretrained=False, weights_dir=None).eval()
    choose_layers(backbone, torch.zeros(1, 3, side, side), config.explain.layers)
    return [name for name, _ in backbone.named_modules() if name]


def explain_runs(
    config: ExperimentConfig, dataset: ImageDataset, store: ExperimentStore, around: Surroundings
) -> None:
    """Make what finished runs lack: feature maps of the same test images, one of them followed.

    The images are chosen once, and stay when runs are added; another list in the configuration
    chooses again. What cannot be made is said, the run stays as it was, and the next call tries
    again.

    Raises:
        DiskFullError: If there is no room for a file.
    """
    runs = _trained_runs(store)
    if not runs:
        return
    samples = _settled(config, dataset, store, runs)
    ids, layers = [sample.sample_id for sample in samples], config.explain.layers
    followed = image_to_follow(samples)

    def make_maps(record: RunRecord, model: models.Classifier) -> None:
        explain_run(record, model, ids, layers, dataset, store, around.device)

    def make_walkthrough(record: RunRecord, model: models.Classifier) -> None:
        walk_run(record, model, followed, dataset, store, around.device)

    maps = _Part("feature maps", remove_feature_maps, make_maps)
    walk = _Part("walkthroughs", remove_walkthrough, make_walkthrough)
    lacking: list[tuple[RunRecord, list[_Part]]] = []
    for record in runs:
        parts = [] if _is_explained(store, record.run_id, ids, layers) else [maps]
        parts += [] if _is_walked(store, record.run_id, followed) else [walk]
        if parts:
            lacking.append((record, parts))
    _make_each(lacking, len(dataset.class_names), store, around)
    with _surviving("pictures of augmentations", around.progress):
        make_teaching(config, dataset, store, followed, around)


def _make_each(
    lacking: Sequence[tuple[RunRecord, Sequence[_Part]]],
    n_classes: int,
    store: ExperimentStore,
    around: Surroundings,
) -> None:
    """Rebuild the model of each run once, for all that it lacks."""
    if not lacking:
        return
    progress = around.progress
    with progress.work("making feature maps and walkthroughs", len(lacking)) as step:
        for record, parts in lacking:
            run_id, names = record.run_id, " and ".join(part.what for part in parts)
            with _surviving(f"{names} of {run_id}", progress):
                for part in parts:
                    part.remove(store, run_id)
                model = rebuild_classifier(store, record, n_classes, around.device)
                for part in parts:
                    with _surviving(f"{part.what} of {run_id}", progress):
                        part.make(record, model)
            step()


@contextmanager
def _surviving(what: str, progress: Progress) -> Iterator[None]:
    """Say what could not be made, and go on: a run is worth more than its pictures."""
    try:
        yield
    except DiskFullError:
        raise  # and the others would fail likewise
    except Exception as error:
        progress.say(f"note: no {what}: {str(error) or type(error).__name__}")


def _trained_runs(store: ExperimentStore) -> list[RunRecord]:
    stored = [id_ for id_ in store.read_experiment().run_ids if store.has_run(id_)]
    records = [store.read_run(run_id) for run_id in stored]
    return [record for record in records if record.weights is not None]


def _settled(
    config: ExperimentConfig,
    dataset: ImageDataset,
    store: ExperimentStore,
    runs: Sequence[RunRecord],
) -> list[ExplainedSample]:
    """Return the images of this experiment, and write them down where they were not settled."""
    experiment = store.read_experiment()
    named = named_samples(dataset, config.explain.images)
    if named:
        samples = named
    elif experiment.explained and experiment.explained[0].why != "named":
        return experiment.explained
    else:
        items = dataset.of_split(Split.TEST)
        samples = choose_samples(
            [item.sample_id for item in items],
            np.array([item.target for item in items]),
            [store.read_predictions(record, Split.TEST).predicted for record in runs],
        )
    if samples != experiment.explained:
        store.write_experiment(experiment.model_copy(update={"explained": samples}), None)
    return samples


def _is_explained(
    store: ExperimentStore, run_id: str, sample_ids: list[str], layers: list[str]
) -> bool:
    if not has_feature_maps(store, run_id):
        return False
    try:
        record = read_feature_maps(store, run_id)
        for atlas in record.atlases:
            read_picture(store, run_id, atlas.file)
    except StoreError:
        return False
    return record.samples == sample_ids and record.asked_layers == layers


def _is_walked(store: ExperimentStore, run_id: str, sample_id: str) -> bool:
    if not has_walkthrough(store, run_id):
        return False
    try:
        record = read_walkthrough(store, run_id)
        for step in record.steps:
            if step.picture:
                read_walkthrough_picture(store, run_id, step.picture)
    except StoreError:
        return False
    return record.sample_id == sample_id
