"""A real Ray of this machine, with two workers."""

import gc
import os
import warnings
from dataclasses import replace
from functools import partial

import pytest
from rich.console import Console

from experiments.config import ResourcesConfig
from experiments.datasets import load_dataset
from experiments.experiment import run_experiment
from experiments.launchers import on_ray, ray_tasks
from experiments.launchers.tasks import in_this_process
from experiments.lock import only_runner
from experiments.progress import PlainProgress
from experiments.results.errors import ConfigError
from experiments.results.files import write_atomically
from experiments.results.store import ExperimentStore

from .test_launchers import Killing, outcome, planned, surroundings
from .test_lost_processes import FIRST, PowerCut, Recording, a_task

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
ONE_CPU = ResourcesConfig(num_cpus=1, num_gpus=0)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Ray is to write nothing there."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    # Else Ray makes one, and keeps it there.
    monkeypatch.setenv("RAY_AUTH_TOKEN", "of a test")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    yield folder
    with warnings.catch_warnings():
        # Ray lets go of its own processes without waiting for them; no later test is to hear of it.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_a_worker_that_is_killed_is_tried_again_and_goes_on(quick_config, tmp_path, around, home):
    here, there = (ExperimentStore(tmp_path / name / "quick") for name in ("here", "there"))
    config = planned(quick_config, max_epochs=8)
    run_experiment(config, here, around, downloads=tmp_path)
    progress = Killing(there, "test_vit-none")
    records = run_experiment(
        config,
        there,
        surroundings(tmp_path, progress),
        downloads=tmp_path,
        launch=partial(on_ray, resources=ONE_CPU),
    )
    assert progress.killed not in (None, os.getpid())
    assert "test_vit-none goes on from where it was interrupted" in progress.said
    assert [record.status for record in records] == ["finished", "finished"]
    assert outcome(there) == outcome(here)
    assert sorted(path.name for path in there.folder.iterdir() if path.name.startswith(".")) == [
        ".lock",
        ".lock-holder.json",
        ".running",
    ]
    assert list(home.iterdir()) == []


def test_runs_that_take_every_cpu_follow_one_another(quick_config, tmp_path):
    """Ray lends the CPUs of a task that waits, as one might for its messages to arrive."""
    going: list[str] = []
    at_once: list[int] = []

    class Counting(PlainProgress):
        def run_started(self, run_id, place, n_runs, max_epochs):
            going.append(run_id)
            at_once.append(len(going))

        def run_finished(self, record):
            going.remove(record.run_id)

    run_experiment(
        planned(quick_config, max_epochs=3),
        ExperimentStore(tmp_path / "quick"),
        surroundings(tmp_path, Counting(Console(quiet=True))),
        downloads=tmp_path,
        launch=partial(on_ray, resources=ResourcesConfig(num_cpus=os.cpu_count(), num_gpus=0)),
    )
    assert at_once == [1, 1]


def test_runs_that_no_host_has_room_for_are_refused(quick_config, tmp_path):
    store = ExperimentStore(tmp_path / "quick")
    greedy = ResourcesConfig(num_cpus=1000, num_gpus=0)
    with pytest.raises(ConfigError, match=r"no host has the 1000 CPUs .* Set num_cpus"):
        run_experiment(
            quick_config,
            store,
            surroundings(tmp_path),
            downloads=tmp_path,
            launch=partial(on_ray, resources=greedy),
        )


def test_a_cluster_that_does_not_answer_is_named(quick_config, tmp_path):
    with pytest.raises(ConfigError, match=r"--ray-address 127.0.0.1:9: no Ray answers there"):
        run_experiment(
            quick_config,
            ExperimentStore(tmp_path / "quick"),
            surroundings(tmp_path),
            downloads=tmp_path,
            launch=partial(on_ray, resources=ONE_CPU, address="127.0.0.1:9"),
        )


def test_a_worker_that_does_not_see_the_results_sends_its_files(
    quick_config, tmp_path, around, monkeypatch
):
    """Here without Ray: what a worker does is the same function."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    here, there = (ExperimentStore(tmp_path / name / "quick") for name in ("here", "there"))
    config = planned(quick_config)
    run_experiment(config, here, around, downloads=tmp_path)

    def send(tasks, dataset):
        records = []
        for task in tasks:
            record, files = ray_tasks._do_apart(task, dataset, "a store")
            assert not there.has_run(task.run_id)
            ray_tasks._write(task, record, files)
            records.append(record)
        return records

    records = run_experiment(config, there, around, downloads=tmp_path, launch=send)
    assert outcome(there) == outcome(here)
    assert [there.read_run(record.run_id) for record in records] == records
    assert list((tmp_path / "scratch").rglob("run.json")) == []
    assert run_experiment(config, there, around, downloads=tmp_path, launch=in_this_process) == []


@pytest.fixture
def dataset(quick_config, tmp_path, monkeypatch):
    """Images for what is done on a host that does not see the results."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    return load_dataset(quick_config.dataset, tmp_path)


def test_stores_with_experiments_of_one_name_do_not_meet_on_a_worker(
    quick_config, tmp_path, around, dataset
):
    ours, theirs = (ExperimentStore(tmp_path / name / "quick") for name in ("ours", "theirs"))
    cut = a_task(quick_config, ours, replace(around, progress=PowerCut(Console(quiet=True))))
    with pytest.raises(KeyboardInterrupt):
        ray_tasks._do_apart(cut, dataset, ray_tasks._whose(ours))
    heard = Recording()
    for store in (theirs, ours):
        task = a_task(quick_config, store, replace(around, progress=heard))
        record, _ = ray_tasks._do_apart(task, dataset, ray_tasks._whose(store))
        assert record.status == "finished"
        goes_on = f"{FIRST} goes on from where it was interrupted" in heard.said
        assert goes_on == (store is ours)


def test_what_another_process_does_on_a_worker_is_left_to_it(
    quick_config, tmp_path, around, dataset
):
    store, heard = ExperimentStore(tmp_path / "quick"), Recording()
    task = a_task(quick_config, store, replace(around, progress=heard))
    ray_tasks._do_apart(task, dataset, "a store")
    (folder,) = (tmp_path / "scratch").glob("*/quick")
    its_own = folder / "runs" / FIRST / "its-own.bin"
    write_atomically(its_own, b"")
    heard.said.clear()
    with only_runner(folder, FIRST, around.now()):
        assert ray_tasks._do_apart(task, dataset, "a store") == (None, {})
    assert its_own.exists()
    assert heard.said[0].startswith(f"note: {FIRST} is being done by process {os.getpid()} on ")
