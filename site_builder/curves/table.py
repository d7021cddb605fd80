"""The columns of the table of learning: how long each run learned, and where its best epoch was."""

from collections.abc import Callable
from typing import NamedTuple

from experiments.results.learning import best_epoch
from experiments.results.schema import Epoch, RunRecord
from site_builder import formatting
from site_builder.comparisons import Comparisons
from site_builder.loading import Run
from site_builder.naming import RunName
from site_builder.scores import Score
from site_builder.tables.table import Cell, Spec, Table, make_table

NO_HISTORY = "the model was trained elsewhere; how it learned is not known"


def learning_table(comparisons: Comparisons, names: dict[str, RunName]) -> Table:
    """Return how each finished run learned, in the order of the performance table.

    Args:
        comparisons: The finished runs; at least one.
        names: Run id to name.
    """
    return make_table("learning", LEARNING, comparisons, names)


def failed_cells(record: RunRecord) -> tuple[Cell, ...]:
    """Return a cell for each column, of the epochs that a failed run finished; at least one."""
    numbers = [(each.spec, float(each.read(record.history))) for each in _LEARNING]
    return tuple(
        Cell(spec.write(number), formatting.sort_key(number), "", "", best=False, bar=None)
        for spec, number in numbers
    )


class _Learned(NamedTuple):
    """A column, and how its number is read off the epochs of a run."""

    spec: Spec
    read: Callable[[list[Epoch]], float]


def _of_run(read: Callable[[list[Epoch]], float]) -> Callable[[Run], Score]:
    def score(run: Run) -> Score:
        history = run.record.history
        return Score(float(read(history))) if history else Score(None, reason=NO_HISTORY)

    return score


def _of_best(field: str) -> Callable[[list[Epoch]], float]:
    return lambda history: float(getattr(best_epoch(history), field))


def _gap(history: list[Epoch]) -> float:
    best = best_epoch(history)
    return best.train_accuracy - best.val_accuracy


def _count(n: float) -> str:
    return formatting.setting(round(n, 1))


def _column(
    key: str, label: str, help_: str, stored_as: str, read: Callable[[list[Epoch]], float],
    write: Callable[[float], str], *, more_is_better: bool = False,
) -> _Learned:  # fmt: skip
    # What is lowest here is not best: the test images decide that.
    spec = Spec(key, label, help_, stored_as, more_is_better, _of_run(read), write,
                best=lambda run: False)  # fmt: skip
    return _Learned(spec, read)


_LEARNING = (
    _column("epochs", "Epochs", "Epochs that were run.", "n_epochs", len, _count),
    _column("best", "Best epoch", "Epoch of the lowest validation loss, whose weights were kept.",
            "best_epoch", _of_best("epoch"), _count),
    _column("train-loss", "Training loss", "In the best epoch, nats.", "train_loss_nats",
            _of_best("train_loss"), formatting.loss),
    _column("val-loss", "Validation loss", "In the best epoch, nats.", "val_loss_nats",
            _of_best("val_loss"), formatting.loss),
    _column("train-accuracy", "Training accuracy, %", "In the best epoch, on images as augmented.",
            "train_accuracy", _of_best("train_accuracy"), formatting.rate, more_is_better=True),
    _column("val-accuracy", "Validation accuracy, %", "In the best epoch.", "val_accuracy",
            _of_best("val_accuracy"), formatting.rate, more_is_better=True),
    _column("gap", "Gap, points", "Training accuracy less validation accuracy.", "accuracy_gap",
            _gap, formatting.bare_points),
    _column("time", "Time", "All epochs, validation included.", "epochs_time_s",
            lambda history: sum(epoch.duration_s for epoch in history),
            formatting.duration),
)  # fmt: skip
LEARNING = tuple(each.spec for each in _LEARNING)
