"""One experiment: what it needs, what it has, and the runs that are missing."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from experiments import again, models
from experiments.architecture.missing import describe_missing
from experiments.config import ExperimentConfig
from experiments.config_text import config_text
from experiments.datasets import ImageDataset, load_dataset
from experiments.explain.step import check_asked, explain_runs
from experiments.launchers import Launcher, Task, in_this_process
from experiments.lock import busy_runs, only_runner, only_writer
from experiments.pending import runs_to_do
from experiments.results.errors import DataError, StoreError
from experiments.results.schema import (
    ExperimentRecord,
    RunConfig,
    RunRecord,
    Sample,
    Split,
    SplitSummary,
)
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings
from experiments.thumbnails import Picture, write_thumbnails
from experiments.weights import missing_weights, where_looked


def run_experiment(
    config: ExperimentConfig,
    store: ExperimentStore,
    around: Surroundings,
    *,
    downloads: Path,
    only_models: list[str] | None = None,
    only_runs: list[str] | None = None,
    force: bool = False,
    launch: Launcher = in_this_process,
) -> list[RunRecord]:
    """Run what is missing in the store; each run is complete on disk or not there.

    A run that failed is stored with the reason, and the others go on; the next call tries it again.
    After the runs come the architectures and feature maps that are missing. Several processes may
    share the runs of an experiment: what one is doing, another leaves to it, and the last of them
    makes what comes after.

    Args:
        config: What to run.
        store: Where results go.
        around: Device, cache, progress, clock.
        downloads: Folder for datasets that are downloaded.
        only_models: Names of the models to run; all where it is None.
        only_runs: Ids of the runs to do, of those models; all where it is None.
        force: Redo runs that have finished, and accept other images than the stored ones if all
            that is stored is done again.
        launch: Does the runs.

    Returns:
        The records of the runs made by this call.

    Raises:
        ConfigError: If a model, a run, or an image or a layer under `[explain]`, is unknown.
        DataError: If images or weights are missing; nothing was written.
        StoreError: If the store holds results on other images and `force` is not set, or would
            remove a run that is not done again or that another process is doing.
    """
    runs = config.runs(only_models, only_runs)
    models.check_names(run.model for run in runs.values())
    dataset = _find_everything(config, list(runs.values()), around, downloads)

    def say_who(holder: str) -> None:
        around.progress.say(f"waiting for {holder}, which writes to {store.folder}")

    with only_writer(store.folder, around.now(), say_who):
        _write_experiment(config, dataset, store, around, runs if force else ())
    replaced = runs_to_do(runs, store, around, force=force)
    watching = replace(around, layers=tuple(config.explain.layers))
    tasks = [
        Task(id_, runs[id_], place, len(replaced), store, watching, stored)
        for place, (id_, stored) in enumerate(replaced.items(), start=1)
    ]
    records = launch(tasks, dataset)
    if elsewhere := busy_runs(store.folder):
        around.progress.say(
            f"note: architectures and feature maps are left to whoever does {elsewhere[0]} now"
        )
        return records
    with only_writer(store.folder, around.now(), say_who):
        describe_missing(store, around)
        explain_runs(config, dataset, store, around)
    return records


def _find_everything(
    config: ExperimentConfig, runs: list[RunConfig], around: Surroundings, downloads: Path
) -> ImageDataset:
    """Find images and weights before anything is written; name all that is missing at once."""
    problems = []
    try:
        dataset = load_dataset(config.dataset, downloads, around.cache, around.progress)
    except DataError as error:
        problems.append(str(error))
    pretrained = sorted({run.model for run in runs if run.strategy != "scratch"})
    if missing := missing_weights(pretrained, around.weights_dir):
        problems.append(where_looked(missing, around.weights_dir))
    if problems:
        raise DataError("\n".join(problems))
    check_asked(config, dataset)
    return dataset


def _write_experiment(
    config: ExperimentConfig,
    dataset: ImageDataset,
    store: ExperimentStore,
    around: Surroundings,
    forced: Collection[str],
) -> None:
    n_classes = len(dataset.class_names)
    splits = {
        split: SplitSummary.of((i.sample_id for i in items), (i.target for i in items), n_classes)
        for split in Split
        if (items := dataset.of_split(split))
    }
    if store.exists():
        _keep_comparable(store, splits, dataset, around, forced)
    # Other images have been refused, unless with `force`, which chooses again.
    explained = store.read_experiment().explained if store.exists() and not forced else []
    examples, thumbnails = write_thumbnails(_pictures(dataset), n_classes, store, around.progress)
    record = ExperimentRecord(
        name=config.name,
        title=config.title,
        question=config.question,
        dataset=dataset.card,
        class_names=list(dataset.class_names),
        superclasses=list(dataset.superclasses) if dataset.superclasses else None,
        absent={} if dataset.superclasses else {"superclasses": "the dataset has none"},
        unreadable=list(dataset.unreadable),
        splits=splits,
        examples=examples,
        thumbnails=thumbnails,
        explained=explained,
        run_ids=[*config.runs(), *_imported_runs(store, config.runs())],
        config_toml=config_text(config),
    )
    store.write_experiment(record, _samples(dataset))


def _imported_runs(store: ExperimentStore, planned: Collection[str]) -> list[str]:
    """Return the ids of stored runs that no configuration plans."""
    known = store.read_experiment().run_ids if store.exists() else []
    stored = [run_id for run_id in known if run_id not in planned and store.has_run(run_id)]
    return [run_id for run_id in stored if store.read_run(run_id).origin == "imported"]


def _keep_comparable(
    store: ExperimentStore,
    splits: dict[Split, SplitSummary],
    dataset: ImageDataset,
    around: Surroundings,
    forced: Collection[str],
) -> None:
    """Refuse to mix runs on different images; remove the stored ones if they are `forced`."""
    stored = store.read_experiment()
    same = stored.splits == splits and tuple(stored.class_names) == dataset.class_names
    changed = _changed_images(store, dataset) if same else []
    if same and not changed:
        return
    if not forced:
        where = f", such as {changed[0]!r}: {len(changed)} changed" if changed else ""
        raise StoreError(
            f"{store.folder}: holds results on other images, splits or classes than the "
            f"configuration names now{where}; use another --results folder, or --force to redo "
            "everything"
        )
    _remove_runs(stored.run_ids, store, around, forced)


def _remove_runs(
    run_ids: list[str], store: ExperimentStore, around: Surroundings, forced: Collection[str]
) -> None:
    """Remove all runs, on other images; refuse where one of them would not be done again."""
    there = [run_id for run_id in run_ids if store.has_run(run_id)]
    if lost := [run_id for run_id in there if run_id not in forced]:
        raise StoreError(
            f"{store.folder}: holds results on other images than the configuration names now, and "
            f"--force would remove {', '.join(lost)}, which this command does not make again: an "
            "imported run, or one that --models or --runs leaves out, or that the configuration no "
            "longer names; use another --results folder, or leave out those options"
        )
    if there:
        around.progress.say(
            f"note: the images are others than before: removing {', '.join(there)} to begin anew"
        )
    for run_id in run_ids:
        with only_runner(store.folder, run_id, around.now()):
            again.forget(run_id, store)
            store.remove_run(run_id)


def _changed_images(store: ExperimentStore, dataset: ImageDataset) -> list[str]:
    """Return the ids of the images whose class or content is no longer the stored one.

    Of what was stored without digests, by an older version or an import, only the class is known.
    """
    now = {item.sample_id: item for item in dataset.items}
    return [
        sample.sample_id
        for sample in store.iter_samples()
        if (item := now.get(sample.sample_id)) is not None
        and (sample.target != item.target or sample.sha256 not in ("", item.sha256))
    ]


def _pictures(dataset: ImageDataset) -> list[Picture]:
    return [
        Picture(item.sample_id, item.target, item.sha256, partial(dataset.open, item))
        for item in dataset.of_split(Split.TEST)
    ]


def _samples(dataset: ImageDataset) -> Iterator[Sample]:
    for split in Split:
        for item in dataset.of_split(split):
            yield Sample(
                sample_id=item.sample_id,
                split=split,
                target=item.target,
                path=item.path,
                width_px=item.width_px,
                height_px=item.height_px,
                sha256=item.sha256,
                dhash=item.dhash,
            )
