"""Pictures, maps, groups and hard images for a made-up store.

Each test image has a colour of its own.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from experiments.progress import PlainProgress
from experiments.results.embedding import Embedding
from experiments.results.predictions import Predictions
from experiments.results.schema import Split, StoredEmbedding
from experiments.results.store import ExperimentStore
from experiments.thumbnails import Picture, write_thumbnails
from tests.made_up import history_of, write_made_up_store

SIZE = (150, 120)


def write_illustrated_store(results: Path) -> ExperimentStore:
    """Write six runs on 70 images of three classes in two groups; the last run has no map."""
    store = write_made_up_store(
        results, name="pictures", models=("alpha", "beta", "gamma"), n_images=70
    )
    make_hard(store)
    add_pictures(store)
    add_maps(store)
    add_superclasses(store, ["round", "pointed", "pointed"])
    return store


def write_store_of_kinds(results: Path) -> ExperimentStore:
    """Write two runs on 800 images of 20 classes, the first 16 of one superclass, with a map."""
    store = write_made_up_store(
        results,
        name="kinds",
        models=("alpha",),
        class_names=tuple(f"class {index}" for index in range(20)),
        n_images=800,
    )
    add_maps(store)
    add_superclasses(store, ["many"] * 16 + ["few"] * 4)
    return store


def colour_of(place: int) -> tuple[int, int, int]:
    """Return the colour of a test image, apart enough to survive lossy compression."""
    return (20 + 40 * (place % 6), 20 + 40 * (place // 6 % 6), 40 + 80 * (place // 36 % 3))


def add_pictures(store: ExperimentStore, size: tuple[int, int] = SIZE) -> None:
    """Write thumbnails of all test images; previews too where `size` is larger than a cell."""
    record = store.read_experiment()
    samples = [sample for sample in store.read_samples() if sample.split == Split.TEST]
    pictures = [
        Picture(
            sample.sample_id,
            sample.target,
            sample.sha256,
            lambda place=place: Image.new("RGB", size, colour_of(place)),  # type: ignore[misc]
        )
        for place, sample in enumerate(samples)
    ]
    progress = PlainProgress(Console(quiet=True))
    _, thumbnails = write_thumbnails(pictures, len(record.class_names), store, progress)
    absent = {name: why for name, why in record.absent.items() if name != "thumbnails"}
    changes = {"thumbnails": thumbnails, "absent": absent}
    width, height = size
    resized = [
        sample.model_copy(update={"width_px": width, "height_px": height})
        for sample in store.read_samples()
    ]
    store.write_experiment(record.model_copy(update=changes), resized)


def add_maps(store: ExperimentStore, seed: int = 0) -> None:
    """Put the test images of every run but the last somewhere on a map."""
    record = store.read_experiment()
    rng = np.random.default_rng(seed)
    n_images = record.splits[Split.TEST].n_images
    for run_id in record.run_ids[:-1]:
        run = store.read_run(run_id)
        positions = rng.uniform(size=(n_images, 2)).astype(np.float32)
        file = store.write_embedding(
            run_id, Embedding(np.arange(n_images, dtype=np.int32), positions)
        )
        embedding = StoredEmbedding(
            file=file, n_images=n_images, n_features=8, n_components=8, perplexity=5.0
        )
        absent = {name: why for name, why in run.absent.items() if name != "embedding"}
        store.write_run(run.model_copy(update={"embedding": embedding, "absent": absent}))


def add_superclasses(store: ExperimentStore, superclasses: list[str]) -> None:
    """Put the classes into groups."""
    record = store.read_experiment()
    absent = {name: why for name, why in record.absent.items() if name != "superclasses"}
    changes = {"superclasses": superclasses, "absent": absent}
    store.write_experiment(record.model_copy(update=changes), store.read_samples())


def make_hard(store: ExperimentStore, every: int = 8, seed: int = 0) -> None:
    """Let all runs take every eighth test image for the next class, as if it were mislabelled."""
    record = store.read_experiment()
    n_classes = len(record.class_names)
    rng = np.random.default_rng(seed)
    for run_id in record.run_ids:
        run = store.read_run(run_id)
        predictions = {}
        for split in (Split.VAL, Split.TEST):
            said = store.read_predictions(run, split)
            places = np.arange(len(said))
            logits = rng.normal(size=(len(said), n_classes))
            logits[places, said.targets] += 1.5
            hard = places % every == 0
            logits[hard, (said.targets[hard] + 1) % n_classes] += 4.0
            predictions[split] = Predictions.from_logits(said.sample_ids, said.targets, logits)
        stored = store.write_predictions(run_id, predictions)
        history = history_of(predictions[Split.VAL], run.history)
        store.write_run(run.model_copy(update={"predictions": stored, "history": history}))
