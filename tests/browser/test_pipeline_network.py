"""pipeline/backbone.html and pipeline/head.html in a real browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

from site_builder.pipeline import build_site
from tests.architectures import add_architecture
from tests.browser.accessible import check_accessible
from tests.browser.conftest import Built, Watched
from tests.browser.test_pipeline import SELECT, first_of, shard_of, texts_on
from tests.walkthrough import write_walked_store

pytestmark = pytest.mark.browser

PAGES = ("pipeline/backbone.html", "pipeline/head.html")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """All layers are stored but those of the last run; one network gets larger images."""
    folder = tmp_path_factory.mktemp("network")
    store = write_walked_store(folder)
    runs = store.read_experiment().run_ids
    add_architecture(store, *runs[:-1])
    add_architecture(store, runs[1], input_px=64)
    build_site(store, folder / "site")
    return Built(store, folder / "site", (folder / "site").as_uri())


def tables(page: Page) -> dict[str, list[list[str]]]:
    """Return the cells of every table of the chosen model that is shown."""
    return {
        box.get_attribute("data-rows") or "": [
            row.locator("th, td").all_inner_texts() for row in box.locator("tbody tr").all()
        ]
        for box in page.locator("[data-rows]:visible").all()
    }


@pytest.mark.parametrize("address", PAGES)
def test_scripts_change_nothing_in_the_page_as_built(
    browser: Browser, watched: Watched, site: Built, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    built = context.new_page()
    built.goto(f"{site.root}/{address}")
    page = watched.open(site, address)
    assert texts_on(page) == texts_on(built)
    assert tables(page) == tables(built)
    assert tables(page)
    context.close()


@pytest.mark.parametrize("address", PAGES)
def test_every_model_shows_its_own_numbers(watched: Watched, site: Built, address: str) -> None:
    page = watched.open(site, address)
    prefix = address.removeprefix("pipeline/").removesuffix(".html")
    for run_id in [*site.store.read_experiment().run_ids, first_of(page)]:
        values = shard_of(site, run_id)
        page.select_option(SELECT, run_id)
        wanted = {name: {values["texts"][name]} for name in texts_on(page)}
        for _ in range(100):
            if texts_on(page) == wanted:
                break
            page.wait_for_timeout(50)
        assert texts_on(page) == wanted
        shown = {name: rows for name, rows in values["rows"].items() if name.startswith(prefix)}
        assert tables(page) == shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_no_barriers(watched: Watched, site: Built, address: str, scheme: str) -> None:
    watched.page.emulate_media(color_scheme=scheme)
    page = watched.open(site, address)
    check_accessible(page)


@pytest.mark.parametrize("address", PAGES)
def test_pages_fit_a_phone(watched: Watched, site: Built, address: str) -> None:
    watched.page.set_viewport_size({"width": 360, "height": 740})
    page = watched.open(site, address)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("address", PAGES)
def test_an_address_leads_to_a_place(watched: Watched, site: Built, address: str) -> None:
    page = watched.open(site, f"{address}#implementation")
    expect(page.locator("#implementation")).to_be_focused()
    expect(page.locator("#implementation")).to_be_in_viewport()


def test_a_strategy_links_to_its_settings(watched: Watched, site: Built) -> None:
    page = watched.open(site, PAGES[1])
    page.locator("#training-full ~ p a").click()
    page.wait_for_url(f"**/{PAGES[0]}#*strategy-full")
    expect(page.locator("#strategy-full")).to_be_focused()
