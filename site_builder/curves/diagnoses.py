"""What a run's epochs say of its training: rules that speak only where the numbers bear them out.

Each rule reads one run. Its p-values are of that run alone: with many runs, one in twenty that has
no trend will still seem to have one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from scipy.stats import linregress

from experiments.results.learning import best_epoch
from experiments.results.metrics.intervals import Interval, newcombe
from experiments.results.metrics.paired import ALPHA
from experiments.results.schema import Epoch, RunRecord, Split
from site_builder import formatting
from site_builder.loading import Experiment, Run

MIN_RISE = 0.05
"""Prechelt's generalisation loss from which on a run has overfitted: his threshold GL 5."""
MIN_AFTER_BEST = 4
"""Epochs after the best one that a trend needs."""
MIN_GAP = 0.05
"""Accuracy gap that its interval must lie above."""
N_LAST = 5
"""Epochs whose trend tells whether a run still improves at its end."""
N_WINDOW = 5
"""Epochs that a running median is of."""
SPIKE_RATIO = 1.5
SPIKE_NATS = 0.1
"""A spike is at least so many times the running median, and at least so much above it."""


class Diagnosis(Protocol):
    """What a rule found."""

    @property
    def label(self) -> str:
        """What it is called, in a word or two."""

    @property
    def text(self) -> str:
        """The numbers that it rests on."""


@dataclass(frozen=True)
class Overfitting:
    """The validation loss rose after the best epoch while the training loss fell.

    Attributes:
        best_epoch: Epoch of the lowest validation loss.
        rise: Validation loss of the last epoch over that of the best one, minus 1; above 0.
        p_value: Of the trend after the best epoch, one-sided.
    """

    label: ClassVar[str] = "Overfitting"
    best_epoch: int
    rise: float
    p_value: float

    @property
    def text(self) -> str:
        """Say by how much it rose."""
        return (
            f"validation loss up {formatting.percent(self.rise, 0)} since epoch "
            f"{formatting.count(self.best_epoch)} while the training loss fell "
            f"({formatting.p_value(self.p_value)})"
        )


@dataclass(frozen=True)
class AccuracyGap:
    """Training images are recognised more often than validation images, at the best epoch.

    Attributes:
        gap: Accuracy on training minus accuracy on validation images, in [-1, 1].
        interval: Newcombe's 95 % interval of it.
    """

    label: ClassVar[str] = "Generalisation gap"
    gap: float
    interval: Interval

    @property
    def text(self) -> str:
        """Say how large it is."""
        return f"{formatting.points(self.gap)} ({formatting.points_between(self.interval)})"


@dataclass(frozen=True)
class StillImproving:
    """The validation loss was lowest when the epochs allowed ran out.

    Attributes:
        annealed: Whether the learning rate was scheduled to fall towards 0 by then. The loss then
            falls to the end by design, and more epochs would have been other epochs.
        fall: How far the last epoch lies below all before it, nats, where that is enough by itself.
        p_value: Else of the falling trend over the last epochs, one-sided.
    """

    label: ClassVar[str] = "Still improving"
    annealed: bool
    fall: float | None
    p_value: float | None

    @property
    def text(self) -> str:
        """Say what fell."""
        where = ", where the schedule of the learning rate ends" if self.annealed else ""
        if self.p_value is not None:
            last, p_value = formatting.word(N_LAST), formatting.p_value(self.p_value)
            return f"validation loss falls over the last {last} epochs ({p_value}){where}"
        fall = formatting.loss(self.fall or 0.0)
        return f"validation loss lowest in the last epoch, by {fall} nats{where}"


@dataclass(frozen=True)
class Unstable:
    """A loss jumped up for an epoch or two.

    Attributes:
        epochs: The epochs in which it did, rising; at least one.
        worst: The largest ratio of a loss to its running median.
    """

    label: ClassVar[str] = "Unstable"
    epochs: tuple[int, ...]
    worst: float

    @property
    def text(self) -> str:
        """Name the epochs."""
        noun = "epoch" if len(self.epochs) == 1 else "epochs"
        named = formatting.listing([formatting.count(epoch) for epoch in self.epochs])
        return f"loss in {noun} {named} up to {formatting.ratio(self.worst)} the median around it"


def diagnoses_of(experiment: Experiment, run: Run) -> tuple[Diagnosis, ...]:
    """Apply every rule to a run; a run of which no epoch is known gets no diagnosis."""
    record, splits = run.record, experiment.record.splits
    n_train, n_val = (splits[of].n_images if of in splits else 0 for of in (Split.TRAIN, Split.VAL))
    found = (
        overfitting(record.history),
        accuracy_gap(record.history, n_train, n_val) if n_train and n_val else None,
        still_improving(record),
        unstable(record.history),
    )
    return tuple(diagnosis for diagnosis in found if diagnosis is not None)


def overfitting(history: Sequence[Epoch]) -> Overfitting | None:
    """Find a validation loss that rises after its lowest epoch while the training loss falls.

    The lowest epoch itself takes no part in the trend: it was chosen for being low.

    Source:
        Prechelt (1998), "Early stopping - but when?", in Neural Networks: Tricks of the Trade, for
        the generalisation loss and its threshold; least squares for the trend.
    """
    if not history:
        return None
    best = best_epoch(history)
    after = history[best.epoch :]
    if len(after) < MIN_AFTER_BEST or after[-1].val_loss < (1 + MIN_RISE) * best.val_loss:
        return None
    trend = linregress(
        range(len(after)), [epoch.val_loss for epoch in after], alternative="greater"
    )
    if trend.pvalue > ALPHA or after[-1].train_loss >= best.train_loss or not best.val_loss:
        return None
    return Overfitting(best.epoch, after[-1].val_loss / best.val_loss - 1, float(trend.pvalue))


def accuracy_gap(history: Sequence[Epoch], n_train: int, n_val: int) -> AccuracyGap | None:
    """Find an accuracy on training images that is surely `MIN_GAP` above that on validation images.

    It is of the epoch with the lowest validation loss. Augmented training images are harder, and
    those of the epoch's beginning met a less trained model: both make the gap smaller than it is.
    """
    if not history:
        return None
    best = best_epoch(history)
    hits = round(best.train_accuracy * n_train), round(best.val_accuracy * n_val)
    interval = newcombe((hits[0], n_train), (hits[1], n_val))
    if interval.low <= MIN_GAP:
        return None
    return AccuracyGap(best.train_accuracy - best.val_accuracy, interval)


def still_improving(record: RunRecord) -> StillImproving | None:
    """Find a run that was ended by the number of epochs allowed while its loss still fell.

    Its last epoch is the lowest. Either it is below all before by `min_delta`, the smallest fall
    that early stopping counts as an improvement; or least squares through the last `N_LAST` epochs
    fall by as much an epoch, and that trend is not chance.
    """
    config, losses = record.config, [epoch.val_loss for epoch in record.history]
    if config is None or len(losses) < max(2, config.training.max_epochs):
        return None
    fall = min(losses[:-1]) - losses[-1]
    annealed = config.training.schedule == "cosine"
    if fall <= 0:
        return None
    if fall >= config.training.min_delta:
        return StillImproving(annealed, fall, None)
    if len(losses) < N_LAST:
        return None
    trend = linregress(range(N_LAST), losses[-N_LAST:], alternative="less")
    if trend.pvalue > ALPHA or -trend.slope < config.training.min_delta:
        return None
    return StillImproving(annealed, None, float(trend.pvalue))


def unstable(history: Sequence[Epoch]) -> Unstable | None:
    """Find losses, of training or validation, that stick out of the median of five epochs around.

    A median is not moved by the spike itself. The first and last two epochs have no such median:
    there a steep beginning would seem to be a spike.

    Source:
        Tukey (1977), Exploratory Data Analysis, for running medians as what is smooth in a series.
    """
    ratios: dict[int, float] = {}
    for losses in ([e.train_loss for e in history], [e.val_loss for e in history]):
        for epoch, ratio in _spikes(losses):
            ratios[epoch] = max(ratio, ratios.get(epoch, 0.0))
    return Unstable(tuple(sorted(ratios)), max(ratios.values())) if ratios else None


def _spikes(losses: Sequence[float]) -> list[tuple[int, float]]:
    """Return the epochs of spikes, from 1, with their ratios to the running median."""
    if len(losses) < N_WINDOW:
        return []
    medians = np.median(np.lib.stride_tricks.sliding_window_view(losses, N_WINDOW), axis=1)
    side = N_WINDOW // 2
    return [
        (place + side + 1, loss / median)
        for place, (loss, median) in enumerate(zip(losses[side:-side], medians, strict=True))
        if median > 0 and loss >= SPIKE_RATIO * median and loss - median >= SPIKE_NATS
    ]
