"""The pipeline's pages in a real browser: the choice of a model, links, every kind of reader."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import check_accessible
from tests.browser.conftest import Built, Watched, build
from tests.browser.paper import headings_over_nothing
from tests.made_up import write_made_up_store
from tests.walkthrough import write_walked_store

pytestmark = pytest.mark.browser

INDEX, RESULTS = "pipeline/index.html", "pipeline/results.html"
PAGES = (
    INDEX,
    "pipeline/input.html",
    "pipeline/preprocessing.html",
    "pipeline/backbone.html",
    "pipeline/head.html",
    RESULTS,
)
SELECT = ".choice select"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A site whose models were not walked through."""
    folder = tmp_path_factory.mktemp("bare")
    return build(write_made_up_store(folder), folder / "site")


def shard_of(site: Built, run_id: str) -> dict[str, dict[str, object]]:
    text = (site.folder / f"data/pipeline/{run_id}.js").read_text(encoding="utf-8")
    _, _, value = text.removesuffix(");\n").partition(",")
    loaded: dict[str, dict[str, object]] = json.loads(value)
    return loaded


def texts_on(page: Page) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for place in page.locator("[data-value]").all():
        name = place.get_attribute("data-value") or ""
        found.setdefault(name, set()).add(place.text_content() or "")
    return found


def all_that_changes(page: Page) -> dict[str, object]:
    """Return everything on the page that depends on the model."""
    return {
        "texts": texts_on(page),
        "rows": page.locator("[data-rows] tr").all_inner_texts(),
        "pictures": page.locator("[data-picture]").evaluate_all(
            "all => all.map(one => [one.hidden, one.alt, one.width, one.src, one.className])"
        ),
        "paths": page.locator("[data-path]").evaluate_all(
            "all => all.map(one => one.getAttribute('d'))"
        ),
        "links": page.locator("[data-link]").evaluate_all(
            "all => all.map(one => [one.hidden, one.href])"
        ),
        "shown": page.locator("[data-when]").evaluate_all("all => all.map(one => one.hidden)"),
    }


def other_than_the_first(site: Built, page: Page) -> str:
    first = page.locator("model-choice").get_attribute("data-best")
    return next(run for run in site.store.read_experiment().run_ids[::-1] if run != first)


@pytest.mark.parametrize("address", PAGES)
def test_scripts_change_nothing_in_the_page_as_built(
    browser: Browser, watched: Watched, walked: Built, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    built = context.new_page()
    built.goto(f"{walked.root}/{address}")
    page = watched.open(walked, address)
    assert texts_on(page) == texts_on(built)
    for part in ("tr", "tr:visible"):
        rows = f"[data-rows] {part}"
        assert page.locator(rows).all_inner_texts() == built.locator(rows).all_inner_texts()
    expect(built.locator(SELECT)).to_be_hidden()
    context.close()


@pytest.mark.parametrize("address", PAGES)
def test_a_choice_changes_every_number(watched: Watched, walked: Built, address: str) -> None:
    page = watched.open(walked, address)
    first = all_that_changes(page)
    other = other_than_the_first(walked, page)
    values = shard_of(walked, other)
    page.select_option(SELECT, other)
    name = address.removeprefix("pipeline/").removesuffix(".html")
    expect(page.locator(f"[data-value='{name}.model']").first).to_have_text(
        str(values["texts"][f"{name}.model"])
    )
    assert f"model={other}" in page.url
    assert texts_on(page) == {name: {values["texts"][name]} for name in texts_on(page)}
    for box in page.locator("[data-rows]").all():
        rows = [row.locator("th, td").all_inner_texts() for row in box.locator("tbody tr").all()]
        expected = values["rows"].get(box.get_attribute("data-rows") or "")
        assert rows == (expected or [])
        assert box.evaluate("one => one.hidden") == (expected is None)
    for image in page.locator("[data-picture]").all():
        picture = values["pictures"][image.get_attribute("data-picture") or ""]
        assert isinstance(picture, dict)
        assert image.evaluate("one => one.src") == f"{walked.root}/{picture['address']}"
    for path in page.locator("[data-path]").all():
        assert path.get_attribute("d") == values["paths"][path.get_attribute("data-path") or ""]
    for part in page.locator("[data-when]").all():
        text = values["texts"][part.get_attribute("data-when") or ""]
        assert part.evaluate("one => one.hidden") == (not text)
    for link in page.locator("[data-link]").all():
        leads_to = values["links"].get(link.get_attribute("data-link") or "")
        assert link.evaluate("one => one.hidden") == (leads_to is None)
        if leads_to is not None:
            assert link.evaluate("one => one.href") == f"{walked.root}/{leads_to}"
    page.go_back()
    expect(page.locator(SELECT)).to_have_value(first_of(page))
    assert all_that_changes(page) == first


def first_of(page: Page) -> str:
    return page.locator("model-choice").get_attribute("data-best") or ""


def test_no_image_is_said_to_go_through_a_model_that_none_did(
    watched: Watched, tmp_path: Path
) -> None:
    store = write_walked_store(tmp_path)
    last = store.read_experiment().run_ids[-1]
    (store.run_folder(last) / "walkthrough.json").unlink()
    page = watched.open(build(store, tmp_path / "site"), INDEX)
    said = page.get_by_text("goes through them")
    steps = page.get_by_role("heading", name="The tensor after each step")
    expect(said).to_be_visible()
    expect(steps).to_be_visible()
    page.select_option(SELECT, last)
    expect(page.locator("[data-value='index.missing']")).to_be_visible()
    expect(said).to_be_hidden()
    expect(steps).to_be_hidden()


def test_an_address_leads_to_a_model_and_a_place(watched: Watched, walked: Built) -> None:
    page = watched.open(walked, INDEX)
    other = other_than_the_first(walked, page)
    page = watched.open(walked, f"{INDEX}?again#model={other}&at=head")
    expect(page.locator(SELECT)).to_have_value(other)
    expect(page.locator("#head")).to_be_in_viewport()
    expect(page.locator("#head")).to_be_focused()
    page.locator(".flow-stage").first.click()
    expect(page.locator("#image")).to_be_focused()
    assert f"model={other}" in page.url
    page = watched.open(walked, f"{INDEX}?bare#results")
    expect(page.locator("#results")).to_be_focused()
    page = watched.open(walked, f"{INDEX}?unknown#model=nobody")
    expect(page.locator(SELECT)).to_have_value(first_of(page))


def test_other_pages_keep_the_model(watched: Watched, walked: Built) -> None:
    page = watched.open(walked, INDEX)
    other = other_than_the_first(walked, page)
    page.select_option(SELECT, other)
    expect(page.locator(".choice [role=status]")).to_be_empty()
    page.locator(".steps a").last.click()
    page.wait_for_url(f"**/{RESULTS}#model={other}")
    expect(page.locator(SELECT)).to_have_value(other)
    page.locator(".neighbours a[rel=prev]").click()
    page.wait_for_url(f"**/*.html#model={other}")
    page.select_option(SELECT, first_of(page))
    expect(page.locator("[data-value$='.model']").first).not_to_have_text(
        str(shard_of(walked, other)["texts"]["index.model"])
    )
    href = page.locator(".steps a").last.evaluate("one => one.href")
    assert href.split("#")[0] == f"{walked.root}/{RESULTS}"
    assert "model" not in href


def test_the_keyboard_chooses_a_model(watched: Watched, walked: Built) -> None:
    page = watched.open(walked, INDEX)
    page.locator(SELECT).focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(SELECT).input_value() != first_of(page)
    expect(page.locator("[data-value='index.model']")).to_have_text(
        str(shard_of(walked, page.locator(SELECT).input_value())["texts"]["index.model"])
    )


def test_a_missing_file_is_told(watched: Watched, walked: Built) -> None:
    page = watched.open(walked, INDEX)
    other = other_than_the_first(walked, page)
    kept = walked.folder / f"data/pipeline/{other}.js"
    content = kept.read_bytes()
    kept.unlink()
    page.select_option(SELECT, other)
    expect(page.locator(".choice [role=status]")).to_contain_text("is the folder complete?")
    expect(page.locator(SELECT)).to_have_value(first_of(page))
    watched.misdeeds.clear()
    kept.write_bytes(content)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_no_barriers(watched: Watched, walked: Built, address: str, scheme: str) -> None:
    watched.page.emulate_media(color_scheme=scheme)
    page = watched.open(walked, address)
    check_accessible(page)


@pytest.mark.parametrize("address", PAGES)
def test_pages_fit_a_phone(watched: Watched, walked: Built, address: str) -> None:
    watched.page.set_viewport_size({"width": 360, "height": 740})
    page = watched.open(walked, address)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    tops = page.locator(".flow > li").evaluate_all("all => all.map(one => one.offsetTop)")
    assert tops == sorted(set(tops))


@pytest.mark.parametrize("address", PAGES)
def test_pages_without_walkthroughs_fit_a_phone_too(
    watched: Watched, bare: Built, address: str
) -> None:
    watched.page.set_viewport_size({"width": 360, "height": 740})
    page = watched.open(bare, address)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("[data-picture]:visible").count() == 0
    page.select_option(SELECT, other := other_than_the_first(bare, page))
    beside = page.locator(".steps a:not([aria-current])").first
    expect(beside).to_have_attribute("href", re.compile(f"model={other}"))
    texts = shard_of(bare, other)["texts"]
    assert texts_on(page) == {name: {texts[name]} for name in texts_on(page)}
    expect(page.locator("[data-value]:visible").first).not_to_be_empty()


@pytest.mark.parametrize("site", ["walked", "bare"])
@pytest.mark.parametrize("address", PAGES)
def test_on_paper_no_heading_is_over_nothing(
    watched: Watched, request: pytest.FixtureRequest, address: str, site: str
) -> None:
    page = watched.open(request.getfixturevalue(site), address)
    assert headings_over_nothing(page) == []


def test_paper_has_the_numbers_of_every_model(watched: Watched, walked: Built) -> None:
    page = watched.open(walked, INDEX)
    page.set_viewport_size({"width": 720, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 720
    expect(page.get_by_label("Shapes and prediction of every model")).to_be_visible()
    expect(page.locator(SELECT)).to_be_hidden()
    expect(page.locator(".steps")).to_be_hidden()
