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
        longest_px: (N,) int32, longer side of the original images, px; 0 where it is not known.
        sha256: SHA-256 of their files; empty where it is not known.
        dhashes: (N,) uint64, difference hashes; 0 where it is not known.
        hashed: (N,) bool, whether the difference hash is known.
    """

    sample_ids: list[str]
    paths: list[str]
    targets: NDArray[np.int64]
    longest_px: NDArray[np.int32]
    sha256: list[str]
    dhashes: NDArray[np.uint64]
    hashed: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return N."""
        return len(self.sample_ids)

    @cached_property
    def ids(self) -> NDArray[np.str_]:
        """(N,) str, `sample_ids` as predictions hold them."""
        return np.array(self.sample_ids, dtype=np.str_)

    def are_those_of(self, sample_ids: NDArray[np.str_]) -> bool:
        """Return whether these are the images that predictions are of, in whatever order."""
        if np.array_equal(self.ids, sample_ids):
            return True
        return np.array_equal(self.ids[self._order], np.sort(sample_ids))

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
    longest_px: list[int] = field(default_factory=list)
    sha256: list[str] = field(default_factory=list)
    dhashes: list[int] = field(default_factory=list)
    hashed: list[bool] = field(default_factory=list)

    def add(self, sample: Sample) -> None:
        self.sample_ids.append(sample.sample_id)
        self.paths.append(sample.path)
        self.targets.append(sample.target)
        self.longest_px.append(max(sample.width_px or 0, sample.height_px or 0))
        self.sha256.append(sample.sha256)
        self.dhashes.append(int(sample.dhash or "0", 16))
        self.hashed.append(bool(sample.dhash))

    def finished(self) -> SplitSamples:
        return SplitSamples(
            sample_ids=self.sample_ids,
            paths=self.paths,
            targets=np.array(self.targets, dtype=np.int64),
            longest_px=np.array(self.longest_px, dtype=np.int32),
            sha256=self.sha256,
            dhashes=np.array(self.dhashes, dtype=np.uint64),
            hashed=np.array(self.hashed, dtype=np.bool_),
        )


NO_SAMPLES = _Columns().finished()
"""A split whose images are not known."""


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
