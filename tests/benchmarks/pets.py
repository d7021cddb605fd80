"""How long the ten runs of the reference experiment take; run by hand, not by the tests.

    python -m tests.benchmarks.pets --device cuda

Photographs are drawn at random, as many and as large as those of Oxford-IIIT Pet, and the weights
are random, which takes as long: 3,680 and 3,669 JPEG files of 224 to 300 px, five backbones with
and without augmentation, 40 epochs. The configuration is the one that is shipped, but for early
stopping. It was not run on a GPU yet; a hand-made script took 235 minutes for these runs.
"""

import argparse
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from experiments.config import ExperimentConfig, load_config
from experiments.experiment import run_experiment
from experiments.launchers import in_processes
from experiments.results.store import ExperimentStore
from tests.benchmarks.photographs import around, with_all_weights

N_CLASSES = 37
N_TRAIN, N_TEST = 3_680, 3_669


def main() -> None:
    """Draw the photographs, do the runs, and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", type=torch.device, default=torch.device("cuda"))
    parser.add_argument("--share", type=float, default=1.0, help="share of the images to draw")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--model", action="append", dest="models", help="only this of the five")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_all(folder / "images", arguments.share)
        planned = reference(folder / "images", arguments.epochs)
        names = arguments.models or [model.name for model in planned.models]
        weights = with_all_weights(None, names, folder / "weights")
        outside = around(folder, weights, arguments.device)
        store = ExperimentStore(folder / planned.name)
        started = time.perf_counter()
        records = run_experiment(
            planned, store, outside, downloads=folder, only_models=names, launch=in_processes
        )
        seconds = time.perf_counter() - started
    table = Table("run", "reading, s", "features, s", "training, s", "evaluation, s", "epochs")
    for record in records:
        if record.cost is None:
            raise SystemExit(f"{record.run_id}: {record.failure}")
        cost = record.cost
        parts = (cost.reading_time_s, cost.features_time_s, cost.train_time_s)
        figures = (f"{part or 0:.1f}" for part in (*parts, cost.evaluation_time_s))
        table.add_row(record.run_id, *figures, str(len(record.history)))
    Console(width=120).print(table)
    print(f"{len(records)} runs on {arguments.device}: {seconds:.0f} s")


def reference(images: Path, epochs: int) -> ExperimentConfig:
    """Return the shipped experiment on a folder of images, without early stopping."""
    shipped = load_config("oxford-pets").model_dump(mode="json", exclude_unset=True)
    shipped["dataset"] = {"source": "folder", "data_dir": images, "title": "Drawn at random"}
    shipped["training"] |= {"max_epochs": epochs, "patience": None}
    return ExperimentConfig.model_validate(shipped)


def draw_all(folder: Path, share: float) -> None:
    """Write JPEG files of `train` and `test`, in as many folders as there are classes."""
    for split, n in (("train", N_TRAIN), ("test", N_TEST)):
        for label in range(N_CLASSES):
            (folder / split / f"class {label:02d}").mkdir(parents=True)
        with ProcessPoolExecutor() as processes:
            places = range(max(8 * N_CLASSES, round(share * n)))
            list(processes.map(partial(draw, folder / split), places, chunksize=64))


def draw(folder: Path, place: int) -> None:
    """Write one smooth picture that takes as many bytes as a photograph."""
    rng = np.random.default_rng(place)
    coarse = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    width, height = (int(side) for side in rng.integers(224, 301, 2))
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    image.save(folder / f"class {place % N_CLASSES:02d}" / f"{place:05d}.jpg", quality=90)


if __name__ == "__main__":
    main()
