"""Evaluation: model and examples to logits, loss and accuracy."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.examples import Examples
from experiments.explain.peaks import TopImages

# Images that go through a model at once on a CPU. What more of them make on the way exceeds what
# the allocator keeps, so each layer would fetch fresh pages from the system: with 32 images
# MobileNetV2 runs at 0.4 of the speed, ResNet-50 at 0.85.
CPU_PART = 8


def autocast(inputs: Tensor) -> torch.autocast:
    """Return the precision that inputs go through a model in.

    Images on a GPU that has bfloat16: bfloat16. Features of images stay in float32, since a head
    costs little; so does everything on a CPU, where bfloat16 without hardware for it is slower.
    """
    reduced = (
        inputs.is_cuda
        and inputs.ndim == 4
        and torch.cuda.is_bf16_supported(including_emulation=False)
    )
    return torch.autocast(inputs.device.type, torch.bfloat16, enabled=reduced)


def predict(model: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
    """Return the float32 outputs of a batch, without gradients.

    Images on a CPU go through in small parts; what does not fit into the memory, in halves.
    """
    if inputs.device.type == "cpu" and inputs.ndim == 4 and len(inputs) > CPU_PART:
        return torch.cat([predict(model, part) for part in inputs.split(CPU_PART)])
    try:
        with torch.no_grad(), autocast(inputs):
            return model(inputs).float()
    except torch.OutOfMemoryError:
        if len(inputs) == 1:
            raise
    # Not in the handler: the traceback there holds on to what the failed pass made.
    return torch.cat([predict(model, half) for half in inputs.chunk(2)])


def compute_logits(model: nn.Module, examples: Examples) -> Tensor:
    """Return the (N, C) float32 logits of N examples, on their device; leaves eval mode on."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([predict(model, inputs) for inputs, _ in examples.in_order()])


def compute_logits_and_features(
    backbone: nn.Module,
    head: nn.Module,
    n_classes: int,
    examples: Examples,
    chosen: Tensor,
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
            outputs = predict(all_at_once, inputs)
            # A copy: a view would keep all features of the batch.
            logits.append(outputs[:, :n_classes].clone())
            n_others = outputs.shape[1] - n_peaks
            kept.append(outputs[of_batch.to(outputs.device), n_classes:n_others])
            if top:
                top.add(outputs[:, n_others:])
    return torch.cat(logits), torch.cat(kept)


def loss_and_accuracy(model: nn.Module, examples: Examples) -> tuple[float, float]:
    """Return the mean cross-entropy in nats and the accuracy in [0, 1] on the examples."""
    logits = compute_logits(model, examples)
    loss = functional.cross_entropy(logits, examples.targets).item()
    hits = logits.argmax(dim=1) == examples.targets
    return loss, hits.float().mean().item()
