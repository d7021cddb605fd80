"""What learns in an epoch, at which rate, and how one batch changes it."""

import math
import operator
from collections.abc import Callable, Iterable
from functools import partial, reduce
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from experiments.evaluate import autocast
from experiments.results.schema import TrainingConfig

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    # Fused, since one call for all is a quarter of a head's step faster.
    "adam": partial(torch.optim.Adam, fused=True),
    "adamw": partial(torch.optim.AdamW, fused=True),
    "sgd": torch.optim.SGD,
}

Learning = Callable[[int], list[tuple[nn.Module, float]]]


class Learner:
    """A model, the parts of it that learn, and their optimiser.

    What does not learn has `requires_grad` off and is in eval mode, batch norm and dropout too.

    Args:
        model: What is trained.
        config: How it learns.
        learning: For an epoch, from 1, the modules that learn in it and their learning rates as
            shares of the configured one.

    Attributes:
        part_size: Examples that go through the model at once; less than a batch where memory ran
            out. Where batch norm learns in parts of two, an odd batch has one of three.
    """

    def __init__(self, model: nn.Module, config: TrainingConfig, learning: Learning) -> None:
        self._model = model
        self._config = config
        self._learning = learning
        self._optimizer: Optimizer | None = None
        self._learned: list[nn.Module] = []
        self.part_size = config.batch_size

    @property
    def optimizer(self) -> Optimizer:
        """The optimiser; there is one from the first epoch on."""
        if self._optimizer is None:
            raise RuntimeError("no epoch has begun")
        return self._optimizer

    def begin_epoch(self, epoch: int) -> float:
        """Free what learns in this epoch, set the rates, and return the configured one's value."""
        self._model.eval().requires_grad_(False)
        for module, factor in self._learning(epoch):
            self._add(module, factor)
            module.train().requires_grad_(True)
        learning_rate = self._config.learning_rate * _rate(self._config, epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate * group["factor"]
        return learning_rate

    def _add(self, module: nn.Module, factor: float) -> None:
        """Give a module that learns for the first time a parameter group of its own."""
        if any(module is known for known in self._learned):
            return
        self._learned.append(module)
        known = set(self._parameters())
        fresh = [parameter for parameter in module.parameters() if parameter not in known]
        group: dict[str, Any] = {"params": fresh, "factor": factor}
        if self._optimizer is None:
            self._optimizer = _optimizer(self._config, group)
        else:
            self._optimizer.add_param_group(group)

    def _parameters(self) -> list[nn.Parameter]:
        """Return what has learned so far, in the order in which the optimiser counts."""
        groups = self._optimizer.param_groups if self._optimizer else []
        return [parameter for group in groups for parameter in group["params"]]

    @property
    def n_parameters(self) -> int:
        """Number of the parameters that have learned so far."""
        return sum(parameter.numel() for parameter in self._parameters())

    def step(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Learn from one batch.

        Where memory runs out, the batch goes through in parts of half the size, here and from here
        on. Gradients add up over the parts, so the update is that of the whole batch, up to
        rounding; only batch norm sees a difference, as its statistics are those of a part.

        Args:
            inputs: (B, ...) float.
            targets: (B,) int64.

        Returns:
            The batch's mean cross-entropy in nats and its number of hits, both on the device.
        """
        while True:
            try:
                result = self._accumulate(inputs, targets)
                break
            except torch.OutOfMemoryError:
                size = min(self.part_size, len(targets))
                if size == 1:
                    raise
                self.part_size = math.ceil(size / 2)
            # Not in the handler: the traceback there holds on to what the failed pass made.
            self._forget_gradients()
            torch.cuda.empty_cache()
        if self._config.clip_norm is not None:
            nn.utils.clip_grad_norm_(self._parameters(), self._config.clip_norm)
        self._update()
        return result

    def _accumulate(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Set the gradients to those of the batch's mean loss."""
        self._forget_gradients()
        smoothing = self._config.label_smoothing
        losses, hits = [], []
        for part, of_part in self._parts(inputs, targets):
            logits = self._logits(part)
            objective = _mean_loss(logits, of_part, len(targets), smoothing)
            objective.backward()
            seen = logits.detach()
            # What is reported is not smoothed.
            plain = _mean_loss(seen, of_part, len(targets)) if smoothing else objective.detach()
            losses.append(plain)
            hits.append((seen.argmax(dim=1) == of_part).sum())
        return reduce(operator.add, losses), reduce(operator.add, hits)

    def _parts(self, inputs: Tensor, targets: Tensor) -> Iterable[tuple[Tensor, Tensor]]:
        """Return a batch in parts as even as can be: batch norm needs two in each."""
        n_parts = math.ceil(len(targets) / self.part_size)
        if n_parts == 1:
            return [(inputs, targets)]
        if self._learns_in_pairs():
            n_parts = len(targets) // 2
        return zip(inputs.tensor_split(n_parts), targets.tensor_split(n_parts), strict=True)

    def _learns_in_pairs(self) -> bool:
        """Return whether an odd batch needs a part of three: only batch norm minds one of one."""
        return self.part_size == 2 and self._has_batch_norm()

    def _logits(self, part: Tensor) -> Tensor:
        """Return the logits of a part, with the way back to what learns."""
        try:
            with autocast(part):
                logits: Tensor = self._model(part)
            return logits.float()
        except ValueError as error:
            if self.part_size > 1 or self._config.batch_size == 1:
                raise
            # Batch norm's own words do not say why there is only one.
            raise torch.OutOfMemoryError(
                f"of a batch of {self._config.batch_size} fewer than 3 fit into the memory at "
                f"once, and a part of one cannot be learned from ({error}); a smaller "
                "input_size under [preprocessing], a smaller model or another strategy needs less"
            ) from error

    def _forget_gradients(self) -> None:
        # What the optimiser's own zero_grad does, at a tenth of its cost: a head's step is short.
        for parameter in self._parameters():
            parameter.grad = None

    def _update(self) -> None:
        """Let the optimiser make its step; its first one takes memory for what it keeps."""
        try:
            self.optimizer.step()
        except torch.OutOfMemoryError as error:
            kept = _numbers_kept(self._config)
            n_bytes = kept * sum(parameter.nbytes for parameter in self._parameters())
            raise torch.OutOfMemoryError(
                f"the memory has no room for what the optimiser keeps: {self._config.optimizer} "
                f"keeps {kept} numbers for each of {self.n_parameters:,} parameters that learn, "
                f"{n_bytes / 1e6:,.0f} MB in all; optimizer = 'sgd' under [training] keeps fewer, "
                "as does a strategy that trains less of the model"
            ) from error

    def _has_batch_norm(self) -> bool:
        """Return whether batch norm is among what has learned so far."""
        return any(
            isinstance(module, _BatchNorm) for part in self._learned for module in part.modules()
        )

    @property
    def note(self) -> str | None:
        """What a reader must know of how batches were computed; None if there is nothing."""
        if self.part_size == self._config.batch_size:
            return None
        most = 3 if self._learns_in_pairs() else self.part_size
        said = (
            f"batches of {self._config.batch_size} did not fit into the memory: they were computed "
            f"in parts of at most {most}, and the gradients added up"
        )
        if not self._has_batch_norm():
            return said
        return f"{said}; batch norm's statistics are those of a part, not of a batch"

    def learned_names(self) -> set[str]:
        """Return the entries of the model's state_dict that may have changed so far."""
        prefixes = {
            f"{name}." if name else ""
            for name, module in self._model.named_modules()
            if any(module is learned for learned in self._learned)
        }
        return {name for name in self._model.state_dict() if name.startswith(tuple(prefixes))}

    def state(self) -> dict[str, Tensor]:
        """Return the optimiser's tensors as `<number of the parameter>.<name>`."""
        return {
            f"{place}.{name}": value
            for place, of_parameter in self.optimizer.state_dict()["state"].items()
            for name, value in of_parameter.items()
            if isinstance(value, Tensor)
        }

    def restore(self, state: dict[str, Tensor], epoch: int) -> None:
        """Become what a learner of the same model was after an epoch, when it gave its `state`."""
        # The same parts learn in the same order: parameters have the numbers they had.
        for earlier in range(1, epoch + 1):
            self.begin_epoch(earlier)
        parameters = self._parameters()
        by_place: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            place, name = key.split(".")
            by_place.setdefault(int(place), {})[name] = _laid_out(value, parameters[int(place)])
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": by_place})


def _mean_loss(logits: Tensor, targets: Tensor, n: int, smoothing: float = 0.0) -> Tensor:
    """Return the share of a part in the mean cross-entropy of its batch of `n`, nats."""
    total = functional.cross_entropy(logits, targets, label_smoothing=smoothing, reduction="sum")
    return total / n


def _numbers_kept(config: TrainingConfig) -> int:
    """Return how many numbers the optimiser keeps for each parameter."""
    if config.optimizer == "sgd":
        return 1 if config.momentum else 0
    return 2


def _optimizer(config: TrainingConfig, group: dict[str, Any]) -> Optimizer:
    """Return the configured optimiser of one group of parameters."""
    options = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    if config.optimizer == "sgd":
        options["momentum"] = config.momentum
    return OPTIMIZERS[config.optimizer]([group], **options)


def _laid_out(value: Tensor, parameter: nn.Parameter) -> Tensor:
    """Return a value with the parameter's layout in memory, so that sums round as they did."""
    return torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value


def _rate(config: TrainingConfig, epoch: int) -> float:
    """Return the share of the peak learning rate in an epoch, counted from 1.

    It rises in equal steps over the warm-up epochs and is 1 in the first one after them.
    """
    if epoch <= config.warmup_epochs:
        return epoch / (config.warmup_epochs + 1)
    if config.schedule == "constant":
        return 1.0
    progress = (epoch - 1 - config.warmup_epochs) / (config.max_epochs - config.warmup_epochs)
    return 0.5 * (1 + math.cos(math.pi * progress))
