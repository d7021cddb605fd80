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


def fail(watched: Watched, route: Route) -> None:
    """Let what was kept back fail, and wait until the page has been told."""
    with watched.page.expect_console_message(lambda said: "Failed to load" in said.text):
        route.abort()
    pause(watched.page)
    watched.misdeeds.clear()


@pytest.mark.parametrize(
    ("name", "state", "shard", "later"),
    [
        ("feature-maps.html", "run=beta-none", "feature-maps/beta-none/run", "run=alpha-none"),
        ("errors.html", "view=class&target=1", "images/1", "view=class&target=2"),
        ("errors.html", "view=class&target=1", "images/1", "view=all-wrong"),
        ("compare.html", "run=beta-none", "matrix/beta-none", "run=alpha-none"),
        (
            "compare.html",
            "pins=beta-none+gamma-none",
            "pairs/beta-none",
            "pins=alpha-none+gamma-none",
        ),
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
    fail(watched, route)
    assert page.get_by_text("could not be loaded").count() == 0


def test_a_matrix_is_shown_though_an_earlier_one_fails(watched: Watched, site: Built) -> None:
    page = watched.page
    watched.open(site, "compare.html#run=alpha-none")
    name = page.locator("confusion-matrix [data-part=name]")
    expect(name).to_have_text("Alpha, no augmentation")
    first, second = (hold(page, f"matrix/{run}") for run in ("beta-none", "gamma-none"))
    page.evaluate("bakeoff.write({ run: 'beta-none' })")
    failing = until_asked(page, first)
    page.evaluate("bakeoff.write({ run: 'gamma-none' })")
    coming = until_asked(page, second)
    fail(watched, failing)
    coming.continue_()
    expect(name).to_have_text("Gamma, no augmentation")


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


def test_what_failed_is_not_left_beside_what_was_there(watched: Watched, site: Built) -> None:
    page = watched.page
    page.route("**/data/images/2.js", lambda route: route.abort())
    watched.open(site, "errors.html#view=class&target=1")
    expect(page.locator(".cards li").first).to_be_visible()
    page.get_by_label("True class").select_option("star")
    expect(page.locator("[data-part=headline]")).to_contain_text("is the folder complete?")
    expect(page.locator("class-facts")).to_contain_text("is the folder complete?")
    expect(page.locator(".cards li")).to_have_count(0)
    page.unroute("**/data/images/2.js")
    page.get_by_role("link", name="Most confident mistakes").click()
    expect(page.locator("[data-part=headline]")).to_contain_text("of “star” are wrong in")
    assert any("Failed to load resource" in text for text in watched.misdeeds)
    watched.misdeeds.clear()


def test_a_matrix_that_failed_is_not_that_of_the_run_before(watched: Watched, site: Built) -> None:
    page = watched.page
    page.route("**/data/matrix/beta-none.js", lambda route: route.abort())
    watched.open(site, "compare.html#run=alpha-none")
    matrix = page.locator("confusion-matrix")
    name, facts = (matrix.locator(f"[data-part={part}]") for part in ("name", "facts"))
    expect(facts.locator("dd")).not_to_have_count(0)
    page.evaluate("bakeoff.write({ run: 'beta-none' })")
    expect(name).to_have_text("Beta, no augmentation")
    said = "data/matrix/beta-none.js could not be loaded: is the folder complete?"
    expect(matrix.locator("[data-part=absent]")).to_have_text(said)
    expect(matrix.locator("[aria-live]")).to_have_text(said)
    expect(facts.locator("dd")).to_have_count(0)
    for part in ("drawn", "confused"):
        expect(matrix.locator(f"[data-part={part}]")).to_be_hidden()
    page.get_by_role("button", name="By column").click()
    expect(matrix.locator("[data-part=absent]")).to_have_text(said)
    page.unroute("**/data/matrix/beta-none.js")
    page.get_by_role("button", name="Counts").click()
    expect(matrix.locator("[data-part=absent]")).to_be_hidden()
    expect(matrix.locator(".cursor-layer")).to_be_visible()
    expect(facts.locator("dd")).not_to_have_count(0)
    watched.misdeeds.clear()


def test_a_damaged_shard_is_said_and_asked_for_again(watched: Watched, site: Built) -> None:
    page = watched.page
    page.route("**/data/images/2.js", lambda route: route.fulfill(body="bakeoff.data("))
    watched.open(site, "errors.html#view=class&target=2")
    headline = page.locator("[data-part=headline]")
    expect(headline).to_have_text("data/images/2.js could not be read: is the folder complete?")
    page.unroute("**/data/images/2.js")
    page.evaluate("bakeoff.write({ view: 'confident' })")
    expect(headline).to_contain_text("of “star” are wrong in")
    watched.misdeeds.clear()


def test_a_run_chosen_in_the_table_of_a_class_keeps_the_focus(
    watched: Watched, site: Built
) -> None:
    page = watched.open(site, "errors.html#view=class&target=1&run=alpha-none")
    facts = page.get_by_role("table", name="Each run on this class")
    link = facts.get_by_role("link", name="Beta, augmented")
    link.press("Enter")
    expect(facts.locator("tr[aria-current] th")).to_have_text("Beta, augmented")
    expect(link).to_be_focused()


def test_an_opened_image_leaves_the_table_of_a_class_as_it_is(
    watched: Watched, site: Built
) -> None:
    page = watched.open(site, "errors.html#view=class&target=1&run=alpha-none")
    facts = page.locator("class-facts .tall")
    facts.evaluate("box => { box.style.maxHeight = '4rem'; box.scrollTop = 30; }")
    page.locator(".cards a").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert facts.evaluate("box => box.scrollTop") == 30
