"""What a model costs, measured: operations, parameters, size, latency."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

LATENCY_WARM_UP = 10
LATENCY_REPEATS = 100


@dataclass(frozen=True)
class Latency:
    """Time of one image through a model, in milliseconds."""

    median_ms: float
    p95_ms: float
    n_repeats: int


def count_flops(model: nn.Module, image: Tensor) -> int:
    """Count the floating-point operations of one forward pass; a multiply-add counts as two.

    Counts matrix products, convolutions and attention, as torch's own counter does; element-wise
    work such as activations is not counted.

    Args:
        model: In eval mode.
        image: (1, 3, H, W) float32.
    """
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model(image)
    return int(counter.get_total_flops())


def measure_latency(model: nn.Module, image: Tensor) -> Latency:
    """Time single images one after the other, after a warm-up.

    Args:
        model: In eval mode, on the device of `image`.
        image: (1, 3, H, W) float32.
    """
    times_ms = []
    with torch.inference_mode():
        for repeat in range(LATENCY_WARM_UP + LATENCY_REPEATS):
            started = time.perf_counter()
            model(image)
            if image.is_cuda:
                torch.cuda.synchronize()
            if repeat >= LATENCY_WARM_UP:
                times_ms.append(1000 * (time.perf_counter() - started))
    return Latency(
        median_ms=float(np.median(times_ms)),
        p95_ms=float(np.percentile(times_ms, 95)),
        n_repeats=LATENCY_REPEATS,
    )


def count_parameters(module: nn.Module) -> int:
    """Count the parameters of a module; buffers such as running means do not count."""
    return sum(parameter.numel() for parameter in module.parameters())
