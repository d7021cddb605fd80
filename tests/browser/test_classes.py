"""The pages of the classes, in a real browser: from a run to a class to its photographs."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import check_accessible
from tests.browser.conftest import HOSTILE, ONCE, Built, Watched
from tests.browser.errors_page import NAMES, listed, stored
from tests.browser.paper import headings_over_nothing, printed

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
RUNS = "Each run on this class"


def names_shown(page: Page) -> list[str]:
    return (
        page.get_by_label("All classes", exact=True)
        .locator("tbody tr:visible th")
        .all_inner_texts()
    )


def test_from_a_run_to_a_class_to_the_images_that_are_wrong(
    watched: Watched, open_site: Open
) -> None:
    site, run = open_site("pictures"), "beta-standard"
    truth = stored(site.store)
    page = watched.open(site, f"runs/{run}.html")
    row = page.get_by_label("Classes", exact=True).locator("tbody tr").first
    name = row.locator("th").inner_text()
    target = NAMES.index(name)
    row.locator("th a").press("Enter")
    expect(page.locator("h1")).to_have_text(name)
    best = max(truth.runs, key=lambda of: -len(truth.wrong(of)))
    wanted = [place for place in truth.wrong(best) if truth.targets[place] == target]
    page.get_by_role("link", name=f"{len(wanted)} are wrong in").press("Enter")
    expect(page).to_have_url(re.compile(rf"errors\.html#view=confident&run={best}"))
    assert sorted(listed(page, re.compile(f"^{len(wanted)} of "))) == sorted(truth.named(wanted))


def test_all_runs_wrong_and_apart(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    for target in range(3):
        of_class = [place for place, of in enumerate(truth.targets) if of == target]
        never = [
            place for place in of_class if all(place in truth.wrong(run) for run in truth.runs)
        ]
        page = watched.open(site, f"classes/{target}.html")
        page.get_by_role("link", name=f"{len(never)} are wrong in all 6 runs").click()
        shown = listed(page, re.compile("wrong in all 6 runs"))
        assert sorted(shown) == sorted(truth.named(never))
        apart = [
            place for place in of_class if len({truth.chosen(run, place) for run in truth.runs}) > 1
        ]
        page = watched.open(site, f"classes/{target}.html")
        said = f"{len(apart)} are given different classes by the runs"
        page.get_by_role("link", name=said).click()
        shown = listed(page, re.compile("given different classes by the runs"))
        assert sorted(shown) == sorted(truth.named(apart))


def test_an_image_leads_to_what_each_run_said_of_it(watched: Watched, open_site: Open) -> None:
    site, target = open_site("pictures"), 1
    truth = stored(site.store)
    page = watched.open(site, f"classes/{target}.html")
    pictures = page.locator(".examples")
    hardest = pictures.last.locator("a").first
    key = (hardest.get_attribute("href") or "").rpartition("=")[2]
    place = truth.keys.index(key)
    n_wrong = sum(place in truth.wrong(run) for run in truth.runs)
    assert n_wrong == max(
        sum(other in truth.wrong(run) for run in truth.runs)
        for other, of in enumerate(truth.targets)
        if of == target
    )
    expect(hardest).to_contain_text("wrong in")
    hardest.press("Enter")
    rows = page.get_by_role("dialog").locator("tbody tr")
    expect(rows).to_have_count(len(truth.runs))
    first = [text.splitlines()[0] for text in rows.locator("td:nth-child(2)").all_inner_texts()]
    said = [NAMES[truth.chosen(run, place)] for run in truth.runs]
    assert sorted(text.split()[0] for text in first) == sorted(said)
    page.go_back()
    expect(page.locator("h1")).to_have_text(NAMES[target])


def test_pictures_are_loaded(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    page = watched.open(site, "classes/2.html")
    sheets = [url for url in watched.requests if "/assets/thumbnails/" in url]
    assert [url.rpartition("/")[2] for url in sheets] == ["2-0.webp"]
    # Nothing else of the images is.
    assert not [url for url in watched.requests if "/data/" in url or "/previews/" in url]
    expect(page.locator(".examples svg")).to_have_count(8 + 16)


def test_runs_sort_by_the_keyboard_and_the_address_says_so(
    watched: Watched, open_site: Open
) -> None:
    site, target = open_site("pictures"), 0
    truth = stored(site.store)
    page = watched.open(site, f"classes/{target}.html")
    table = page.get_by_label(RUNS, exact=True)
    as_built = table.locator("tbody th").all_inner_texts()
    table.get_by_role("button", name="Recall").press("Enter")
    expect(page).to_have_url(re.compile("#runs-sort=recall.descending$"))
    expect(table.locator("thead [aria-sort=descending]")).to_have_count(1)
    of_class = np.flatnonzero(np.array(truth.targets) == target).tolist()
    right = sorted(
        (sum(place not in truth.wrong(run) for place in of_class) for run in truth.runs),
        reverse=True,
    )
    shown = table.locator("tbody td:nth-child(5)").all_inner_texts()
    assert [int(text.split()[0]) for text in shown] == right
    page.go_back()
    expect(table.locator("thead [aria-sort]")).to_have_count(0)
    assert table.locator("tbody th").all_inner_texts() == as_built


def test_from_class_to_class_by_the_keyboard(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("pictures"), "classes/0.html")
    expect(page.locator("nav.neighbours [rel=prev]")).to_have_count(0)
    for name in NAMES[1:]:
        page.locator("nav.neighbours [rel=next]").first.press("Enter")
        expect(page.locator("h1")).to_have_text(name)
    page.get_by_role("link", name="All classes").press("Enter")
    expect(page.locator("h1")).to_have_text("Classes")


def test_classes_are_found_by_name(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("many-classes"), "classes/index.html")
    assert len(names_shown(page)) == 80
    page.get_by_label("Find").fill("class 7")
    wanted = {f"class {index}" for index in range(80) if "7" in str(index)}
    expect(page.locator("class-filter output")).to_have_text(f"{len(wanted)} of 80 classes")
    assert set(names_shown(page)) == wanted
    page.get_by_role("button", name="Mean recall").click()
    expect(page.locator("th[data-column=recall]")).to_have_attribute("aria-sort", "descending")
    assert set(names_shown(page)) == wanted
    page.get_by_role("button", name="Class", exact=True).click()
    expect(page.locator("th[data-words=class]")).to_have_attribute("aria-sort", "ascending")
    assert names_shown(page) == sorted(wanted, key=lambda name: int(name.split()[1]))
    page.reload()
    expect(page.get_by_label("Find")).to_have_value("class 7")
    assert set(names_shown(page)) == wanted
    page.get_by_label("Find").fill("nothing")
    expect(page.locator("class-filter output")).to_have_text("0 of 80 classes")


def test_the_view_of_a_class_leads_to_its_page(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("pictures"), "errors.html#view=class&target=2")
    page.get_by_role("link", name="All about this class").press("Enter")
    expect(page.locator("h1")).to_have_text("star")
    expect(page).to_have_title("star · Made-up shapes")


def test_hostile_names_are_text(watched: Watched, open_site: Open) -> None:
    site = open_site("hostile")
    page = watched.open(site, "classes/index.html")
    assert sorted(names_shown(page)) == sorted(HOSTILE)
    page.get_by_role("link", name=HOSTILE[0]).first.click()
    expect(page.locator("h1")).to_have_text(HOSTILE[0])
    assert page.locator("img").count() == 0
    expect(page.get_by_label(RUNS, exact=True).locator("tbody th").first).to_be_visible()


@ONCE
@pytest.mark.parametrize("name", ["classes/1.html", "classes/index.html"])
def test_axe_finds_nothing_among_pictures(watched: Watched, open_site: Open, name: str) -> None:
    page = watched.open(open_site("pictures"), name)
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        check_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_without_scripts_everything_is_read(browser: Browser, open_site: Open) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{open_site('pictures').root}/classes/1.html")
    for label in (RUNS, "What it is taken for", "What is taken for it"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    expect(page.locator(".examples svg").last).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    page.goto(f"{open_site('many-classes').root}/classes/index.html")
    expect(page.get_by_label("All classes", exact=True).locator("tbody tr")).to_have_count(80)
    expect(page.get_by_role("searchbox")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("name", ["classes/1.html", "classes/index.html"])
def test_no_heading_is_printed_over_nothing(watched: Watched, open_site: Open, name: str) -> None:
    assert headings_over_nothing(watched.open(open_site("pictures"), name)) == []


def test_what_a_picture_shows_is_named_on_paper(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("pictures"), "classes/1.html")
    names = page.locator(".examples .on-paper")
    assert names.count() > 8
    assert {name.bounding_box()["width"] for name in names.all()} == {1}  # type: ignore[index]
    link = page.locator(".examples a").first
    expect(link).to_have_accessible_name(re.compile(r"^test/\d{5} (wrong|right) in"))
    with printed(page):
        assert min(name.bounding_box()["width"] for name in names.all()) > 30  # type: ignore[index]
