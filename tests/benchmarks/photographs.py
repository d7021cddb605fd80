"""What the engine's benchmarks share: an experiment on a folder of photographs, and its weights."""

from collections.abc import Iterable
from pathlib import Path

import safetensors.torch
import timm
import torch
from rich.console import Console
from torch import nn

from experiments.config import ExperimentConfig
from experiments.progress import PlainProgress
from experiments.surroundings import Surroundings, utc_now

BATCH = 32


def frozen(data: Path, models: Iterable[str], epochs: int = 1) -> ExperimentConfig:
    """Return the experiment: frozen backbones, no augmentation, no early stopping."""
    return ExperimentConfig.model_validate(
        {
            "name": "benchmark",
            "title": "Benchmark",
            "question": "How fast?",
            "strategy": "frozen",
            "dataset": {"source": "folder", "data_dir": data, "title": "Benchmark"},
            "training": {"max_epochs": epochs, "patience": None, "batch_size": BATCH},
            "models": [{"name": name} for name in models],
        }
    )


def around(folder: Path, weights_dir: Path, device: torch.device) -> Surroundings:
    """Return what runs need, with nothing shown and a cache of their own."""
    return Surroundings(
        device=device,
        cache=folder / ".cache",
        weights_dir=weights_dir,
        progress=PlainProgress(Console(quiet=True)),
        now=utc_now,
    )


def load_backbone(weights_dir: Path, model: str) -> nn.Module:
    """Load a frozen timm backbone from a folder of weights, by timm alone."""
    overlay = {"file": str(weights_dir / f"{model}.safetensors")}
    return timm.create_model(
        model, pretrained=True, num_classes=0, pretrained_cfg_overlay=overlay
    ).eval()


def with_all_weights(source: Path | None, models: Iterable[str], folder: Path) -> Path:
    """Make a folder with weights of all models; random ones, which take as long, where needed."""
    folder.mkdir(parents=True)
    for model in models:
        name = f"{model}.safetensors"
        if source and (source / name).exists():
            (folder / name).symlink_to((source / name).resolve())
        else:
            print(f"{model}: random weights, so its accuracies mean nothing")
            torch.manual_seed(0)
            safetensors.torch.save_file(timm.create_model(model).state_dict(), folder / name)
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
