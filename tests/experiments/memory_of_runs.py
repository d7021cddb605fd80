"""Do some runs and print the memory they took; a process of its own, so that its peak is theirs.

python memory_of_runs.py FOLDER here|apart RUNS
"""

import json
import resource
import sys
from pathlib import Path

import torch
from rich.console import Console

from experiments import cost
from experiments.config import ExperimentConfig
from experiments.experiment import run_experiment
from experiments.launchers import in_processes, in_this_process
from experiments.progress import PlainProgress
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings, utc_now


def main(folder: Path, where: str, n_runs: int) -> None:
    # Of this process: how fast the model is does not matter here.
    cost.LATENCY_REPEATS = cost.LATENCY_WARM_UP = cost.THROUGHPUT_REPEATS = 1
    config = ExperimentConfig.model_validate(
        {
            "name": "seeds",
            "title": "Seeds",
            "question": "Does memory grow?",
            "strategy": "scratch",
            "seeds": list(range(n_runs)),
            "dataset": {"source": "digits"},
            "training": {"batch_size": 64, "max_epochs": 1},
            "preprocessing": {"input_size": 32, "crop_fraction": 1.0},
            "models": [{"name": "test_resnet"}],
        }
    )
    around = Surroundings(
        device=torch.device("cpu"),
        cache=folder / "cache",
        weights_dir=None,
        progress=PlainProgress(Console(quiet=True)),
        now=utc_now,
    )
    launch = {"here": in_this_process, "apart": in_processes}[where]
    store = ExperimentStore(folder / "seeds")
    records = run_experiment(config, store, around, downloads=folder, launch=launch)
    peaks = [record.cost.peak_memory_bytes for record in records if record.cost]
    own = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"runs": peaks, "own": own}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
