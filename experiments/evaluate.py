"""Evaluation: model and examples to logits, loss and accuracy."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.examples import Examples
from experiments.explain.peaks import TopImages

# Images that go through a model at once on a CPU. More are no faster, and what they make on the way
# takes more memory; where freed memory is not kept (see `allocation`), each layer fetches it anew
# from the system: with 32 images MobileNetV2 then runs at 0.4 of the speed, ResNet-50 at 0.85.
CPU_PART = 8


class Parts:
    """How many inputs go through a model at once: a batch, or as many as fitted into the memory.

    Made for one model, and remembered from batch to batch.
    """

    def __init__(self) -> None:
        self._most: int | None = None
        self._too_many = 0

    def size_for(self, inputs: Tensor) -> int:
        """Return how many of a batch to try at once, at least 1."""
        small = inputs.device.type == "cpu" and inputs.ndim == 4
        limits = [len(inputs), self._most, CPU_PART if small else None]
        return max(1, min(limit for limit in limits if limit is not None))

    def did_not_fit(self, size: int) -> None:
        """Try half as many from now on."""
        self._most = math.ceil(size / 2)
        self._too_many = max(self._too_many, size)

    @property
    def notes(self) -> list[str]:
        """What a reader must know of how batches were computed."""
        if self._most is None:
            return []
        return [
            f"{self._too_many} at once did not fit into the memory where nothing is learned: "
            f"features or predictions were computed in parts of at most {self._most}, which "
            "changes nothing but rounding"
        ]


def autocast(inputs: Tensor) -> AbstractContextManager[object]:
    """Return the precision that inputs go through a model in.

    Images on a GPU that has bfloat16: bfloat16. Features of images stay in float32, since a head
    costs little; so does everything on a CPU, where bfloat16 without hardware for it is slower.
    """
    reduced = (
        inputs.is_cuda
        and inputs.ndim == 4
        and torch.cuda.is_bf16_supported(including_emulation=False)
    )
    # A head's step is so short that entering a precision that changes nothing is noticed.
    return torch.autocast(inputs.device.type, torch.bfloat16) if reduced else nullcontext()


def predict(model: Callable[[Tensor], Tensor], inputs: Tensor, parts: Parts) -> Tensor:
    """Return the float32 outputs of a batch, without gradients.

    Images on a CPU go through in small parts; what does not fit into the memory, in halves, and the
    batches after it likewise.

    Args:
        model: (B, ...) float to (B, ...).
        inputs: (B, ...) float.
        parts: How many go through at once; told what did not fit.
    """
    while True:
        size = parts.size_for(inputs)
        try:
            outputs = [_forward(model, part) for part in inputs.split(size)]
            return outputs[0] if len(outputs) == 1 else torch.cat(outputs)
        except torch.OutOfMemoryError:
            if size == 1:
                raise
            parts.did_not_fit(size)
        # Not in the handler: the traceback there holds on to what the failed pass made.
        torch.cuda.empty_cache()


def _forward(model: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    with torch.no_grad(), autocast(inputs):
        return model(inputs).float()


def compute_logits(model: nn.Module, examples: Examples, parts: Parts) -> Tensor:
    """Return the (N, C) float32 logits of N examples, on their device; leaves eval mode on."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([predict(model, inputs, parts) for inputs, _ in examples.in_order()])


def compute_logits_and_features(
    backbone: nn.Module,
    head: nn.Module,
    n_classes: int,
    examples: Examples,
    chosen: Tensor,
    parts: Parts,
    top: TopImages | None = None,
) -> tuple[Tensor, Tensor]:
    """Return what one pass through backbone and head gives; leaves eval mode on.

    Args:
        backbone: Inputs to (B, F) float features; the identity where inputs are features. With
            `top`, peaks follow the features.
        head: Features to (B, C) float logits.
        n_classes: C.
        examples: N of them.
        chosen: (N,) bool on the CPU, the n examples whose features are kept: those of all may not
            fit into the memory.
        parts: How many go through at once.
        top: Takes the peaks.

    Returns:
        (N, C) float32 logits and (n, F) float32 features, on the device of the examples.
    """
    backbone.eval()
    head.eval()
    logits, kept = [], []
    n_peaks = top.n_peaks if top else 0

    def all_at_once(inputs: Tensor) -> Tensor:
        outputs = backbone(inputs)
        # Laid out in memory as without the peaks, so that the head rounds as without them.
        features = outputs[:, : outputs.shape[1] - n_peaks].contiguous()
        return torch.cat([head(features), outputs], dim=1)

    with torch.inference_mode():
        batches = zip(examples.in_order(), chosen.split(examples.batch_size), strict=True)
        for (inputs, _), of_batch in batches:
            outputs = predict(all_at_once, inputs, parts)
            # A copy: a view would keep all features of the batch.
            logits.append(outputs[:, :n_classes].clone())
            n_others = outputs.shape[1] - n_peaks
            kept.append(outputs[of_batch.to(outputs.device), n_classes:n_others])
            if top:
                top.add(outputs[:, n_others:])
    return torch.cat(logits), torch.cat(kept)


def loss_and_accuracy(model: nn.Module, examples: Examples, parts: Parts) -> tuple[float, float]:
    """Return the mean cross-entropy in nats and the accuracy in [0, 1] on the examples."""
    logits = compute_logits(model, examples, parts)
    loss = functional.cross_entropy(logits, examples.targets).item()
    hits = logits.argmax(dim=1) == examples.targets
    return loss, hits.float().mean().item()
