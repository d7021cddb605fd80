"""From one run's configuration to its record: the only place that wires the engine together."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import safetensors.torch
import torch
from torch import Tensor, nn

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
from experiments.explain.peaks import Watched, watch
from experiments.failures import failed_record, failure_of, store_failure
from experiments.prediction import Said, predict_splits
from experiments.preparation import Prepared, build_model, read_images, what_learns
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
from experiments.train import Fit, fit
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
            run = _Run(run_id, config, dataset, store, around)
            record = _do(run, started_at, on_epoch)
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


@dataclass(frozen=True)
class _Run:
    """A run, what it is done on, and where its results go."""

    run_id: str
    config: RunConfig
    dataset: ImageDataset
    store: ExperimentStore
    around: Surroundings


@dataclass(frozen=True)
class _Ready:
    """A run's model, and all that it trains on.

    Attributes:
        preprocessing: How images become its input.
        model: With its initial weights, on the device.
        image: (1, 3, H, W) zeros, an input like any other.
        watched: Its backbone with the peaks of its layers; None where none are watched.
        prepared: What learns, and from what.
    """

    preprocessing: Preprocessing
    model: models.Classifier
    image: Tensor
    watched: Watched | None
    prepared: Prepared


def _do(run: _Run, started_at: datetime, on_epoch: Callable[[Epoch], None]) -> RunRecord:
    """Do a run, store its files, and return the record that names them."""
    torch.manual_seed(run.config.seed)
    generator = torch.Generator().manual_seed(run.config.seed)
    memory = PeakMemory(run.around.device)
    timed = Stopwatch(run.around.device)
    ready = _prepare(run, generator, timed)
    scratch = run.config.strategy == "scratch"
    source = None if scratch else weights_source(run.config.model, run.around.weights_dir)
    trained = _train(run, ready, generator, source, on_epoch)
    learner, examples = ready.prepared.learner, ready.prepared.examples
    with timed("evaluation"):
        said = predict_splits(run.dataset, ready.model, learner, examples, ready.watched)
    # Before the batches that throughput is measured with.
    peak = memory.read()
    weights = _store_weights(run, ready.model)
    speed = measure_speed(ready.model.eval(), ready.image)
    _store_drawings(run, ready, said)
    embedding, absent = store_embedding(
        run.run_id, run.store, said.samples, said.features, run.config.seed
    )
    return RunRecord(
        run_id=run.run_id,
        experiment=run.store.name,
        status="finished",
        config=run.config,
        preprocessing=ready.preprocessing,
        history=trained.history,
        best_epoch=trained.best_epoch,
        unfreezings=_unfreezings(ready.model, run.config, trained.history),
        notes=list(
            # The same may be said of validation and of the last predictions.
            dict.fromkeys([*ready.prepared.notes, *trained.notes, *said.notes, *speed.notes])
        ),
        stopped_early=trained.stopped_early,
        cost=_cost(run, ready, trained, timed, peak, weights.size_bytes, speed),
        predictions=run.store.write_predictions(run.run_id, said.predictions),
        weights=weights,
        embedding=embedding,
        absent=absent,
        provenance=collect_provenance(
            run.config,
            run.around.device,
            weights=source,
            started_at=started_at,
            finished_at=run.around.now(),
        ),
    )


def _prepare(run: _Run, generator: torch.Generator, timed: Stopwatch) -> _Ready:
    """Build the model, read the images, and compute the features of a frozen backbone."""
    config, around = run.config, run.around
    sizes = resolve_preprocessing(models.data_config(config.model), config.preprocessing)
    model = build_model(config, len(run.dataset.class_names), sizes, around)
    image = torch.zeros(1, 3, sizes.input_size, sizes.input_size)
    image = image.to(around.device, memory_format=torch.channels_last)
    refuse_lone_images(model, config, image)
    with timed("reading"):
        images = read_images(config, run.dataset, sizes, generator, around)
    watched = watch(model.backbone, image, around.layers)
    return _Ready(sizes, model, image, watched, what_learns(config, model, images, around, watched))


def _train(
    run: _Run,
    ready: _Ready,
    generator: torch.Generator,
    source: str | None,
    on_epoch: Callable[[Epoch], None],
) -> Fit:
    """Train what learns, from its last checkpoint where there is one."""
    path = run.store.run_folder(run.run_id) / CHECKPOINT_FILE
    key = _key(run.config, ready.preprocessing, run.dataset, source, run.around.device)
    return fit(
        ready.prepared.learner,
        ready.prepared.examples[Split.TRAIN],
        ready.prepared.examples[Split.VAL],
        run.config.training,
        generator,
        on_epoch,
        partial(learning_modules, ready.model, run.config),
        Checkpoint(path, key, lambda words: run.around.progress.say(f"{run.run_id} {words}")),
    )


def _store_drawings(run: _Run, ready: _Ready, said: Said) -> None:
    """Store what each channel responds to most, and what the model is made of."""
    computed, watched = ready.prepared.top_images, ready.watched
    top_images = said.top_images if computed is None else computed
    if watched and top_images is not None:
        by_layer = watched.by_layer(top_images)
        write_top_images(run.store, run.run_id, by_layer, watched.names, run.around.layers)
    write_architecture(run.store, describe_architecture(run.run_id, ready.model, ready.image))


def _cost(
    run: _Run,
    ready: _Ready,
    trained: Fit,
    timed: Stopwatch,
    peak: int | None,
    size_bytes: int,
    speed: Speed,
) -> Cost:
    """Return what the run and its model cost."""
    model, image = ready.model, ready.image
    return Cost(
        n_parameters=count_parameters(model),
        n_trained_parameters=trained.n_trained_parameters,
        flops=count_flops(model, image),
        layer_macs=count_layer_macs(model, image) or None,
        size_bytes=size_bytes,
        train_time_s=trained.duration_s,
        peak_memory_bytes=peak,
        device=run.around.device.type,
        reading_time_s=timed.seconds["reading"],
        features_time_s=ready.prepared.features_time_s,
        evaluation_time_s=timed.seconds["evaluation"],
        **_speeds(speed),
        absent=_absent(run.config, peak),
    )


def _store_weights(run: _Run, model: nn.Module) -> StoredFile:
    state = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    return run.store.write_file(run.run_id, WEIGHTS_FILE, safetensors.torch.save(state))


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
