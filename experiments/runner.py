"""From one run's configuration to its record: the only place that wires the engine together."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import partial

import safetensors.torch
import torch
from torch import nn

from experiments import models
from experiments.allocation import keeping_freed_memory
from experiments.architecture import describe_architecture
from experiments.checkpoint import CHECKPOINT_FILE, Checkpoint
from experiments.cost import (
    NO_PEAK_MEMORY,
    PeakMemory,
    Speed,
    Stopwatch,
    count_flops,
    count_layer_macs,
    count_parameters,
    measure_speed,
)
from experiments.datasets import ImageDataset
from experiments.embedding import store_embedding
from experiments.explain.peaks import watch
from experiments.prediction import predict_splits
from experiments.preparation import build_model, read_images, what_learns
from experiments.provenance import collect_provenance, versions
from experiments.results.architecture import write_architecture
from experiments.results.errors import DiskFullError
from experiments.results.feature_maps import write_top_images
from experiments.results.schema import (
    Cost,
    Epoch,
    Preprocessing,
    RunConfig,
    RunRecord,
    Split,
    StoredFile,
    Unfreezing,
)
from experiments.results.store import ExperimentStore
from experiments.strategies import learning_modules, refuse_lone_images, stage_freed
from experiments.surroundings import Surroundings
from experiments.train import fit
from experiments.transforms import resolve_preprocessing
from experiments.weights import weights_source

WEIGHTS_FILE = "model.safetensors"


def run_and_store(
    run_id: str,
    config: RunConfig,
    dataset: ImageDataset,
    store: ExperimentStore,
    around: Surroundings,
) -> RunRecord:
    """Do one run and store it; a run that fails is stored with the reason.

    Training goes on from the run's checkpoint, if the store has one of this configuration and of
    these images.

    Returns:
        The record, which is in the store, complete with all the files it names.
    """
    started_at = around.now()
    history: list[Epoch] = []

    def on_epoch(epoch: Epoch) -> None:
        history.append(epoch)
        around.progress.epoch_finished(run_id, epoch)

    store.remove_run(run_id, keep=CHECKPOINT_FILE)
    try:
        with keeping_freed_memory():
            record = _run(run_id, config, dataset, store, around, started_at, on_epoch)
    except DiskFullError:
        raise  # and the others would fail likewise
    except Exception as error:  # whatever happens to one run, the others must go on
        why = failure_of(error)
        record = failed_record(run_id, config, store, around, why, history, started_at)
        return store_failure(record, store)
    store.write_run(record)
    discard_checkpoint(run_id, store)
    return record


def discard_checkpoint(run_id: str, store: ExperimentStore) -> None:
    """Remove what an interrupted run would go on from."""
    (store.run_folder(run_id) / CHECKPOINT_FILE).unlink(missing_ok=True)


def _run(
    run_id: str,
    config: RunConfig,
    dataset: ImageDataset,
    store: ExperimentStore,
    around: Surroundings,
    started_at: datetime,
    on_epoch: Callable[[Epoch], None],
) -> RunRecord:
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    memory = PeakMemory(around.device)
    timed = Stopwatch(around.device)
    preprocessing = resolve_preprocessing(models.data_config(config.model), config.preprocessing)
    model = build_model(config, len(dataset.class_names), preprocessing, around)
    image = torch.zeros(1, 3, preprocessing.input_size, preprocessing.input_size)
    image = image.to(around.device, memory_format=torch.channels_last)
    refuse_lone_images(model, config, image)
    with timed("reading"):
        images = read_images(config, dataset, preprocessing, generator, around)
    watched = watch(model.backbone, image, around.layers)
    prepared = what_learns(config, model, images, around, watched)
    learner, examples = prepared.learner, prepared.examples
    scratch = config.strategy == "scratch"
    source = None if scratch else weights_source(config.model, around.weights_dir)
    path = store.run_folder(run_id) / CHECKPOINT_FILE
    key = _key(config, preprocessing, dataset, source, around.device)
    outcome = fit(
        learner,
        examples[Split.TRAIN],
        examples[Split.VAL],
        config.training,
        generator,
        on_epoch,
        partial(learning_modules, model, config),
        Checkpoint(path, key, lambda words: around.progress.say(f"{run_id} {words}")),
    )
    with timed("evaluation"):
        said = predict_splits(dataset, model, learner, examples, watched)
    # Before the batches that throughput is measured with.
    peak = memory.read()
    weights = _store_weights(store, run_id, model)
    speed = measure_speed(model.eval(), image)
    top_images = said.top_images if prepared.top_images is None else prepared.top_images
    if watched and top_images is not None:
        write_top_images(store, run_id, watched.by_layer(top_images), watched.names, around.layers)
    write_architecture(store, describe_architecture(run_id, model, image))
    embedding, absent = store_embedding(run_id, store, said.samples, said.features, config.seed)
    return RunRecord(
        run_id=run_id,
        experiment=store.name,
        status="finished",
        config=config,
        preprocessing=preprocessing,
        history=outcome.history,
        best_epoch=outcome.best_epoch,
        unfreezings=_unfreezings(model, config, outcome.history),
        notes=list(
            # The same may be said of validation and of the last predictions.
            dict.fromkeys([*prepared.notes, *outcome.notes, *said.notes, *speed.notes])
        ),
        stopped_early=outcome.stopped_early,
        cost=Cost(
            n_parameters=count_parameters(model),
            n_trained_parameters=outcome.n_trained_parameters,
            flops=count_flops(model, image),
            layer_macs=count_layer_macs(model, image) or None,
            size_bytes=weights.size_bytes,
            train_time_s=outcome.duration_s,
            peak_memory_bytes=peak,
            device=around.device.type,
            reading_time_s=timed.seconds["reading"],
            features_time_s=prepared.features_time_s,
            evaluation_time_s=timed.seconds["evaluation"],
            **_speeds(speed),
            absent=_absent(config, peak),
        ),
        predictions=store.write_predictions(run_id, said.predictions),
        weights=weights,
        embedding=embedding,
        absent=absent,
        provenance=collect_provenance(
            config,
            around.device,
            weights=source,
            started_at=started_at,
            finished_at=around.now(),
        ),
    )


def _store_weights(store: ExperimentStore, run_id: str, model: nn.Module) -> StoredFile:
    state = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    return store.write_file(run_id, WEIGHTS_FILE, safetensors.torch.save(state))


def _unfreezings(
    model: models.Classifier, config: RunConfig, history: list[Epoch]
) -> list[Unfreezing]:
    freed = {epoch.epoch: stage_freed(model, config, epoch.epoch) for epoch in history}
    return [Unfreezing(epoch=epoch, stage=stage) for epoch, stage in freed.items() if stage]


def _speeds(speed: Speed) -> dict[str, float]:
    return {
        "latency_ms": speed.latency.median_ms,
        "latency_p95_ms": speed.latency.p95_ms,
        "latency_repeats": speed.latency.n_repeats,
        "throughput_per_s": speed.throughput.images_per_s,
        "throughput_batch_size": speed.throughput.batch_size,
        "cpu_latency_ms": speed.cpu_latency.median_ms,
        "cpu_throughput_per_s": speed.cpu_throughput.images_per_s,
    }


def _absent(config: RunConfig, peak: int | None) -> dict[str, str]:
    """Return which costs a run has not, and why."""
    absent = {} if config.strategy == "frozen" else {"features_time_s": "nothing is frozen"}
    return absent if peak else absent | {"peak_memory_bytes": NO_PEAK_MEMORY}


def _key(
    config: RunConfig,
    preprocessing: Preprocessing,
    dataset: ImageDataset,
    weights: str | None,
    device: torch.device,
) -> str:
    """Name all that the run's training depends on: what, on which images, with which code."""
    items = [(item.sample_id, item.split, item.target, item.sha256) for item in dataset.items]
    what = [config.digest(), preprocessing.model_dump_json(), weights, device.type, versions()]
    facts = json.dumps([*what, dataset.class_names, items])
    return hashlib.sha256(facts.encode()).hexdigest()


def failure_of(error: BaseException) -> str:
    """Return what a record says of an error that ended its run."""
    return f"{type(error).__name__}: {error}"


def failed_record(
    run_id: str,
    config: RunConfig,
    store: ExperimentStore,
    around: Surroundings,
    why: str,
    history: list[Epoch],
    started_at: datetime | None = None,
) -> RunRecord:
    """Make the record of a run that failed.

    Args:
        run_id: The run.
        config: What it was to do.
        store: Where it goes.
        around: Device and clock.
        why: What happened, for people.
        history: The epochs before.
        started_at: When it began, UTC; now where that is not known.

    Returns:
        The record, which is not stored.
    """
    now = around.now()
    missing = ("preprocessing", "best_epoch", "cost", "predictions", "weights", "embedding")
    return RunRecord(
        absent=dict.fromkeys(missing, "the run failed"),
        run_id=run_id,
        experiment=store.name,
        status="failed",
        failure=why,
        config=config,
        preprocessing=None,
        history=history,
        best_epoch=None,
        stopped_early=False,
        cost=None,
        predictions=None,
        weights=None,
        embedding=None,
        provenance=collect_provenance(
            config, around.device, weights=None, started_at=started_at or now, finished_at=now
        ),
    )


def store_failure(record: RunRecord, store: ExperimentStore) -> RunRecord:
    """Store the record of a run that failed, keep what it can go on from, and return it."""
    store.remove_run(record.run_id, keep=CHECKPOINT_FILE)
    store.write_run(record)
    return record
