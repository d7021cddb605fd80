"""The images of an experiment as columns: a million rows must fit beside all else."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.results.schema import Sample, Split, SplitSummary
from experiments.results.store import ExperimentStore


@dataclass(frozen=True)
class SplitSamples:
    """The N images of one split, in the order of `samples.csv`.

    Attributes:
        sample_ids: Their names.
        paths: Paths below the dataset's folder; empty where there is no file.
        targets: (N,) int64, index of the true class.
        width_px: (N,) int32, width of the upright original images, px; 0 where it is not known.
        height_px: (N,) int32, height of them, px; 0 where it is not known.
        sha256: SHA-256 of their files; empty where it is not known.
        dhashes: (N,) uint64, difference hashes; 0 where it is not known.
        hashed: (N,) bool, whether the difference hash is known.
    """

    sample_ids: list[str]
    paths: list[str]
    targets: NDArray[np.int64]
    width_px: NDArray[np.int32]
    height_px: NDArray[np.int32]
    sha256: list[str]
    dhashes: NDArray[np.uint64]
    hashed: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return N."""
        return len(self.sample_ids)

    @property
    def longest_px(self) -> NDArray[np.int32]:
        """(N,) int32, longer side of the original images, px; 0 where it is not known."""
        longest_px: NDArray[np.int32] = np.maximum(self.width_px, self.height_px)
        return longest_px

    @cached_property
    def ids(self) -> NDArray[np.str_]:
        """(N,) str, `sample_ids` as predictions hold them."""
        return np.array(self.sample_ids, dtype=np.str_)

    def places_in(self, sample_ids: NDArray[np.str_]) -> NDArray[np.intp] | None:
        """Return the (N,) places of these images in what predictions are of.

        Args:
            sample_ids: Unique, in whatever order.

        Returns:
            For each of these images where it is in `sample_ids`; None if those are other images.
        """
        if np.array_equal(self.ids, sample_ids):
            return np.arange(len(self))
        by_name = np.argsort(sample_ids)
        if not np.array_equal(self.ids[self._order], sample_ids[by_name]):
            return None
        places = np.empty(len(self), np.intp)
        places[self._order] = by_name
        return places

    def targets_of(self, sample_ids: NDArray[np.str_]) -> NDArray[np.int64]:
        """Return the (M,) targets of M of these images, by their ids."""
        if np.array_equal(self.ids, sample_ids):
            return self.targets
        places = np.searchsorted(self.ids, sample_ids, sorter=self._order)
        return self.targets[self._order[places]]

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return np.argsort(self.ids)

    def summary(self, n_classes: int) -> SplitSummary:
        """Return what `experiment.json` should say of the split."""
        return SplitSummary.of(self.sample_ids, self.targets.tolist(), n_classes)


@dataclass
class _Columns:
    sample_ids: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    width_px: list[int] = field(default_factory=list)
    height_px: list[int] = field(default_factory=list)
    sha256: list[str] = field(default_factory=list)
    dhashes: list[int] = field(default_factory=list)
    hashed: list[bool] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        self.sample_ids.append(sample.sample_id)
        self.paths.append(sample.path)
        self.targets.append(sample.target)
        self.width_px.append(sample.width_px or 0)
        self.height_px.append(sample.height_px or 0)
        self.sha256.append(sample.sha256)
        self.dhashes.append(int(sample.dhash or "0", 16))
        self.hashed.append(bool(sample.dhash))

    def finished(self) -> SplitSamples:
        return SplitSamples(
            sample_ids=self.sample_ids,
            paths=self.paths,
            targets=np.array(self.targets, dtype=np.int64),
            width_px=np.array(self.width_px, dtype=np.int32),
            height_px=np.array(self.height_px, dtype=np.int32),
            sha256=self.sha256,
            dhashes=np.array(self.dhashes, dtype=np.uint64),
            hashed=np.array(self.hashed, dtype=np.bool_),
        )


NO_SAMPLES = _Columns().finished()
"""A split whose images are not known."""

OTHER_IMAGES = "its predictions are not of the experiment’s test images"
"""Why a run cannot be compared image by image that has predictions."""


def load_samples(store: ExperimentStore) -> dict[Split, SplitSamples]:
    """Read `samples.csv` once.

    Returns:
        The images of every split that it lists; `train` is not among them in schema version 1.

    Raises:
        StoreError: If the file is missing or damaged.
    """
    columns: dict[Split, _Columns] = {}
    for sample in store.iter_samples():
        columns.setdefault(sample.split, _Columns()).add(sample)
    return {split: columns[split].finished() for split in Split if split in columns}
