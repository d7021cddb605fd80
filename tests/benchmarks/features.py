"""How fast photographs are read and go through a backbone, against what bounds it; run by hand.

    python -m tests.benchmarks.features --data DIR --weights-dir DIR --model mobilenetv2_100

Parts take turns, since the speed of such machines drifts by more than what is measured. Reading is
that of all cores, from files in the system's cache to squares, against the same photographs opened,
resized, cropped and made tensors by Pillow and timm, as many at once. The features' seconds hold
all from the pixels on disk to the features, tracing the backbone too. The best bare forward is that
of the same traced backbone on random images, in batches of 8 or 32, whichever is faster.

Measured with 3,781 photographs of clothes on two idle cores of an AMD EPYC (with AVX-512), torch
2.15; resnet50 with random weights:

    photographs of 224 px for  read, images/s  by Pillow and timm  ratio
    mobilenetv2_100                     1,197                 517    2.3
    regnetx_002                         1,159                 479    2.4
    resnet50                            1,038                 462    2.2

                     features  best bare forward  share  waiting for pixels on disk
    mobilenetv2_100     198/s              209/s   95 %                       2.9 %
    regnetx_002         297/s              350/s   85 %                       5.3 %
    resnet50             24/s               25/s   94 %                       0.4 %

The lighter the backbone, the more weigh its tracing and the pixels, which take as long for each.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import timm
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torchvision.transforms import v2

from experiments import models
from experiments.allocation import keeping_freed_memory
from experiments.datasets import load_dataset
from experiments.evaluate import CPU_PART
from experiments.features import FrozenBackbone, fastest, in_parts
from experiments.images import Images
from experiments.pixels import evaluated, one_image_a_thread, square
from experiments.results.schema import PreprocessingConfig, Split
from experiments.transforms import resolve_preprocessing
from tests.benchmarks.photographs import BATCH, around, frozen, load_backbone, with_all_weights

CHUNK = 64
N_READ = 1024
WARM_UP = 5
T = TypeVar("T")


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of train/, val/, test/")
    parser.add_argument("--weights-dir", type=Path, required=True)
    parser.add_argument("--model", action="append", dest="models", required=True)
    arguments = parser.parse_args()
    reading = Table("photographs for", "read, images/s", "by Pillow and timm, images/s", "ratio")
    forward = Table(
        "model",
        "features, images/s",
        "best bare forward, images/s",
        "share",
        "waiting for pixels on disk, s",
        "share",
    )
    with tempfile.TemporaryDirectory() as name, keeping_freed_memory():
        scratch = Path(name)
        weights = with_all_weights(arguments.weights_dir, arguments.models, scratch / "weights")
        for model in arguments.models:
            add_reading(reading, arguments.data, model)
            add_features(forward, arguments.data, weights, model, scratch)
    console = Console(width=120)
    console.print(reading)
    console.print(forward)


def add_reading(table: Table, data: Path, model: str) -> None:
    """Add a row: photographs read a second by both ways, some by one, some by the other."""
    dataset = load_dataset(frozen(data, [model]).dataset, Path())
    items = dataset.items[:N_READ]
    preprocessing = resolve_preprocessing(models.data_config(model), PreprocessingConfig())
    geometry = evaluated(preprocessing)
    config = {**models.data_config(model), "no_aug": True}
    transform = v2.Compose(timm.data.create_transform(**config, is_training=False).transforms)

    def ours(index: int) -> object:
        return square(dataset.open(items[index]), geometry)

    def theirs(index: int) -> object:
        with Image.open(data / items[index].path) as image:
            return transform(image.convert("RGB"))

    spent = {ours: 0.0, theirs: 0.0}
    with one_image_a_thread() as pool:
        for first in range(0, len(items), CHUNK):
            for way in spent:
                places = range(first, min(first + CHUNK, len(items)))
                spent[way] += timed(lambda way=way, places=places: list(pool.map(way, places)))[0]
    ratio = spent[theirs] / spent[ours]
    per_s = (f"{len(items) / seconds:.0f}" for seconds in spent.values())
    table.add_row(f"{model}, {preprocessing.input_size} px", *per_s, f"{ratio:.1f}")


def add_features(table: Table, data: Path, weights: Path, model: str, scratch: Path) -> None:
    """Add a row: features a second, from pixels on disk, against forward passes alone."""
    outside = around(scratch, weights, torch.device("cpu"))
    dataset = load_dataset(frozen(data, [model]).dataset, scratch)
    preprocessing = resolve_preprocessing(models.data_config(model), PreprocessingConfig())
    images = Images(dataset, preprocessing, BATCH, outside.device, outside.cache, outside.progress)
    backbone = FrozenBackbone(load_backbone(weights, model).to(memory_format=torch.channels_last))
    side = preprocessing.input_size
    alone = {size: bare_forward(weights, model, size, side) for size in (CPU_PART, BATCH)}
    bare_s = dict.fromkeys(alone, 0.0)
    waiting_s = features_s = 0.0
    n_batches = 0
    for split in Split:
        batches = in_parts(images.plain(split)).in_order()
        while True:
            fetched_s, batch = timed(lambda batches=batches: next(batches, None))
            if batch is None:
                break
            features_s += fetched_s + timed(lambda inputs=batch[0]: backbone(inputs))[0]
            waiting_s += fetched_s
            n_batches += 1
            if n_batches % (BATCH // CPU_PART) == 0:
                for size, once in alone.items():
                    bare_s[size] += sum(timed(once)[0] for _ in range(BATCH // size))
    best = n_batches * CPU_PART // BATCH * BATCH / min(bare_s.values())
    speed = len(dataset.items) / features_s
    table.add_row(
        model,
        f"{speed:.0f}",
        f"{best:.0f}",
        f"{speed / best:.0%}",
        f"{waiting_s:.2f} of {features_s:.1f}",
        f"{waiting_s / features_s:.1%}",
    )


def bare_forward(weights: Path, model: str, n_images: int, side: int) -> Callable[[], object]:
    """Return a forward pass of the traced backbone on random images, warmed up."""
    backbone = load_backbone(weights, model).to(memory_format=torch.channels_last)
    noise = torch.randn(n_images, 3, side, side).contiguous(memory_format=torch.channels_last)
    graph = fastest(backbone, noise)

    def once() -> object:
        with torch.inference_mode():
            return graph(noise)

    for _ in range(WARM_UP):
        once()
    return once


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds that some work took, and its result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()
