"""How fast the engine is against a plain training loop; run by hand, not by the tests.

    python -m tests.benchmarks.engine --data DIR --weights-dir DIR --model mobilenetv2_100

The plain loop is what one writes first: Dataset and DataLoader with two workers, decode, resize,
normalise, forward the frozen backbone without gradients, train a linear head; every epoch again.
Both see the same images, the same number of epochs and no early stopping, in one process, one
after the other. The plain loops come first: once the engine has run, the process keeps freed
memory (see `experiments/allocation.py`), which makes them faster than they are. An epoch of the
plain loop costs the same each time, so `--plain-epochs` are measured and the rest is
extrapolated; the table says so. Accuracies are after as many epochs as it says.

Measured with 3,781 photographs of clothes, 40 epochs, on two idle cores of an AMD EPYC (with
AVX-512) without a GPU, torch 2.15; resnet50 with random weights. On a Xeon mobilenetv2_100 took
82 s for an epoch of the plain loop, here 118 s, so ratios are that much a matter of the machine:

                    plain loop        engine, cold  ratio  reading  features   warm   ratio
    mobilenetv2_100 40 x 118 = 4,707 s     37.2 s     126    4.2      20.4     7.6 s    616
    resnet50        40 x 315 = 12,603 s   185.3 s      68    4.1     158.2    17.4 s    724
    regnetx_002     40 x 39.4 = 1,574 s    28.5 s      55    3.9      13.3     6.0 s    262
    tf_mobilenetv3_small_100
                    40 x 24.4 = 978 s      23.7 s      41    4.0       8.5     4.7 s    208

The lighter the backbone, the more of a run is what is not training: 3 s measure its cost. With 40
epochs of the plain loop measured, on a quarter of the images: 1,163 s against 14.6 s cold; test
accuracy 0.860 (0.775 to 0.916), the engine's 0.839 (0.751 to 0.900).

    944 images 14.2 s, 1,889 images 20.9 s, 3,781 images 37.5 s: mobilenetv2_100, each from cold
    944 images: the first model 14.2 s, the first two 73.9 s, all four 87.9 s

`features.py` has what reading and features take against what bounds them.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import timm
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from experiments.datasets import ImageDataset, load_dataset
from experiments.experiment import run_experiment
from experiments.results.metrics.intervals import wilson
from experiments.results.schema import RunRecord, Split
from experiments.results.store import ExperimentStore
from tests.benchmarks.photographs import (
    BATCH,
    around,
    frozen,
    load_backbone,
    some_of,
    with_all_weights,
)

N_WORKERS = 2


@dataclass(frozen=True)
class Arguments:
    """The command line."""

    data: Path
    weights_dir: Path
    models: list[str]
    epochs: int
    plain_epochs: int
    share: float
    device: torch.device


class Files(Dataset):
    """Images of one split, decoded and preprocessed each time they are asked for."""

    def __init__(self, root: Path, dataset: ImageDataset, split: Split, transform: v2.Transform):
        self.root, self.items, self.transform = root, dataset.of_split(split), transform

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        item = self.items[index]
        with Image.open(self.root / item.path) as image:
            return self.transform(image.convert("RGB")), item.target


def main() -> None:
    """Measure, and print the tables."""
    arguments = parse()
    console = Console(width=160)  # the same wherever it is printed
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if arguments.share < 1:
            part = some_of(arguments.data, scratch / "data", arguments.share)
            arguments = replace(arguments, data=part)
        weights = with_all_weights(arguments.weights_dir, arguments.models, scratch / "weights")
        arguments = replace(arguments, weights_dir=weights)
        # First of all: once the engine has run, the process keeps freed memory.
        plain = {model: run_plain(arguments, model) for model in arguments.models}
        for model in arguments.models:
            console.print(compare(arguments, model, plain[model], scratch / model))
        growth = Table("images", "models", "seconds", "seconds per model and 1,000 images")
        for share in (1, 2, 4):
            grow(arguments, scratch / f"images{share}", share / 4, 1, growth)
        for n_models in (2, 4):
            if n_models <= len(arguments.models):
                grow(arguments, scratch / f"models{n_models}", 1 / 4, n_models, growth)
        console.print(growth)


def parse() -> Arguments:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of train/, val/, test/")
    parser.add_argument("--weights-dir", type=Path, required=True)
    parser.add_argument("--model", action="append", dest="models", required=True)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--plain-epochs", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="share of the images to use")
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    return Arguments(**vars(parser.parse_args()))


def run_engine(arguments: Arguments, models: list[str], folder: Path) -> tuple[float, RunRecord]:
    """Run the experiment; return the seconds from start to stored records, and the last record."""
    store = ExperimentStore(folder / "benchmark")
    planned = frozen(arguments.data, models, arguments.epochs)
    outside = around(folder, arguments.weights_dir, arguments.device)
    started = time.perf_counter()
    records = run_experiment(planned, store, outside, downloads=folder, force=True)
    seconds = time.perf_counter() - started
    if failures := [record.failure for record in records if record.status == "failed"]:
        raise SystemExit(failures[0])
    return seconds, records[-1]


def test_accuracy(record: RunRecord, folder: Path) -> str:
    """Return a run's accuracy on `test` with its interval, and after which epoch."""
    predictions = ExperimentStore(folder / "benchmark").read_predictions(record, Split.TEST)
    hits = predictions.predicted == predictions.targets
    return accuracy_text(int(hits.sum()), len(hits), len(record.history))


def accuracy_text(n_hits: int, n: int, n_epochs: int) -> str:
    """Return an accuracy with its 95 % interval, and after how many epochs it was reached."""
    interval = wilson(n_hits, n)
    return f"{n_hits / n:.3f} ({interval.low:.3f} to {interval.high:.3f}), {n_epochs} epochs"


def run_plain(arguments: Arguments, model: str) -> tuple[float, int, int]:
    """Return the seconds of one epoch of the plain loop, and its hits and images of `test`."""
    dataset = load_dataset(frozen(arguments.data, [model]).dataset, Path())
    torch.manual_seed(0)
    device = arguments.device
    backbone = load_backbone(arguments.weights_dir, model).to(device)
    transform = v2.Compose(
        timm.data.create_transform(**timm.data.resolve_model_data_config(backbone)).transforms
    )
    loaders = {
        split: DataLoader(
            Files(arguments.data, dataset, split, transform),
            batch_size=BATCH,
            shuffle=split == Split.TRAIN,
            num_workers=N_WORKERS,
        )
        for split in Split
    }
    head = nn.Linear(backbone.head_hidden_size, len(dataset.class_names)).to(device)
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)

    def features(images: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return backbone(images.to(device))

    def n_hits(split: Split) -> int:
        batches = ((head(features(images)), targets) for images, targets in loaders[split])
        return sum(
            int((logits.argmax(1) == targets.to(device)).sum()) for logits, targets in batches
        )

    started = time.perf_counter()
    for _ in range(arguments.plain_epochs):
        for images, targets in loaders[Split.TRAIN]:
            optimizer.zero_grad()
            functional.cross_entropy(head(features(images)), targets.to(device)).backward()
            optimizer.step()
        n_hits(Split.VAL)
    seconds = (time.perf_counter() - started) / arguments.plain_epochs
    return seconds, n_hits(Split.TEST), len(dataset.of_split(Split.TEST))


def compare(arguments: Arguments, model: str, plain: tuple[float, int, int], folder: Path) -> Table:
    """Return the table of one model: cold and warm against the plain loop."""
    table = Table("model", "engine", "plain loop", "ratio", "test accuracy", "plain loop's")
    epoch_s, *hits = plain
    plain_s = arguments.epochs * epoch_s
    for label in ("cold", "warm"):
        seconds, record = run_engine(arguments, [model], folder)
        # From the cache, features have the time that computing them took.
        features = f"{record.cost.features_time_s:.1f}" if label == "cold" else "cached"
        table.add_row(
            f"{model}, {label}",
            f"{seconds:.1f} s (reading {record.cost.reading_time_s:.1f}, features "
            f"{features}, training {record.cost.train_time_s:.1f}, "
            f"evaluation {record.cost.evaluation_time_s:.1f})",
            f"{plain_s:.0f} s ({arguments.plain_epochs} of {arguments.epochs} epochs measured)",
            f"{plain_s / seconds:.0f} x",
            test_accuracy(record, folder),
            accuracy_text(*hits, arguments.plain_epochs),
        )
    return table


def grow(arguments: Arguments, folder: Path, share: float, n_models: int, table: Table) -> None:
    """Add a row: seconds for a share of the images and a number of models, from cold."""
    data = some_of(arguments.data, folder / "data", share)
    seconds, _ = run_engine(replace(arguments, data=data), arguments.models[:n_models], folder)
    n_images = sum(1 for path in data.rglob("*") if path.is_symlink())
    per = seconds / n_models / n_images * 1000
    table.add_row(f"{n_images:,}", str(n_models), f"{seconds:.1f}", f"{per:.1f}")


if __name__ == "__main__":
    main()
