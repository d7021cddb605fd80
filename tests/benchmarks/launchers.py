"""What a launcher adds to a run, and how long many runs take; run by hand, not by the tests.

    python -m tests.benchmarks.launchers

Runs of the smallest model on digits, one thread each, one after the other: what a run takes beyond
what its own record says, and what it takes to begin. docs/scaling.md has the figures and what
follows from them.
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from experiments.config import ExperimentConfig, ResourcesConfig, load_config
from experiments.experiment import run_experiment
from experiments.launchers import Launcher, Task, in_processes, in_this_process, on_ray
from experiments.progress import PlainProgress
from experiments.results.schema import RunRecord
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings, utc_now

N_RUNS = 6


class _Timed:
    """A launcher that keeps when it began and how long it took."""

    def __init__(self, launch: Launcher) -> None:
        self._launch = launch
        self.began = utc_now()
        self.seconds = 0.0

    def __call__(self, tasks: list[Task], dataset: object) -> list[RunRecord]:
        self.began = utc_now()
        started = time.perf_counter()
        records = self._launch(tasks, dataset)
        self.seconds = time.perf_counter() - started
        return records


def main() -> None:
    """Measure each launcher and print a table."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    torch.set_num_threads(1)
    # As many CPUs as there are: one run at a time, as the others do it.
    everything = ResourcesConfig(num_cpus=torch.multiprocessing.cpu_count(), num_gpus=0)
    launchers: dict[str, Launcher] = {
        "this process": in_this_process,
        "local": partial(in_processes, num_cpus=1),
        "ray": partial(on_ray, resources=everything),
    }
    table = Table("launcher", "before the first run, s", "run, s", "beyond it, s a run")
    for name, launch in launchers.items():
        begins, run_s, added_s = _measure(launch)
        table.add_row(name, f"{begins:.1f}", f"{run_s:.2f}", f"{added_s:.2f}")
    Console().print(table)


def _measure(launch: Launcher) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        timed = _Timed(launch)
        around = Surroundings(
            device=torch.device("cpu"),
            cache=Path(folder) / "cache",
            weights_dir=None,
            progress=PlainProgress(Console(quiet=True)),
            now=utc_now,
        )
        config, store = _config(), ExperimentStore(Path(folder) / "digits")
        records = run_experiment(config, store, around, downloads=Path(folder), launch=timed)
        spans = [record.provenance for record in records if record.provenance]
        run_s = sum((span.finished_at - span.started_at).total_seconds() for span in spans)
        begins = (min(span.started_at for span in spans) - timed.began).total_seconds()
        return begins, run_s / N_RUNS, (timed.seconds - begins - run_s) / N_RUNS


def _config() -> ExperimentConfig:
    config = load_config("digits")
    training = config.training.model_copy(update={"max_epochs": 5, "patience": None})
    return config.model_copy(
        update={
            "models": config.models[:1],
            "augmentations": ["none"],
            "seeds": list(range(N_RUNS)),
            "training": training,
        }
    )


if __name__ == "__main__":
    main()
