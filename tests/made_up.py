"""Made-up stores: the shape of real results without training, for tests of all that reads them."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from experiments.results.predictions import Predictions
from experiments.results.schema import (
    SCHEMA_VERSION,
    Augmentation,
    AugmentationConfig,
    Cost,
    DatasetCard,
    Epoch,
    ExperimentRecord,
    Preprocessing,
    PreprocessingConfig,
    Provenance,
    RunConfig,
    RunRecord,
    Sample,
    Split,
    SplitSummary,
    StrategyConfig,
    TrainingConfig,
)
from experiments.results.store import ExperimentStore

START = datetime(2025, 1, 1, tzinfo=UTC)


def write_made_up_store(
    results: Path,
    *,
    name: str = "made-up",
    models: tuple[str, ...] = ("alpha", "beta"),
    class_names: tuple[str, ...] = ("circle", "square", "star"),
    n_images: int = 60,
    seed: int = 0,
    augmentations: tuple[Augmentation, ...] = ("none", "standard"),
    training_seeds: tuple[int, ...] = (0,),
) -> ExperimentStore:
    """Write an experiment whose models are right less and less often, from first to last."""
    store = ExperimentStore(results / name)
    rng = np.random.default_rng(seed)
    n_classes = len(class_names)
    splits = (Split.VAL, Split.TEST, Split.TRAIN)
    targets = {split: np.sort(np.arange(n_images) % n_classes) for split in splits}
    samples = [
        Sample(
            sample_id=f"{split}/{index:05d}",
            split=split,
            target=int(target),
            path=f"{split}/{index:05d}.png",
            width_px=32,
            height_px=32,
            **made_up_digests(f"{name}/{split}/{index}"),
        )
        for split, of_split in targets.items()
        for index, target in enumerate(of_split)
    ]
    runs = [
        made_up_run(name, model, augmentation, place, training_seed)
        for place, model in enumerate(models)
        for augmentation in augmentations
        for training_seed in training_seeds
    ]
    n_variants = len(augmentations) * len(training_seeds)
    for place, run in enumerate(runs):
        predictions = {}
        for split in (Split.VAL, Split.TEST):
            of_split = targets[split]
            logits = rng.normal(size=(n_images, n_classes))
            logits[np.arange(n_images), of_split] += 3.0 / (1 + place / n_variants)
            ids = np.array([sample.sample_id for sample in samples if sample.split == split])
            predictions[split] = Predictions.from_logits(ids, of_split, logits)
        stored = store.write_predictions(run.run_id, predictions)
        absent = {key: why for key, why in run.absent.items() if key != "predictions"}
        epochs = history_of(predictions[Split.VAL], run.history)
        made = {"predictions": stored, "history": epochs, "absent": absent, "status": "finished"}
        store.write_run(run.model_copy(update=made))
    store.write_experiment(
        ExperimentRecord(
            absent={
                "examples": "made up: there are no images",
                "superclasses": "made up",
                "thumbnails": "made up: there are no images",
            },
            name=name,
            title="Made-up shapes",
            question="Does the site show what is stored?",
            dataset=DatasetCard(
                name="Shapes",
                description="Numbers drawn at random; there are no images.",
                licence="CC0",
                source="tests/made_up.py",
                n_unreadable=0,
            ),
            class_names=list(class_names),
            superclasses=None,
            splits={split: _summary(split, samples, n_classes) for split in targets},
            examples=None,
            run_ids=[run.run_id for run in runs],
            config_toml=made_up_config(name, models, augmentations, training_seeds),
        ),
        samples,
    )
    return store


def made_up_config(
    name: str,
    models: tuple[str, ...],
    augmentations: tuple[Augmentation, ...],
    training_seeds: tuple[int, ...],
) -> str:
    """Return the TOML file that would plan the runs of a made-up store."""
    lines = [
        f'name = "{name}"',
        'title = "Made-up shapes"',
        'question = "Does the site show what is stored?"',
        'strategy = "scratch"',
        f"augmentations = {list(augmentations)}",
        f"seeds = {list(training_seeds)}",
        '\n[dataset]\nsource = "digits"',
        "\n[training]\nmax_epochs = 3",
        *(f'\n[[models]]\nname = "{model}"\nlabel = "{model.title()}"' for model in models),
    ]
    return "\n".join([*lines, ""])


def history_of(val: Predictions, history: list[Epoch]) -> list[Epoch]:
    """Let the last epoch be as accurate as the predictions, those before it less by as much."""
    above = float((val.predicted == val.targets).mean()) - history[-1].val_accuracy
    return [
        epoch.model_copy(update={"val_accuracy": max(0.0, epoch.val_accuracy + above)})
        for epoch in history
    ]


def made_up_digests(image: str) -> dict[str, str]:
    """Return digests as those of an image like no other."""
    sha256 = hashlib.sha256(image.encode()).hexdigest()
    return {"sha256": sha256, "dhash": sha256[:16]}


def made_up_run(
    experiment: str, model: str, augmentation: Augmentation, place: int, seed: int = 0
) -> RunRecord:
    """Return a run's record, not yet finished, with costs that grow with `place`."""
    config = RunConfig(
        model=model,
        label=model.title(),
        strategy="scratch",
        augmentation=augmentation,
        seed=seed,
        training=TrainingConfig(max_epochs=3),
        preprocessing=PreprocessingConfig(),
        augmentation_parameters=AugmentationConfig(),
        strategy_parameters=StrategyConfig(),
    )
    return RunRecord.model_construct(
        schema_version=SCHEMA_VERSION,
        absent={
            "counts": "made up: the predictions tell more",
            "embedding": "made up: there are no features",
            "imported": "made up here",
            "predictions": "not written yet",
            "weights": "made up",
        },
        run_id=f"{model}-{augmentation}" + (f"-seed{seed}" if seed else ""),
        experiment=experiment,
        status="failed",
        failure="",
        config=config,
        preprocessing=Preprocessing(
            input_size=32, resize_size=32, interpolation="bicubic", mean=(0.5,) * 3, std=(0.5,) * 3
        ),
        history=[
            Epoch(
                epoch=epoch,
                train_loss=1 / epoch,
                train_accuracy=1 - 0.3 / epoch,
                val_loss=1.1 / epoch,
                val_accuracy=1 - 0.4 / epoch,
                learning_rate=1e-3,
                duration_s=1.5,
            )
            for epoch in (1, 2, 3)
        ],
        best_epoch=3,
        stopped_early=False,
        cost=Cost(
            n_parameters=(place + 1) * 1_000_000,
            n_trained_parameters=(place + 1) * 1_000_000,
            flops=(place + 1) * 250_000_000,
            layer_macs=(place + 1) * 120_000_000,
            size_bytes=(place + 1) * 4_000_000,
            train_time_s=4.5 * (place + 1),
            latency_ms=2.0 * (place + 1),
            latency_p95_ms=2.5 * (place + 1),
            latency_repeats=100,
            device="cpu",
            reading_time_s=0.5,
            features_time_s=None,
            evaluation_time_s=0.2,
            throughput_per_s=900.0 / (place + 1),
            throughput_batch_size=32,
            cpu_latency_ms=2.0 * (place + 1),
            cpu_throughput_per_s=900.0 / (place + 1),
            peak_memory_bytes=(place + 1) * 300_000_000,
            absent={"features_time_s": "nothing is frozen"},
        ),
        predictions=None,
        weights=None,
        provenance=Provenance(
            absent={"commit": "not a git checkout", "gpu": "none", "weights": "none: from scratch"},
            started_at=START,
            finished_at=START + timedelta(seconds=5),
            config_sha256=config.digest(),
            bakeoff_version="0.1.0",
            commit=None,
            python="3.11.0",
            platform="Linux x86_64",
            packages={"torch": "2.0.0"},
            cpu="Made-up processor",
            n_threads=2,
            gpu=None,
            weights=None,
        ),
    )


def _summary(split: Split, samples: list[Sample], n_classes: int) -> SplitSummary:
    of_split = [sample for sample in samples if sample.split == split]
    return SplitSummary.of((s.sample_id for s in of_split), (s.target for s in of_split), n_classes)
