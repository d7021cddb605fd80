"""How fast the engine is against a plain training loop; run by hand, not by the tests.

    python -m tests.benchmarks.engine --data DIR --weights-dir DIR --model mobilenetv2_100

The plain loop is what one writes first: Dataset and DataLoader with two workers, decode, resize,
normalise, forward the frozen backbone without gradients, train a linear head; every epoch again.
Both see the same images, the same number of epochs and no early stopping, in one process, one
after the other. The plain loops come first: once the engine has run, the process keeps freed
memory (see `experiments/allocation.py`), which makes them faster than they are. An epoch of the
plain loop costs the same each time, so `--plain-epochs` are measured and the rest is
extrapolated; the table says so. Accuracies are after as many epochs as it says. The largest
difference of a probability compares what the engine stored with what its own head says of the plain
loop's features, whose pixels Pillow decoded and resized.

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
epochs of the plain loop measured, on a quarter of the images:

                    plain loop  engine, cold  val, plain loop's  test, plain loop's
    mobilenetv2_100    1,163 s        14.6 s  -                  0.839, 0.860
    tf_mobilenetv3_small_100
                         257 s         7.6 s  0.798, 0.774       0.860, 0.860

The intervals of 94 images are 0.13 to 0.18 wide. Pillow's resizing moves a probability by at most
0.003 there; fed with the same pixels, the plain way and the engine agree within 1e-4, which
tests/experiments/test_experiment.py holds them to.

    944 images 14.2 s, 1,889 images 20.9 s, 3,781 images 37.5 s: mobilenetv2_100, each from cold
    944 images: the first model 14.2 s, the first two 73.9 s, all four 87.9 s

`features.py` has what reading and features take against what bounds them.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import safetensors.torch
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
from experiments.results.store import EVALUATED_SPLITS, ExperimentStore
from experiments.runner import WEIGHTS_FILE
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


@dataclass(frozen=True)
class Plain:
    """How the plain loop went.

    Attributes:
        epoch_s: Time of one epoch, seconds.
        n_hits: Images of a split that the head got right in the end.
        n_images: All images of it.
        test_features: (N, F) float, of `test` in order.
    """

    epoch_s: float
    n_hits: dict[Split, int]
    n_images: dict[Split, int]
    test_features: torch.Tensor


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


def accuracies(record: RunRecord, folder: Path) -> str:
    """Return a run's accuracies with their intervals, and after which epoch."""
    store = ExperimentStore(folder / "benchmark")
    said = {split: store.read_predictions(record, split) for split in EVALUATED_SPLITS}
    return "\n".join(
        accuracy_text(split, int((of.predicted == of.targets).sum()), len(of), len(record.history))
        for split, of in said.items()
    )


def largest_difference(record: RunRecord, folder: Path, features: torch.Tensor) -> float:
    """Return by how much the run's probabilities change on features of the plain loop's pixels."""
    store = ExperimentStore(folder / "benchmark")
    said = store.read_predictions(record, Split.TEST)
    state = safetensors.torch.load_file(store.run_folder(record.run_id) / WEIGHTS_FILE)
    logits = functional.linear(features.cpu(), state["head.weight"], state["head.bias"])
    found = logits.softmax(dim=1).numpy()
    of_classes = np.take_along_axis(found, said.top_classes.astype(np.int64), axis=1)
    return float(np.abs(of_classes - said.top_probabilities).max())


def accuracy_text(split: Split, n_hits: int, n: int, n_epochs: int) -> str:
    """Return an accuracy with its 95 % interval, and after how many epochs it was reached."""
    low_high = wilson(n_hits, n)
    interval = f"{low_high.low:.3f} to {low_high.high:.3f}"
    return f"{split} {n_hits / n:.3f} ({interval}), {n_epochs} epochs"


def run_plain(arguments: Arguments, model: str) -> Plain:
    """Run the plain loop's epochs, and evaluate its head."""
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

    def evaluate(split: Split) -> tuple[int, torch.Tensor]:
        n_hits, made = 0, []
        for images, targets in loaders[split]:
            made.append(features(images))
            n_hits += int((head(made[-1]).argmax(1) == targets.to(device)).sum())
        return n_hits, torch.cat(made)

    started = time.perf_counter()
    for _ in range(arguments.plain_epochs):
        for images, targets in loaders[Split.TRAIN]:
            optimizer.zero_grad()
            functional.cross_entropy(head(features(images)), targets.to(device)).backward()
            optimizer.step()
        val_hits, _ = evaluate(Split.VAL)
    seconds = (time.perf_counter() - started) / arguments.plain_epochs
    test_hits, test_features = evaluate(Split.TEST)
    n_images = {split: len(dataset.of_split(split)) for split in EVALUATED_SPLITS}
    return Plain(seconds, {Split.VAL: val_hits, Split.TEST: test_hits}, n_images, test_features)


def compare(arguments: Arguments, model: str, plain: Plain, folder: Path) -> Table:
    """Return the table of one model: cold and warm against the plain loop."""
    heads = ("accuracies", "plain loop's", "largest difference of a probability in test")
    table = Table("model", "engine", "plain loop", "ratio", *heads)
    plain_s = arguments.epochs * plain.epoch_s
    of_plain = "\n".join(
        accuracy_text(split, plain.n_hits[split], n_images, arguments.plain_epochs)
        for split, n_images in plain.n_images.items()
    )
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
            accuracies(record, folder),
            of_plain,
            f"{largest_difference(record, folder, plain.test_features):.1e}",
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
