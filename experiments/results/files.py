"""Writing files so that a reader sees the old content or the new, never half of either."""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from experiments.results.errors import DiskFullError

# The disk, a quota, or a limit on the length of files.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Of files that are being written: no other file of a folder is called so.
_UNFINISHED = ".unfinished"


def write_atomically(path: Path, content: bytes) -> None:
    """Make `content` the content of `path`.

    Raises:
        DiskFullError: If there is no room for it; `path` is as it was.
        OSError: If the folder is not writable; `path` is as it was.
    """
    with fresh_path(path, len(content)) as temporary:
        temporary.write_bytes(content)


@contextmanager
def fresh_path(path: Path, n_bytes: int) -> Iterator[Path]:
    """Yield a temporary path in the same folder; what was written there is then synced and renamed.

    Where the block fails, the temporary file is removed and `path` is as it was. What a killed
    process left in the folder is removed before.

    Args:
        path: Where the file shall be; its folder is made.
        n_bytes: Its length, about. The room is taken beforehand, because a process that writes to
            a memory-mapped file on a full disk is killed without a word.

    Raises:
        DiskFullError: If there is no room for it; names the path and the bytes.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path.parent)
        temporary, held = _open_temporary(path)
        with held:
            if n_bytes and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(held.fileno(), 0, n_bytes)
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            # mkstemp makes files that only their owner may read; results are for anyone.
            temporary.chmod(0o644)
            temporary.replace(path)
    except BaseException as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and is_out_of_room(error):
            raise DiskFullError(
                f"{path}: no room for its {n_bytes:,} bytes ({error.strerror}); make room, then "
                "give the same command again: it goes on where it stopped"
            ) from None
        raise
    _sync_folder(path.parent)


def is_out_of_room(error: OSError) -> bool:
    """Return whether the disk is full, or what one may have of it."""
    return error.errno in _NO_ROOM


def _open_temporary(path: Path) -> tuple[Path, BinaryIO]:
    """Make a temporary file beside `path`, locked as long as it is open: its writer is alive."""
    while True:
        handle, name = tempfile.mkstemp(_UNFINISHED, f".{path.name}.", path.parent)
        file = os.fdopen(handle, "wb")
        # Without locks on this file system, none is taken for a leftover either.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return Path(name), file
        # Before it was locked, another process took it for a leftover.
        file.close()


def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files whose writers are gone: a killed one cannot do it itself."""
    for leftover in folder.glob(f".*{_UNFINISHED}"):
        # Locked, another user's, or removed by another process meanwhile.
        with suppress(OSError), leftover.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftover.unlink()


@contextmanager
def replacing_folder(folder: Path) -> Iterator[None]:
    """Set a folder aside while another is written in its place; bring it back if that fails.

    What a killed process left aside is brought back by the next call for the same folder, unless
    the other one was written whole.
    """
    aside = folder.with_name(f".{folder.name}.replaced")
    # Removing takes time: what is half removed must not be taken for what is to come back.
    discarded = folder.with_name(f".{folder.name}.discarded")
    shutil.rmtree(discarded, ignore_errors=True)
    if aside.exists():
        _put(aside, folder)
    if folder.exists():
        folder.rename(aside)
    try:
        yield
    except BaseException:
        if aside.exists():
            _put(aside, folder)
        raise
    if aside.exists():
        aside.rename(discarded)
        shutil.rmtree(discarded, ignore_errors=True)


def _put(source: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    source.rename(folder)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
