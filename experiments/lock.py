"""One writer for each experiment's store."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from experiments.results.errors import StoreError
from experiments.results.files import write_atomically

LOCK_FILE = ".lock"
HOLDER_FILE = ".lock-holder.json"


@contextmanager
def only_writer(folder: Path, now: datetime) -> Iterator[None]:
    """Hold an experiment's folder; the system lets go of it when the process ends, however it ends.

    Args:
        folder: The experiment's folder; made where it is missing.
        now: Told to whoever else wants the folder.

    Raises:
        StoreError: If another process holds it; says which one and since when.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        held = FileLock(folder / LOCK_FILE, timeout=0).acquire()
    except Timeout:
        raise StoreError(
            f"{folder}: another process is writing there ({_holder(folder)}); wait until it has "
            "finished, or use another --results folder"
        ) from None
    with held:
        holder = {"pid": os.getpid(), "host": platform.node(), "since": now.isoformat()}
        write_atomically(folder / HOLDER_FILE, json.dumps(holder).encode())
        yield


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / HOLDER_FILE).read_bytes())
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (OSError, ValueError, KeyError):
        return "it has not said which"
