"""What comes late, or fails late, changes nothing of what was asked for since."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from experiments.results.store import ExperimentStore
from tests.browser.conftest import Built, Watched

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(sites: dict[str, tuple[ExperimentStore, Path]], address: str) -> Built:
    """Over HTTP: what is read from a disk cannot be kept back."""
    return Built(*sites["mapped"], f"{address}/mapped")


def hold(page: Page, shard: str) -> list[Route]:
    """Keep back whoever asks for a shard; those asked for are in the list returned."""
    held: list[Route] = []
    page.route(f"**/data/{shard}.js", lambda route: held.append(route))
    return held


def until_asked(page: Page, held: list[Route]) -> Route:
    for _ in range(100):
        if held:
            return held[0]
        page.wait_for_timeout(20)
    raise AssertionError("nothing was asked for")


def pause(page: Page) -> None:
    """Let the page do what it does of what it has just got."""
    page.wait_for_timeout(100)


@pytest.mark.parametrize(
    ("name", "state", "shard", "later"),
    [
        ("feature-maps.html", "run=beta-none", "feature-maps/beta-none/run", "run=alpha-none"),
        ("errors.html", "view=class&target=1", "images/1", "view=class&target=2"),
        ("errors.html", "view=class&target=1", "images/1", "view=all-wrong"),
        ("curves.html", "runs=beta-none", "curves/beta-none", "runs=alpha-none"),
        ("formulas.html", "run=beta-none", "formulas/beta-none", "run=alpha-none"),
        ("pipeline/index.html", "model=beta-none", "pipeline/beta-none", "model=alpha-none"),
    ],
)
def test_a_failure_that_comes_late_is_not_told(
    watched: Watched, site: Built, name: str, state: str, shard: str, later: str
) -> None:
    page = watched.page
    held = hold(page, shard)
    watched.open(site, f"{name}#{later}")
    pause(page)
    page.evaluate("state => { location.hash = state; }", state)
    route = until_asked(page, held)
    page.evaluate("state => { location.hash = state; }", later)
    pause(page)
    route.abort()
    pause(page)
    assert page.get_by_text("is the folder complete?").count() == 0
    assert any("Failed to load resource" in text for text in watched.misdeeds)
    watched.misdeeds.clear()


def test_of_two_models_chosen_the_last_is_shown(watched: Watched, site: Built) -> None:
    page = watched.page
    held = hold(page, "feature-maps/beta-none/run")
    watched.open(site, "feature-maps.html#run=alpha-none")
    expect(page.locator("feature-panel h2")).to_have_text("Alpha, no augmentation")
    select = page.locator("select[data-key=run]")
    select.select_option("beta-none")
    route = until_asked(page, held)
    select.select_option("gamma-none")
    expect(page).to_have_url(re.compile("run=gamma-none"))
    route.continue_()
    pause(page)
    expect(page.locator("feature-panel h2")).to_have_text("Gamma, no augmentation")
    assert "run=gamma-none" in page.url


def test_until_a_layer_is_loaded_that_before_is_pointed_at(watched: Watched, site: Built) -> None:
    # Nothing must scroll away under the pointer.
    watched.page.set_viewport_size({"width": 1280, "height": 1800})
    page = watched.page
    held = hold(page, "feature-maps/alpha-none/2")
    watched.open(site, "feature-maps.html#run=alpha-none&layer=layer1&channel=3")
    title = page.locator("channel-detail h3")
    expect(title).to_have_text("Channel 3 of layer1")
    page.locator(".layer-strip a", has_text="blocks.2").click()
    route = until_asked(page, held)
    expect(page.locator("[data-part=step]")).to_contain_text("Layer 3 of 3")
    page.locator("channel-grid [role=option]").nth(11).hover()
    expect(title).to_have_text("Channel 11 of layer1")
    route.continue_()
    expect(title).to_contain_text("of blocks.2")
