"""A site of imported runs alone, from a file of every kind, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessible import check_accessible
from tests.browser.conftest import Built, Watched
from tests.imports import ALL_KINDS, NAMES

pytestmark = pytest.mark.browser


def test_every_page_opens_and_reads_well(watched: Watched, imported: Built) -> None:
    pages = sorted(path.relative_to(imported.folder) for path in imported.folder.rglob("*.html"))
    assert len(pages) > len(ALL_KINDS)
    for name in pages:
        page = watched.open(imported, name.as_posix())
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") == width, name
        check_accessible(page)


def test_a_report_has_no_matrix_and_says_so(watched: Watched, imported: Built) -> None:
    page = watched.open(imported, "compare.html#run=matrix")
    element = page.locator("confusion-matrix")
    expect(element.get_by_role("heading", level=2)).to_contain_text("Matrix, imported")
    expect(element.get_by_role("application")).to_be_visible()
    page.goto(f"{imported.root}/compare.html#run=report")
    expect(element.get_by_role("heading", level=2)).to_contain_text("Report, imported")
    expect(element).to_contain_text("only a classification report was imported")
    expect(element.get_by_role("application")).to_be_hidden()


def test_class_names_are_text(watched: Watched, imported: Built) -> None:
    page = watched.open(imported, "compare.html")
    page.locator("confusion-matrix").get_by_text("The same matrix as a table").click()
    shown = page.get_by_role("region", name="Confusion matrix as a table").locator("thead th")
    texts = [" ".join(text.split()) for text in shown.all_inner_texts() if text.strip()]
    assert texts == [" ".join(name.split()) for name in NAMES]
    assert page.locator("img").count() == 0


def test_the_images_of_a_bare_matrix_are_not_known(watched: Watched, imported: Built) -> None:
    page = watched.open(imported, "errors.html#view=cell&run=matrix&target=0&prediction=1")
    reason = imported.store.read_run("matrix").absent["predictions"]
    expect(page.locator("[data-part=headline]")).to_have_text(f"Nothing to list: {reason}")
    page.goto(f"{imported.root}/errors.html#view=class&run=matrix&target=0")
    rows = page.get_by_role("table", name="Each run on this class").locator("tbody tr")
    expect(rows).to_have_count(len(ALL_KINDS))
    counts = imported.store.read_counts(imported.store.read_run("matrix"))
    shown = rows.filter(has_text="Matrix, imported").locator("td")
    expect(shown.nth(0)).to_contain_text(f"{counts.hits[0]} of {counts.support[0]}")
    expect(shown.nth(1)).to_contain_text(f"{counts.hits[0]} of {counts.chosen[0]}")
