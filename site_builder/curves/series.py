"""What is drawn: the epochs of one run, or the mean of runs that differ only in their seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from experiments.results.learning import best_place
from experiments.results.schema import RunRecord
from site_builder import formatting
from site_builder.comparisons import Comparisons, SeedGroup
from site_builder.loading import Experiment
from site_builder.naming import RunName, without_seed

Values = Mapping[str, NDArray[np.float64]]
RATES = ("train_accuracy", "val_accuracy")
_STORED = ("train_loss", "val_loss", *RATES, "learning_rate")
QUANTITIES = (*_STORED, "seconds")
"""What is known of each epoch. `seconds` is the time since the first epoch began."""


@dataclass(frozen=True, eq=False)
class Series:
    """One line of each chart.

    Attributes:
        key: Its name in the address of the page: the run's id, or for a mean that of the first run
            with an ending that no run id has.
        name: What it is called.
        records: The run, or the runs of several seeds.
        values: Quantity to (E,) float64, one value an epoch; of several runs the means.
        spreads: Quantity to (E,) float64, sample standard deviation over the seeds; empty for one.
    """

    key: str
    name: RunName
    records: tuple[RunRecord, ...]
    values: Values
    spreads: Values

    @property
    def n_epochs(self) -> int:
        """Epochs that are drawn, at least 1."""
        return len(self.values["val_loss"])

    @cached_property
    def best(self) -> int:
        """Epoch whose weights were kept; of a mean, or where that is not stored, the lowest."""
        (first, *others) = self.records
        if first.best_epoch is not None and not others:
            return first.best_epoch
        return best_place(self.values["val_loss"].tolist()) + 1

    @property
    def stopped_early(self) -> bool:
        """Whether patience ran out; never of a mean, whose runs end at different epochs."""
        return len(self.records) == 1 and bool(self.records[0].stopped_early)

    @property
    def unfrozen(self) -> dict[int, str]:
        """Epoch to the parts of the backbone that began to learn in it; never of a mean."""
        began: dict[int, str] = {}
        for entry in self.records[0].unfreezings if len(self.records) == 1 else ():
            before = f"{began[entry.epoch]}, " if entry.epoch in began else ""
            began[entry.epoch] = before + entry.stage
        return began

    def band(self, quantity: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the ends of mean ± deviation, each (E,) float64, cut to what is possible."""
        mean, spread = self.values[quantity], self.spreads[quantity]
        highest = 1.0 if quantity in RATES else np.inf
        return np.maximum(mean - spread, 0.0), np.minimum(mean + spread, highest)


def all_series(
    experiment: Experiment, names: dict[str, RunName], comparisons: Comparisons
) -> tuple[Series, ...]:
    """Return every series, the most accurate first; runs that failed come last.

    The mean of several seeds comes before each of them.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        comparisons: Which finished runs differ only in their seed.
    """
    found = [made for group in comparisons.seed_groups for made in _of_group(group, names)]
    failed = [_of_run(run, _failed(names[run.run_id])) for run in experiment.failed if run.history]
    return (*found, *failed)


def mean_key(run_id: str) -> str:
    """Return the key of the mean over the seeds of a run, the first of them."""
    return f"{run_id}-mean-"


def _of_group(group: SeedGroup, names: dict[str, RunName]) -> Iterator[Series]:
    """Yield the mean of a group, where it has several seeds, and then each of its runs."""
    records = tuple(run.record for run in group.runs if run.record.history)
    if len(records) > 1:
        yield _mean(
            mean_key(group.run.run_id), _mean_name(names[group.run.run_id], records), records
        )
    for record in records:
        yield _of_run(record, names[record.run_id])


def _of_run(record: RunRecord, name: RunName) -> Series:
    return Series(record.run_id, name, (record,), _values(record), {})


def _mean(key: str, name: RunName, records: tuple[RunRecord, ...]) -> Series:
    """Average over the seeds, up to the last epoch that all of them reached.

    Beyond it the mean would jump where a run ends, though no run does.
    """
    n_epochs = min(len(record.history) for record in records)
    values = [_values(record) for record in records]
    stacked = {
        quantity: np.stack([of_run[quantity][:n_epochs] for of_run in values])
        for quantity in QUANTITIES
    }
    return Series(
        key,
        name,
        records,
        {quantity: rows.mean(axis=0) for quantity, rows in stacked.items()},
        {quantity: _deviation(rows) for quantity, rows in stacked.items()},
    )


def _deviation(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sample deviation of each column; exactly 0 where all rows are equal."""
    return np.where(np.ptp(rows, axis=0) == 0, 0.0, rows.std(axis=0, ddof=1))


def _values(record: RunRecord) -> Values:
    stored = {
        quantity: np.array([getattr(epoch, quantity) for epoch in record.history], np.float64)
        for quantity in _STORED
    }
    return stored | {"seconds": np.cumsum([epoch.duration_s for epoch in record.history])}


def _mean_name(name: RunName, records: Sequence[RunRecord]) -> RunName:
    config = records[0].config
    common = without_seed(name, config.seed) if config else name
    return RunName(name.model, f"{common.variant}, mean of {formatting.count(len(records))} seeds")


def _failed(name: RunName) -> RunName:
    return RunName(name.model, f"{name.variant}, failed")
