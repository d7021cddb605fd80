import mmap
import time

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from experiments import cost
from experiments.cost import (
    PeakMemory,
    Stopwatch,
    count_flops,
    count_layer_macs,
    measure_latency,
    measure_speed,
    measure_throughput,
)

CPU = torch.device("cpu")
IMAGE = torch.zeros(1, 3, 8, 8)


class Slow(nn.Module):
    """Takes a known time for each image, and has memory for a known number of them."""

    def __init__(self, ms_per_image: float, most: int = 1000) -> None:
        super().__init__()
        self.ms_per_image, self.most, self.sizes = ms_per_image, most, []

    def forward(self, images):
        self.sizes.append(len(images))
        if len(images) > self.most:
            raise torch.OutOfMemoryError
        time.sleep(len(images) * self.ms_per_image / 1000)
        return images


def test_latency_is_the_time_of_one_image():
    latency = measure_latency(Slow(2.0), IMAGE)
    # Sleeping takes at least as long as asked.
    assert 2.0 <= latency.median_ms <= latency.p95_ms
    assert latency.median_ms < 20
    assert latency.n_repeats == 100


def test_throughput_is_that_of_a_batch():
    model = Slow(1.0)
    throughput = measure_throughput(model, IMAGE)
    assert (throughput.batch_size, set(model.sizes)) == (32, {32})
    assert 300 < throughput.images_per_s <= 1000


def test_a_batch_that_does_not_fit_is_halved():
    model = Slow(0.1, most=10)
    assert measure_throughput(model, IMAGE).batch_size == 8
    assert model.sizes[:3] == [32, 16, 8]
    with pytest.raises(torch.OutOfMemoryError):
        measure_throughput(Slow(0.1, most=0), IMAGE)


def test_a_slow_model_is_not_timed_for_long(monkeypatch):
    monkeypatch.setattr(cost, "BUDGET_S", 0.05)
    model = Slow(5.0)
    assert measure_throughput(model, IMAGE).images_per_s <= 200
    assert len(model.sizes) == 1
    assert measure_latency(model, IMAGE, budget_s=0.05).n_repeats <= 10


@pytest.mark.parametrize("name", ["vit_b_16", "resnet18", "mobilenet_v3_small"])
def test_operations_are_those_that_torchvision_publishes(name):
    with torch.device("meta"):
        model = torchvision.models.get_model(name).eval()
    image = torch.zeros(1, 3, 224, 224, device="meta")
    published = torchvision.models.get_model_weights(name).DEFAULT.meta["_ops"]
    # In thousands of millions of multiply-adds.
    assert count_flops(model, image) / 2e9 == pytest.approx(published, rel=0.02)


def test_macs_of_layers_are_counted_from_their_shapes():
    class Twice(nn.Module):
        """Uses a layer twice, and products that are no layer."""

        def __init__(self):
            super().__init__()
            self.grouped = nn.Conv2d(6, 4, (3, 1), groups=2, padding=(1, 0))
            self.shared = nn.Linear(5, 5)

        def forward(self, images):
            features = self.shared(self.shared(self.grouped(images)))
            return features @ features.transpose(2, 3)

    model = Twice()
    outputs = 4 * 7 * 5
    by_hand = outputs * 3 * (6 // 2) + 2 * outputs * 5
    assert count_layer_macs(model, torch.zeros(1, 6, 7, 5)) == by_hand
    assert count_flops(model, torch.zeros(1, 6, 7, 5)) == 2 * (by_hand + 4 * 7 * 7 * 5)
    assert not any(module._forward_hooks for module in model.modules())


def test_on_a_cpu_everything_is_measured_once():
    model = Slow(0.01)
    speed = measure_speed(model, IMAGE)
    assert speed.cpu_latency is speed.latency
    assert speed.cpu_throughput is speed.throughput
    assert len(model.sizes) == 10 + 100 + 10


@pytest.mark.skipif(not cost._STATUS.is_file(), reason="Linux alone can begin anew")
def test_the_peak_of_a_run_owes_nothing_to_an_earlier_one():
    before = PeakMemory(CPU).read()
    earlier = occupied(200_000_000)
    assert PeakMemory(CPU).read() > before + 150_000_000
    earlier.close()
    memory = PeakMemory(CPU)
    assert memory.read() < before + 50_000_000
    occupied(100_000_000).close()
    assert before + 75_000_000 < memory.read() < before + 150_000_000


def occupied(n_bytes):
    """Memory from the system itself: a tensor may get what an earlier test has given back."""
    memory = mmap.mmap(-1, n_bytes)
    np.frombuffer(memory, np.uint8)[:] = 1
    return memory


def test_a_system_that_cannot_begin_anew_knows_no_peak(monkeypatch, tmp_path):
    monkeypatch.setattr(cost, "_CLEAR_REFS", tmp_path / "nowhere" / "clear_refs")
    assert PeakMemory(CPU).read() is None


def test_a_stopwatch_adds_up():
    watch = Stopwatch(torch.device("cpu"))
    for _ in range(2):
        with watch("sleeping"):
            time.sleep(0.01)
    assert 0.02 <= watch.seconds["sleeping"] < 0.2
