"""Wilson's interval against its formula and the coverage it promises."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.metrics.intervals import wilson


@given(st.integers(1, 5000), st.data())
def test_wilson_is_the_published_formula(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    z, rate = 1.959963984540054, hits / n
    centre = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    interval = wilson(hits, n)
    assert interval.low == pytest.approx(max(0, centre - half), abs=1e-9)
    assert interval.high == pytest.approx(min(1, centre + half), abs=1e-9)
    assert 0 <= interval.low <= rate <= interval.high <= 1
    assert interval.low < interval.high


def test_wilson_covers_the_true_rate_as_often_as_it_says() -> None:
    """Exactly, by summing the binomial distribution: close to 0.95 on average over rates."""
    n = 50
    ends = [wilson(hits, n) for hits in range(n + 1)]
    chances = np.array([math.comb(n, hits) for hits in range(n + 1)], dtype=float)
    coverages = []
    for rate in np.linspace(0.05, 0.95, 91):
        covered = [end.low <= rate <= end.high for end in ends]
        hits = np.arange(n + 1)
        coverages.append((chances * rate**hits * (1 - rate) ** (n - hits))[covered].sum())
    assert np.mean(coverages) == pytest.approx(0.95, abs=0.01)


def test_a_wider_confidence_is_a_wider_interval() -> None:
    narrow, wide = wilson(80, 100, confidence=0.9), wilson(80, 100, confidence=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high
