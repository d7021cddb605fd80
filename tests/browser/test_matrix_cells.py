"""What the cells of the confusion matrix say and lead to: by mouse, keyboard and finger."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.beasts import BY_NAME
from tests.browser.conftest import Built, Watched
from tests.browser.matrix_page import cell_address, counted, middle_of, point_at, show

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]


def listen(page: Page) -> None:
    """Write down what live regions of the matrix say: a screen reader would read it out."""
    page.evaluate(
        """() => {
            window.spoken = [];
            for (const live of document.querySelectorAll("confusion-matrix [aria-live]")) {
                new MutationObserver(() => live.textContent && window.spoken.push(live.textContent))
                    .observe(live, { childList: true, characterData: true, subtree: true });
            }
        }"""
    )


def spoken(page: Page) -> list[str]:
    """Return what was said since the last call."""
    texts: list[str] = page.evaluate("window.spoken.splice(0)")
    return [text.replace("\u00a0", " ") for text in texts]


def test_a_click_on_a_cell_leads_to_its_images(watched: Watched, beasts: Built) -> None:
    state = {"run": "delta-none", "matrix_order": "alphabetical"}
    page = show(watched, beasts, **state)
    matrix = counted(beasts, "delta-none")[np.ix_(BY_NAME, BY_NAME)]
    empty, full = np.argwhere(matrix == 0)[0], np.argwhere(matrix)[5]
    page.mouse.click(*middle_of(page, *empty))
    expect(page.locator("#matrix-readout")).to_contain_text("0 of ")
    assert "compare.html" in page.url
    page.mouse.click(*middle_of(page, *full))
    expect(page).to_have_url(cell_address("delta-none", BY_NAME[full[0]], BY_NAME[full[1]]))
    page.go_back()
    expect(page.locator("[data-state=order]")).to_have_value("alphabetical")


def test_the_matrix_is_used_by_keyboard_alone(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = show(watched, site, run="beta-none")
    matrix = counted(site, "beta-none")
    readout = page.locator("#matrix-readout")
    listen(page)
    page.locator(".stage").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):  # the first key goes to the first cell
        page.keyboard.press(key)
    assert readout.inner_text().startswith(
        f"{matrix[1, 1]} of {matrix[1].sum()} images of “square” were called “square”"
    )
    assert spoken(page)[-1] == readout.inner_text().replace("\u00a0", " ")
    for key, words in (("End", "called “star”"), ("PageUp", "of “circle”"), ("Home", "called “ci")):
        page.keyboard.press(key)
        assert words in readout.inner_text()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")
    page.locator(".stage").focus()
    page.keyboard.press("ArrowDown")
    assert matrix[0, 0] > 0
    page.keyboard.press("Enter")
    expect(page).to_have_url(cell_address("beta-none", 0, 0))


def test_a_finger_reads_with_one_tap_and_opens_with_two(browser: Browser, beasts: Built) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(f"{beasts.root}/compare.html#run=delta-none")
    page.locator(".cursor-layer").wait_for(state="attached")
    matrix = counted(beasts, "delta-none")
    place = middle_of(page, 0, 0)
    page.touchscreen.tap(*place)
    expect(page.locator("#matrix-readout")).to_contain_text(
        f"{matrix[0, 0]} of {matrix[0].sum()} images"
    )
    assert "compare.html" in page.url
    page.touchscreen.tap(*place)
    expect(page).to_have_url(cell_address("delta-none", 0, 0))
    context.close()


def test_only_what_keys_lead_to_is_read_out(watched: Watched, beasts: Built) -> None:
    page = show(watched, beasts, run="delta-none")
    listen(page)
    readout = page.locator("#matrix-readout")
    idle = readout.inner_text()
    for column in (0, 3, 5):
        point_at(page, 3, column)
    page.mouse.move(0, 0)
    expect(readout).to_have_text(idle)
    assert spoken(page) == []
    page.locator(".stage").focus()
    for key in ("ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
        assert spoken(page) == [readout.inner_text().replace("\u00a0", " ")]
    page.keyboard.press("Tab")
    expect(readout).to_have_text(idle)
    assert spoken(page) == []


def test_a_cell_that_leads_nowhere_says_why(watched: Watched, open_site: Open) -> None:
    site = open_site("many-classes")
    page = watched.open(site, "compare.html")
    readout = page.locator("#matrix-readout")
    why = "To show images, choose all classes above."
    assert point_at(page, 40, 40).endswith(f". {why}")
    listen(page)
    page.mouse.click(*middle_of(page, 40, 40))
    assert spoken(page) == [why]
    expect(readout).to_contain_text(why)
    page.locator(".stage").focus()
    for key in ("PageDown",) * 4 + ("End",):
        page.keyboard.press(key)
    assert spoken(page)[-1].endswith(why)
    page.keyboard.press("Enter")
    assert spoken(page) == [why]
    page.locator("[data-state=classes]").select_option("all")
    expect(page.locator("confusion-matrix canvas")).to_be_visible()
    matrix = counted(site, str(page.locator("#comparison").get_attribute("data-best")))
    target, prediction = np.argwhere(matrix == 0)[0]
    assert point_at(page, target, prediction).endswith("). No images to show.")
    page.mouse.click(*middle_of(page, target, prediction))
    assert spoken(page)[-1] == "No images to show."
    assert "compare.html" in page.url


def test_of_two_runs_it_is_said_whose_images_open(watched: Watched, beasts: Built) -> None:
    runs = ("alpha-none", "delta-none")
    first, second = (counted(beasts, run) for run in runs)
    page = show(watched, beasts, run=runs[0], matrix_against=runs[1])
    shows = "A click or Enter shows those of {}, no augmentation."
    both, neither, only = (
        np.argwhere(cells)[0]
        for cells in (
            (first > 0) & (second > 0),
            (first == 0) & (second == 0),
            (first == 0) & (second > 0),
        )
    )
    assert point_at(page, *both).endswith(f" points. {shows.format('Alpha')}")
    assert point_at(page, *neither).endswith(" points. No images to show.")
    assert point_at(page, *only).endswith(f" points. {shows.format('Delta')}")
    page.mouse.click(*middle_of(page, *only))
    expect(page).to_have_url(cell_address("delta-none", *only))
    page = show(watched, beasts, run=runs[0], matrix_against=runs[1], matrix_pair="side")
    assert point_at(page, *only, panel=0).endswith("No images of Alpha, no augmentation to show.")
    assert point_at(page, *only, panel=1).endswith(shows.format("Delta"))
    # The same cell, by keyboard in the other picture.
    page.locator(".stage").first.focus()
    for key in ("ArrowUp", "ArrowDown") if only[0] else ("ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator("#matrix-readout")).to_contain_text("No images of Alpha")


def test_a_press_that_ends_elsewhere_drags_nothing(watched: Watched, open_site: Open) -> None:
    page = show(watched, open_site("many-classes"), run="beta-none")
    page.get_by_role("button", name="Zoom in").click(click_count=3)
    stage = page.locator("confusion-matrix .stage")
    readout = page.locator("#matrix-readout")
    before = point_at(page, 20, 20)
    page.mouse.down(button="right")
    page.mouse.up(button="right")
    # The left button is let go of out of the window, which nobody is told of.
    stage.dispatch_event("pointerdown", {"button": 0, "isPrimary": True, "pointerType": "mouse"})
    scrolled = stage.evaluate("({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]")
    page.mouse.move(*middle_of(page, 22, 24), steps=4)
    assert stage.evaluate("({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]") == scrolled
    expect(readout).not_to_have_text(before)
    expect(readout).to_contain_text("called")
