"""Who writes: one process at a time to an experiment's record, and one to each of its runs.

Several processes may do different runs of one experiment at once, on hosts that share its folder.
"""

import fcntl
import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from experiments.results.errors import StoreError
from experiments.results.files import write_atomically

LOCK_FILE = ".lock"
HOLDER_FILE = ".lock-holder.json"
RUNNING_FOLDER = ".running"
# `busy_runs` shares a lock for a moment to see whether another process holds it.
_MOMENT_S = 2.0


class BusyError(StoreError):
    """Another process is at work there."""


@contextmanager
def only_writer(
    folder: Path, now: datetime, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold an experiment's record; the system lets go of it when the process ends, however it ends.

    Args:
        folder: The experiment's folder; made where it is missing.
        now: Told to whoever else wants the folder.
        on_wait: Told which process holds it, and then it is waited for; None does not wait.

    Raises:
        BusyError: If another process holds it; says which one and since when.
    """
    lock, holder = folder / LOCK_FILE, folder / HOLDER_FILE
    held = _hold(lock, holder, now, 0)
    if held is None and on_wait is not None:
        on_wait(_read_holder(holder))
        held = _hold(lock, holder, now, -1)
    if held is None:
        raise BusyError(
            f"{folder}: another process is writing there ({_read_holder(holder)}); wait until it "
            "has finished, or use another --results folder"
        )
    with held:
        yield


@contextmanager
def only_runner(folder: Path, run_id: str, now: datetime) -> Iterator[None]:
    """Hold one run of an experiment.

    Args:
        folder: The experiment's folder.
        run_id: The run.
        now: Told to whoever else wants the run.

    Raises:
        BusyError: If another process is doing it; says which one and since when.
    """
    holder = folder / RUNNING_FOLDER / f"{run_id}.json"
    held = _hold(_run_lock(folder, run_id), holder, now, _MOMENT_S)
    if held is None:
        raise BusyError(f"{run_id} is being done by {_read_holder(holder)}")
    with held:
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)


def busy_runs(folder: Path) -> list[str]:
    """Return the ids of the runs that other processes are doing now.

    Processes that ask at the same moment do not take each other for one that is doing a run.
    """
    locks = sorted((folder / RUNNING_FOLDER).glob("*.lock"))
    return [path.stem for path in locks if _is_held(path)]


@contextmanager
def only_maker(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the making of a cached file: of several processes one makes it, the others wait.

    Args:
        path: The file; its folder is made where it is missing.
        say: Told what is waited for, which may take minutes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_name(f".{path.name}.lock")
    lock = FileLock(file)
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        say(f"waiting for another process, which makes {path}")
        held = lock.acquire()
    with held:
        try:
            yield
        finally:
            # One that still waits for it may then go on beside another: that makes the file twice,
            # and no harm.
            file.unlink(missing_ok=True)


def _run_lock(folder: Path, run_id: str) -> Path:
    return folder / RUNNING_FOLDER / f"{run_id}.lock"


def _is_held(path: Path) -> bool:
    """Return whether a process holds a lock, which is to keep everyone else out."""
    try:
        # Several processes may look at once: only `FileLock` keeps a shared lock away.
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        # It is gone, or out of reach, also of whoever would do the run.
        return False


def _hold(
    path: Path, holder: Path, now: datetime, timeout_s: float
) -> AbstractContextManager[object] | None:
    """Take a lock and write down who has it; None if another process keeps it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        held = lock.acquire(timeout=timeout_s)
    except Timeout:
        return None
    said = {"pid": os.getpid(), "host": platform.node(), "since": now.isoformat()}
    try:
        write_atomically(holder, json.dumps(said).encode())
    except BaseException:
        lock.release()
        raise
    return held


def _read_holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_bytes())
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (OSError, ValueError, KeyError):
        return "it has not said which"
