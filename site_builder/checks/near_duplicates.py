"""Find hashes that differ in at most two bits, in time that grows with their number only."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MAX_DISTANCE = 2
"""Bits of 64 in which the hashes of near-duplicates differ at most."""

_N_BITS = 64
_TABLE_BITS = 24
# The odd number nearest to 2^64 divided by the golden ratio spreads its multiples evenly:
# D. Knuth, The Art of Computer Programming, vol. 3, section 6.4.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def nearest(
    hashes: NDArray[np.uint64], others: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Find for each hash the nearest of others.

    Every hash is looked up with each choice of up to two bits flipped, 2,081 in all. Comparing
    hashes that share some blocks of bits, as is usual, takes the square of the number of images
    where many of them share a background.

    Args:
        hashes: (N,) uint64.
        others: (M,) uint64.

    Returns:
        (N,) uint64, the nearest other hash; (N,) int64, in how many bits it differs, -1 where all
        differ in more than `MAX_DISTANCE`.
    """
    found = np.zeros(len(hashes), dtype=np.uint64)
    distances = np.full(len(hashes), -1, dtype=np.int64)
    if not len(others):
        return found, distances
    known = np.unique(others)
    # Nearly all look-ups end at this table, which says no for certain or perhaps.
    table = np.zeros(2**_TABLE_BITS, dtype=np.bool_)
    table[_slots(known)] = True
    for distance, mask in _masks():
        flipped = hashes ^ mask
        perhaps = np.flatnonzero(table[_slots(flipped)] & (distances < 0))
        hits = perhaps[_is_in(flipped[perhaps], known)]
        found[hits] = flipped[hits]
        distances[hits] = distance
    return found, distances


def _is_in(values: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which values are among the known, which rise; `numpy.isin` would sort them again."""
    places = np.minimum(np.searchsorted(known, values), len(known) - 1)
    equal: NDArray[np.bool_] = known[places] == values
    return equal


def _slots(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    slots: NDArray[np.uint64] = (hashes * _MULTIPLIER) >> np.uint64(_N_BITS - _TABLE_BITS)
    return slots


def _masks() -> Iterator[tuple[int, np.uint64]]:
    """Yield every choice of bits to flip, with their number, fewest first."""
    for distance in range(MAX_DISTANCE + 1):
        for bits in combinations(range(_N_BITS), distance):
            yield distance, np.uint64(sum(1 << bit for bit in bits))
