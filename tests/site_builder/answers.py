"""Stores in which it is known who is right about which image."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from experiments.results.counts import Counts
from experiments.results.metrics.confusion import confusion_matrix
from experiments.results.predictions import Predictions
from experiments.results.schema import Epoch, ImportProvenance, RunRecord, Split
from experiments.results.store import ExperimentStore
from site_builder.comparisons import compare_runs
from site_builder.findings.finding import Finding, Material
from site_builder.findings.text import Names
from site_builder.loading import load
from site_builder.naming import run_names
from tests.made_up import START, write_made_up_store


def answer(
    store: ExperimentStore,
    run_id: str,
    correct: ArrayLike,
    *,
    confidence: float = 0.7,
    instead: ArrayLike = 1,
) -> None:
    """Let a run be right about exactly these test images.

    Args:
        store: Where the run is.
        run_id: The run.
        correct: (N,) bool.
        confidence: Probability of the chosen class.
        instead: Distance from the true class to the one chosen where it is wrong, one or (N,).
    """
    run = store.read_run(run_id)
    said = store.read_predictions(run, Split.TEST)
    n_classes = len(store.read_experiment().class_names)
    chosen = (said.targets + np.where(correct, 0, instead)) % n_classes
    probabilities = np.full((len(said), n_classes), (1 - confidence) / (n_classes - 1))
    probabilities[np.arange(len(said)), chosen] = confidence
    made = Predictions.from_logits(said.sample_ids, said.targets, np.log(probabilities))
    both = {Split.VAL: store.read_predictions(run, Split.VAL), Split.TEST: made}
    change(store, run_id, predictions=store.write_predictions(run_id, both))


def change(store: ExperimentStore, run_id: str, **fields: Any) -> None:
    """Write a run again with other values in its record."""
    store.write_run(store.read_run(run_id).model_copy(update=fields))


def change_cost(store: ExperimentStore, run_id: str, **fields: Any) -> None:
    """Write a run again with other costs; one of None was not measured."""
    cost = store.read_run(run_id).cost
    assert cost is not None
    absent = {name: "the timer broke" for name, value in fields.items() if value is None}
    fields["absent"] = {name: why for name, why in cost.absent.items() if name not in fields}
    fields["absent"] |= absent
    change(store, run_id, cost=cost.model_copy(update=fields))


def change_training(store: ExperimentStore, run_id: str, **fields: Any) -> None:
    """Write a run again with other training parameters."""
    config = store.read_run(run_id).config
    assert config is not None
    training = config.training.model_copy(update=fields)
    change(store, run_id, config=config.model_copy(update={"training": training}))


def history(*val_losses: float) -> list[Epoch]:
    """Return epochs with these validation losses."""
    return [
        Epoch(epoch=place, train_loss=1.0, train_accuracy=0.5, val_loss=loss, val_accuracy=0.5,
              learning_rate=1e-3, duration_s=1.0)
        for place, loss in enumerate(val_losses, 1)
    ]  # fmt: skip


def import_counts(store: ExperimentStore, run_id: str) -> None:
    """Turn a run into one made elsewhere, of which only the confusion matrix is known."""
    run = store.read_run(run_id)
    said = store.read_predictions(run, Split.TEST)
    matrix = confusion_matrix(
        said.targets, said.predicted, len(store.read_experiment().class_names)
    )
    nothing = ["config", "preprocessing", "best_epoch", "stopped_early", "cost", "weights"]
    nothing += ["predictions", "embedding", "provenance"]
    store.write_run(
        RunRecord(
            absent=dict.fromkeys(nothing, "imported from a confusion matrix"),
            run_id=run_id,
            experiment=run.experiment,
            status="finished",
            origin="imported",
            label=run_id.title(),
            counts=store.write_counts(run_id, Counts.of(matrix)),
            history=[],
            imported=ImportProvenance(
                kind="confusion matrix",
                file="matrix.csv",
                file_sha256="0" * 64,
                imported_at=START,
                bakeoff_version="0.1.0",
            ),
            **dict.fromkeys(nothing),
        )
    )


def material(store: ExperimentStore) -> Material:
    """Read what the rules read."""
    experiment = load(store)
    return Material(experiment, compare_runs(experiment))


def words(found: Finding | None, read: Material) -> str:
    """Return a finding's sentence as plain text; empty where the rule is silent."""
    if found is None:
        return ""
    sentence = found.sentence(Names(run_names(read.experiment)))
    return "".join(part.text for part in sentence).replace("\N{NO-BREAK SPACE}", " ")


def first(n: int, n_images: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Be right about the first n images: the better of two such runs is never wrong alone."""
    return np.arange(n_images) < n


def store_of(
    folder: Path, hits: dict[str, ArrayLike], n_images: int = 400, **options: Any
) -> ExperimentStore:
    """Write a store of one run a model, `<model>-none`, right about the first so many images.

    Args:
        folder: Where to write it.
        hits: Model to number of hits, or to (N,) bool.
        n_images: Test images.
        options: Of `write_made_up_store`.
    """
    options = {"augmentations": ("none",), "class_names": tuple("abcd")} | options
    store = write_made_up_store(folder, models=tuple(hits), n_images=n_images, **options)
    for model, right in hits.items():
        correct = first(right, n_images) if isinstance(right, int) else right
        answer(store, f"{model}-none", correct)
    return store
