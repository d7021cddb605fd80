"""One experiment: what it needs, what it has, and the runs that are missing."""

import hashlib
from pathlib import Path

import numpy as np

from experiments import models
from experiments.config import ExperimentConfig
from experiments.datasets import ImageDataset, load_dataset
from experiments.results.errors import DataError, StoreError
from experiments.results.schema import (
    ExperimentRecord,
    RunConfig,
    RunRecord,
    Sample,
    Split,
    SplitSummary,
)
from experiments.results.store import EVALUATED_SPLITS, ExperimentStore
from experiments.runner import Surroundings, run_and_store
from experiments.thumbnails import write_example_sheet


def run_experiment(
    config: ExperimentConfig,
    store: ExperimentStore,
    around: Surroundings,
    *,
    downloads: Path,
    only_models: list[str] | None = None,
    force: bool = False,
) -> list[RunRecord]:
    """Run what is missing in the store; each run is complete on disk before the next starts.

    A run that failed is stored with the reason, and the others go on; the next call tries it again.

    Args:
        config: What to run.
        store: Where results go.
        around: Device, cache, progress, clock.
        downloads: Folder for datasets that are downloaded.
        only_models: Names of the models to run; all where it is None.
        force: Redo runs that have finished, and accept other images than the stored ones.

    Returns:
        The records of the runs made by this call.

    Raises:
        ConfigError: If a model is unknown.
        DataError: If images or weights are missing; nothing was written.
        StoreError: If the store holds results on other images and `force` is not set.
    """
    runs = config.runs(only_models)
    models.check_names(run.model for run in runs.values())
    dataset = _find_everything(config, list(runs.values()), around, downloads)
    _write_experiment(config, dataset, store, force=force)
    missing = {
        id_: run for id_, run in runs.items() if force or _is_missing(id_, run, store, around)
    }
    records = []
    for place, (run_id, run) in enumerate(missing.items(), start=1):
        around.progress.run_started(run_id, place, len(missing), run.training.max_epochs)
        record = run_and_store(run_id, run, dataset, store, around)
        around.progress.run_finished(record)
        records.append(record)
    return records


def _is_missing(run_id: str, run: RunConfig, store: ExperimentStore, around: Surroundings) -> bool:
    """Return whether a run has to be done; say so if it was done with another configuration."""
    if not store.has_run(run_id) or (stored := store.read_run(run_id)).status == "failed":
        return True
    if stored.config != run:
        around.progress.say(
            f"note: {run_id} is stored as it was configured before; --force does it again"
        )
    return False


def _find_everything(
    config: ExperimentConfig, runs: list[RunConfig], around: Surroundings, downloads: Path
) -> ImageDataset:
    """Find images and weights before anything is written; name all that is missing at once."""
    problems = []
    try:
        dataset = load_dataset(config.dataset, downloads)
    except DataError as error:
        problems.append(str(error))
    pretrained = sorted({run.model for run in runs if run.strategy == "frozen"})
    if missing := models.missing_weights(pretrained, around.weights_dir):
        looked = f"in {around.weights_dir} and " if around.weights_dir else ""
        problems.append(
            f"the pretrained weights of {', '.join(missing)} are missing: looked {looked}in the "
            "hub's cache, and the hub does not answer. Set weights_dir, or pass --weights-dir, to "
            "a folder that holds <model>.safetensors"
        )
    if problems:
        raise DataError("\n".join(problems))
    return dataset


def _write_experiment(
    config: ExperimentConfig, dataset: ImageDataset, store: ExperimentStore, *, force: bool
) -> None:
    splits = {split: _summary(dataset, split) for split in Split}
    if store.exists():
        _keep_comparable(store, splits, dataset.class_names, force=force)
    record = ExperimentRecord(
        name=config.name,
        title=config.title,
        question=config.question,
        dataset=dataset.card,
        class_names=list(dataset.class_names),
        superclasses=None,
        absent={"superclasses": "the dataset has none"},
        splits=splits,
        examples=write_example_sheet(dataset, store),
        run_ids=list(config.runs()),
    )
    store.write_experiment(record, _samples(dataset))


def _keep_comparable(
    store: ExperimentStore,
    splits: dict[Split, SplitSummary],
    class_names: tuple[str, ...],
    *,
    force: bool,
) -> None:
    """Refuse to mix runs on different images; with `force`, remove the stored ones."""
    stored = store.read_experiment()
    if stored.splits == splits and tuple(stored.class_names) == class_names:
        return
    if not force:
        raise StoreError(
            f"{store.folder}: holds results on other images, splits or classes than the "
            "configuration names now; use another --results folder, or --force to redo everything"
        )
    for run_id in stored.run_ids:
        store.remove_run(run_id)


def _samples(dataset: ImageDataset) -> list[Sample]:
    return [
        Sample(
            sample_id=item.sample_id,
            split=split,
            target=item.target,
            path=item.path,
            width_px=item.width_px,
            height_px=item.height_px,
        )
        for split in EVALUATED_SPLITS
        for item in dataset.of_split(split)
    ]


def _summary(dataset: ImageDataset, split: Split) -> SplitSummary:
    items = dataset.of_split(split)
    ids = "".join(f"{sample_id}\n" for sample_id in sorted(item.sample_id for item in items))
    counts = np.bincount([item.target for item in items], minlength=len(dataset.class_names))
    return SplitSummary(
        n_images=len(items),
        class_counts=counts.tolist(),
        ids_sha256=hashlib.sha256(ids.encode()).hexdigest(),
    )
