"""Training: one epoch, and epochs until patience runs out."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from experiments.evaluate import loss_and_accuracy
from experiments.examples import Examples
from experiments.results.schema import Epoch, TrainingConfig

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": lambda parameters, **options: torch.optim.SGD(parameters, momentum=0.9, **options),
}


class DivergedError(Exception):
    """The loss stopped being a number: the argmax of NaN is class 0 and looks like an accuracy."""


@dataclass(frozen=True)
class Fit:
    """How training went.

    Attributes:
        history: One entry per epoch.
        best_epoch: Number of the epoch whose weights the model has now.
        stopped_early: Whether patience ran out.
    """

    history: list[Epoch]
    best_epoch: int
    stopped_early: bool


def fit(
    model: nn.Module,
    train: Examples,
    val: Examples,
    config: TrainingConfig,
    generator: torch.Generator,
    on_epoch: Callable[[Epoch], None],
) -> Fit:
    """Train until the last epoch or until patience runs out, then restore the best epoch.

    The best epoch is the one of lowest validation loss. Patience counts the epochs since the
    validation loss last fell by at least `min_delta`.

    Args:
        model: All its parameters learn; left with the weights of the best epoch, in eval mode.
        train: What it learns from.
        val: What it is selected on.
        config: How it learns.
        generator: Order of the training examples.
        on_epoch: Called after each epoch.

    Raises:
        DivergedError: If the training loss is not finite.
    """
    optimizer = OPTIMIZERS[config.optimizer](
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = LambdaLR(optimizer, lambda epoch: _rate(config, epoch))
    history: list[Epoch] = []
    best_loss, best_state = math.inf, copy.deepcopy(model.state_dict())
    reference_loss, waited = math.inf, 0
    while len(history) < config.max_epochs and waited != config.patience:
        started = time.perf_counter()
        learning_rate = float(schedule.get_last_lr()[0])
        train_loss, train_accuracy = _train_epoch(model, train, optimizer, generator)
        val_loss, val_accuracy = loss_and_accuracy(model, val)
        schedule.step()
        epoch = Epoch(
            epoch=len(history) + 1,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=learning_rate,
            duration_s=time.perf_counter() - started,
        )
        history.append(epoch)
        on_epoch(epoch)
        if val_loss < best_loss:
            best_loss, best_state = val_loss, copy.deepcopy(model.state_dict())
        if val_loss <= reference_loss - config.min_delta:
            reference_loss, waited = val_loss, 0
        else:
            waited += 1
    model.load_state_dict(best_state)
    model.eval()
    return Fit(
        history=history,
        best_epoch=min(history, key=lambda epoch: epoch.val_loss).epoch,
        stopped_early=len(history) < config.max_epochs,
    )


def _train_epoch(
    model: nn.Module, train: Examples, optimizer: Optimizer, generator: torch.Generator
) -> tuple[float, float]:
    """Return the mean loss in nats and the accuracy over the epoch's batches."""
    model.train()
    total_loss, n_hits, n_seen = 0.0, 0, 0
    for step, (inputs, targets) in enumerate(train.shuffled(generator), start=1):
        logits = model(inputs)
        loss = functional.cross_entropy(logits, targets)
        if not math.isfinite(value := loss.item()):
            last = total_loss / n_seen if n_seen else None
            raise DivergedError(
                f"the loss became {value} at step {step}; the epoch's mean before it was {last}"
            )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total_loss += value * len(targets)
        n_hits += int((logits.argmax(dim=1) == targets).sum())
        n_seen += len(targets)
    return total_loss / n_seen, n_hits / n_seen


def _rate(config: TrainingConfig, epoch: int) -> float:
    """Return the share of the peak learning rate in an epoch, counted from 0."""
    if config.schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * epoch / config.max_epochs))
