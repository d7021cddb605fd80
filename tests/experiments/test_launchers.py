"""Runs in processes of their own: the same results, and nothing lost with a process."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
import torch
from rich.console import Console

from experiments.checkpoint import CHECKPOINT_FILE
from experiments.datasets import load_dataset
from experiments.experiment import run_experiment
from experiments.launchers import in_processes, local
from experiments.launchers.relay import Relay, Screen
from experiments.lock import RUNNING_FOLDER
from experiments.pixels import Geometry, load_pixels
from experiments.progress import PlainProgress
from experiments.results.files import sha256_of
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings, utc_now

ONE_THREAD = partial(in_processes, num_cpus=1)
# What may depend on nothing but the configuration.
SAME = ("predictions.npz", "model.safetensors", "architecture.json", "embedding.npz")


def outcome(store: ExperimentStore) -> dict[str, str]:
    """Return the digests of what runs give."""
    return {
        f"{run_id}/{name}": sha256_of(store.run_folder(run_id) / name)
        for run_id in store.read_experiment().run_ids
        for name in SAME
    }


def planned(config, **training):
    """Two runs, one of which draws at random."""
    longer = config.training.model_copy(update=training)
    return config.model_copy(update={"augmentations": ["none", "strong"], "training": longer})


def surroundings(tmp_path: Path, progress=None) -> Surroundings:
    return Surroundings(
        device=torch.device("cpu"),
        cache=tmp_path / "cache",
        weights_dir=None,
        progress=progress or PlainProgress(Console(quiet=True)),
        now=utc_now,
    )


class Killing(PlainProgress):
    """Kills the process of a run once it has written a checkpoint, and keeps what is said."""

    def __init__(self, store: ExperimentStore, run_id: str) -> None:
        super().__init__(Console(quiet=True))
        self.store, self.run_id = store, run_id
        self.killed: int | None = None
        self.said: list[str] = []

    def say(self, message):
        self.said.append(message)

    @property
    def checkpoint(self):
        return self.store.run_folder(self.run_id) / CHECKPOINT_FILE

    def epoch_finished(self, run_id, epoch):
        if run_id == self.run_id and self.killed is None and self.checkpoint.exists():
            holder = self.store.folder / RUNNING_FOLDER / f"{run_id}.json"
            self.killed = json.loads(holder.read_bytes())["pid"]
            os.kill(self.killed, signal.SIGKILL)


def test_processes_give_what_this_one_gives(quick_config, around, tmp_path):
    here, there = (ExperimentStore(tmp_path / name / "quick") for name in ("here", "there"))
    config = planned(quick_config)
    run_experiment(config, here, around, downloads=tmp_path)
    started = surroundings(tmp_path)
    records = run_experiment(config, there, started, downloads=tmp_path, launch=ONE_THREAD)
    assert [record.run_id for record in records] == ["test_vit-none", "test_vit-strong"]
    assert outcome(there) == outcome(here)


def test_a_process_that_is_killed_is_one_failed_run(quick_config, tmp_path):
    whole, cut = (ExperimentStore(tmp_path / name / "quick") for name in ("whole", "cut"))
    config = planned(quick_config, max_epochs=6)
    progress = Killing(cut, "test_vit-none")
    first, second = run_experiment(
        config, cut, surroundings(tmp_path, progress), downloads=tmp_path, launch=ONE_THREAD
    )
    assert progress.killed not in (None, os.getpid())
    assert (first.status, second.status) == ("failed", "finished")
    assert first.failure == "its process was killed, as the system does where memory runs out"
    assert 1 <= len(first.history) < 6
    again = Killing(cut, "none")
    run_experiment(
        config, cut, surroundings(tmp_path, again), downloads=tmp_path, launch=ONE_THREAD
    )
    assert "test_vit-none goes on from where it was interrupted" in again.said
    run_experiment(config, whole, surroundings(tmp_path), downloads=tmp_path, launch=ONE_THREAD)
    assert outcome(cut) == outcome(whole)


STARTING = """
import sys
from pathlib import Path
from rich.console import Console
from experiments.config import load_config
from experiments.datasets import load_dataset
from experiments.experiment import run_experiment
from experiments.launchers import in_processes
from experiments.pixels import Geometry, load_pixels
from experiments.progress import PlainProgress
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings, utc_now
import torch

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    progress = PlainProgress(Console())
    around = Surroundings(torch.device("cpu"), folder / "cache", None, progress, utc_now)
    store = ExperimentStore(folder / "digits")
    config = load_config("digits")
    run_experiment(config, store, around, downloads=folder, launch=in_processes)
"""


def test_a_run_ends_with_the_process_that_started_it(tmp_path):
    """Else it would go on writing to a store that the next process believes to be its own."""
    script = tmp_path / "start.py"
    script.write_text(STARTING)
    holders = tmp_path / "digits" / RUNNING_FOLDER
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, script, tmp_path], env=os.environ | {"PYTHONPATH": str(root)}
    ) as process:
        while not (found := list(holders.glob("*.json"))):
            assert process.poll() is None
            time.sleep(0.05)
        worker = json.loads(found[0].read_bytes())["pid"]
        assert worker != process.pid
        os.kill(process.pid, signal.SIGKILL)
    for _ in range(200):
        if not is_alive(worker):
            return
        time.sleep(0.05)
    pytest.fail("the run goes on")


def is_alive(pid: int) -> bool:
    try:
        # A process that has ended and that nobody has asked about is a zombie.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_there_is_one_process_for_each_gpu(quick_config, tmp_path, monkeypatch):
    assert local._gpus(torch.device("cpu")) == [None]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-5f")
    assert local._gpus(torch.device("cuda")) == ["2", "GPU-5f"]
    monkeypatch.setattr(local, "_gpus", lambda device: ["2", "GPU-5f"])
    started: list[str] = []
    at_once: list[int] = []

    class Counting(PlainProgress):
        def run_started(self, run_id, place, n_runs, max_epochs):
            started.append(run_id)

        def run_finished(self, record):
            at_once.append(len(started))

    run_experiment(
        planned(quick_config, max_epochs=3),
        ExperimentStore(tmp_path / "quick"),
        surroundings(tmp_path, Counting(Console(quiet=True))),
        downloads=tmp_path,
        launch=ONE_THREAD,
    )
    assert at_once == [2, 2]


def test_a_relay_sends_all_that_happens(monkeypatch):
    events = []
    heard = []

    class Heard:
        def __getattr__(self, name):
            return lambda *arguments: heard.append((name, arguments))

        def work(self, what, n_steps):
            return nullcontext(lambda n_steps=1: heard.append((what, n_steps)))

    relay, screen = Relay(events.append), Screen(Heard())
    monkeypatch.setattr("experiments.launchers.relay._EVERY_S", 0)
    relay.say("hello")
    relay.run_started("a", 1, 2, 3)
    with relay.work("reading", 5) as step:
        step()
        step(4)
    for event in events:
        screen.show("a", event)
    assert heard == [
        ("say", ("hello",)),
        ("run_started", ("a", 1, 2, 3)),
        ("reading", 1),
        ("reading", 4),
    ]


def test_what_a_killed_run_was_doing_is_no_longer_shown():
    ended = []

    class Work:
        def __enter__(self):
            return lambda: None

        def __exit__(self, *error):
            ended.append(error)

    class Bars:
        def work(self, what, n_steps):
            return Work()

    screen = Screen(Bars())
    screen.show("a", ("work_started", (0, "reading", 2)))
    screen.show("b", ("work_started", (0, "reading", 2)))
    screen.forget("a")
    assert len(ended) == 1
    # What arrives late.
    screen.show("a", ("work_advanced", (0, 1)))
    screen.show("a", ("work_ended", (0,)))
    screen.show("a", ("epoch_finished", ("a", None)))
    assert len(ended) == 1


def test_images_are_decoded_by_one_of_several(quick_config, tmp_path, progress):
    dataset = load_dataset(quick_config.dataset, tmp_path)
    decoded = []

    def read(entry):
        decoded.append(entry.sample_id)
        return dataset.read(entry)

    counting = dataclasses.replace(dataset, read=read)
    items = dataset.of_split(Split.TEST)
    geometry = Geometry("center", 16, 16, "bilinear")
    with ThreadPoolExecutor(3) as threads:
        load = partial(load_pixels, counting, items, geometry, tmp_path / "cache", progress)
        found = [job.result() for job in [threads.submit(load) for _ in range(3)]]
    assert sorted(decoded) == sorted(item.sample_id for item in items)
    assert all((one == found[0]).all() for one in found)
