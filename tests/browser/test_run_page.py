"""The page of one run, in a real browser."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from tests.browser.accessible import check_accessible
from tests.browser.conftest import HOSTILE, ONCE, Built, Watched, build
from tests.made_up import write_made_up_store

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
PAGE = "runs/alpha-none.html"
N_CLASSES = 120
WRITE = "navigator.clipboard.writeText"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Built:
    names = tuple(f"class {index}" for index in range(N_CLASSES))
    store = write_made_up_store(
        tmp_path_factory.mktemp("results"), class_names=names, n_images=600, models=("alpha",)
    )
    folder = tmp_path_factory.mktemp("many") / "site"
    return build(store, folder)


def classes(page: Page) -> list[str]:
    return page.get_by_label("Classes", exact=True).locator("tbody th").all_inner_texts()


def recalls(store: ExperimentStore) -> dict[str, float]:
    said = store.read_predictions(store.read_run("alpha-none"), Split.TEST)
    right = said.targets == said.top_classes[:, 0]
    names = store.read_experiment().class_names
    return {name: right[said.targets == place].mean() for place, name in enumerate(names)}


@pytest.mark.parametrize("site", ["shapes", "many-classes", "hostile"])
def test_nothing_scrolls_sideways_and_nothing_goes_wrong(
    watched: Watched, open_site: Open, site: str
) -> None:
    page = watched.open(open_site(site), PAGE)
    for width in (360, 700, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


@ONCE
def test_axe_finds_nothing(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), PAGE)
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        check_accessible(page)


def test_names_of_classes_are_text(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("hostile"), PAGE)
    assert sorted(classes(page)) == sorted(HOSTILE)
    assert page.locator("img").count() == 0


def test_classes_sort_by_a_heading_and_the_address_says_so(
    watched: Watched, open_site: Open
) -> None:
    site = open_site("many-classes")
    page = watched.open(site, PAGE)
    as_built = classes(page)
    expected = recalls(site.store)
    page.get_by_label("Classes", exact=True).get_by_role("button", name="Recall").press("Enter")
    expect(page.locator("th[data-column=recall]")).to_have_attribute("aria-sort", "descending")
    falling = [expected[name] for name in classes(page)]
    assert falling == sorted(falling, reverse=True)
    assert page.url.endswith("#classes-sort=recall.descending")
    page.go_back()
    expect(page.locator("th[data-column=recall]")).to_have_attribute("aria-sort", "ascending")
    assert classes(page) == as_built


def test_classes_sort_by_what_they_are_called(watched: Watched, many: Built) -> None:
    page = watched.open(many, PAGE)
    table = page.get_by_role("table", name="Classes", exact=True)
    table.get_by_role("button", name="Class", exact=True).press("Enter")
    expect(table.locator("tbody tr")).to_have_count(N_CLASSES)
    assert classes(page) == [f"class {index}" for index in range(N_CLASSES)]
    table.get_by_role("button", name="Most often taken for").click()
    taken = page.locator("th[data-words=taken-for]")
    expect(taken).to_have_attribute("aria-sort", "ascending")
    words = [text for text in table.locator("tbody td:last-child").all_inner_texts() if text]
    numbers = [int(re.findall(r"[0-9]+", text)[0]) for text in words]
    assert numbers == sorted(numbers)


def test_the_command_is_copied(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), PAGE)
    code = page.locator("code-block")
    page.evaluate(f"() => {{ {WRITE} = async (text) => {{ window.copied = text; }}; }}")
    code.get_by_role("button", name="Copy").click()
    expect(code.locator("[role=status]")).to_have_text("Copied")
    command = code.locator("pre").inner_text()
    assert page.evaluate("window.copied") == command
    assert "--runs alpha-none --force" in command
    page.evaluate(f"() => {{ {WRITE} = async () => {{ throw new Error(); }}; }}")
    code.get_by_role("button", name="Copy").click()
    expect(code.locator("[role=status]")).to_have_text("Selected: copy it with the keyboard")
    assert page.evaluate("String(getSelection())") == command


def test_the_other_classes_come_when_asked_for(watched: Watched, many: Built) -> None:
    page = watched.open(many, PAGE)
    assert len(classes(page)) == 100
    asked = [url for url in watched.requests if "/data/classes/" in url]
    assert asked == []
    page.get_by_role("button", name=f"Show all {N_CLASSES} classes").press("Enter")
    rows = page.get_by_label("Classes", exact=True).locator("tbody tr")
    expect(rows).to_have_count(N_CLASSES)
    expect(page.get_by_text(f"All {N_CLASSES} classes, lowest recall first.")).to_be_visible()
    expect(page.get_by_text("classes with the lowest recall")).to_have_count(0)
    expected = recalls(many.store)
    shown = classes(page)
    assert len(set(shown)) == N_CLASSES
    assert [expected[name] for name in shown] == sorted(expected.values())
    # As in the rows that were there before.
    for row in (rows.first, rows.last):
        name = row.locator("th a")
        place = many.store.read_experiment().class_names.index(name.inner_text())
        assert name.get_attribute("href") == f"../classes/{place}.html"
        images = row.locator("td a")
        assert (
            images.get_attribute("href")
            == f"../errors.html#view=class&run=alpha-none&target={place}"
        )
        n_images = images.inner_text()
        expect(images).to_have_accessible_name(f"{n_images}, the images of class {place}")


def test_sorting_brings_the_other_classes_too(watched: Watched, many: Built) -> None:
    page = watched.open(many, f"{PAGE}#classes-sort=recall.descending")
    expect(page.get_by_label("Classes", exact=True).locator("tbody tr")).to_have_count(N_CLASSES)
    expected = recalls(many.store)
    falling = [expected[name] for name in classes(page)]
    assert falling == sorted(expected.values(), reverse=True)


def test_the_keyboard_goes_from_run_to_run(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), PAGE)
    first = page.locator("h1").inner_text()
    link = page.locator("nav.neighbours a").first
    rel, name = link.get_attribute("rel"), link.inner_text().split(": ")[1]
    link.press("Enter")
    expect(page.locator("h1")).not_to_have_text(first)
    assert " ".join(page.locator("h1 span").all_inner_texts()) == name.replace(", ", " ", 1)
    back = {"prev": "next", "next": "prev"}[rel or ""]
    page.locator(f"nav.neighbours a[rel={back}]").first.press("Enter")
    expect(page.locator("h1")).to_have_text(first)


def test_the_matrix_of_a_run_leads_to_its_page(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html#run=beta-none")
    expect(page.locator("confusion-matrix [data-part=name]")).to_contain_text("Beta")
    page.get_by_role("link", name="All about this run").press("Enter")
    expect(page).to_have_title("Beta, no augmentation · Made-up shapes")


def test_without_scripts_everything_is_read(browser: Browser, open_site: Open) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{open_site('shapes').root}/{PAGE}")
    for label in (
        "Scores", "Averages over classes, %", "Classes", "Confusion matrix as a table", "Epochs",
        "Confidence and accuracy", "Images answered and errors",
    ):  # fmt: skip
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    expect(page.locator("svg.chart").first).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    context.close()


def test_a_shard_that_is_missing_is_said(watched: Watched, many: Built, tmp_path: Path) -> None:
    (many.folder / "data/classes/alpha-standard.js").unlink()
    page = watched.open(many, "runs/alpha-standard.html")
    button = page.get_by_role("button", name="Show all")
    button.click()
    expect(page.locator("more-rows")).to_contain_text("is the folder complete?")
    watched.misdeeds.clear()
