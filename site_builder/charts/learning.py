"""Learning curves of one run: loss and accuracy over its epochs."""

from experiments.results.schema import RunRecord
from site_builder.charts.chart import Axis, Chart, Drawing, axis, percent_axis


def loss_curves(record: RunRecord) -> Chart:
    """Draw the loss on training and validation images; needs at least one epoch."""
    train = [epoch.train_loss for epoch in record.history]
    val = [epoch.val_loss for epoch in record.history]
    highest = max(*train, *val)
    return _curves(record, axis("Loss, nats", 0, highest or 1), train, val)


def accuracy_curves(record: RunRecord) -> Chart:
    """Draw the accuracy on training and validation images; needs at least one epoch."""
    train = [epoch.train_accuracy for epoch in record.history]
    val = [epoch.val_accuracy for epoch in record.history]
    # Not less than ten points, or chance would look like much.
    return _curves(record, percent_axis("Accuracy", min(*train, *val, 0.9)), train, val)


def _curves(record: RunRecord, y: Axis, train: list[float], val: list[float]) -> Chart:
    epochs = [epoch.epoch for epoch in record.history]
    drawing = Drawing(axis("Epoch", 0.5, len(epochs) + 0.5, whole=True), y)
    for unfreezing in record.unfreezings:
        drawing.upright("unfreezing", unfreezing.epoch)
    if record.best_epoch is not None:
        drawing.upright("best", record.best_epoch, f"best: {record.best_epoch}")
    drawing.line("train", epochs, train, dots=True)
    drawing.line("val", epochs, val, dots=True)
    return drawing.chart()
