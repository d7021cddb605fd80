"""Who presses a button that goes away, or points and leaves, is led on."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Built, Watched, build
from tests.browser.errors_page import go
from tests.browser.matrix_page import show
from tests.made_up import write_made_up_store

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
TABLE = "sortable-table[data-key=performance]"


@pytest.mark.parametrize("place", [TABLE, "runs-filter"])
def test_showing_all_again_leads_to_the_field(
    watched: Watched, open_site: Open, place: str
) -> None:
    page = watched.open(open_site("shapes"), "compare.html#find=zzz")
    button = page.locator(place).get_by_role("button", name="Show all")
    button.press("Enter")
    expect(button).to_be_hidden()
    expect(page.locator("runs-filter [name=find]")).to_be_focused()


def test_closing_two_compared_leads_to_the_first_tick(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html#pins=beta-none+gamma-none")
    close = page.locator("runs-comparison").get_by_role("button", name="Close")
    close.press("Enter")
    expect(close).to_be_hidden()
    expect(page.locator(f"{TABLE} tr[data-run=beta-none] input")).to_be_focused()


def test_clearing_the_region_leads_to_its_fields(watched: Watched, open_site: Open) -> None:
    page = go(watched, open_site("pictures"), "view=map&run=alpha-none&region=100.100.600.600")
    clear = page.get_by_role("button", name="Clear the region")
    clear.press("Enter")
    expect(clear).to_be_hidden()
    expect(page.locator("map-region input").first).to_be_focused()


def test_more_pairs_lead_to_the_first_of_them(watched: Watched, open_site: Open) -> None:
    page = show(watched, open_site("many-classes"))
    more = page.locator("[data-part=more-pairs]")
    more.press("Enter")
    rows = page.locator("[data-part=pairs] tr")
    expect(rows).to_have_count(60)
    assert rows.nth(10).evaluate("row => row.contains(document.activeElement)")


def test_more_classes_lead_to_the_first_of_them(watched: Watched, tmp_path: Path) -> None:
    names = tuple(f"class {index}" for index in range(120))
    store = write_made_up_store(tmp_path, class_names=names, n_images=400)
    page = watched.open(build(store, tmp_path / "site"), "runs/alpha-none.html")
    page.locator("more-rows button").press("Enter")
    expect(page.locator("more-rows")).to_have_count(0)
    row = page.locator("tr:has(:focus)")
    expect(row.locator("th")).to_have_text(re.compile("class "))
    assert row.evaluate("row => row.sectionRowIndex") > 0


@pytest.mark.parametrize("start", [f"{TABLE} tr[data-run=beta-none] a", "figcaption [data-run]"])
def test_what_has_lost_the_focus_is_pointed_at_no_more(
    watched: Watched, open_site: Open, start: str
) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    page.locator(start).first.focus()
    pointed = page.locator(".runs tr.pointed, .marks .pointed")
    expect(pointed).not_to_have_count(0)
    page.locator("theme-toggle button").focus()
    expect(pointed).to_have_count(0)


def test_arrow_keys_scroll_a_table_that_is_too_wide(watched: Watched, open_site: Open) -> None:
    watched.page.set_viewport_size({"width": 360, "height": 800})
    page = go(watched, open_site("pictures"), "view=class&target=1&image=1.1")
    box = page.get_by_role("region", name="What each run said")
    box.evaluate("box => { box.firstElementChild.style.width = '60rem'; }")
    note = page.locator("dialog header .note")
    shown = note.inner_text()
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
    expect(note).to_have_text(shown)
    page.locator("dialog [data-step=close]").focus()
    page.keyboard.press("ArrowRight")
    expect(note).not_to_have_text(shown)
