"""Learning curves of one run: loss and accuracy over its epochs."""

from collections.abc import Iterable

from experiments.results.schema import RunRecord
from site_builder import formatting
from site_builder.charts.chart import Axis, Chart, Drawing, axis, percent_axis


def loss_curves(record: RunRecord) -> Chart:
    """Draw the loss on training and validation images; needs at least one epoch."""
    train = [epoch.train_loss for epoch in record.history]
    val = [epoch.val_loss for epoch in record.history]
    return _curves(record, loss_axis([*train, *val]), train, val)


def accuracy_curves(record: RunRecord) -> Chart:
    """Draw the accuracy on training and validation images; needs at least one epoch."""
    train = [epoch.train_accuracy for epoch in record.history]
    val = [epoch.val_accuracy for epoch in record.history]
    return _curves(record, accuracy_axis([*train, *val]), train, val)


def epoch_axis(n_epochs: int) -> Axis:
    """Return an axis of epochs, at least one."""
    return axis("Epoch", 0.5, n_epochs + 0.5, whole=True)


def loss_axis(losses: Iterable[float]) -> Axis:
    """Return an axis from 0 to the highest of at least one loss, nats."""
    return axis("Loss, nats", 0, max(losses) or 1, formatting.tick)


def accuracy_axis(rates: Iterable[float]) -> Axis:
    """Return an axis from the lowest of at least one accuracy, in [0, 1], to 1."""
    # Not less than ten points, or chance would look like much.
    return percent_axis("Accuracy", min(*rates, 0.9))


def _curves(record: RunRecord, y: Axis, train: list[float], val: list[float]) -> Chart:
    epochs = [epoch.epoch for epoch in record.history]
    drawing = Drawing(epoch_axis(len(epochs)), y)
    for unfreezing in record.unfreezings:
        drawing.upright("unfreezing", unfreezing.epoch)
    if record.best_epoch is not None:
        drawing.upright("best", record.best_epoch, f"best: {formatting.count(record.best_epoch)}")
    drawing.line("train", epochs, train, dots=True)
    drawing.line("val", epochs, val, dots=True)
    return drawing.chart()
