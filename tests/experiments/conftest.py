"""Small real experiments for the engine's tests."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from experiments.config import ExperimentConfig
from experiments.progress import PlainProgress, Progress
from experiments.surroundings import Surroundings

SMALLEST_MODEL = "test_vit"

# Tiny models gain nothing from threads, and lose much where other tests use the cores.
torch.set_num_threads(1)


@pytest.fixture
def progress() -> Progress:
    return PlainProgress(Console(quiet=True))


@pytest.fixture
def around(tmp_path: Path, progress: Progress) -> Surroundings:
    seconds = itertools.count()
    return Surroundings(
        device=torch.device("cpu"),
        cache=tmp_path / "cache",
        weights_dir=None,
        progress=progress,
        now=lambda: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=next(seconds)),
    )


@pytest.fixture
def quick_config() -> ExperimentConfig:
    """One epoch of the smallest model on digits."""
    return ExperimentConfig.model_validate(
        {
            "name": "quick",
            "title": "Quick",
            "question": "Does the path work from end to end?",
            "strategy": "scratch",
            "dataset": {"source": "digits"},
            "training": {"batch_size": 64, "max_epochs": 1},
            "preprocessing": {"input_size": 32, "crop_fraction": 1.0},
            "models": [{"name": SMALLEST_MODEL}],
        }
    )


@pytest.fixture
def image_folder(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes random images in `split/class/` folders."""

    def write(counts: dict[str, dict[str, int]], size: tuple[int, int] = (20, 16)) -> Path:
        rng = np.random.default_rng(0)
        root = tmp_path / "images"
        for split, classes in counts.items():
            for name, n_images in classes.items():
                folder = root / split / name
                folder.mkdir(parents=True)
                for index in range(n_images):
                    values = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
                    Image.fromarray(values).save(folder / f"{index}.png")
        return root

    return write
