"""From a row of a table to the photographs behind it and back, with the keyboard alone."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Built, Watched
from tests.browser.errors_page import NAMES, listed, stored
from tests.browser.matrix_page import counted

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
RUN = "gamma-standard"


def tab_to(page: Page, selector: str, most: int = 150) -> None:
    """Press Tab until the focus is on what is meant, as a reader without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached with Tab")


def test_from_a_row_to_the_photographs_and_back(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    page = watched.open(site, "compare.html")
    name = page.locator("[data-part=name]")
    expect(name).not_to_have_text("Gamma, augmented")

    tab_to(page, "sortable-table[data-key=performance] tbody tr[data-run] a")
    for _ in range(6):
        if page.evaluate("document.activeElement.closest('tr').dataset.run") == RUN:
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"run={RUN}"))
    expect(name).to_have_text("Gamma, augmented")

    mistakes = counted(site, RUN)
    np.fill_diagonal(mistakes, 0)
    target, prediction = map(int, np.unravel_index(mistakes.argmax(), mistakes.shape))
    tab_to(page, "confusion-matrix [role=application]")
    readout = page.locator("#matrix-readout")
    page.keyboard.press("Home")
    for key in ["ArrowDown"] * target + ["ArrowRight"] * prediction:
        page.keyboard.press(key)
    expect(readout).to_contain_text(f"{mistakes.max()} of ")
    cell = re.compile(f"{NAMES[target]}.*{NAMES[prediction]}")
    expect(readout).to_contain_text(cell)
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(rf"errors\.html#view=cell.*run={RUN}"))
    said = re.compile(f"of “{NAMES[target]}” .*called “{NAMES[prediction]}” by Gamma, augmented")
    wanted = [
        place
        for place, of in enumerate(truth.targets)
        if of == target and truth.chosen(RUN, place) == prediction
    ]
    images = listed(page, said)
    assert sorted(images) == sorted(truth.named(wanted))

    tab_to(page, ".cards a")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    note = dialog.locator("header .note")
    first, second = (truth.keys.index(image) for image in images[:2])
    expect(note).to_contain_text(f"test/{first:05d}")
    expect(dialog.get_by_role("button", name="Previous")).to_be_disabled()
    tab_to(page, "dialog [data-step='1']", most=6)
    page.keyboard.press("Enter")
    expect(note).to_contain_text(f"test/{second:05d}")
    page.keyboard.press("ArrowLeft")
    expect(note).to_contain_text(f"test/{first:05d}")
    # Tab stays among the parts of the dialog, and of the window around the page.
    tab_to(page, "dialog [data-step=close]", most=6)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.matches('.cards li:first-child a')")

    # Alt and the left arrow, which a browser without a window does not know.
    page.go_back()
    expect(page).to_have_url(re.compile(rf"compare\.html#.*run={RUN}"))
    expect(name).to_have_text("Gamma, augmented")
