"""Training as it stood after an epoch, on disk: what an interrupted run goes on from."""

import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from experiments.digests import digest_of
from experiments.results.files import write_atomically

CHECKPOINT_FILE = "checkpoint.safetensors"
# Raise this when the same name would hold something else than before.
_FORMAT = 3
# Training lasts at least this many times as long as writing. The epochs of a small head take
# milliseconds, and syncing a file takes as long: writing after each would double the time.
_TRAINING_TO_WRITING = 10


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
            snapshot = self._stored()
        except Exception:  # a damaged file makes safetensors raise nearly anything
            return None
        if snapshot is not None:
            self._say("goes on from where it was interrupted")
        return snapshot

    def _stored(self) -> Snapshot | None:
        """Return what the file holds; None if it is another run's or not as it was written."""
        with safetensors.safe_open(self._path, "pt") as file:
            metadata = file.metadata()
            content = json.loads(metadata["bakeoff"])
            if (content["format"], content["key"]) != (_FORMAT, self._key):
                return None
            # Copies: the file is mapped into memory, and is removed later.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
        if metadata["sha256"] != _digest(tensors, metadata["bakeoff"]):
            return None
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
        content = json.dumps({"format": _FORMAT, "key": self._key, "facts": snapshot.facts})
        metadata = {"bakeoff": content, "sha256": _digest(tensors, content)}
        write_atomically(self._path, safetensors.torch.save(tensors, metadata))
        self._written_at = time.perf_counter()
        self._writing_s = self._written_at - started


def _digest(tensors: dict[str, Tensor], content: str) -> str:
    """Return the SHA-256 of all that a file holds, as 64 hexadecimal digits."""
    return hashlib.sha256(f"{content} {digest_of(tensors)}".encode()).hexdigest()
