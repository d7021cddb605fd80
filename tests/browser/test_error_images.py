"""The images of errors.html: pictures, one of them large, and every kind of reader."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from tests.browser.accessible import check_accessible
from tests.browser.conftest import HOSTILE, ONCE, Built, Watched, build
from tests.browser.errors_page import NAMES, choice, go, listed, middle, stored
from tests.made_up import write_made_up_store
from tests.pictures import add_pictures, colour_of

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
VIEWS = (
    "confident",
    "all-wrong",
    "only",
    "disagree",
    "pair",
    "margin",
    "class",
    "cell",
    "map",
)


@pytest.fixture(scope="module")
def best(sites: dict[str, tuple[ExperimentStore, object]]) -> str:
    truth = stored(sites["pictures"][0])
    return min(truth.runs, key=lambda run: len(truth.wrong(run)))


def picture_of(card: Locator, kind: str) -> Locator:
    card.scroll_into_view_if_needed()
    return card.locator(f".sample-picture {kind}")


@pytest.mark.parametrize(
    ("state", "kind"), [("view=all-wrong", "img"), ("view=class&target=1", "svg")]
)
def test_the_picture_is_that_of_the_image(
    watched: Watched, open_site: Open, state: str, kind: str
) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    page = go(watched, site, f"{state}&run=alpha-none")
    images = listed(page, re.compile("test images"))
    assert len(images) > 3
    for index in (0, 1, len(images) - 1):
        card = page.locator(".cards li").nth(index)
        assert middle(page, picture_of(card, kind)) == pytest.approx(
            colour_of(truth.keys.index(images[index])), abs=8
        )


def test_a_class_may_have_two_sheets(watched: Watched, tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, class_names=("left", "right"), n_images=230)
    add_pictures(store, size=(90, 60))
    site = build(store, tmp_path / "site")
    truth = stored(store)
    page = go(watched, site, "view=class&target=1&run=alpha-none")
    images = listed(page, re.compile("of “right”"))
    assert len(images) == 115
    for image in ("1.99", "1.100", "1.114"):
        card = page.locator(".cards li").nth(images.index(image))
        assert middle(page, picture_of(card, "svg")) == pytest.approx(
            colour_of(truth.keys.index(image)), abs=8
        )
    assert page.locator(".cards img").count() == 0


def test_an_image_says_what_each_run_said(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    place = truth.keys.index("1.5")
    page = go(watched, site, "view=class&target=1&run=beta-none&image=1.5")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert site.store.read_samples()[0].split == Split.VAL
    expect(dialog).to_contain_text(f"test/{place:05d}")
    # The photographs are not larger than a preview may be.
    expect(dialog).to_contain_text("preview of 150 × 120 px")
    rows = dialog.locator("tbody tr")
    expect(rows).to_have_count(6)
    expect(dialog.locator("tr[aria-current] th")).to_have_text("Beta, no augmentation")
    for row in rows.all():
        label, variant = row.locator("th").inner_text().lower().split(", ")
        run = f"{label}-{'none' if variant == 'no augmentation' else 'standard'}"
        said = truth.runs[run]
        assert said.top_probabilities is not None
        for nth in range(3):
            text = row.locator("td").nth(nth).inner_text().replace("\u00a0", " ")
            assert text.startswith(NAMES[said.top_classes[place, nth]])
            shown = float(re.search(r"([\d.]+) %", text)[1])  # type: ignore[index]
            assert shown == pytest.approx(100 * said.top_probabilities[place, nth], abs=0.1)


def test_a_deep_link_to_an_image_closes_to_its_list(watched: Watched, open_site: Open) -> None:
    page = go(watched, open_site("pictures"), "view=class&target=2&run=alpha-none&image=2.3")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(re.compile(r"#view=class&target=2&run=alpha-none$"))
    expect(page.locator(".cards li")).to_have_count(23)


def test_with_the_keyboard_alone(watched: Watched, open_site: Open) -> None:
    page = go(watched, open_site("pictures"), "view=class&target=0&run=alpha-none")
    expect(page.locator(".cards li")).to_have_count(24)
    choice(page, "target").focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.cards a')"):
            break
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 of 24 in the list")
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("2 of 24 in the list")
    page.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text("1 of 24 in the list")
    for place in range(2, 25):
        page.keyboard.press("ArrowRight")
        expect(dialog).to_contain_text(f"{place} of 24 in the list")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text("23 of 24 in the list")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.matches('.cards li:first-child a')")


def test_nothing_is_loaded_before_it_is_shown(watched: Watched, open_site: Open, best: str) -> None:
    page = go(watched, open_site("pictures"), "")
    expect(page.locator(".cards .sample-picture img").first).to_be_visible()
    data = {url.split("/data/")[1] for url in watched.requests if "/data/" in url}
    assert data == {"classes.js", "explorer.js", f"views/{best}.js"}
    assert not [url for url in watched.requests if "/thumbnails/" in url]
    page.set_viewport_size({"width": 360, "height": 300})
    page = go(watched, open_site("pictures"), "view=margin")
    expect(page.locator(".cards li")).to_have_count(36)
    page.wait_for_load_state("networkidle")
    assert page.locator(".cards img").count() < 30


def test_it_says_that_there_are_no_pictures(watched: Watched, open_site: Open) -> None:
    page = go(watched, open_site("shapes"), "view=class&target=1")
    expect(
        page.get_by_text("There are no pictures of the test images: made up: there are no images.")
    ).to_be_visible()
    page.locator(".cards a").first.click()
    expect(page.get_by_role("dialog").locator("tbody tr")).to_have_count(6)
    assert page.locator("image-explorer img").count() == 0


def test_hostile_names_are_text(watched: Watched, open_site: Open) -> None:
    site = open_site("hostile")
    for target, name in enumerate(HOSTILE):
        page = go(watched, site, f"view=class&target={target}")
        expect(page.locator("[data-part=headline]")).to_contain_text(f"“{name}”")
        assert name in page.locator(".cards").inner_text()
        assert name in choice(page, "target").inner_text()
    expect(page.get_by_role("table", name="Each run on this class")).to_contain_text(HOSTILE[0])
    page.locator(".cards a").first.click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE[0])
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_scrolls_sideways(watched: Watched, open_site: Open, view: str) -> None:
    page = go(watched, open_site("pictures"), f"view={view}")
    for width in (360, 700, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.set_viewport_size({"width": 360, "height": 900})
    if page.locator(".cards a").count():
        page.locator(".cards a").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        inner, outer = page.get_by_role("dialog").evaluate("d => [d.scrollWidth, d.clientWidth]")
        assert inner <= outer


@ONCE
@pytest.mark.parametrize("view", ["confident", "all-wrong", "pair", "class", "map"])
def test_axe_finds_nothing(watched: Watched, open_site: Open, view: str) -> None:
    page = go(watched, open_site("pictures"), f"view={view}")
    expect(page.locator(".cards li").first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        check_accessible(page)
    page.locator(".cards a").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check_accessible(page)


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_without_scripts_the_mistakes_are_read(
    without_scripts: Page, open_site: Open, best: str
) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    page = without_scripts
    page.goto(f"{site.root}/errors.html")
    mistakes = sorted(truth.wrong(best), key=lambda place: -truth.sure(best, place))[:12]
    cards = page.locator(".cards li")
    expect(cards).to_have_count(len(mistakes))
    for card, place in zip(cards.all(), mistakes, strict=True):
        text = card.inner_text()
        assert NAMES[truth.targets[place]] in text
        assert NAMES[truth.chosen(best, place)] in text
        assert f"{100 * truth.sure(best, place):.1f}" in text
    expect(page.get_by_role("table", name="What each run gets wrong")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("combobox")).to_have_count(0)


def test_a_class_that_is_missing_is_said(watched: Watched, tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    site = build(store, tmp_path / "site")
    (site.folder / "data/images/1.js").unlink()
    page = watched.open(site, "errors.html#view=class&target=1")
    expect(page.locator("class-facts")).to_contain_text("is the folder complete?")
    assert watched.misdeeds
    watched.misdeeds.clear()
