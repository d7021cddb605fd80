"""From one run's configuration to its record: the only place that wires the engine together."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import nn

from experiments import models
from experiments.architecture import describe_architecture
from experiments.checkpoint import CHECKPOINT_FILE, Checkpoint
from experiments.cost import (
    NO_PEAK_MEMORY,
    PeakMemory,
    Stopwatch,
    count_flops,
    count_layer_macs,
    count_parameters,
    measure_speed,
)
from experiments.datasets import ImageDataset
from experiments.embedding import store_embedding
from experiments.examples import Examples
from experiments.explain.peaks import Watched, watch
from experiments.features import (
    FrozenBackbone,
    cached_features,
    cached_features_and_top_images,
)
from experiments.images import Images
from experiments.prediction import predict_splits
from experiments.progress import Progress
from experiments.provenance import collect_provenance
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
    Unfreezing,
)
from experiments.results.store import EVALUATED_SPLITS, ExperimentStore
from experiments.strategies import learning_modules, stage_freed
from experiments.train import fit
from experiments.transforms import resolve_preprocessing
from experiments.weights import weights_source

WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class Surroundings:
    """What a run needs from outside its configuration.

    Attributes:
        device: Where models run.
        cache: Folder for decoded images; may be deleted at any time.
        weights_dir: Folder of pretrained weights, asked before the hub.
        progress: Told what happens.
        now: Returns the time, UTC.
        layers: Those that the experiment names for its feature maps; a spread where there are none.
    """

    device: torch.device
    cache: Path
    weights_dir: Path | None
    progress: Progress
    now: Callable[[], datetime]
    layers: tuple[str, ...] = ()


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
        around.progress.epoch_finished(epoch)

    store.remove_run(run_id, keep=CHECKPOINT_FILE)
    try:
        record = _run(run_id, config, dataset, store, around, started_at, on_epoch)
    except DiskFullError:
        raise  # and the others would fail likewise
    except Exception as error:  # whatever happens to one run, the others must go on
        store.remove_run(run_id, keep=CHECKPOINT_FILE)
        record = _failure(run_id, config, store, around, started_at, error, history)
    store.write_run(record)
    if record.status == "finished":
        discard_checkpoint(run_id, store)
    return record


def _absent(config: RunConfig, peak: int | None) -> dict[str, str]:
    """Return which costs a run has not, and why."""
    absent = {} if config.strategy == "frozen" else {"features_time_s": "nothing is frozen"}
    return absent if peak else absent | {"peak_memory_bytes": NO_PEAK_MEMORY}


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
    model = _build(config, len(dataset.class_names), preprocessing, around)
    with timed("reading"):
        images = _read(config, dataset, preprocessing, generator, around)
    image = torch.zeros(1, 3, preprocessing.input_size, preprocessing.input_size)
    image = image.to(around.device, memory_format=torch.channels_last)
    watched = watch(model.backbone, image, around.layers)
    with timed("features"):
        learner, examples, top_images = _what_learns(config, model, images, around, watched)
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
        Checkpoint(path, key, around.progress.say),
    )
    with timed("evaluation"):
        said = predict_splits(dataset, model, learner, examples, watched)
    # Before the batches that throughput is measured with.
    peak = memory.read()
    state = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    weights = store.write_file(run_id, WEIGHTS_FILE, safetensors.torch.save(state))
    speed = measure_speed(model.eval(), image)
    top_images = said.top_images if top_images is None else top_images
    if watched and top_images is not None:
        write_top_images(store, run_id, watched.by_layer(top_images), watched.names)
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
        unfreezings=[
            Unfreezing(epoch=epoch.epoch, stage=stage)
            for epoch in outcome.history
            if (stage := stage_freed(model, config, epoch.epoch)) is not None
        ],
        notes=[*outcome.notes, *speed.notes],
        stopped_early=outcome.stopped_early,
        cost=Cost(
            n_parameters=count_parameters(model),
            n_trained_parameters=outcome.n_trained_parameters,
            flops=count_flops(model, image),
            layer_macs=count_layer_macs(model, image) or None,
            size_bytes=weights.size_bytes,
            reading_time_s=timed.seconds["reading"],
            features_time_s=timed.seconds["features"] if config.strategy == "frozen" else None,
            train_time_s=outcome.duration_s,
            evaluation_time_s=timed.seconds["evaluation"],
            latency_ms=speed.latency.median_ms,
            latency_p95_ms=speed.latency.p95_ms,
            latency_repeats=speed.latency.n_repeats,
            device=around.device.type,
            throughput_per_s=speed.throughput.images_per_s,
            throughput_batch_size=speed.throughput.batch_size,
            cpu_latency_ms=speed.cpu_latency.median_ms,
            cpu_throughput_per_s=speed.cpu_throughput.images_per_s,
            peak_memory_bytes=peak,
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


def _build(
    config: RunConfig, n_classes: int, preprocessing: Preprocessing, around: Surroundings
) -> models.Classifier:
    """Make the model, on the device, with its initial weights."""
    model = models.build_classifier(config, n_classes, preprocessing.input_size, around.weights_dir)
    model.to(around.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def _read(
    config: RunConfig,
    dataset: ImageDataset,
    preprocessing: Preprocessing,
    generator: torch.Generator,
    around: Surroundings,
) -> dict[Split, Examples]:
    images = Images(
        dataset=dataset,
        preprocessing=preprocessing,
        batch_size=config.training.batch_size,
        device=around.device,
        cache=around.cache,
        progress=around.progress,
    )
    evaluated = {split: images.plain(split) for split in EVALUATED_SPLITS}
    return {Split.TRAIN: images.augmented(config, generator), **evaluated}


def _what_learns(
    config: RunConfig,
    model: models.Classifier,
    images: dict[Split, Examples],
    around: Surroundings,
    watched: Watched | None,
) -> tuple[nn.Module, dict[Split, Examples], NDArray[np.int32] | None]:
    """Return the model and its images, or only its head and a frozen backbone's features.

    With the latter come the (P, k) top images, if layers are watched.
    """
    if config.strategy != "frozen":
        return model, images, None
    backbone = FrozenBackbone(model.backbone, watched, config.model)
    examples: dict[Split, Examples] = {
        # Where an image is always the same, so are its features: once through the backbone will do.
        split: of_split.mapped(backbone)
        if of_split.key is None
        else cached_features(backbone, of_split, around.cache, around.progress)
        for split, of_split in images.items()
        if split != Split.TEST
    }
    examples[Split.TEST], top_images = cached_features_and_top_images(
        backbone, images[Split.TEST], around.cache, around.progress
    )
    return model.head, examples, top_images


def _key(
    config: RunConfig,
    preprocessing: Preprocessing,
    dataset: ImageDataset,
    weights: str | None,
    device: torch.device,
) -> str:
    """Name all that the run's training depends on."""
    items = [(item.sample_id, item.split, item.target, item.sha256) for item in dataset.items]
    fed = preprocessing.model_dump_json()
    facts = json.dumps([config.digest(), fed, weights, device.type, dataset.class_names, items])
    return hashlib.sha256(facts.encode()).hexdigest()


def _failure(
    run_id: str,
    config: RunConfig,
    store: ExperimentStore,
    around: Surroundings,
    started_at: datetime,
    error: Exception,
    history: list[Epoch],
) -> RunRecord:
    missing = ("preprocessing", "best_epoch", "cost", "predictions", "weights", "embedding")
    return RunRecord(
        absent=dict.fromkeys(missing, "the run failed"),
        run_id=run_id,
        experiment=store.name,
        status="failed",
        failure=f"{type(error).__name__}: {error}",
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
            config, around.device, weights=None, started_at=started_at, finished_at=around.now()
        ),
    )
