"""Freed memory is kept while runs go on. A process of its own: the choice holds for all of one."""

import ctypes
import json
import platform
import subprocess
import sys

import pytest

from experiments.allocation import keeping_freed_memory

# Each tensor has 64 MiB, twice what glibc would take from the heap.
SCRIPT = """
import json, resource
from pathlib import Path
import torch
from experiments.allocation import keeping_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(2**24)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident_mib():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20

faults()
before = faults()
with keeping_freed_memory():
    faults()
    kept, held = faults(), resident_mib()
print(json.dumps({"before": before, "kept": kept, "held": held, "after": resident_mib()}))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left alone")
def test_what_was_freed_is_not_fetched_again_and_given_back_in_the_end():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, stdout=subprocess.PIPE, text=True
    )
    found = json.loads(done.stdout)
    # Whatever the size of a page: at most a tenth as many are fetched.
    assert found["kept"] < found["before"] / 10
    assert found["held"] - found["after"] > 48


TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3


class OtherGlibc:
    """A glibc that takes memory up to a size from its heap, and says no to more."""

    def __init__(self, most):
        self.most, self.taken = most, []

    def mallopt(self, option, value):
        if option == MMAP_THRESHOLD and value > self.most:
            return 0
        self.taken.append((option, value))
        return 1

    def malloc_trim(self, pad):
        return 1


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (2**40, [(MMAP_THRESHOLD, 2**30), (TRIM_THRESHOLD, 2**31 - 1)]),
        (2**25, [(MMAP_THRESHOLD, 2**25), (TRIM_THRESHOLD, 2**31 - 1)]),
        # To set one of both only makes it slower than it is.
        (2**19, []),
    ],
)
def test_an_older_glibc_gets_what_it_takes_or_is_left_as_it_is(monkeypatch, most, expected):
    libc = OtherGlibc(most)
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.28"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: libc)
    with keeping_freed_memory():
        assert libc.taken == expected
