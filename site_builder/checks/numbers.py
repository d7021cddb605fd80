"""Checks of the numbers of each run: its matrix, its training, its costs."""

import math
from collections.abc import Iterator
from decimal import Decimal

from experiments.results.reported import AVERAGED, KNOWN_SCORES
from experiments.results.schema import Record, RunRecord, Split, TrainingConfig
from site_builder.checks.base import (
    CannotCheckError,
    Check,
    Finding,
    RunCheck,
    Status,
    find_in_runs,
    named,
)
from site_builder.formatting import (
    count,
    count_of,
    listing,
    moment,
    precise,
    ratio,
    setting,
)
from site_builder.loading import Experiment, Run
from site_builder.scores import Score, Scores

FLOPS_FACTOR = 2.2
"""How far two counts of operations may be apart: one leaves out the products inside attention."""

_TIMER_ROUNDING = 1.001
_MAY_BE_ZERO = ("cost.reading_time_s", "cost.features_time_s")


class RowSums(RunCheck):
    """The rows of the matrix are the classes of the test split."""

    name = "Rows of the confusion matrix add up to the classes"
    meaning = "A row holds the test images of one class, so it adds up to as many as there are."
    holds = "every row adds up to the images of its class"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Compare with the class counts of `experiment.json`."""
        recorded = experiment.record.splits[Split.TEST].class_counts
        rows = (
            run.counts.support.tolist() if run.matrix is None else run.matrix.sum(axis=1).tolist()
        )
        for name, found, expected in zip(
            experiment.record.class_names, rows, recorded, strict=True
        ):
            if found != expected:
                return f"{count(found)} images of {name!r}, but the split has {count(expected)}"
        return ""


class ReportedMetrics(Check):
    """Scores that were imported are those that the imported results come to."""

    name = "Imported scores agree with imported results"
    meaning = (
        "Where scores came with a matrix, a report or predictions, they are not shown, but held "
        "against the ones computed, to the last decimal that they were given with."
    )

    def find(self, experiment: Experiment) -> Finding:
        """Look at the runs that scores came with."""
        runs = [run for run in experiment.runs if run.record.reported_metrics]
        if not runs:
            return Finding(Status.NOT_POSSIBLE, "no scores came with any run")
        found = find_in_runs(runs, _wrong_scores, "the scores given are those computed")
        left = [f"{run.run_id}: {name}, {why}" for run in runs for name, why in _not_held(run)]
        if not left or found.status == Status.FAILED:
            return found
        said = f"{found.found}; {count_of(len(left), 'score')} could be held against nothing"
        return Finding(Status.NOTED, said, named(left))


class EpochsRun(RunCheck):
    """The history holds every epoch that was run."""

    name = "The history holds every epoch"
    meaning = (
        "Training runs for as many epochs as configured, or stops when the validation loss has not "
        "fallen by min_delta for as many epochs as patience allows, counted from the last part of "
        "the model that was freed."
    )
    holds = "the epochs are as many as configured, or end where patience did"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Follow the validation loss as training did."""
        record, training = run.record, _training(run)
        n_epochs, expected = len(record.history), _n_epochs(record, training)
        if n_epochs != expected:
            said = count_of(n_epochs, "epoch")
            return f"{said}, but training would have ended after {count(expected)}"
        if record.stopped_early != (n_epochs < training.max_epochs):
            return f"stopped_early is {record.stopped_early} after {count_of(n_epochs, 'epoch')}"
        return ""


class BestEpoch(RunCheck):
    """The weights that were kept are those of the lowest validation loss."""

    name = "The best epoch has the lowest validation loss"
    meaning = "Its weights were kept, and all predictions are made with them."
    holds = "no epoch has a lower validation loss than the one that was kept"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Find the first epoch of lowest loss."""
        _training(run)
        lowest = min(run.record.history, key=lambda epoch: epoch.val_loss).epoch
        kept = run.record.best_epoch
        if kept == lowest:
            return ""
        said = "no epoch" if kept is None else f"epoch {count(kept)}"
        return f"{said} was kept, but epoch {count(lowest)} has the lowest loss"


class Times(RunCheck):
    """Times are possible."""

    name = "Times are possible"
    meaning = (
        "No time is negative or infinite, nor zero, but for work before training that was found "
        "done; the 95th percentile of the latency is no less than the median, and the epochs take "
        "no longer than the training."
    )
    holds = "all times are possible"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Look at every number whose unit is a time or a rate."""
        record = run.record
        for name, value in _times(record):
            if not math.isfinite(value) or value < 0 or (not value and name not in _MAY_BE_ZERO):
                return f"{name} is {setting(value)}"
        return "; ".join(_contradictions(record))


class Clock(Check):
    """Runs end after they began."""

    name = "Runs end after they began"
    meaning = (
        "A computer’s clock that is set back makes a run seem to end before it began. Durations "
        "are measured by another clock, which nobody sets."
    )

    def find(self, experiment: Experiment) -> Finding:
        """Compare the moments of every run that has them."""
        times = [run.record.provenance for run in experiment.runs if run.record.provenance]
        back = [
            f"{run.run_id}: from {moment(made.started_at)} to {moment(made.finished_at)}"
            for run in experiment.runs
            if (made := run.record.provenance) and made.finished_at <= made.started_at
        ]
        if back:
            found = f"the clock was set back during {count_of(len(back), 'run')}"
            return Finding(Status.NOTED, found, named(back))
        if not times:
            return Finding(Status.NOT_POSSIBLE, "no run tells when it was made")
        return Finding(Status.PASSED, "every run that tells when it was made does")


class Operations(RunCheck):
    """Two counts of floating-point operations agree."""

    name = "Two counts of operations agree"
    meaning = (
        f"The FLOPs are within a factor of {setting(FLOPS_FACTOR)} of twice the multiply-adds that "
        "the shapes of the layers come to. One count is torch's own, the other owes nothing to it."
    )
    holds = "the two counts agree"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Compare `flops` with `layer_macs`."""
        cost = run.cost
        if cost is None:
            raise CannotCheckError(run.record.absent["cost"])
        for field in ("flops", "layer_macs"):
            if getattr(cost, field) is None:
                raise CannotCheckError(f"{field}: {cost.absent[field]}")
        times = (cost.flops or 0) / (2 * (cost.layer_macs or 0))
        if 1 / FLOPS_FACTOR <= times <= FLOPS_FACTOR:
            return ""
        return f"{count(cost.flops or 0)} FLOPs are {ratio(times)} twice the multiply-adds"


def _wrong_scores(run: Run) -> str:
    """Compute each score that was given and can be; see `RunCheck.problem`."""
    given = run.record.reported_metrics
    computed = {
        name: score.value
        for name in given
        if (score := _score(run.scores, name)) and score.value is not None
    }
    if not computed:
        raise CannotCheckError(f"{listing([*given])}: not computed here")
    return "; ".join(
        f"{name} was given as {setting(given[name])} and comes to {precise(value)}"
        for name, value in computed.items()
        if abs(value - given[name]) > _rounding(given[name])
    )


def _not_held(run: Run) -> Iterator[tuple[str, str]]:
    """Yield each score that was given and cannot be computed, with the reason."""
    for name in run.record.reported_metrics:
        score = _score(run.scores, name)
        if score is None:
            yield name, f"which is none of {listing([*KNOWN_SCORES])}"
        elif score.value is None:
            yield name, score.reason


def _score(scores: Scores, name: str) -> Score | None:
    """Return a score by the name that imports give it; None where there is none of that name."""
    if name not in KNOWN_SCORES:
        return None
    average, _, field = name.partition("_")
    if average in scores.averages and field in AVERAGED:
        return Score(getattr(scores.averages[average], field))
    known = {
        "accuracy": scores.accuracy,
        "balanced_accuracy": scores.balanced_accuracy,
        "cohen_kappa": scores.kappa,
        "matthews": scores.matthews,
        "log_loss": scores.log_loss,
    }
    return known[name]


def _rounding(given: float) -> float:
    """Return how far a score may be off that was rounded to the decimals it is given with.

    No score is rounded to fewer than two: 1.0 may be 0.995, but not 0.95.
    """
    # Decimal knows how many there are however the number is written, 1e-05 included.
    exponent = Decimal(repr(given)).as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return min(max(0.5 * 10.0**-decimals, 1e-6), 0.005) * 1.000001


def _training(run: Run) -> TrainingConfig:
    """Return how a run was to be trained."""
    if run.record.config is None:
        raise CannotCheckError(run.record.absent["config"])
    if not run.record.history:
        raise CannotCheckError("it has no history")
    return run.record.config.training


def _n_epochs(record: RunRecord, training: TrainingConfig) -> int:
    """Return after how many epochs training ends whose validation losses begin like this."""
    settled = max((freed.epoch for freed in record.unfreezings), default=1)
    # Before version 4 the wait did not begin anew.
    settled = settled if record.schema_version >= 4 else 1
    reference, waited = math.inf, 0
    for epoch in record.history:
        if epoch.val_loss <= reference - training.min_delta:
            reference, waited = epoch.val_loss, 0
        elif epoch.epoch >= settled:
            waited += 1
        if waited == training.patience:
            return min(epoch.epoch, training.max_epochs)
    return training.max_epochs


def _times(record: RunRecord) -> Iterator[tuple[str, float]]:
    """Yield every time and every number per time, with the name of its field."""
    parts: list[tuple[str, Record]] = [("cost", record.cost)] if record.cost else []
    parts += [(f"history.{place}", epoch) for place, epoch in enumerate(record.history)]
    for where, part in parts:
        for field in type(part).model_fields:
            value = getattr(part, field)
            if field.endswith(("_s", "_ms")) and value is not None:
                yield f"{where}.{field}", value


def _contradictions(record: RunRecord) -> Iterator[str]:
    cost = record.cost
    if cost and cost.latency_ms and cost.latency_p95_ms and cost.latency_p95_ms < cost.latency_ms:
        yield "cost.latency_p95_ms is less than the median"
    epochs_s = sum(epoch.duration_s for epoch in record.history)
    if cost and cost.train_time_s and epochs_s > cost.train_time_s * _TIMER_ROUNDING:
        yield "the epochs of the history take longer than cost.train_time_s"
