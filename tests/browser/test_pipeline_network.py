"""pipeline/backbone.html and pipeline/head.html in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Built, Watched
from tests.browser.test_pipeline import SELECT, first_of, shard_of, texts_on

pytestmark = pytest.mark.browser

PAGES = ("pipeline/backbone.html", "pipeline/head.html")


def tables(page: Page) -> dict[str, list[list[str]]]:
    """Return the cells of every table of the chosen model that is shown."""
    return {
        box.get_attribute("data-rows") or "": [
            row.locator("th, td").all_inner_texts() for row in box.locator("tbody tr").all()
        ]
        for box in page.locator("[data-rows]:visible").all()
    }


@pytest.mark.parametrize("address", PAGES)
def test_every_model_shows_its_own_numbers(watched: Watched, walked: Built, address: str) -> None:
    page = watched.open(walked, address)
    prefix = address.removeprefix("pipeline/").removesuffix(".html")
    for run_id in [*walked.store.read_experiment().run_ids, first_of(page)]:
        values = shard_of(walked, run_id)
        page.select_option(SELECT, run_id)
        wanted = {name: {values["texts"][name]} for name in texts_on(page)}
        for _ in range(100):
            if texts_on(page) == wanted:
                break
            page.wait_for_timeout(50)
        assert texts_on(page) == wanted
        shown = {name: rows for name, rows in values["rows"].items() if name.startswith(prefix)}
        assert tables(page) == shown


@pytest.mark.parametrize("address", PAGES)
def test_an_address_leads_to_a_place(watched: Watched, walked: Built, address: str) -> None:
    page = watched.open(walked, f"{address}#implementation")
    expect(page.locator("#implementation")).to_be_focused()
    expect(page.locator("#implementation")).to_be_in_viewport()


def test_a_strategy_links_to_its_settings(watched: Watched, walked: Built) -> None:
    page = watched.open(walked, PAGES[1])
    page.locator("#training-full ~ p a").click()
    page.wait_for_url(f"**/{PAGES[0]}#*strategy-full")
    expect(page.locator("#strategy-full")).to_be_focused()
