"""NumPy archives: the same arrays are the same bytes, and nothing is ever unpickled."""

import io
import threading
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.results.errors import StoreError

# NumPy parses an array's header as Python. Up to CPython 3.11.7 and 3.12.1 that fails now and then
# where threads do it at the same time (python/cpython#106905).
_PARSING = threading.Lock()
# A fixed member date: the same content is the same bytes, whenever it is written.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def zip_bytes(members: Mapping[str, bytes], compression: int) -> bytes:
    """Return a zip archive.

    Args:
        members: Content by name, in the order in which it is written.
        compression: `zipfile.ZIP_STORED` or another of its methods.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), member, compression)
    return content.getvalue()


def npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return named arrays as a compressed NumPy archive (.npz); objects are refused."""
    return zip_bytes(
        {f"{name}.npy": _npy_bytes(array) for name, array in arrays.items()}, zipfile.ZIP_DEFLATED
    )


def read_npz(content: bytes, names: Iterable[str], path: Path) -> dict[str, NDArray[Any]]:
    """Read arrays by name from the content of a NumPy archive.

    Raises:
        StoreError: If it is damaged or lacks an array; names it and `path`, where it comes from.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: _read_array(archive, f"{name}.npy") for name in names}
    except KeyError as error:
        raise StoreError(f"{path}: an array is missing: {error.args[0]}") from None
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from None


def npz_names(content: bytes, path: Path) -> set[str]:
    """Return the names of the arrays in a NumPy archive.

    Raises:
        StoreError: If it is no such archive; names `path`, where it comes from.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        raise StoreError(f"{path}: cannot be read: {error}") from None


def _npy_bytes(array: NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array, allow_pickle=False)
    return content.getvalue()


def _read_array(archive: zipfile.ZipFile, member: str) -> NDArray[Any]:
    # Unpacked whole, which leaves Python's lock and compares the checksum of all of it.
    content = io.BytesIO(archive.read(member))
    with _PARSING:
        array: NDArray[Any] = np.lib.format.read_array(content, allow_pickle=False)
    return array
