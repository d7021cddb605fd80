"""The large image of errors.html: what leads out of it and where to, and what it says it shows."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from experiments import thumbnails
from tests.browser.conftest import Built, Watched, build
from tests.browser.errors_page import go
from tests.made_up import write_made_up_store
from tests.pictures import add_pictures

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
STATE = "view=class&target=1&run=alpha-none"


def dialog_of(page: Page) -> Locator:
    return page.get_by_role("dialog")


def open_second_list(watched: Watched, site: Built) -> Page:
    """Open a list, then another, then the first image of that: three entries of the history."""
    page = go(watched, site, "view=confident&run=alpha-none")
    page.get_by_role("link", name="All runs wrong").click()
    expect(page.locator("[data-part=headline]")).to_contain_text("wrong in all 6 runs")
    page.locator(".cards a").first.click()
    expect(dialog_of(page)).to_be_visible()
    return page


def expect_second_list(page: Page) -> None:
    """It is the second list that is shown, and the first is one step back."""
    expect(dialog_of(page)).to_be_hidden()
    expect(page).to_have_url(re.compile(r"view=all-wrong&run=alpha-none$"))
    page.go_back()
    expect(page.locator(".views [aria-current]")).to_have_text("Most confident mistakes")
    expect(page).to_have_url(re.compile(r"view=confident&run=alpha-none$"))


# What happens in one task cannot be told apart by how fast the browser follows the address.
TWICE = {
    "close": "d => { const b = d.querySelector('[data-step=close]'); b.click(); b.click(); }",
    "escape": """d => { for (const _ of [1, 2])
        d.dispatchEvent(new Event("cancel", { cancelable: true })); }""",
    "both, and a step": """d => {
        d.querySelector("[data-step=close]").click();
        d.querySelector("[data-step='1']").click();
        d.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
        d.dispatchEvent(new Event("cancel", { cancelable: true })); }""",
}


@pytest.mark.parametrize("how", [*TWICE])
def test_who_closes_twice_has_left_once(watched: Watched, open_site: Open, how: str) -> None:
    page = open_second_list(watched, open_site("pictures"))
    dialog_of(page).evaluate(TWICE[how])
    expect_second_list(page)


def test_an_image_that_was_turned_to_leads_back_to_the_list(
    watched: Watched, open_site: Open
) -> None:
    page = open_second_list(watched, open_site("pictures"))
    for place in (2, 3):
        page.keyboard.press("ArrowRight")
        expect(dialog_of(page)).to_contain_text(f"{place} of 7 in the list")
    page.keyboard.press("Escape")
    expect_second_list(page)


def test_an_image_that_is_come_back_to_knows_what_lies_before_it(
    watched: Watched, open_site: Open
) -> None:
    """A deep link has no list before it, also when a list has been seen since."""
    page = watched.open(open_site("shapes"), "compare.html")
    page.goto(f"{watched.root}/errors.html#{STATE}&image=1.3")
    expect(dialog_of(page)).to_be_visible()
    page.evaluate(f"location.hash = '{STATE}'")
    expect(dialog_of(page)).to_be_hidden()
    page.go_back()
    expect(dialog_of(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog_of(page)).to_be_hidden()
    expect(page).to_have_url(re.compile(rf"errors\.html#{re.escape(STATE)}$"))
    expect(page.locator(".cards li")).to_have_count(20)


def test_only_what_is_behind_the_dialog_closes_it(watched: Watched, open_site: Open) -> None:
    page = open_second_list(watched, open_site("pictures"))
    dialog = dialog_of(page)
    box = dialog.bounding_box()
    assert box is not None
    left, top, width, height = box["x"], box["y"], box["width"], box["height"]
    # The padding, on each side, and the text marked from inside to beyond the edge.
    for x, y in ((4, height / 2), (width - 4, height / 2), (width / 2, 4), (width / 2, height - 4)):
        page.mouse.click(left + x, top + y)
    note = dialog.locator("header .note").bounding_box()
    assert note is not None
    page.mouse.move(note["x"] + 40, note["y"] + 5)
    page.mouse.down()
    page.mouse.move(left / 2, note["y"] + 5)
    page.mouse.up()
    # What closed it would have done so by now: the address is behind it.
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("2 of 7 in the list")
    page.mouse.click(left / 2, top + height / 2)
    expect_second_list(page)


def test_a_picture_says_what_it_is_and_where_the_original_lies(
    watched: Watched, open_site: Open
) -> None:
    page = go(watched, open_site("pictures"), f"{STATE}&image=1.5")
    expect(dialog_of(page).locator("header .note")).to_have_text(
        "test/00029 · original: test/00029.png in the dataset’s folder · 4 of 23 in the list"
        " · shown as a preview of 150 × 120 px, not the original"
    )


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((150, 120), "shown as a thumbnail of at most 64 px, not the original"),
        ((32, 20), "shown with all its pixels"),
    ],
)
def test_a_thumbnail_says_so(
    watched: Watched,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    said: str,
) -> None:
    monkeypatch.setattr(thumbnails, "MANY_IMAGES", 20)
    store = write_made_up_store(tmp_path)
    add_pictures(store, size=size)
    page = go(watched, build(store, tmp_path / "site"), f"{STATE}&image=1.0")
    expect(dialog_of(page).locator("header .note")).to_contain_text(f"in the list · {said}")


def test_an_image_that_cannot_be_loaded_is_said_where_it_is_seen(
    watched: Watched, sites: dict, address: str
) -> None:
    page = watched.page
    site = Built(*sites["pictures"], f"{address}/pictures")

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/data/images/2.js", refuse)
    go(watched, site, "view=all-wrong&run=alpha-none")
    dialog = dialog_of(page)
    page.locator(".cards a[href*='image=2.']").first.click()
    expect(dialog).to_contain_text("data/images/2.js could not be loaded: is the folder complete?")
    expect(page.locator("[data-part=headline]")).to_contain_text("wrong in all 6 runs")
    page.unroute("**/data/images/2.js", refuse)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator(".cards a[href*='image=2.']").first.click()
    expect(dialog.locator("tbody tr")).to_have_count(6)
    assert watched.misdeeds
    watched.misdeeds.clear()
