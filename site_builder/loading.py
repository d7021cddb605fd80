"""Read a stored experiment once, with every score that more than one page shows."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

from experiments.results.architecture import has_architecture, read_architecture
from experiments.results.counts import Counts
from experiments.results.errors import StoreError
from experiments.results.feature_maps import has_feature_maps, read_feature_maps
from experiments.results.metrics.classification import (
    AverageScores,
    meaningful_k,
    n_in_top_k,
)
from experiments.results.metrics.confusion import confusion_matrix, most_taken_for
from experiments.results.metrics.intervals import Interval, wilson
from experiments.results.predictions import NO_RANKS, Predictions
from experiments.results.schema import (
    Architecture,
    Cost,
    ExperimentRecord,
    FeatureMaps,
    RunRecord,
    Split,
)
from experiments.results.store import ExperimentStore
from site_builder.networks import network_costs
from site_builder.publication import UNKNOWN, Publication
from site_builder.samples import SplitSamples, load_samples
from site_builder.scores import Scores
from site_builder.stored import StoredRecords


@dataclass(frozen=True)
class Run:
    """A finished run and what its test predictions come to.

    Attributes:
        record: What the run stored.
        predictions: What the model said about every test image; None where only `counts` were
            imported, and then `no_predictions` says why.
        counts: Test images by class, at least one image.
        cost: What the model costs, its times for a prediction as `network_costs` has them; None
            where nothing was measured. `record.cost` has what this run measured itself.
        top_k: The k of `n_in_top_k`, at least 1.
        n_in_top_k: Test images whose target is among the `top_k` most probable classes; None where
            that is not known, and then `no_top_k` says why.
    """

    record: RunRecord
    predictions: Predictions | None
    counts: Counts
    cost: Cost | None
    top_k: int
    n_in_top_k: int | None

    @property
    def run_id(self) -> str:
        """Name of the run's folder."""
        return self.record.run_id

    @property
    def training_time_s(self) -> float | None:
        """Time of training, validation included, and before it of a frozen backbone's features.

        Seconds; None where training was not timed. Where an image is the same in every epoch, all
        that the backbone does is to compute its features once, which is no part of `train_time_s`,
        and counts for each run that learned from them.
        """
        if self.cost is None or self.cost.train_time_s is None:
            return None
        return self.cost.train_time_s + (self.cost.features_time_s or 0.0)

    @property
    def only_waits(self) -> bool:
        """Whether its times leave out the features that an earlier run computed for it."""
        return self.record.schema_version < 4

    @property
    def matrix(self) -> NDArray[np.int64] | None:
        """(C, C) int64, test images by target (rows) and prediction (columns).

        None where an import does not tell it, and then `no_predictions` says why.
        """
        return self.counts.confusion

    @property
    def no_predictions(self) -> str:
        """Why there are no predictions; empty where there are some."""
        return self.record.absent.get("predictions", "")

    @property
    def no_top_k(self) -> str:
        """Why it is not known how many targets are among the most probable; empty if it is."""
        return "" if self.n_in_top_k is not None else self.no_predictions or NO_RANKS

    @cached_property
    def n_images(self) -> int:
        """Test images."""
        return self.counts.n_images

    @cached_property
    def n_correct(self) -> int:
        """Test images that the model got right: the trace of the matrix."""
        return self.counts.n_correct

    @property
    def accuracy(self) -> float:
        """Share of test images that the model got right, in [0, 1]."""
        return self.counts.accuracy

    @property
    def interval(self) -> Interval:
        """Wilson's interval of the accuracy."""
        return self.scores.accuracy_interval

    @property
    def macro(self) -> AverageScores:
        """Precision, recall and F1, plain means over classes."""
        return self.scores.averages["macro"]

    @cached_property
    def scores(self) -> Scores:
        """Every score of the run."""
        return Scores(self.counts, self.predictions, self.no_predictions)

    @cached_property
    def most_taken_for(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """For each class the one that it was most often taken for, and how often, 0 for never.

        None where there is no matrix.
        """
        return None if self.matrix is None else most_taken_for(self.matrix)

    @cached_property
    def top_k_interval(self) -> Interval | None:
        """Wilson's interval of the top-k accuracy; None where that is not known."""
        return None if self.n_in_top_k is None else wilson(self.n_in_top_k, self.n_images)


@dataclass(frozen=True)
class Experiment:
    """Everything the site is made from.

    Attributes:
        store: Where the rest is read when it is needed: pictures, and maps of images.
        record: The experiment's own record.
        runs: Finished runs in the order of the config.
        failed: Records of runs that failed, in the same order.
        missing: Ids of planned runs that are not stored yet.
        examples: The picture of one image per class, WebP; None where there is none.
        samples: The images of every split that is listed; `train` is not where the store is of
            schema version 1, and no split is where an import does not tell the images.
        architectures: What the runs are made of.
        feature_maps: What their layers make of a few images.
        publication: Where its site will be found.
        before: Older results of it, to tell what changed; None where that was not asked for.
        n_failed_checks: Checks of the consistency gate that failed, in a build that allows it.
    """

    store: ExperimentStore
    record: ExperimentRecord
    runs: tuple[Run, ...]
    failed: tuple[RunRecord, ...]
    missing: tuple[str, ...]
    examples: bytes | None
    samples: Mapping[Split, SplitSamples]
    architectures: StoredRecords[Architecture]
    feature_maps: StoredRecords[FeatureMaps]
    publication: Publication = UNKNOWN
    before: "Experiment | None" = None
    n_failed_checks: int = 0

    @cached_property
    def ranked(self) -> tuple[Run, ...]:
        """Finished runs by falling accuracy; equal ones in the order of the config."""
        return tuple(sorted(self.runs, key=lambda run: -run.accuracy))

    @cached_property
    def confusion(self) -> NDArray[np.int64] | None:
        """(C, C) int64, the matrices of all runs added up; None where no run has one."""
        matrices = [run.matrix for run in self.runs if run.matrix is not None]
        # One by one: np.sum would stack them all, 8 MB for each run of 1,000 classes.
        return reduce(np.add, matrices) if matrices else None

    @property
    def n_classes(self) -> int:
        """Classes."""
        return len(self.record.class_names)

    def knows_images_of(self, run: Run) -> bool:
        """Return whether a run can be compared with others image by image.

        It cannot where it came without predictions, or saw other images: a check then fails.
        """
        test = self.samples.get(Split.TEST)
        said = run.predictions
        return said is not None and test is not None and test.places_in(said.sample_ids) is not None


def load(store: ExperimentStore) -> Experiment:
    """Read an experiment and the test predictions of its finished runs.

    Raises:
        StoreError: If a file is missing or damaged, or a link leads out of the store; names the
            file and the field.
    """
    store.refuse_links()
    record = store.read_experiment()
    stored = [store.read_run(run_id) for run_id in record.run_ids if store.has_run(run_id)]
    finished = [run for run in stored if run.status == "finished"]
    costs, n_classes = network_costs(finished), len(record.class_names)
    # Digests and unpacking leave Python's lock: all cores read.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(lambda run: _load_run(store, run, n_classes, costs[run.run_id]), finished)
    return Experiment(
        store=store,
        record=record,
        runs=tuple(runs),
        failed=tuple(run for run in stored if run.status == "failed"),
        missing=tuple(run_id for run_id in record.run_ids if not store.has_run(run_id)),
        examples=store.read_thumbnails(record.examples.file, "examples.file")
        if record.examples
        else None,
        samples=load_samples(store),
        architectures=StoredRecords(store, has_architecture, read_architecture),
        feature_maps=StoredRecords(store, has_feature_maps, read_feature_maps),
    )


def _load_run(store: ExperimentStore, record: RunRecord, n_classes: int, cost: Cost | None) -> Run:
    said = store.read_predictions(record, Split.TEST) if record.predictions else None
    try:
        counts = _counts_of(said, n_classes) if said else store.read_counts(record)
        if len(counts.support) != n_classes:
            raise ValueError(f"{len(counts.support)} classes instead of {n_classes}")
        if not counts.n_images:
            raise ValueError("there are no images")
    except ValueError as error:
        raise StoreError(
            f"{store.run_folder(record.run_id)}: the test predictions do not fit the experiment: "
            f"{error}. Run it again with --force"
        ) from None
    top_k = meaningful_k(n_classes)
    return Run(record, said, counts, cost, top_k, _n_in_top_k(said, counts, top_k))


def _counts_of(said: Predictions, n_classes: int) -> Counts:
    return Counts.of(confusion_matrix(said.targets, said.predicted, n_classes))


def _n_in_top_k(said: Predictions | None, counts: Counts, k: int) -> int | None:
    if k == 1:
        return counts.n_correct
    if said is None or said.target_ranks is None:
        return None
    return n_in_top_k(said.target_ranks, k)
