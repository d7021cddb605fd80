"""How fast the engine is against a plain training loop; run by hand, not by the tests.

    python -m tests.benchmarks.engine --data DIR --weights-dir DIR --model mobilenetv2_100

The plain loop is what one writes first: Dataset and DataLoader with two workers, decode, resize,
normalise, forward the frozen backbone without gradients, train a linear head; every epoch again.
Both see the same images, the same number of epochs and no early stopping, in one process, one after
the other. An epoch of the plain loop costs the same each time, so `--plain-epochs` are measured and
the rest is extrapolated; the table says so.

Measured with 3,781 photographs of clothes, 40 epochs, on two cores of an Intel Xeon (Sapphire
Rapids) without a GPU, torch 2.15. The first model had the machine to itself; the second, with
random weights, ran while other work took the cores in turn, so only its ratios mean something:

    mobilenetv2_100  engine   plain loop             ratio  of the engine's
    cold              32.2 s  40 x 82.3 s = 3,292 s    102  reading 4.9, features 18.4, training 1.5
    warm cache         5.9 s  3,292 s                  558  training 1.6, measuring the cost 3.2

    resnet50
    cold             161.4 s  40 x 327 s = 13,085 s     81  reading 7, features 137, training 7
    warm cache        22.8 s  13,085 s                 573

Features from cached pixels, tracing included, batch by batch in turn with the best bare forward of
the same traced backbone on random images:

                     features  best bare forward  share  waiting for cached pixels
    mobilenetv2_100     181/s              203/s   89 %                      3.4 %
    resnet50             28/s               29/s   95 %                      0.7 %
    regnetx_002         398/s              493/s   81 %                      7.6 %

These were measured before the images were normalised in parts that stay in the CPU's cache, which
makes RegNetX-200MF 5 % faster. Tracing, once a backbone, is 0.4 s of it.

    944 images 11.3 s, 1,889 images 18.0 s, 3,781 images 32.4 s, each from cold

With 945 of the photographs the accuracies on `val` were 0.774 after 40 epochs of ours and 0.750
after three of the plain loop's, for mobilenetv2_100.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

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

from experiments import models
from experiments.config import ExperimentConfig, FolderConfig
from experiments.datasets import ImageDataset, load_dataset
from experiments.evaluate import CPU_PART
from experiments.experiment import run_experiment
from experiments.features import FrozenBackbone, fastest, in_parts
from experiments.images import Images
from experiments.progress import PlainProgress
from experiments.results.schema import PreprocessingConfig, RunRecord, Split
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings
from experiments.transforms import resolve_preprocessing

BATCH = 32
N_WORKERS = 2
REPEATS = 5
T = TypeVar("T")


@dataclass(frozen=True)
class Arguments:
    """The command line."""

    data: Path
    weights_dir: Path
    models: list[str]
    epochs: int
    plain_epochs: int
    share: float


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
    console = Console(width=140)  # the same wherever it is printed
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.share < 1:
            part = some_of(arguments.data, Path(scratch) / "data", arguments.share)
            arguments = replace(arguments, data=part)
        arguments = replace(
            arguments, weights_dir=complete(arguments, Path(scratch) / "weights", console)
        )
        table = Table(
            "model", "engine", "plain loop", "ratio", "val accuracy", "plain val accuracy"
        )
        for model in arguments.models:
            compare(arguments, model, Path(scratch) / model, table)
        console.print(table)
        features = Table(
            "model",
            "features, images/s",
            "best bare forward, images/s",
            "share",
            "waiting for cached pixels, s",
            "share",
        )
        for model in arguments.models:
            forward(arguments, model, Path(scratch) / model, features)
        console.print(features)
        growth = Table("images", "models", "seconds", "seconds per model and 1,000 images")
        for share in (1, 2, 4):
            grow(arguments, Path(scratch) / f"images{share}", share / 4, 1, growth)
        for n_models in (2, 4):
            if n_models <= len(arguments.models):
                grow(arguments, Path(scratch) / f"models{n_models}", 1 / 4, n_models, growth)
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
    return Arguments(**vars(parser.parse_args()))


def config_of(arguments: Arguments, model: str) -> ExperimentConfig:
    """Return the experiment: one frozen backbone, no augmentation, no early stopping."""
    return ExperimentConfig.model_validate(
        {
            "name": "benchmark",
            "title": "Benchmark",
            "question": "How fast?",
            "strategy": "frozen",
            "dataset": {"source": "folder", "data_dir": arguments.data, "title": "Benchmark"},
            "training": {"max_epochs": arguments.epochs, "patience": None, "batch_size": BATCH},
            "models": [{"name": model}],
        }
    )


def run_engine(arguments: Arguments, model: str, folder: Path) -> tuple[float, RunRecord]:
    """Run the experiment and return the seconds from start to stored record, and the record."""
    around = Surroundings(
        device=torch.device("cpu"),
        cache=folder / ".cache",
        weights_dir=arguments.weights_dir,
        progress=PlainProgress(Console(quiet=True)),
        now=lambda: datetime.now(UTC),
    )
    store = ExperimentStore(folder / "benchmark")
    started = time.perf_counter()
    (record,) = run_experiment(
        config_of(arguments, model), store, around, downloads=folder, force=True
    )
    seconds = time.perf_counter() - started
    if record.status == "failed":
        raise SystemExit(record.failure)
    return seconds, record


def run_plain(arguments: Arguments, model: str) -> tuple[float, float]:
    """Return the seconds of one epoch of the plain loop, and its validation accuracy."""
    dataset = load_dataset(
        FolderConfig(source="folder", data_dir=arguments.data, title="Benchmark"), Path()
    )
    torch.manual_seed(0)
    backbone = load_backbone(arguments, model)
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
        for split in (Split.TRAIN, Split.VAL)
    }
    head = nn.Linear(backbone.num_features, len(dataset.class_names))
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)
    started = time.perf_counter()
    for _ in range(arguments.plain_epochs):
        for images, targets in loaders[Split.TRAIN]:
            with torch.no_grad():
                features = backbone(images)
            optimizer.zero_grad()
            functional.cross_entropy(head(features), targets).backward()
            optimizer.step()
        hits = []
        for images, targets in loaders[Split.VAL]:
            with torch.no_grad():
                hits.append(head(backbone(images)).argmax(1) == targets)
    seconds = (time.perf_counter() - started) / arguments.plain_epochs
    return seconds, torch.cat(hits).float().mean().item()


def load_backbone(arguments: Arguments, model: str) -> nn.Module:
    """Load a frozen timm backbone from the folder of weights, by timm alone."""
    file = arguments.weights_dir / f"{model}.safetensors"
    overlay = {"file": str(file)}
    return timm.create_model(
        model, pretrained=file.exists(), num_classes=0, pretrained_cfg_overlay=overlay
    ).eval()


def compare(arguments: Arguments, model: str, folder: Path, table: Table) -> None:
    """Add the rows of one model: cold and warm against the plain loop."""
    epoch_s, plain_accuracy = run_plain(arguments, model)
    plain_s = arguments.epochs * epoch_s
    for label in ("cold", "warm"):
        seconds, record = run_engine(arguments, model, folder)
        table.add_row(
            f"{model}, {label}",
            f"{seconds:.1f} s (reading {record.cost.reading_time_s:.1f}, features "
            f"{record.cost.features_time_s:.1f}, training {record.cost.train_time_s:.1f}, "
            f"evaluation {record.cost.evaluation_time_s:.1f})",
            f"{plain_s:.0f} s ({arguments.plain_epochs} of {arguments.epochs} epochs measured)",
            f"{plain_s / seconds:.0f} x",
            f"{record.history[-1].val_accuracy:.3f} after {len(record.history)}",
            f"{plain_accuracy:.3f} after {arguments.plain_epochs}",
        )


def forward(arguments: Arguments, model: str, folder: Path, table: Table) -> None:
    """Add a row: the engine's features a second, from cached pixels, against forward passes alone.

    Batches take turns, since the speed of such machines drifts by more than what is measured. The
    engine's seconds hold all from the cached pixels to the features, tracing the backbone too.
    """
    dataset = load_dataset(config_of(arguments, model).dataset, folder)
    progress = PlainProgress(Console(quiet=True))
    preprocessing = resolve_preprocessing(models.data_config(model), PreprocessingConfig())
    images = Images(dataset, preprocessing, BATCH, torch.device("cpu"), folder / ".cache", progress)
    backbone = FrozenBackbone(load_backbone(arguments, model).to(memory_format=torch.channels_last))
    alone = {size: bare_forward(arguments, model, size) for size in (CPU_PART, BATCH)}
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
    n_all = sum(len(dataset.of_split(split)) for split in Split)
    table.add_row(
        model,
        f"{n_all / features_s:.0f}",
        f"{best:.0f}",
        f"{n_all / features_s / best:.0%}",
        f"{waiting_s:.2f} of {features_s:.1f}",
        f"{waiting_s / features_s:.1%}",
    )


def bare_forward(arguments: Arguments, model: str, n_images: int) -> Callable[[], object]:
    """Return a forward pass of the traced backbone on random images, warmed up."""
    backbone = load_backbone(arguments, model).to(memory_format=torch.channels_last)
    side = models.data_config(model)["input_size"][-1]
    noise = torch.randn(n_images, 3, side, side).contiguous(memory_format=torch.channels_last)
    graph = fastest(backbone, noise)

    def once() -> object:
        with torch.inference_mode():
            return graph(noise)

    for _ in range(REPEATS):
        once()
    return once


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds that some work took, and its result."""
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def grow(arguments: Arguments, folder: Path, share: float, n_models: int, table: Table) -> None:
    """Add a row: seconds for a share of the images and a number of models, from cold."""
    data = some_of(arguments.data, folder / "data", share)
    subset = replace(arguments, data=data)
    names = arguments.models[:n_models]
    seconds = sum(run_engine(subset, name, folder)[0] for name in names)
    n_images = sum(1 for path in data.rglob("*") if path.is_symlink())
    per = seconds / n_models / n_images * 1000
    table.add_row(f"{n_images:,}", str(n_models), f"{seconds:.1f}", f"{per:.1f}")


def complete(arguments: Arguments, folder: Path, console: Console) -> Path:
    """Return a folder with weights of all models; random ones, which take as long, where needed."""
    folder.mkdir()
    for model in arguments.models:
        file = arguments.weights_dir / f"{model}.safetensors"
        if file.exists():
            (folder / file.name).symlink_to(file.resolve())
        else:
            console.print(f"{model}: random weights, so its accuracies mean nothing")
            torch.manual_seed(0)
            safetensors.torch.save_file(timm.create_model(model).state_dict(), folder / file.name)
    return folder


def some_of(source: Path, target: Path, share: float) -> Path:
    """Make a folder of links to a share of each class's images, and return it."""
    for split in ("train", "validation", "val", "test"):
        for name in sorted(path for path in (source / split).glob("*") if path.is_dir()):
            files = sorted(name.iterdir())
            (target / split / name.name).mkdir(parents=True)
            for file in files[: max(2, round(share * len(files)))]:
                (target / split / name.name / file.name).symlink_to(file.resolve())
    return target


if __name__ == "__main__":
    main()
