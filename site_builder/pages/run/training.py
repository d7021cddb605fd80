"""How one run learned, epoch by epoch."""

from dataclasses import dataclass

from experiments.results.schema import Epoch, RunRecord
from site_builder import formatting
from site_builder.charts.chart import Chart
from site_builder.charts.learning import accuracy_curves, loss_curves


@dataclass(frozen=True)
class EpochRow:
    """An epoch.

    Attributes:
        epoch: Its number.
        numbers: Loss and accuracy in training, then in validation; learning rate; duration.
        began: What began to learn in it; or empty.
        best: Whether its weights were kept.
    """

    epoch: str
    numbers: tuple[str, ...]
    began: str
    best: bool


@dataclass(frozen=True)
class Training:
    """How a run learned.

    Attributes:
        charts: Loss and accuracy over the epochs.
        summary: How many epochs there were, and which one was kept.
        unfrozen: Whether parts of the backbone began to learn on the way.
        epochs: One row an epoch.
    """

    charts: tuple[Chart, ...]
    summary: str
    unfrozen: bool
    epochs: tuple[EpochRow, ...]


def training(record: RunRecord) -> Training | None:
    """Return how a run learned; None where no epoch is known."""
    if not record.history:
        return None
    return Training(
        charts=(loss_curves(record), accuracy_curves(record)),
        summary=_summary(record),
        unfrozen=bool(record.unfreezings),
        epochs=tuple(_row(record, epoch) for epoch in record.history),
    )


def _summary(record: RunRecord) -> str:
    parts = [formatting.count_of(len(record.history), "epoch")]
    if record.config and not record.stopped_early:
        parts[0] += f" of at most {formatting.count(record.config.training.max_epochs)}"
    if record.stopped_early:
        parts.append("stopped since the validation loss no longer fell")
    if record.best_epoch is not None:
        parts.append(f"the weights of epoch {formatting.count(record.best_epoch)} were kept")
    return "; ".join(parts) + "."


def began_in(record: RunRecord, epoch: Epoch) -> str:
    """Name what began to learn in an epoch; empty where nothing did."""
    return ", ".join(entry.stage for entry in record.unfreezings if entry.epoch == epoch.epoch)


def _row(record: RunRecord, epoch: Epoch) -> EpochRow:
    return EpochRow(
        epoch=formatting.count(epoch.epoch),
        numbers=(
            formatting.loss(epoch.train_loss),
            formatting.rate(epoch.train_accuracy),
            formatting.loss(epoch.val_loss),
            formatting.rate(epoch.val_accuracy),
            formatting.learning_rate(epoch.learning_rate),
            formatting.duration(epoch.duration_s),
        ),
        began=began_in(record, epoch),
        best=epoch.epoch == record.best_epoch,
    )
