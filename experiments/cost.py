"""What a model costs, measured: operations, parameters, size, latency, throughput, memory."""

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from experiments.evaluate import autocast

LATENCY_WARM_UP = 10
LATENCY_REPEATS = 100
THROUGHPUT_BATCH = 32
THROUGHPUT_REPEATS = 10
# How long the measurements last that need no number of repeats: a large model takes minutes for
# one batch on a small CPU.
BUDGET_S = 2.0

NO_PEAK_MEMORY = "the system does not tell it from an earlier run's"
_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Latency:
    """Time of one image through a model, in milliseconds."""

    median_ms: float
    p95_ms: float
    n_repeats: int


@dataclass(frozen=True)
class Throughput:
    """Images a second through a model, in batches."""

    images_per_s: float
    batch_size: int


@dataclass(frozen=True)
class Speed:
    """How fast a model is on its device and on the CPU; the same where the device is the CPU."""

    latency: Latency
    throughput: Throughput
    cpu_latency: Latency
    cpu_throughput: Throughput

    @property
    def notes(self) -> list[str]:
        """What a reader must know."""
        if self.cpu_latency.n_repeats == LATENCY_REPEATS:
            return []
        return [f"the latency on the CPU is that of {self.cpu_latency.n_repeats} forward passes"]


def count_flops(model: nn.Module, image: Tensor) -> int:
    """Count the floating-point operations of one forward pass; a multiply-add counts as two.

    Counts matrix products, convolutions and attention, as torch's own counter does; element-wise
    work such as activations is not counted.

    Args:
        model: In eval mode.
        image: (1, 3, H, W) float32.
    """
    with counting_flops() as counter:
        model(image)
    return int(counter.get_total_flops())


@contextmanager
def counting_flops() -> Iterator[FlopCounterMode]:
    """Let torch count the operations of what runs in the block, which cannot learn from it."""
    fast = torch.backends.mha.get_fastpath_enabled()
    # That path is one operation which torch's counter does not know: it would count nothing.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            yield counter
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def count_layer_macs(model: nn.Module, image: Tensor) -> int:
    """Count the multiply-adds of convolutions and linear layers from the shapes of their outputs.

    It owes nothing to torch's counter, so that either can be held against the other. What is no
    such layer, as the products inside attention, is left out.

    Args:
        model: In eval mode.
        image: (1, 3, H, W) float32.
    """
    total = 0

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        # Every number of the output is a product with the weights that lead to it.
        total += output.numel() * layer.weight[0].numel()  # type: ignore[index]

    layers = [layer for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        with torch.inference_mode():
            model(image)
    finally:
        for hook in hooks:
            hook.remove()
    return total


def measure_speed(model: nn.Module, image: Tensor) -> Speed:
    """Measure latency and throughput on the device of the image, and on the CPU.

    On a CPU beside a GPU the latency is that of as many repeats as fit into `BUDGET_S`.

    Args:
        model: In eval mode, on the device of `image`.
        image: (1, 3, H, W) float32.
    """
    latency, throughput = measure_latency(model, image), measure_throughput(model, image)
    if not image.is_cuda:
        return Speed(latency, throughput, latency, throughput)
    on_cpu, cpu_image = copy.deepcopy(model).cpu(), image.cpu()
    return Speed(
        latency,
        throughput,
        measure_latency(on_cpu, cpu_image, budget_s=BUDGET_S),
        measure_throughput(on_cpu, cpu_image, throughput.batch_size),
    )


def measure_latency(model: nn.Module, image: Tensor, *, budget_s: float | None = None) -> Latency:
    """Time single images one after the other, after a warm-up.

    Args:
        model: In eval mode, on the device of `image`.
        image: (1, 3, H, W) float32.
        budget_s: Stop when the repeats have taken this long; None never stops before the last.
    """
    _times_ms(model, image, LATENCY_WARM_UP, budget_s)
    times_ms = _times_ms(model, image, LATENCY_REPEATS, budget_s)
    return Latency(
        median_ms=float(np.median(times_ms)),
        p95_ms=float(np.percentile(times_ms, 95)),
        n_repeats=len(times_ms),
    )


def measure_throughput(
    model: nn.Module, image: Tensor, batch_size: int = THROUGHPUT_BATCH
) -> Throughput:
    """Time batches one after the other; a batch that does not fit into the memory is halved.

    Args:
        model: In eval mode, on the device of `image`.
        image: (1, 3, H, W) float32.
        batch_size: Images in a batch.
    """
    try:
        # The images are copies, not views of one: a view would stay in the cache.
        batch = image.repeat(batch_size, 1, 1, 1).contiguous(memory_format=torch.channels_last)
        times_ms = _times_ms(model, batch, THROUGHPUT_REPEATS, BUDGET_S)
    except torch.OutOfMemoryError:
        if batch_size == 1:
            raise
    else:
        # The first one warms up, unless it took so long that it is the only one.
        median_ms = float(np.median(times_ms[1:] or times_ms))
        return Throughput(1000 * batch_size / median_ms, batch_size)
    return measure_throughput(model, image, batch_size // 2)


def _times_ms(
    model: nn.Module, inputs: Tensor, n_repeats: int, budget_s: float | None
) -> list[float]:
    """Return how long forward passes take, one at least, until the budget is spent."""
    times_ms: list[float] = []
    with torch.inference_mode(), autocast(inputs):
        while len(times_ms) < n_repeats and (
            budget_s is None or not times_ms or sum(times_ms) < 1000 * budget_s
        ):
            times_ms.append(_time_ms(lambda: model(inputs), on_gpu=inputs.is_cuda))
    return times_ms


def _time_ms(work: Callable[[], object], *, on_gpu: bool) -> float:
    if on_gpu:
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        work()
        end.record()
        end.synchronize()
        return float(start.elapsed_time(end))
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def count_parameters(module: nn.Module) -> int:
    """Count the parameters of a module; buffers such as running means do not count."""
    return sum(parameter.numel() for parameter in module.parameters())


class Stopwatch:
    """Adds up how long parts of a run take, by name, in `seconds`.

    Args:
        device: Where work may still be going on when its call has returned.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Time the block as a part of the run."""
        started = time.perf_counter()
        yield
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - started


class PeakMemory:
    """The most memory in use since this was made: tensors on a GPU, or all of this process.

    Of a process, Linux alone can begin anew: elsewhere the peak may be an earlier run's.

    Args:
        device: Whose memory.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._begun = True
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        else:
            self._begun = _forget_peak()

    def read(self) -> int | None:
        """Return the peak in bytes; None where the system cannot tell it from an earlier one."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        return _peak_bytes() if self._begun else None


def _forget_peak() -> bool:
    """Begin anew with the process's peak; return whether that can be done here."""
    try:
        # 5 resets the peak, "VmHWM" in /proc/self/status: see proc_pid_clear_refs(5).
        _CLEAR_REFS.write_text("5")
    except OSError:
        return False
    return True


def _peak_bytes() -> int:
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return 1024 * int(lines["VmHWM"].removesuffix("kB"))
