import fcntl
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
from filelock import Timeout

from experiments.lock import busy_runs, only_maker, only_runner, only_writer
from experiments.results.errors import StoreError

NOW = datetime(2025, 1, 1, tzinfo=UTC)
HOLD = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from experiments.lock import only_writer
with only_writer(Path(sys.argv[1]), datetime(2025, 1, 1, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_timeout_of_what_the_writer_does_stays_its_own(tmp_path):
    with pytest.raises(Timeout), only_writer(tmp_path, NOW):
        raise Timeout("another lock")
    with only_writer(tmp_path, NOW):
        pass


def test_a_second_writer_is_told_who_the_first_is(tmp_path, holder):
    with pytest.raises(StoreError) as caught, only_writer(tmp_path, NOW):
        pass
    assert f"process {holder.pid} on " in str(caught.value)
    assert "since 2025-01-01T00:00:00+00:00" in str(caught.value)


def test_a_killed_writer_holds_nothing(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with only_writer(tmp_path, NOW):
        pass


def test_a_writer_can_come_after_another(tmp_path):
    for _ in range(2):
        with only_writer(tmp_path, NOW):
            pass


def test_processes_that_look_for_runs_at_once_do_not_see_each_other(tmp_path, monkeypatch):
    """One looks while another does."""
    with only_runner(tmp_path, "run", NOW):
        assert busy_runs(tmp_path) == ["run"]
    lock, seen = fcntl.flock, []

    def lock_and_look(file, operation):
        lock(file, operation)
        monkeypatch.setattr(fcntl, "flock", lock)
        seen.append(busy_runs(tmp_path))

    monkeypatch.setattr(fcntl, "flock", lock_and_look)
    assert busy_runs(tmp_path) == []
    assert seen == [[]]


def test_a_lock_of_a_run_that_is_out_of_reach_is_nobodys(tmp_path):
    (tmp_path / ".running" / "run.lock").mkdir(parents=True)
    assert busy_runs(tmp_path) == []


def test_a_cached_file_that_another_process_makes_is_waited_for_and_that_is_said(tmp_path):
    path, said, made = tmp_path / "cache" / "features.npz", [], threading.Event()
    is_told = threading.Event()

    def tell(what):
        said.append(what)
        is_told.set()

    def make():
        with only_maker(path, tell):
            made.set()

    waiting = threading.Thread(target=make)
    with only_maker(path, tell):
        assert said == []
        waiting.start()
        assert is_told.wait(60)
        assert not made.is_set()
    waiting.join()
    assert made.is_set()
    assert said == [f"waiting for another process, which makes {path}"]
