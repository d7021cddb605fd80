"""static/js/format.js against site_builder/formatting.py, over many values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from site_builder import formatting
from tests.browser.conftest import Built, Watched

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
Pairs = list[tuple[int, int]]


def pairs() -> Pairs:
    """Return parts and wholes: all small ones, many large ones, and all that lie in the middle."""
    found = [(part, whole) for whole in range(1, 130) for part in range(whole + 1)]
    found += [(n, whole) for whole in (400, 999, 8192) for n in range(whole + 1)]
    draw = np.random.default_rng(0)
    wholes = draw.integers(130, 100_000, size=5_000)
    found += zip(draw.integers(0, wholes + 1).tolist(), wholes.tolist(), strict=True)
    found += [(n, whole) for whole in (50_000, 1_281_167) for n in (1, 24, 25, 26, whole - 1)]
    return found


def differences() -> list[float]:
    """Return differences of two rates in [-1, 1], ties among them, and near 0 and 0.05 points."""
    rates = [part / whole for whole in range(1, 25) for part in range(whole + 1)]
    steps = [n / 8000 for n in range(-800, 801)]
    small = [sign * n * 1e-5 for n in range(101) for sign in (1, -1)]
    return [first - second for first in rates for second in rates[::7]] + steps + small + [1e-14]


@pytest.fixture
def run(watched: Watched, open_site: Open) -> Callable[[str, list[Any]], list[str]]:
    """Return a function that calls one of `bakeoff` with each of some arguments."""
    page = watched.open(open_site("shapes"), "checks.html")

    def call(name: str, arguments: list[Any]) -> list[str]:
        script = "([name, all]) => all.map(each => bakeoff[name](...[each].flat()))"
        said: list[str] = page.evaluate(script, [name, arguments])
        return said

    return call


@pytest.mark.parametrize("open_site", ["file"], indirect=True)
def test_the_browser_rounds_as_the_build_does(
    run: Callable[[str, list[Any]], list[str]],
) -> None:
    parts, gaps = pairs(), differences()
    assert run("share", parts) == [formatting.share(*pair) for pair in parts]
    assert run("rate", parts) == [formatting.rate(part / whole) for part, whole in parts]
    assert run("percent", parts) == [formatting.percent(part / whole) for part, whole in parts]
    assert run("barePoints", gaps) == [formatting.bare_points(gap) for gap in gaps]
    assert run("signedPoints", gaps) == [formatting.signed_points(gap) for gap in gaps]
    counts = [0, 1, 999, 1000, 50_000, 1_281_167]
    assert run("count", counts) == [formatting.count(n) for n in counts]
    signed = [f"{n:+,}".replace("-", "−") for n in (-50_000, -1, 1, 1000)]
    assert run("signedCount", [-50_000, -1, 1, 1000, 0]) == [*signed, "0"]


def test_ties_are_among_the_values() -> None:
    """Else the test above would hold for any rounding of the middle."""
    assert any((100 * part / whole) % 1 in (0.25, 0.75) for part, whole in pairs())
    assert any(abs(100 * gap) % 1 in (0.25, 0.75) for gap in differences())
    assert any((100 * part / whole) % 1 == 0.5 for part, whole in pairs())
