"""What is printed: in the colours of paper, with the tables that the screen folds."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Built, Watched
from tests.browser.matrix_page import counted, show
from tests.browser.paper import printed

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
PAPER_PX = 718
"""What A4 leaves between usual margins."""
PICTURE = "canvas => canvas.toDataURL()"


def choose_theme(page: Page, theme: str, screen: str) -> list[str]:
    """Choose a theme on a screen that prefers light or dark; return the colours then."""
    page.emulate_media(color_scheme=screen)
    button = page.locator("theme-toggle button")
    for _ in range(3):
        if button.inner_text() == f"Theme: {theme}":
            break
        button.click()
    expect(button).to_have_text(f"Theme: {theme}")
    return colours(page)


def colours(page: Page) -> list[str]:
    """Return the colours of the page: what is written, and what on."""
    found: list[str] = page.locator("body").evaluate(
        "body => ['color', 'backgroundColor'].map(name => getComputedStyle(body)[name])"
    )
    return found


def printed_table(page: Page) -> tuple[str, list[list[str]]]:
    """Return the caption of the matrix's table on paper, and what its cells say."""
    table = page.locator("[data-part=table]")
    expect(table).to_be_visible()
    rows: list[list[str]] = table.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].slice(1).map(cell => cell.innerText))"
    )
    return table.locator("caption").inner_text(), rows


@pytest.mark.parametrize(("theme", "screen"), [("auto", "dark"), ("dark", "light")])
def test_paper_is_light(watched: Watched, open_site: Open, theme: str, screen: str) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    dark = choose_theme(page, theme, screen)
    with printed(page):
        light = colours(page)
        assert light != dark
    assert colours(page) == dark
    page.emulate_media(color_scheme="light")
    choose_theme(page, "light", "light")
    assert colours(page) == light


@pytest.mark.parametrize(
    ("name", "opened", "canvas"),
    [
        ("many-classes", "compare.html#matrix-classes=all", "confusion-matrix canvas"),
        ("pictures", "errors.html#view=map&run=alpha-none", "embedding-map canvas"),
    ],
)
def test_what_scripts_paint_is_light_on_paper(
    watched: Watched, open_site: Open, name: str, opened: str, canvas: str
) -> None:
    page = watched.open(open_site(name), opened)
    picture = page.locator(canvas)
    expect(picture).to_be_visible()
    light = picture.evaluate(PICTURE)
    dark = None
    for theme, screen in (("dark", "light"), ("auto", "dark")):
        choose_theme(page, theme, screen)
        dark = dark or picture.evaluate(PICTURE)
        assert picture.evaluate(PICTURE) == dark != light
        picture.evaluate(
            f"""canvas => window.addEventListener("beforeprint", () => {{
                window.printed = ({PICTURE})(canvas);
            }}, {{ once: true }})"""
        )
        page.pdf()
        assert page.evaluate("window.printed") == light
        assert picture.evaluate(PICTURE) == dark


def test_the_matrix_is_printed_as_a_table(watched: Watched, beasts: Built) -> None:
    page = show(watched, beasts, run="alpha-none")
    details = page.locator("[data-part=details]")
    for run in ("alpha-none", "delta-none"):
        page.evaluate("run => bakeoff.write({ run })", run)
        label = run.removesuffix("-none").title()
        expect(page.locator("confusion-matrix [data-part=name]")).to_contain_text(label)
        assert not details.evaluate("details => details.open")
        with printed(page):
            caption, rows = printed_table(page)
            assert caption.startswith(f"{label}, no augmentation. Rows are true classes")
            assert [[int(text) for text in row] for row in rows] == counted(beasts, run).tolist()
            expect(page.locator("[data-part=controls]")).to_be_hidden()
        assert not details.evaluate("details => details.open")


@pytest.mark.parametrize("pair", ["difference", "side"])
def test_two_matrices_are_printed_as_one_table(watched: Watched, beasts: Built, pair: str) -> None:
    runs = ("alpha-none", "delta-none")
    page = show(watched, beasts, run=runs[0], matrix_against=runs[1], matrix_pair=pair)
    first, second = (counted(beasts, run) for run in runs)
    names = ["Alpha, no augmentation", "Delta, no augmentation"]
    with printed(page):
        caption, rows = printed_table(page)
    if pair == "difference":
        assert caption.startswith(f"{' minus '.join(names)}. Rows are")
        shown = [[int(text.replace("−", "-")) for text in row] for row in rows]
        assert shown == (first - second).tolist()
    else:
        assert caption.startswith(f"{' / '.join(names)}. Rows are")
        both = [[[int(n) for n in text.split("\u00a0/ ")] for text in row] for row in rows]
        assert both == np.stack([first, second], axis=-1).tolist()


def test_of_many_classes_what_can_be_read_is_printed(watched: Watched, open_site: Open) -> None:
    site = open_site("many-classes")
    page = show(watched, site)
    matrix = counted(site, str(page.locator("#comparison").get_attribute("data-best")))
    too_many = page.locator("[data-part=too-many]")
    with printed(page):
        _, rows = printed_table(page)
        assert len(rows) == 41
        box = page.locator("[data-part=table]").bounding_box()
        assert box is not None
        assert box["width"] < PAPER_PX
        assert sum(int(text) for row in rows for text in row) == matrix.sum()
        expect(too_many).to_be_hidden()
    page = show(watched, site, matrix_classes="all")
    with printed(page):
        expect(page.locator("[data-part=table]")).to_be_hidden()
        expect(too_many).to_be_visible()
        expect(page.locator("confusion-matrix canvas")).to_be_visible()
        expect(page.locator("[data-part=pairs] tr").first).to_be_visible()
