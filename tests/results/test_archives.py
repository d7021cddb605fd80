"""NumPy archives, read by threads and after damage."""

import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from experiments.results.archives import npz_bytes, read_npz, zip_bytes
from experiments.results.errors import StoreError

HERE = Path("there.npz")


def test_threads_parse_one_header_at_a_time(monkeypatch):
    content = npz_bytes({"values": np.arange(20)})
    read_array, parsing, most = np.lib.format.read_array, [], []

    def slow(*arguments, **options):
        parsing.append(None)
        most.append(len(parsing))
        time.sleep(0.01)
        parsing.pop()
        return read_array(*arguments, **options)

    monkeypatch.setattr(np.lib.format, "read_array", slow)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: read_npz(content, ["values"], HERE), range(8)))
    assert [archive["values"].sum() for archive in found] == [190] * 8
    assert most == [1] * 8


def test_a_header_that_says_less_than_there_is_is_damage():
    # So much less that what is left out is not looked at in passing.
    array = io.BytesIO()
    np.save(array, np.arange(10_000))
    content = zip_bytes({"values.npy": array.getvalue()}, zipfile.ZIP_STORED)
    assert len(read_npz(content, ["values"], HERE)["values"]) == 10_000
    shorter = content.replace(b"(10000,)", b"(2000,) ")
    assert shorter != content
    with pytest.raises(StoreError, match=r"there\.npz: cannot be read: Bad CRC-32"):
        read_npz(shorter, ["values"], HERE)
