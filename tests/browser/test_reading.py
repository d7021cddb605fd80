"""The pages for every reader: dark, narrow, without a mouse, without scripts."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.accessible import check_accessible
from tests.browser.conftest import ONCE, Built, Watched

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
PAGES = (
    "index.html",
    "compare.html",
    "errors.html",
    "classes/index.html",
    "classes/1.html",
    "feature-maps.html",
    "architectures.html",
    "curves.html",
    "formulas.html",
    "configuration.html",
    "checks.html",
    "404.html",
)


@ONCE
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(watched: Watched, open_site: Open, name: str) -> None:
    page = watched.open(open_site("shapes"), name)
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        check_accessible(page)


@pytest.mark.parametrize("site", ["shapes", "many-classes", "hostile"])
@pytest.mark.parametrize("name", PAGES)
def test_the_page_never_scrolls_sideways(
    watched: Watched, open_site: Open, site: str, name: str
) -> None:
    page = watched.open(open_site(site), name)
    for width in (360, 700, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_dark_follows_the_reader_and_the_button(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(paper)
    assert light != dark
    button = page.locator("theme-toggle button")
    button.click()
    expect(button).to_have_text("Theme: light")
    assert page.evaluate(paper) == light
    page.reload()
    expect(button).to_have_text("Theme: light")
    assert page.evaluate(paper) == light


@pytest.mark.parametrize(
    ("width", "seen", "unseen"), [(1280, "wide", "narrow"), (360, "narrow", "wide")]
)
def test_one_drawing_of_the_chart_is_seen(
    watched: Watched, open_site: Open, width: int, seen: str, unseen: str
) -> None:
    watched.page.set_viewport_size({"width": width, "height": 900})
    page = watched.open(open_site("shapes"), "compare.html")
    expect(page.locator(f".still-{seen}:visible")).to_have_count(1)
    expect(page.locator(f".still-{unseen}:visible")).to_have_count(0)


def test_without_scripts_everything_is_read(browser: Browser, open_site: Open) -> None:
    site = open_site("shapes")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.root}/compare.html")
    for label in ("Performance", "Resources", "Confusion matrix as a table"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    expect(page.locator(".still-wide:visible")).to_have_count(5)
    expect(page.locator("th[data-column=kappa]")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("name", [*PAGES, "runs/alpha-none.html", "pipeline/index.html"])
def test_without_styles_it_is_read_from_the_top(
    watched: Watched, open_site: Open, name: str
) -> None:
    page = watched.open(open_site("shapes"), name)
    page.evaluate("for (const sheet of document.styleSheets) sheet.disabled = true")
    headings = page.locator(":is(h1, h2, h3, h4):visible")
    levels = [int(tag[1]) for tag in headings.evaluate_all("all => all.map(of => of.localName)")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))
    top = "all => all.map(of => of.getBoundingClientRect().top)"
    tops = headings.evaluate_all(top)
    assert tops == sorted(tops)
    assert page.locator("nav[aria-label=Pages]:visible").evaluate_all(top)[0] < tops[0]
    # What the page is about comes before its numbers.
    numbers = page.locator("main :is(table, svg.chart):visible").evaluate_all(top)
    said = page.locator("main :is(.lede, p, h2):visible").evaluate_all(top)
    assert min(said) < min(numbers, default=float("inf"))
