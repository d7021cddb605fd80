"""Labelled inputs on the way into a model, in batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Examples:
    """N labelled inputs, made when they are asked for.

    Attributes:
        fetch: (B,) int64 indices on the CPU to the (B, ...) float inputs, on the device.
        targets: (N,) int64, on the device.
        batch_size: Inputs in a batch; the last one may be smaller.
        key: Names the inputs by all that decides them; None where they differ each time.
    """

    fetch: Callable[[Tensor], Tensor]
    targets: Tensor
    batch_size: int
    key: str | None = None

    def in_order(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every batch of inputs and targets, in order."""
        yield from self._batches(torch.arange(len(self.targets)))

    def shuffled(self, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every batch in random order, except a last one of one: batch norm needs two."""
        order = torch.randperm(len(self.targets), generator=generator)
        if len(order) % self.batch_size == 1:
            order = order[:-1]
        yield from self._batches(order)

    def _batches(self, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        for places in order.split(self.batch_size):
            yield self.fetch(places), self.targets[places.to(self.targets.device)]

    def mapped(self, model: Callable[[Tensor], Tensor]) -> "Examples":
        """Return the same examples with `model` applied to the inputs whenever they are fetched."""
        return Examples(lambda places: model(self.fetch(places)), self.targets, self.batch_size)
