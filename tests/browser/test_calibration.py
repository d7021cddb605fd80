"""The runs' calibration laid over each other: which line is which run's."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Built, Watched

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]


def brought_out(page: Page) -> list[str | None]:
    lines = page.locator("linked-lines .line.on")
    return [line.get_attribute("data-run") for line in lines.all()]


def row(run_id: str) -> str:
    return f"linked-lines tr[data-run={run_id}]"


def test_a_row_brings_its_lines_out(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "errors.html")
    assert brought_out(page) == []
    page.locator(f"{row('beta-none')} td").first.hover()
    assert brought_out(page) == ["beta-none", "beta-none"]
    page.locator(f"{row('gamma-none')} a").focus()
    assert brought_out(page) == ["gamma-none", "gamma-none"]
    other = page.locator("linked-lines .line[data-run=alpha-none]").first
    assert float(other.evaluate("line => getComputedStyle(line).opacity")) < 0.5


def test_the_run_in_the_address_stays_brought_out(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "errors.html#run=alpha-standard")
    assert brought_out(page) == ["alpha-standard"] * 2
    page.locator(f"{row('beta-none')} td").first.hover()
    assert brought_out(page) == ["beta-none"] * 2
    page.mouse.move(0, 0)
    assert brought_out(page) == ["alpha-standard"] * 2


def test_every_line_looks_different(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "errors.html")
    keys = page.locator("linked-lines tbody .key .line")
    looks = [
        (
            line.evaluate("line => getComputedStyle(line.firstElementChild).stroke"),
            line.evaluate("line => getComputedStyle(line.firstElementChild).strokeDasharray"),
        )
        for line in keys.all()
    ]
    assert len(looks) == len(set(looks)) == 6
    expect(page.locator("linked-lines figure svg").first).to_be_visible()
