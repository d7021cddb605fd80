"""From one run's configuration to its record: the only place that wires the engine together."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments import models
from experiments.cost import count_flops, count_parameters, measure_latency
from experiments.datasets import ImageDataset
from experiments.evaluate import compute_logits
from experiments.examples import Examples
from experiments.pixels import Geometry, load_pixels
from experiments.progress import Progress
from experiments.provenance import collect_provenance
from experiments.results.predictions import Predictions
from experiments.results.schema import Cost, Preprocessing, RunConfig, RunRecord, Split
from experiments.results.store import EVALUATED_SPLITS, ExperimentStore
from experiments.train import Fit, fit
from experiments.transforms import (
    Augmentation,
    normalise,
    resolve_preprocessing,
    to_unit,
)

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
    """

    device: torch.device
    cache: Path
    weights_dir: Path | None
    progress: Progress
    now: Callable[[], datetime]


def run_and_store(
    run_id: str,
    config: RunConfig,
    dataset: ImageDataset,
    store: ExperimentStore,
    around: Surroundings,
) -> RunRecord:
    """Do one run and store it; a run that fails is stored with the reason.

    Returns:
        The record, which is in the store, complete with all the files it names.
    """
    started_at = around.now()
    store.remove_run(run_id)
    try:
        record = _run(run_id, config, dataset, store, around, started_at)
    except Exception as error:  # whatever happens to one run, the others must go on
        store.remove_run(run_id)
        record = _failure(run_id, config, store, around, started_at, error)
    store.write_run(record)
    return record


def _run(
    run_id: str,
    config: RunConfig,
    dataset: ImageDataset,
    store: ExperimentStore,
    around: Surroundings,
    started_at: datetime,
) -> RunRecord:
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    preprocessing = resolve_preprocessing(models.data_config(config.model), config.preprocessing)
    pretrained = config.strategy == "frozen"
    backbone = models.build_backbone(
        config.model,
        preprocessing.input_size,
        pretrained=pretrained,
        weights_dir=around.weights_dir,
    )
    model = models.Classifier(backbone, len(dataset.class_names), preprocessing.input_size)
    model.to(around.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    batch_size = config.training.batch_size
    examples = {
        split: _examples(dataset, split, preprocessing, batch_size, around)
        for split in EVALUATED_SPLITS
    }
    train = _train_examples(config, dataset, preprocessing, around, generator)
    started = time.perf_counter()
    outcome = _fit(config, model, train, examples[Split.VAL], generator, around)
    train_time_s = time.perf_counter() - started
    predictions = {
        split: Predictions.from_logits(
            np.array([item.sample_id for item in dataset.of_split(split)]),
            of_split.targets.cpu().numpy(),
            compute_logits(model, of_split).cpu().numpy(),
        )
        for split, of_split in examples.items()
    }
    state = {name: value.cpu().contiguous() for name, value in model.state_dict().items()}
    weights = store.write_file(run_id, WEIGHTS_FILE, safetensors.torch.save(state))
    return RunRecord(
        run_id=run_id,
        experiment=store.name,
        status="finished",
        config=config,
        preprocessing=preprocessing,
        history=outcome.history,
        best_epoch=outcome.best_epoch,
        stopped_early=outcome.stopped_early,
        cost=_cost(config, model, preprocessing, weights.size_bytes, train_time_s, around.device),
        predictions=store.write_predictions(run_id, predictions),
        weights=weights,
        provenance=collect_provenance(
            config,
            around.device,
            weights=models.weights_source(config.model, around.weights_dir) if pretrained else None,
            started_at=started_at,
            finished_at=around.now(),
        ),
    )


def _fit(
    config: RunConfig,
    model: models.Classifier,
    train: Examples,
    val: Examples,
    generator: torch.Generator,
    around: Surroundings,
) -> Fit:
    """Train the model, or only its head on the features of a frozen backbone."""
    on_epoch = around.progress.epoch_finished
    if config.strategy == "scratch":
        return fit(model, train, val, config.training, generator, on_epoch)
    backbone = model.backbone.eval().requires_grad_(False)
    features = val.computed(backbone)
    # Without augmentation an image's features never change: through the backbone once is enough.
    varied = config.augmentation != "none"
    learned = train.mapped(backbone) if varied else train.computed(backbone)
    return fit(model.head, learned, features, config.training, generator, on_epoch)


def _examples(
    dataset: ImageDataset,
    split: Split,
    preprocessing: Preprocessing,
    batch_size: int,
    around: Surroundings,
) -> Examples:
    """Return a split as models see it without augmentation."""
    items = dataset.of_split(split)
    geometry = Geometry(
        "centre",
        preprocessing.resize_size,
        preprocessing.input_size,
        preprocessing.interpolation,
    )
    pixels = load_pixels(dataset, items, geometry, around.cache, around.progress)

    def fetch(places: Tensor) -> Tensor:
        return normalise(to_unit(_gather(pixels, places, around.device)), preprocessing)

    targets = torch.tensor([item.target for item in items], device=around.device)
    return Examples(fetch, targets, batch_size)


def _train_examples(
    config: RunConfig,
    dataset: ImageDataset,
    preprocessing: Preprocessing,
    around: Surroundings,
    generator: torch.Generator,
) -> Examples:
    """Return the training split as the run's augmentation makes it."""
    if config.augmentation == "none":
        return _examples(dataset, Split.TRAIN, preprocessing, config.training.batch_size, around)
    items = dataset.of_split(Split.TRAIN)
    side = preprocessing.resize_size
    geometry = Geometry("whole", side, side, preprocessing.interpolation)
    pixels = load_pixels(dataset, items, geometry, around.cache, around.progress)
    sizes = torch.tensor([(item.width_px, item.height_px) for item in items])
    augment = Augmentation(
        config.augmentation_parameters,
        strong=config.augmentation == "strong",
        crop_px=preprocessing.input_size,
        generator=generator,
    )

    def fetch(places: Tensor) -> Tensor:
        images = to_unit(_gather(pixels, places, around.device))
        return normalise(augment(images, sizes[places]), preprocessing)

    targets = torch.tensor([item.target for item in items], device=around.device)
    return Examples(fetch, targets, config.training.batch_size)


def _gather(pixels: NDArray[np.uint8], places: Tensor, device: torch.device) -> Tensor:
    return torch.from_numpy(pixels[places.numpy()]).to(device)


def _cost(
    config: RunConfig,
    model: models.Classifier,
    preprocessing: Preprocessing,
    size_bytes: int,
    train_time_s: float,
    device: torch.device,
) -> Cost:
    side = preprocessing.input_size
    image = torch.zeros(1, 3, side, side, device=device)
    image = image.contiguous(memory_format=torch.channels_last)
    latency = measure_latency(model, image)
    unmeasured = (
        "reading_time_s",
        "features_time_s",
        "evaluation_time_s",
        "throughput_per_s",
        "throughput_batch_size",
        "cpu_latency_ms",
        "cpu_throughput_per_s",
        "peak_memory_bytes",
    )
    return Cost(
        **dict.fromkeys(unmeasured),
        absent=dict.fromkeys(unmeasured, "not measured"),
        n_parameters=count_parameters(model),
        n_trained_parameters=count_parameters(
            model if config.strategy == "scratch" else model.head
        ),
        flops=count_flops(model, image),
        size_bytes=size_bytes,
        train_time_s=train_time_s,
        latency_ms=latency.median_ms,
        latency_p95_ms=latency.p95_ms,
        latency_repeats=latency.n_repeats,
        device=device.type,
    )


def _failure(
    run_id: str,
    config: RunConfig,
    store: ExperimentStore,
    around: Surroundings,
    started_at: datetime,
    error: Exception,
) -> RunRecord:
    missing = ("preprocessing", "best_epoch", "cost", "predictions", "weights")
    return RunRecord(
        absent=dict.fromkeys(missing, "the run failed"),
        run_id=run_id,
        experiment=store.name,
        status="failed",
        failure=f"{type(error).__name__}: {error}",
        config=config,
        preprocessing=None,
        history=[],
        best_epoch=None,
        stopped_early=False,
        cost=None,
        predictions=None,
        weights=None,
        provenance=collect_provenance(
            config, around.device, weights=None, started_at=started_at, finished_at=around.now()
        ),
    )
