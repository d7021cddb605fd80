"""A process that does a run may end at any moment: nothing that is stored goes with it."""

import dataclasses
import errno
import multiprocessing
import os
import signal
import struct
from contextlib import ExitStack

import pytest
import torch
from rich.console import Console

from experiments.checkpoint import CHECKPOINT_FILE
from experiments.experiment import run_experiment
from experiments.failures import failed_record
from experiments.launchers import in_this_process, local, ray_tasks
from experiments.launchers.tasks import Task, do_task, give_up
from experiments.lock import only_runner
from experiments.progress import PlainProgress
from experiments.results.errors import ConfigError, DiskFullError, StoreError
from experiments.results.store import ExperimentStore

from .test_launchers import ONE_THREAD, Killing, outcome, planned, surroundings

FIRST, SECOND = "test_vit-none", "test_vit-strong"
WHY = "OSError: [Errno 5] Input/output error: 'a disk'"


class DyingOnceStored(ExperimentStore):
    """Kills the process of a run as soon as its record is written."""

    def write_run(self, record):
        super().write_run(record)
        if multiprocessing.parent_process() is not None and record.run_id == FIRST:
            os.kill(os.getpid(), signal.SIGKILL)


class Broken(ExperimentStore):
    """Fails once, before a run begins, as where a lock or a folder is out of reach."""

    def remove_run(self, run_id, *, keep=None):
        told = self.folder / "told"
        if run_id == FIRST and not told.exists():
            told.touch()
            raise OSError(5, "Input/output error", "a disk")
        super().remove_run(run_id, keep=keep)


class OutOfReach(ExperimentStore):
    """Never lets a run begin, or its failure be stored."""

    number = errno.EIO

    def remove_run(self, run_id, *, keep=None):
        if run_id == FIRST:
            raise OSError(self.number, os.strerror(self.number), "a disk")
        super().remove_run(run_id, keep=keep)


class Full(OutOfReach):
    """Says so where no writing of a file could."""

    number = errno.ENOSPC


class Recording(PlainProgress):
    """Keeps what is said."""

    def __init__(self):
        super().__init__(Console(quiet=True))
        self.said = []

    def say(self, message):
        self.said.append(message)


def a_task(config, store, around, **options):
    (run_id, run), *_ = config.runs().items()
    return Task(run_id, run, 1, 1, store, around, **options)


def test_a_run_that_was_stored_before_its_process_died_has_finished(quick_config, tmp_path):
    store = DyingOnceStored(tmp_path / "there" / "quick")
    progress = Recording()
    first, second = run_experiment(
        planned(quick_config),
        store,
        surroundings(tmp_path, progress),
        downloads=tmp_path,
        launch=ONE_THREAD,
    )
    assert (first.status, second.status) == ("finished", "finished")
    assert store.read_run(FIRST) == first
    store.read_weights(first)
    # And is said to have, once.
    assert len([line for line in progress.said if line.startswith(f"  {FIRST}  stored; ")]) == 1


def test_a_run_that_another_process_has_taken_over_is_left_to_it(quick_config, tmp_path):
    store = ExperimentStore(tmp_path / "quick")
    with ExitStack() as another:

        class TakenOver(Killing):
            def epoch_finished(self, run_id, epoch):
                before = self.killed
                super().epoch_finished(run_id, epoch)
                if before is None and self.killed is not None:
                    another.enter_context(only_runner(store.folder, run_id, started.now()))
                    (store.run_folder(run_id) / "its-own.bin").touch()

        progress = TakenOver(store, FIRST)
        started = surroundings(tmp_path, progress)
        config = planned(quick_config, max_epochs=6)
        (second,) = run_experiment(config, store, started, downloads=tmp_path, launch=ONE_THREAD)
        assert second.run_id == SECOND
        assert not store.has_run(FIRST)
        assert (store.run_folder(FIRST) / "its-own.bin").exists()
    assert any(line.startswith(f"note: {FIRST} is being done by process") for line in progress.said)


def test_a_process_may_end_in_the_middle_of_a_message():
    ours, theirs = multiprocessing.Pipe(duplex=False)
    with ours:
        os.write(theirs.fileno(), struct.pack("!i", 1000) + b"the first of a thousand bytes")
        theirs.close()
        assert local._hear(ours, None, None) is False


@pytest.mark.parametrize("launch", [in_this_process, ONE_THREAD])
def test_an_error_before_a_run_begins_is_that_runs_failure(quick_config, tmp_path, launch):
    store = Broken(tmp_path / "quick")
    first, second = run_experiment(
        planned(quick_config), store, surroundings(tmp_path), downloads=tmp_path, launch=launch
    )
    assert (first.status, second.status) == ("failed", "finished")
    assert store.read_run(FIRST).failure == WHY


@pytest.mark.parametrize("launch", [in_this_process, ONE_THREAD])
def test_an_error_that_lasts_does_not_keep_the_other_runs_from_going_on(
    quick_config, tmp_path, launch
):
    store, progress = OutOfReach(tmp_path / "quick"), Recording()
    started = surroundings(tmp_path, progress)
    config = planned(quick_config)
    first, second = run_experiment(config, store, started, downloads=tmp_path, launch=launch)
    assert (first.status, first.failure, second.status) == ("failed", WHY, "finished")
    assert not store.has_run(FIRST)
    assert f"note: that {FIRST} failed cannot be stored: {WHY[9:]}" in progress.said
    assert f"  {FIRST}  FAILED: {WHY}" in progress.said


@pytest.mark.parametrize("force", [False, True])
def test_a_lock_that_stays_out_of_reach_is_its_runs_failure(quick_config, around, tmp_path, force):
    store = ExperimentStore(tmp_path / "quick")
    (store.folder / ".running" / f"{FIRST}.lock").mkdir(parents=True)
    config = planned(quick_config)
    first, second = run_experiment(config, store, around, downloads=tmp_path, force=force)
    assert (first.status, second.status) == ("failed", "finished")
    assert first.failure.startswith("IsADirectoryError: ")
    assert not store.has_run(FIRST)


def test_a_full_disk_stops_all_runs_where_a_failure_cannot_be_stored(
    quick_config, around, tmp_path
):
    store = Full(tmp_path / "quick")
    with pytest.raises(DiskFullError, match=r"quick: no room \(No space left on device\); make"):
        run_experiment(planned(quick_config), store, around, downloads=tmp_path)
    assert not store.has_run(SECOND)


class Answering:
    """What `_take` needs of Ray, with an answer of its own."""

    def __init__(self, answer):
        self.answer = answer

    @property
    def exceptions(self):
        return pytest.importorskip("ray").exceptions

    def get(self, _):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def test_an_error_of_a_worker_of_ray_is_its_runs_failure(quick_config, tmp_path):
    from ray.exceptions import RayTaskError

    store = ExperimentStore(tmp_path / "quick")
    task = a_task(quick_config, store, surroundings(tmp_path))
    error = RayTaskError("_work", "", OSError(5, "Input/output error", "a disk"))
    record = ray_tasks._take(Answering(error), None, task)
    assert (record.status, record.failure) == ("failed", WHY)
    assert store.read_run(FIRST) == record
    with pytest.raises(ConfigError, match="for all"):
        ray_tasks._take(Answering(RayTaskError("_work", "", ConfigError("for all"))), None, task)


def test_files_of_a_far_worker_do_not_replace_what_another_process_makes(
    quick_config, around, tmp_path
):
    store = ExperimentStore(tmp_path / "quick")
    run_experiment(quick_config, store, around, downloads=tmp_path)
    before = store.read_run(FIRST)
    task = a_task(quick_config, store, around)
    sent = Answering((before.model_copy(update={"notes": ["from afar"]}), {"x.bin": b"x"}))
    assert ray_tasks._take(sent, None, task) is None
    again = dataclasses.replace(task, replaces=before)
    with only_runner(store.folder, FIRST, around.now()):
        assert ray_tasks._take(sent, None, again) is None
    assert store.read_run(FIRST) == before
    assert ray_tasks._take(sent, None, again).notes == ["from afar"]
    assert (store.run_folder(FIRST) / "x.bin").exists()


def test_a_failure_of_a_far_worker_does_not_replace_what_has_finished(
    quick_config, around, tmp_path
):
    store = ExperimentStore(tmp_path / "quick")
    (before,) = run_experiment(quick_config, store, around, downloads=tmp_path)
    task = a_task(quick_config, store, around, replaces=before)
    failed = failed_record(FIRST, task.config, store, around, "it diverged", [])
    assert ray_tasks._take(Answering((failed, {"x.bin": b"x"})), None, task) == failed
    assert store.read_run(FIRST) == before
    store.read_weights(before)


def test_a_forced_run_that_is_given_up_leaves_what_has_finished(quick_config, around, tmp_path):
    store, progress = ExperimentStore(tmp_path / "quick"), Recording()
    (before,) = run_experiment(quick_config, store, around, downloads=tmp_path)
    listening = dataclasses.replace(around, progress=progress)
    record = give_up(a_task(quick_config, store, listening, replaces=before), "it is gone")
    assert (record.status, record.failure) == ("failed", "it is gone")
    assert progress.said == [
        f"note: {FIRST} stays as it was stored before",
        f"  {FIRST}  FAILED: it is gone",
    ]
    assert store.read_run(FIRST) == before
    store.read_weights(before)


def test_a_failure_of_a_lost_process_does_not_name_this_ones_gpu(
    quick_config, around, tmp_path, monkeypatch
):
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "the first one")
    on_gpu = dataclasses.replace(around, device=torch.device("cuda"))
    store = ExperimentStore(tmp_path / "quick")
    record = give_up(a_task(quick_config, store, on_gpu), "it is gone")
    assert record.provenance.gpu is None
    assert record.provenance.absent["gpu"] == "not known: the process of the run is gone"
    assert store.read_run(FIRST) == record


def test_a_forced_run_that_fails_leaves_what_has_finished(quick_config, around, tmp_path):
    store = ExperimentStore(tmp_path / "quick")
    (before,) = run_experiment(quick_config, store, around, downloads=tmp_path)
    bad = planned(quick_config, optimizer="sgd", learning_rate=1e30)
    records = run_experiment(bad, store, around, downloads=tmp_path, only_runs=[FIRST], force=True)
    assert [record.failure[:13] for record in records] == ["DivergedError"]
    assert store.read_run(FIRST) == before
    store.read_weights(before)
    # And the attempt is over.
    assert run_experiment(quick_config, store, around, downloads=tmp_path) == []


class KillingAgain(Killing):
    """Kills the process that does a run again."""

    @property
    def checkpoint(self):
        return self.store.folder / ".again" / "quick" / "runs" / self.run_id / CHECKPOINT_FILE


def test_a_forced_run_that_is_killed_leaves_what_has_finished_and_goes_on(quick_config, tmp_path):
    store = ExperimentStore(tmp_path / "quick")
    config = planned(quick_config, max_epochs=6)

    def run(progress, **options):
        around = surroundings(tmp_path, progress)
        return run_experiment(
            config, store, around, downloads=tmp_path, launch=ONE_THREAD, **options
        )

    before, _ = run(Recording())
    files = outcome(store)
    killing = KillingAgain(store, FIRST)
    (failed,) = run(killing, only_runs=[FIRST], force=True)
    assert (failed.status, failed.failure[:24]) == ("failed", "its process was killed, ")
    assert f"note: {FIRST} stays as it was stored before" in killing.said
    assert (store.read_run(FIRST), outcome(store)) == (before, files)
    (record,) = run(second := Recording())
    assert f"{FIRST} goes on from where it was interrupted" in second.said
    assert record == store.read_run(FIRST) != before
    assert outcome(store) == files
    assert run(Recording()) == []
    assert not [path for path in store.folder.rglob(".again/**/*") if path.is_file()]


def test_a_forced_run_that_is_cut_once_complete_has_finished(
    quick_config, around, tmp_path, monkeypatch
):
    store = ExperimentStore(tmp_path / "quick")
    (before,) = run_experiment(quick_config, store, around, downloads=tmp_path)

    def cut(run_id, store):
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.again.settle", cut)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(quick_config, store, around, downloads=tmp_path, force=True)
    monkeypatch.undo()
    assert store.read_run(FIRST) == before
    assert run_experiment(quick_config, store, around, downloads=tmp_path) == []
    after = store.read_run(FIRST)
    assert after != before
    store.read_weights(after)


class PowerCut(PlainProgress):
    """Ends a run after its first epoch, whose checkpoint is written."""

    def epoch_finished(self, run_id, epoch):
        raise KeyboardInterrupt


def test_a_run_that_is_forced_goes_on_where_its_first_try_was_cut(quick_config, around, tmp_path):
    """As Ray tries again, with the same task, on another worker."""
    store = ExperimentStore(tmp_path / "quick")
    config = planned(quick_config, max_epochs=3)
    run_experiment(config, store, around, downloads=tmp_path)
    heard = Recording()
    listening = dataclasses.replace(around, progress=heard)

    def twice(tasks, dataset):
        for task in tasks:
            cut = dataclasses.replace(around, progress=PowerCut(Console(quiet=True)))
            with pytest.raises(KeyboardInterrupt):
                do_task(dataclasses.replace(task, around=cut), dataset)
        return in_this_process(tasks, dataset)

    run_experiment(config, store, listening, downloads=tmp_path, force=True, launch=twice)
    going_on = [line for line in heard.said if "goes on from where it was interrupted" in line]
    assert [line.split()[0] for line in going_on] == [FIRST, SECOND]


def test_a_forced_run_that_another_process_has_just_redone_stays(quick_config, around, tmp_path):
    store = ExperimentStore(tmp_path / "quick")
    run_experiment(quick_config, store, around, downloads=tmp_path)
    redone = []

    def slow(tasks, dataset):
        redone.extend(run_experiment(quick_config, store, around, downloads=tmp_path, force=True))
        return in_this_process(tasks, dataset)

    assert (
        run_experiment(quick_config, store, around, downloads=tmp_path, force=True, launch=slow)
        == []
    )
    assert [store.read_run(FIRST)] == redone


def test_a_damaged_record_is_made_again_with_force(quick_config, around, tmp_path):
    """As its own message says."""
    store = ExperimentStore(tmp_path / "quick")
    run_experiment(quick_config, store, around, downloads=tmp_path)
    (store.run_folder(FIRST) / "run.json").write_text("{")
    with pytest.raises(StoreError, match="run again with --force"):
        run_experiment(quick_config, store, around, downloads=tmp_path)
    (record,) = run_experiment(quick_config, store, around, downloads=tmp_path, force=True)
    assert store.read_run(FIRST) == record
