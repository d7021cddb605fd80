"""Training: one epoch, and epochs until patience runs out, from the beginning or a checkpoint."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from experiments.checkpoint import Checkpoint, Snapshot
from experiments.evaluate import Parts, loss_and_accuracy
from experiments.examples import Examples
from experiments.learner import Learner, Learning
from experiments.results.learning import best_epoch
from experiments.results.schema import Epoch, TrainingConfig

# Reading a loss makes the CPU wait for the GPU, so they are read together every so many steps.
_STEPS_BETWEEN_CHECKS = 50


class DivergedError(Exception):
    """The loss stopped being a number: the argmax of NaN is class 0 and looks like an accuracy."""


@dataclass(frozen=True)
class Fit:
    """How training went.

    Attributes:
        history: One entry per epoch.
        best_epoch: Number of the epoch whose weights the model has now.
        stopped_early: Whether patience ran out.
        n_trained_parameters: Parameters that learned in at least one epoch.
        duration_s: Time it took, with that of earlier sessions it was resumed from, seconds.
        notes: What a reader must know.
    """

    history: list[Epoch]
    best_epoch: int
    stopped_early: bool
    n_trained_parameters: int
    duration_s: float
    notes: list[str]


def fit(
    model: nn.Module,
    train: Examples,
    val: Examples,
    config: TrainingConfig,
    generator: torch.Generator,
    on_epoch: Callable[[Epoch], None],
    learning: Learning,
    checkpoint: Checkpoint | None = None,
) -> Fit:
    """Train until the last epoch or until patience runs out, then restore the best epoch.

    The best epoch is the one of lowest validation loss. Patience counts the epochs since the
    validation loss last fell by at least `min_delta`; while more of the model is still to be freed
    it does not count: a run that ended then would not have done what it was asked to.

    Args:
        model: Left with the weights of the best epoch, in eval mode.
        train: What it learns from.
        val: What it is selected on.
        config: How it learns.
        generator: Order of the training examples, and all else that is random about them.
        on_epoch: Called after each epoch; first of all for those that the checkpoint holds.
        learning: What learns in an epoch, as for `Learner`.
        checkpoint: Where training goes on from, and is kept; nowhere if it is None.

    Raises:
        DivergedError: If a loss is not finite.
    """
    training = _Training(model, Learner(model, config, learning), generator)
    if checkpoint is not None and (snapshot := checkpoint.read()) is not None:
        training.restore(snapshot)
    for epoch in training.history:
        on_epoch(epoch)
    settled = _settled(learning, config.max_epochs)
    while len(training.history) < config.max_epochs and not _patience_is_out(
        training.history, config, settled
    ):
        with _always_the_same(train.targets.device):
            epoch = training.one_epoch(train, val)
        if checkpoint is not None:
            checkpoint.offer(training.snapshot)
        on_epoch(epoch)
    model.load_state_dict(training.best_state)
    model.eval()
    return Fit(
        history=training.history,
        best_epoch=best_epoch(training.history).epoch,
        stopped_early=len(training.history) < config.max_epochs,
        n_trained_parameters=training.learner.n_parameters,
        duration_s=training.duration_s,
        notes=[*([note] if (note := training.learner.note) else []), *training.parts.notes],
    )


@contextmanager
def _always_the_same(device: torch.device) -> Iterator[None]:
    """Let what runs on a CPU add up in the same order each time, however many threads it has.

    Otherwise threads race where gradients meet in one number: in Swin's tables of relative
    positions, with windows of 12 and 3 heads, no two runs on two busy threads were the same. It
    takes no longer. On a GPU nothing is promised.
    """
    before = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    options: Any = torch.utils.deterministic
    fills = options.fill_uninitialized_memory
    if device.type == "cpu":
        # What has no such order warns; new memory need not be filled, since nothing here reads it.
        torch.use_deterministic_algorithms(True, warn_only=True)
        options.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warns)
        options.fill_uninitialized_memory = fills


class _Training:
    """A model on its way through the epochs: all that the rest of the way depends on."""

    def __init__(self, model: nn.Module, learner: Learner, generator: torch.Generator) -> None:
        self.model = model
        self.learner = learner
        self.generator = generator
        self.parts = Parts()
        self.history: list[Epoch] = []
        self.last_loss: float | None = None
        self.best_state = copy.deepcopy(model.state_dict())
        self._started = time.perf_counter()

    @property
    def duration_s(self) -> float:
        """Time since the start of the first session, without that between sessions, seconds."""
        return time.perf_counter() - self._started

    def one_epoch(self, train: Examples, val: Examples) -> Epoch:
        """Train on every batch once, and validate."""
        started = time.perf_counter()
        number = len(self.history) + 1
        learning_rate = self.learner.begin_epoch(number)
        losses = _Losses(number, self.last_loss)
        train_loss, train_accuracy = _train_epoch(self.learner, train, self.generator, losses)
        self.last_loss = losses.values[-1]
        val_loss, val_accuracy = loss_and_accuracy(self.model, val, self.parts)
        if not math.isfinite(val_loss):
            raise DivergedError(
                f"the loss became {val_loss} on the validation images after epoch {number}; the "
                f"last finite loss was {self.last_loss}"
            )
        epoch = Epoch(
            epoch=number,
            train_loss=train_loss,
            train_accuracy=train_accuracy,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=learning_rate,
            duration_s=time.perf_counter() - started,
        )
        self.history.append(epoch)
        if best_epoch(self.history) is epoch:
            self.best_state = copy.deepcopy(self.model.state_dict())
        return epoch

    def snapshot(self) -> Snapshot:
        """Return what `restore` needs; of the model only what has learned."""
        learned, state = self.learner.learned_names(), self.model.state_dict()
        groups = {
            "model": {name: state[name] for name in learned},
            "optimizer": self.learner.state(),
            "random": _random_states(self.generator),
        }
        if best_epoch(self.history) is not self.history[-1]:
            groups["best"] = {name: self.best_state[name] for name in learned}
        facts = {
            "history": [epoch.model_dump() for epoch in self.history],
            "duration_s": self.duration_s,
            "last_loss": self.last_loss,
            "part_size": self.learner.part_size,
        }
        tensors = {f"{group}.{name}": v for group, vs in groups.items() for name, v in vs.items()}
        return Snapshot(tensors, facts)

    def restore(self, snapshot: Snapshot) -> None:
        """Become what the training was that the snapshot was taken of."""
        self.history = [Epoch.model_validate(epoch) for epoch in snapshot.facts["history"]]
        self._started -= snapshot.facts["duration_s"]
        self.last_loss = snapshot.facts["last_loss"]
        self.learner.part_size = snapshot.facts["part_size"]
        self.learner.restore(_group(snapshot, "optimizer"), len(self.history))
        self.model.load_state_dict({**self.model.state_dict(), **_group(snapshot, "model")})
        self.best_state = copy.deepcopy(self.model.state_dict())
        for name, value in _group(snapshot, "best").items():
            self.best_state[name].copy_(value)
        _set_random_states(self.generator, _group(snapshot, "random"))


def _group(snapshot: Snapshot, group: str) -> dict[str, Tensor]:
    """Return the tensors of a group, by their names in it."""
    return {
        name.removeprefix(f"{group}."): value
        for name, value in snapshot.tensors.items()
        if name.startswith(f"{group}.")
    }


def _random_states(generator: torch.Generator) -> dict[str, Tensor]:
    """Return the state of every generator that training draws from."""
    states = {"run": generator.get_state(), "torch": torch.get_rng_state()}
    if torch.cuda.is_initialized():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def _set_random_states(generator: torch.Generator, states: dict[str, Tensor]) -> None:
    generator.set_state(states["run"])
    torch.set_rng_state(states["torch"])
    if "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"])


def _settled(learning: Learning, max_epochs: int) -> int:
    """Return the first epoch from which on the same modules learn until the last one."""

    def learns(epoch: int) -> set[int]:
        return {id(module) for module, _ in learning(epoch)}

    last = learns(max_epochs)
    if learns(1) == last:
        return 1
    return 1 + next(epoch for epoch in range(max_epochs - 1, 0, -1) if learns(epoch) != last)


def _patience_is_out(history: list[Epoch], config: TrainingConfig, settled: int) -> bool:
    reference_loss, waited = math.inf, 0
    for epoch in history:
        if epoch.val_loss <= reference_loss - config.min_delta:
            reference_loss, waited = epoch.val_loss, 0
        elif epoch.epoch >= settled:
            waited += 1
    return waited == config.patience


class _Losses:
    """The losses of an epoch's steps, in order, refused when one is not finite.

    Args:
        epoch: Number of the epoch.
        previous: Loss of the step before it; None in the first epoch.
    """

    def __init__(self, epoch: int, previous: float | None) -> None:
        self._epoch = epoch
        self._previous = previous
        self._unread: list[Tensor] = []
        self.values: list[float] = []

    def add(self, loss: Tensor) -> None:
        """Take one step's loss; it may be looked at later."""
        self._unread.append(loss)
        if len(self._unread) == _STEPS_BETWEEN_CHECKS:
            self.check()

    def check(self) -> None:
        """Look at what was not looked at yet."""
        for loss in torch.stack(self._unread).tolist() if self._unread else []:
            if not math.isfinite(loss):
                last = self.values[-1] if self.values else self._previous
                raise DivergedError(
                    f"the loss became {loss} at step {len(self.values) + 1} of epoch "
                    f"{self._epoch}; the last finite loss was {last}"
                )
            self.values.append(loss)
        self._unread.clear()


def _train_epoch(
    learner: Learner, train: Examples, generator: torch.Generator, losses: _Losses
) -> tuple[float, float]:
    """Return the mean loss in nats and the accuracy over the epoch's batches."""
    n_seen: list[int] = []
    n_hits = torch.zeros((), dtype=torch.int64, device=train.targets.device)
    for inputs, targets in train.shuffled(generator):
        loss, hits = learner.step(inputs, targets)
        losses.add(loss)
        n_hits += hits
        n_seen.append(len(targets))
    losses.check()
    total = sum(loss * n for loss, n in zip(losses.values, n_seen, strict=True))
    return total / sum(n_seen), int(n_hits) / sum(n_seen)
