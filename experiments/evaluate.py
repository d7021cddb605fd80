"""Evaluation: model and examples to logits, loss and accuracy."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.examples import Examples


def compute_logits(model: nn.Module, examples: Examples) -> Tensor:
    """Return the (N, C) float32 logits of N examples, on their device; leaves eval mode on."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(inputs).float() for inputs, _ in examples.in_order()])


def loss_and_accuracy(model: nn.Module, examples: Examples) -> tuple[float, float]:
    """Return the mean cross-entropy in nats and the accuracy in [0, 1] on the examples."""
    logits = compute_logits(model, examples)
    loss = functional.cross_entropy(logits, examples.targets).item()
    hits = logits.argmax(dim=1) == examples.targets
    return loss, hits.float().mean().item()
