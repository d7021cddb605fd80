"""configuration.html in a real browser: runs compared, the file copied, every kind of reader."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from site_builder.configuration.differences import differences
from site_builder.loading import load
from site_builder.naming import run_names
from tests.browser.conftest import HOSTILE, Built, Watched

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
PAGE = "configuration.html"
RUN, OTHER = "configuration-pair select[data-key=run]", "configuration-pair select[data-key=other]"


def rows(page: Page) -> list[list[str]]:
    found = page.locator("configuration-pair tbody tr").all()
    return [[text.strip() for text in row.locator("th, td").all_text_contents()] for row in found]


def expected(site: Built, one: str, other: str) -> list[list[str]]:
    pair = differences(site.store.read_run(one), site.store.read_run(other))
    return [[f"{row.label} {row.part}", row.left, row.right] for row in pair]


def ranked(site: Built) -> list[str]:
    return [run.run_id for run in load(site.store).ranked]


def test_scripts_change_nothing_in_the_page_as_built(
    browser: Browser, watched: Watched, open_site: Open
) -> None:
    site = open_site("shapes")
    bare = browser.new_context(java_script_enabled=False)
    built = bare.new_page()
    built.goto(f"{site.root}/{PAGE}")
    page = watched.open(site, PAGE)
    assert rows(page) == rows(built) == expected(site, *ranked(site)[:2])
    for locator in ("h1", "dl.facts", "table:not(.pair)", ".code pre"):
        assert page.locator(locator).all_inner_texts() == built.locator(locator).all_inner_texts()
    expect(built.locator("configuration-pair form")).to_be_hidden()
    expect(built.locator("code-block button")).to_have_count(0)
    bare.close()


def test_other_runs_are_compared_and_named_in_the_address(
    watched: Watched, open_site: Open
) -> None:
    site = open_site("shapes")
    page = watched.open(site, PAGE)
    page.select_option(RUN, "gamma-standard")
    page.select_option(OTHER, "alpha-none")
    expect(page.locator("configuration-pair [data-part=run]")).to_have_text("Gamma, augmented")
    expect(page.locator("configuration-pair [data-part=other]")).to_have_text(
        run_names(load(site.store))["alpha-none"].full
    )
    assert "run=gamma-standard" in page.url
    assert "other=alpha-none" in page.url
    assert rows(page) == expected(site, "gamma-standard", "alpha-none")
    said = page.locator("configuration-pair [role=status]").text_content() or ""
    assert said.startswith(f"{len(rows(page))} of ")
    page.go_back()
    expect(page.locator(OTHER)).not_to_have_value("alpha-none")
    page.go_back()
    expect(page.locator(RUN)).to_have_value(ranked(site)[0])
    expect(page.locator("configuration-pair [data-part=run]")).to_have_text(
        run_names(load(site.store))[ranked(site)[0]].full
    )
    assert rows(page) == expected(site, *ranked(site)[:2])


@pytest.mark.parametrize(
    "state", ["#run=nonsense&other=%3Cb%3E", "#run=beta-none&other=beta-none", "#other=alpha-none"]
)
def test_an_address_that_makes_no_sense_still_shows_two_runs(
    watched: Watched, open_site: Open, state: str
) -> None:
    site = open_site("shapes")
    page = watched.open(site, PAGE + state)
    expect(page.locator(f"{RUN} option")).to_have_count(6)
    one, other = page.locator(RUN).input_value(), page.locator(OTHER).input_value()
    assert one != other
    if "beta-none" in state:
        assert one == "beta-none"
    name = run_names(load(site.store))[one].full
    expect(page.locator("configuration-pair [data-part=run]")).to_have_text(name)
    assert rows(page) == expected(site, one, other)


def test_the_summary_is_the_one_that_the_build_writes(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = watched.open(site, PAGE)
    built = page.locator("configuration-pair [role=status]").text_content()
    first, second = page.locator(RUN).input_value(), page.locator(OTHER).input_value()
    third = next(run for run in ranked(site) if run not in (first, second))
    page.select_option(OTHER, third)
    expect(page.locator("configuration-pair [data-part=other]")).to_have_text(
        run_names(load(site.store))[third].full
    )
    said = len(expected(site, first, third))
    status = page.locator("configuration-pair [role=status]")
    expect(status).to_have_text(re.compile(rf"^{said} of "))
    page.select_option(OTHER, second)
    expect(page.locator("configuration-pair [data-part=other]")).to_have_text(
        run_names(load(site.store))[second].full
    )
    expect(status).to_have_text(built or "-")


def test_the_file_is_copied_whole(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = watched.open(site, PAGE)
    if site.root.startswith("http"):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy shapes.toml")
    button.focus()
    page.keyboard.press("Enter")
    status = page.locator("code-block [role=status]")
    expect(status).not_to_be_empty()
    config = site.store.read_experiment().config_toml.rstrip("\n")
    assert page.locator(".code pre").text_content() == config
    if site.root.startswith("http"):
        expect(status).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == config


def test_where_there_is_no_clipboard_the_code_is_selected(
    watched: Watched, open_site: Open
) -> None:
    site = open_site("shapes")
    watched.page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    )
    page = watched.open(site, PAGE)
    page.get_by_role("button", name="Copy shapes.toml").click()
    expect(page.locator("code-block [role=status]")).to_have_text(
        "Selected: copy it with the keyboard"
    )
    config = site.store.read_experiment().config_toml.rstrip("\n")
    assert page.evaluate("getSelection().toString()").rstrip("\n") == config


def test_links_lead_to_formulas_and_runs(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), PAGE)
    page.get_by_role("link", name="Stratified bootstrap").click()
    expect(page.locator("#bootstrap")).to_be_in_viewport()
    page.go_back()
    page.get_by_label("Runs", exact=True).locator("tbody a").first.click()
    expect(page.locator("h1")).to_contain_text("Alpha")


def test_hostile_names_are_text(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("hostile"), PAGE)
    assert HOSTILE[0] in page.locator("main").inner_text()
    assert page.locator("img").count() == 0


def test_on_paper_nothing_is_cut_off(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), PAGE)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == 700
    for box in page.locator(".scroll").all():
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
    for hidden in ("code-block button", "configuration-pair form", "nav.sections"):
        expect(page.locator(hidden)).to_be_hidden()
