"""Kill an experiment at random moments, go on, and compare.

    python kill_at_random.py FOLDER STRATEGY KILLS

A process of its own: what imports takes seconds, so it is done once, and the experiment runs in
forks. That is safe as long as nothing here computes with torch before. Every fourth of them starts
a process for each run, as the command does, and is killed alone: that process has to end itself.
"""

import multiprocessing
import os
import random
import signal
import sys
import time
from functools import partial
from pathlib import Path

import safetensors
import torch
from rich.console import Console

from experiments import cost
from experiments.checkpoint import CHECKPOINT_FILE
from experiments.config import ExperimentConfig
from experiments.experiment import run_experiment
from experiments.launchers import Launcher, in_processes, in_this_process, local
from experiments.progress import PlainProgress
from experiments.results.files import sha256_of
from experiments.results.store import EVALUATED_SPLITS, ExperimentStore
from experiments.surroundings import Surroundings, utc_now

SEED = 0
MODEL = "test_vit"
# What is made after the runs, of each and of all.
INSIDE = ("architecture.json", "feature_maps.json", "walkthrough.json")
TEACHING = "teaching.json"
# Locks and who holds them; anything else that is hidden is a file that nobody finished.
HIDDEN = (".lock", ".lock-holder.json", ".running")
# Most of the time goes into training, since that is what is to be interrupted.
cost.LATENCY_REPEATS = cost.LATENCY_WARM_UP = cost.THROUGHPUT_REPEATS = 1
# The processes of runs are forks, too: to import all again takes several times as long.
local._context = partial(multiprocessing.get_context, "fork")


def config(images: Path, strategy: str) -> ExperimentConfig:
    """Two short runs with all that is random: dropout, order, augmentation."""
    return ExperimentConfig.model_validate(
        {
            "name": "killed",
            "title": "Killed",
            "question": "Does it go on?",
            "strategy": strategy,
            "head": "mlp",
            "augmentations": ["none", "strong"],
            "dataset": {"source": "folder", "data_dir": images, "title": "Noise"},
            "training": {"batch_size": 4, "max_epochs": 4, "schedule": "cosine"},
            "preprocessing": {"input_size": 32, "crop_fraction": 1.0},
            "models": [{"name": MODEL}],
        }
    )


def run(folder: Path, strategy: str, launch: Launcher) -> None:
    with (folder / "said.txt").open("a") as said:
        around = Surroundings(
            device=torch.device("cpu"),
            cache=folder / "cache",
            weights_dir=folder.parent / "weights",
            progress=PlainProgress(Console(file=said)),
            now=utc_now,
        )
        store = ExperimentStore(folder / "killed")
        planned = config(folder.parent / "images", strategy)
        records = run_experiment(planned, store, around, downloads=folder, launch=launch)
    if any(record.status != "finished" for record in records):
        raise RuntimeError([record.failure for record in records])


def in_a_fork(
    folder: Path,
    strategy: str,
    launch: Launcher = in_this_process,
    seconds: float | None = None,
) -> bool:
    """Run the experiment, and kill it after so many seconds; return whether it was killed."""
    child = os.fork()
    if child == 0:
        # Whatever happens, the fork does not go on with its parent's work.
        try:
            run(folder, strategy, launch)
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
    if seconds is not None:
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends and not has_ended(child):
            time.sleep(0.005)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def has_ended(child: int) -> bool:
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def complete_files(folder: Path) -> dict[Path, tuple[int, int]]:
    """Read all that can be read as whole; return the files of finished runs as they are now."""
    store = ExperimentStore(folder / "killed")
    if not store.exists():
        return {}
    store.read_samples()
    found = {}
    for run_id in store.read_experiment().run_ids:
        checkpoint = store.run_folder(run_id) / CHECKPOINT_FILE
        if checkpoint.exists():
            with safetensors.safe_open(checkpoint, "np"):
                pass
        if store.has_run(run_id):
            record = store.read_run(run_id)
            store.read_weights(record)
            for split in EVALUATED_SPLITS:
                store.read_predictions(record, split)
            for name in ("run.json", record.weights.name, record.predictions.name):
                file = store.run_folder(run_id) / name
                found[file] = (file.stat().st_ino, file.stat().st_mtime_ns)
    return found


def outcomes(folder: Path) -> list[object]:
    """Return what must not depend on interruptions: predictions, weights, losses, pictures."""
    store = ExperimentStore(folder / "killed")
    records = [store.read_run(run_id) for run_id in store.read_experiment().run_ids]
    runs = [
        (
            record.predictions.sha256,
            record.weights.sha256,
            [(epoch.train_loss, epoch.val_loss) for epoch in record.history],
            [sha256_of(store.run_folder(record.run_id) / name) for name in INSIDE],
        )
        for record in records
    ]
    return [*runs, sha256_of(store.folder / TEACHING)]


def main(folder: Path, strategy: str, most_kills: int) -> None:
    reference = folder / "reference"
    reference.mkdir()
    started = time.perf_counter()
    in_a_fork(reference, strategy)
    duration_s = time.perf_counter() - started
    expected = outcomes(reference)
    moments = random.Random(SEED)  # noqa: S311 - nothing is kept secret by it
    n_kills = n_rounds = n_resumed = n_orphaned = 0
    while n_kills < most_kills:
        n_rounds += 1
        one = folder / f"round{n_rounds}"
        one.mkdir()
        finished: dict[Path, tuple[int, int]] = {}
        killed, started = True, time.perf_counter()
        while killed:
            launch = in_processes if n_kills % 4 == 3 else in_this_process
            last = n_kills == most_kills
            killed = in_a_fork(
                one,
                strategy,
                in_this_process if last else launch,
                None if last else moments.uniform(0, duration_s),
            )
            n_kills += killed
            if killed and launch is in_processes:
                # The next one starts while the process of a run may still be ending.
                n_orphaned += 1
                continue
            now = complete_files(one)
            assert finished.items() <= now.items(), "a finished run was touched"
            finished = now
        # Of a machine that was busier before, most moments would come after the end.
        duration_s = min(duration_s, time.perf_counter() - started)
        assert outcomes(one) == expected, f"round {n_rounds} ended differently"
        said = (one / "said.txt").read_text()
        assert "left to" not in said, said
        assert not list(one.glob(f"killed/runs/*/{CHECKPOINT_FILE}"))
        assert unfinished(one) == []
        n_resumed += said.count("goes on")
    print(
        f"killed={n_kills} orphaned={n_orphaned} rounds={n_rounds} resumed={n_resumed} "
        f"whole={duration_s:.1f}s"
    )


def unfinished(folder: Path) -> list[Path]:
    """Return what was begun and neither finished nor removed."""
    hidden = folder.rglob(".*")
    return [path for path in hidden if path.name not in HIDDEN and path.suffix != ".lock"]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
