"""Training as it stood after an epoch, on disk: what an interrupted run goes on from."""

import json
import math
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from experiments.digests import digest_of
from experiments.results.files import fresh_path

CHECKPOINT_FILE = "checkpoint.safetensors"
# Raise this when the same name would hold something else than before.
_FORMAT = 2
# Training lasts at least this many times as long as writing. The epochs of a small head take
# milliseconds, and syncing a file takes as long: writing after each would double the time.
_TRAINING_TO_WRITING = 10
# What the file's header says of a tensor beside its name, about.
_HEADER_BYTES = 100


@dataclass(frozen=True)
class Snapshot:
    """What the rest of a run depends on.

    Attributes:
        tensors: By name, on any device.
        facts: All else, as JSON knows it.
    """

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


class Checkpoint:
    """The file of one run's last snapshot.

    Args:
        path: Where it is, or will be.
        key: Names all that training depends on. A file with another key is another run's.
        say: Told when a run goes on from it.
    """

    def __init__(self, path: Path, key: str, say: Callable[[str], None]) -> None:
        self._path = path
        self._key = key
        self._say = say
        self._written_at = -math.inf
        self._writing_s = 0.0

    def read(self) -> Snapshot | None:
        """Return the last snapshot; None if there is none of this run that can be read."""
        try:
            with safetensors.safe_open(self._path, "pt") as file:
                content = json.loads((file.metadata() or {}).get("bakeoff", "{}"))
                if content.get("format") != _FORMAT or content.get("key") != self._key:
                    return None
                # Copies: the file is mapped into memory, and is removed later.
                tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
                if content.get("sha256") != digest_of(tensors):
                    return None
        except (OSError, SafetensorError, ValueError):
            return None
        self._say("goes on from where it was interrupted")
        return Snapshot(tensors, content["facts"])

    def offer(self, take: Callable[[], Snapshot]) -> None:
        """Write the snapshot that `take` returns, unless the last one was written just now.

        Raises:
            DiskFullError: If there is no room for it; the last one is as it was.
        """
        started = time.perf_counter()
        if started - self._written_at < _TRAINING_TO_WRITING * self._writing_s:
            return
        snapshot = take()
        tensors = {name: value.cpu().contiguous() for name, value in snapshot.tensors.items()}
        content = {
            "format": _FORMAT,
            "key": self._key,
            "facts": snapshot.facts,
            "sha256": digest_of(tensors),
        }
        metadata = {"bakeoff": json.dumps(content)}
        with fresh_path(self._path, _size(tensors, metadata)) as partial, _system_errors():
            # It writes beside this and renames: the room that was taken is for that.
            os.truncate(partial, 0)
            safetensors.torch.save_file(tensors, partial, metadata)
        self._written_at = time.perf_counter()
        self._writing_s = self._written_at - started


def _size(tensors: dict[str, Tensor], metadata: dict[str, str]) -> int:
    """Return how many bytes a file has, about, and no fewer."""
    sizes = (value.nbytes + len(name) + _HEADER_BYTES for name, value in tensors.items())
    return sum(sizes) + len(json.dumps(metadata)) + _HEADER_BYTES


@contextmanager
def _system_errors() -> Iterator[None]:
    """Raise what the system answered, such as a full disk, which safetensors has in words only."""
    try:
        yield
    except SafetensorError as error:
        if found := re.search(r"\(os error (\d+)\)", str(error)):
            number = int(found[1])
            raise OSError(number, os.strerror(number)) from error
        raise
