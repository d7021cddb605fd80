"""Which epoch of a run counts."""

from collections.abc import Sequence

from experiments.results.schema import Epoch


def best_place(val_losses: Sequence[float]) -> int:
    """Return the place, from 0, of the epoch of lowest validation loss, the first of equal ones.

    Its weights are those that a run keeps.

    Args:
        val_losses: Validation losses, one an epoch, at least one.
    """
    return min(range(len(val_losses)), key=val_losses.__getitem__)


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """Return the epoch that `best_place` finds; the history holds at least one."""
    return history[best_place([epoch.val_loss for epoch in history])]
