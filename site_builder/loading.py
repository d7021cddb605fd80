"""Read a stored experiment once, with every score that more than one page shows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.results.errors import StoreError
from experiments.results.files import sha256_of
from experiments.results.metrics.classification import (
    AverageScores,
    macro_scores,
    meaningful_k,
    n_in_top_k,
)
from experiments.results.metrics.confusion import confusion_matrix
from experiments.results.metrics.intervals import Interval, wilson
from experiments.results.predictions import Predictions
from experiments.results.schema import Cost, ExperimentRecord, RunRecord, Split
from experiments.results.store import ExperimentStore


@dataclass(frozen=True)
class Run:
    """A finished run and what its test predictions come to.

    Attributes:
        record: What the run stored.
        predictions: What the model said about every test image.
        matrix: (C, C) int64, test images by target (rows) and prediction (columns).
        macro: Precision, recall and F1, plain means over classes.
        top_k: The k of `n_in_top_k`, at least 1.
        n_in_top_k: Test images whose target is among the `top_k` most probable classes.
    """

    record: RunRecord
    predictions: Predictions
    matrix: NDArray[np.int64]
    macro: AverageScores
    top_k: int
    n_in_top_k: int

    @property
    def run_id(self) -> str:
        """Name of the run's folder."""
        return self.record.run_id

    @property
    def cost(self) -> Cost | None:
        """What the model costs; None where nothing was measured."""
        return self.record.cost

    @property
    def n_images(self) -> int:
        """Test images."""
        return len(self.predictions)

    @cached_property
    def n_correct(self) -> int:
        """Test images that the model got right: the trace of the matrix."""
        return int(self.matrix.trace())

    @property
    def accuracy(self) -> float:
        """Share of test images that the model got right, in [0, 1]."""
        return self.n_correct / self.n_images

    @cached_property
    def interval(self) -> Interval:
        """Wilson's interval of the accuracy."""
        return wilson(self.n_correct, self.n_images)

    @cached_property
    def top_k_interval(self) -> Interval:
        """Wilson's interval of the top-k accuracy."""
        return wilson(self.n_in_top_k, self.n_images)


@dataclass(frozen=True)
class Experiment:
    """Everything the site is made from.

    Attributes:
        record: The experiment's own record.
        runs: Finished runs in the order of the config.
        failed: Records of runs that failed, in the same order.
        missing: Ids of planned runs that are not stored yet.
        examples: The picture of one image per class, WebP; None where there is none.
    """

    record: ExperimentRecord
    runs: tuple[Run, ...]
    failed: tuple[RunRecord, ...]
    missing: tuple[str, ...]
    examples: bytes | None

    @cached_property
    def ranked(self) -> tuple[Run, ...]:
        """Finished runs by falling accuracy; equal ones in the order of the config."""
        return tuple(sorted(self.runs, key=lambda run: -run.n_correct))

    @property
    def n_classes(self) -> int:
        """Classes."""
        return len(self.record.class_names)


def load(store: ExperimentStore) -> Experiment:
    """Read an experiment and the test predictions of its finished runs.

    Raises:
        StoreError: If a file is missing or damaged; names the file and the field.
    """
    record = store.read_experiment()
    stored = [store.read_run(run_id) for run_id in record.run_ids if store.has_run(run_id)]
    n_classes = len(record.class_names)
    return Experiment(
        record=record,
        runs=tuple(_load_run(store, run, n_classes) for run in stored if run.status == "finished"),
        failed=tuple(run for run in stored if run.status == "failed"),
        missing=tuple(run_id for run_id in record.run_ids if not store.has_run(run_id)),
        examples=_read_examples(store, record),
    )


def _load_run(store: ExperimentStore, record: RunRecord, n_classes: int) -> Run:
    predictions = store.read_predictions(record, Split.TEST)
    try:
        matrix = confusion_matrix(predictions.targets, predictions.predicted, n_classes)
        macro = macro_scores(matrix)
    except ValueError as error:
        raise StoreError(
            f"{store.run_folder(record.run_id)}: the test predictions do not fit the experiment: "
            f"{error}. Run it again with --force"
        ) from None
    top_k = meaningful_k(n_classes)
    n_top = n_in_top_k(predictions.target_ranks, top_k)
    return Run(record, predictions, matrix, macro, top_k, n_top)


def _read_examples(store: ExperimentStore, record: ExperimentRecord) -> bytes | None:
    if record.examples is None:
        return None
    path = store.thumbnails_folder / record.examples.file.name
    if not path.is_file():
        raise StoreError(f"{path}: is missing; restore it or run the experiment again with --force")
    if sha256_of(path) != record.examples.file.sha256:
        raise StoreError(
            f"{path}: its content is not what experiment.json recorded (field "
            "examples.file.sha256); restore it or run the experiment again with --force"
        )
    return path.read_bytes()
