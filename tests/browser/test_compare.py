"""compare.html in a real browser: the matrix, the tables, the address and the chart."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from experiments.results.schema import Split
from tests.browser.conftest import HOSTILE, Built, Watched

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]


def counted(site: Built, run_id: str) -> np.ndarray:
    """Count a run's cells one prediction at a time, not as the program does."""
    predictions = site.store.read_predictions(site.store.read_run(run_id), Split.TEST)
    n_classes = len(site.store.read_experiment().class_names)
    matrix = np.zeros((n_classes, n_classes), int)
    for target, chosen in zip(predictions.targets, predictions.top_classes[:, 0], strict=True):
        matrix[target, chosen] += 1
    return matrix


def point_at(page: Page, target: int, prediction: int) -> str:
    """Move the mouse to the middle of a cell and return what the page says of it."""
    stage = page.locator("confusion-matrix .stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    layout = page.locator("confusion-matrix").evaluate("element => element.layout")
    page.mouse.move(
        box["x"] + layout["left"] + (prediction + 0.5) * layout["cell"],
        box["y"] + layout["top"] + (target + 0.5) * layout["cell"],
    )
    return page.locator(".readout").inner_text()


def run_order(page: Page, table: str) -> list[str]:
    rows = page.locator(f"sortable-table[data-key={table}] tbody tr")
    return rows.evaluate_all("rows => rows.map(row => row.dataset.run)")


def show(page: Page, run_id: str) -> None:
    page.locator(f"sortable-table[data-key=performance] tr[data-run={run_id}] td").first.click()
    expect(page.locator(f"tr[data-run={run_id}] a[aria-current]")).to_have_count(2)
    label, variant = run_id.rsplit("-", 1)
    words = {"none": "no augmentation", "standard": "augmented"}[variant]
    expect(page.locator("[data-part=name]")).to_have_text(f"{label.title()}, {words}")


@pytest.mark.parametrize("run_id", ["alpha-none", "gamma-standard"])
def test_a_click_on_a_row_shows_that_runs_matrix(
    watched: Watched, open_site: Open, run_id: str
) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html")
    show(page, "beta-none")
    show(page, run_id)
    matrix = counted(site, run_id)
    names = site.store.read_experiment().class_names
    for target, prediction in np.ndindex(matrix.shape):
        n, whole = matrix[target, prediction], matrix[target].sum()
        said = point_at(page, target, prediction)
        verb = "was" if n == 1 else "were"
        assert said.startswith(
            f"{n} of {whole} images of “{names[target]}” {verb} called “{names[prediction]}” ("
        )
        assert said.endswith("\u00a0% of the row)")
    table = page.locator("[data-part=table] tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => +cell.textContent))"
    )
    assert table == matrix.tolist()
    drawn = page.locator("confusion-matrix svg text.count").all_text_contents()
    assert drawn == [str(n) for n in matrix.ravel() if n]
    accuracy = page.locator("[data-part=facts] dd").nth(1).inner_text().replace("\u00a0", " ")
    assert accuracy == f"{matrix.trace()} of {matrix.sum()} images"


def test_modes_change_what_a_cell_is_a_share_of(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html")
    show(page, "gamma-none")
    matrix = counted(site, "gamma-none")
    page.get_by_role("button", name="By column").click()
    expect(page.get_by_role("button", name="By column")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="By row")).to_have_attribute("aria-pressed", "false")
    said = point_at(page, 2, 1)
    assert said.startswith(f"{matrix[2, 1]} of {matrix[:, 1].sum()} images called “square”")
    page.get_by_role("button", name="Counts").click()
    opacity = page.locator("confusion-matrix .stage rect[fill-opacity]").evaluate_all(
        "cells => Math.max(...cells.map(cell => +cell.getAttribute('fill-opacity')))"
    )
    assert opacity == 1


def test_the_matrix_is_read_by_keyboard(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html")
    show(page, "beta-none")
    matrix = counted(site, "beta-none")
    page.locator(".stage").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):  # the first key goes to the first cell
        page.keyboard.press(key)
    assert (
        page.locator(".readout")
        .inner_text()
        .startswith(f"{matrix[1, 1]} of {matrix[1].sum()} images of “square” were called “square”")
    )
    assert page.locator(".readout").get_attribute("aria-live") == "polite"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")


def test_tables_sort_by_click_and_by_keyboard(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html")
    costs = {run: site.store.read_run(run).cost.latency_ms for run in run_order(page, "resources")}
    built = run_order(page, "resources")
    heading = page.locator("sortable-table[data-key=resources] th[data-column=latency]")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert run_order(page, "resources") == sorted(built, key=costs.__getitem__)
    heading.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert run_order(page, "resources") == sorted(built, key=lambda run: -costs[run])
    assert run_order(page, "performance") == built
    page.reload()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert run_order(page, "resources") == sorted(built, key=lambda run: -costs[run])
    page.go_back()
    expect(heading).to_have_attribute("aria-sort", "ascending")


def test_missing_values_sort_last_either_way(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    heading = page.locator("sortable-table[data-key=performance] th[data-column=f1]")
    lost = page.locator("sortable-table[data-key=performance] tbody tr").nth(1)
    run_id = lost.get_attribute("data-run")
    lost.locator("td").nth(4).evaluate("cell => { cell.dataset.value = ''; }")
    for direction in ("descending", "ascending"):
        heading.get_by_role("button").click()
        expect(heading).to_have_attribute("aria-sort", direction)
        assert run_order(page, "performance")[-1] == run_id


def test_rows_are_chosen_by_keyboard(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    first, second, third = run_order(page, "performance")[:3]
    page.locator(f"sortable-table[data-key=performance] tr[data-run={first}] a").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(f"tr[data-run={second}] a[aria-current]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator(f"tr[data-run={third}] a[aria-current]")).to_have_count(2)
    assert f"run={third}" in page.url


def test_the_address_keeps_the_choice(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    name = page.locator("[data-part=name]")
    show(page, "beta-standard")
    show(page, "gamma-none")
    page.reload()
    expect(name).to_have_text("Gamma, no augmentation")
    page.go_back()
    expect(name).to_have_text("Beta, augmented")
    page.go_forward()
    expect(name).to_have_text("Gamma, no augmentation")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.url.endswith("#run=gamma-none")


def test_an_unknown_run_gives_the_best(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html#run=__proto__")
    best = page.locator("#comparison").get_attribute("data-best")
    expect(page.locator(f"tr[data-run={best}] a[aria-current]")).to_have_count(2)
    right = max(
        ("alpha-none", "alpha-standard", "beta-none", "beta-standard", "gamma-none"),
        key=lambda run: counted(site, run).trace(),
    )
    assert counted(site, str(best)).trace() == counted(site, right).trace()


def test_the_summary_leads_to_a_run(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "index.html")
    page.locator(".ranking a").last.click()
    expect(page).to_have_url(re.compile(r"compare\.html#run=[a-z]+-[a-z]+$"))
    run_id = page.url.rpartition("=")[2]
    expect(page.locator(f"tr[data-run={run_id}] a[aria-current]")).to_have_count(2)


def test_above_sixty_classes_a_canvas_is_drawn(watched: Watched, open_site: Open) -> None:
    site = open_site("many-classes")
    page = watched.open(site, "compare.html")
    expect(page.locator("confusion-matrix canvas")).to_be_visible()
    matrix = counted(site, str(page.locator("#comparison").get_attribute("data-best")))
    cells = [*np.argwhere(matrix)[[0, 40, -1]].tolist(), np.argwhere(matrix == 0)[7].tolist()]
    for target, prediction in cells:
        said = point_at(page, target, prediction)
        n, whole = matrix[target, prediction], matrix[target].sum()
        assert said.startswith(f"{n} of {whole} images of “class {target}” ")
        assert f"called “class {prediction}” (" in said
        painted = page.locator("confusion-matrix canvas").evaluate(
            """(canvas, [x, y]) => canvas.getContext("2d").getImageData(x, y, 1, 1).data[3]""",
            page.locator("confusion-matrix").evaluate(
                """({ layout }, [target, prediction]) => [
                    layout.left + (prediction + 0.5) * layout.cell,
                    layout.top + (target + 0.5) * layout.cell].map(Math.floor)""",
                [target, prediction],
            ),
        )
        assert (painted > 0) == (n > 0)


def test_plotly_loads_only_when_asked(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    assert not [url for url in watched.requests if "plotly.min" in url or "/figures/" in url]
    page.get_by_role("button", name="Explore").focus()
    expect(page.locator(".plotly-live .main-svg").first).to_be_visible(timeout=20_000)
    assert len([url for url in watched.requests if "plotly.min" in url]) == 1
    expect(page.locator(".stills")).to_be_hidden()
    point = page.locator(".plotly-live .scatterlayer .trace .point").nth(4)
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("tr[data-run=gamma-none] a[aria-current]")).to_have_count(2)


def test_hostile_names_are_text(watched: Watched, open_site: Open) -> None:
    site = open_site("hostile")
    page = watched.open(site, "compare.html")
    expect(page.locator(".stage svg")).to_have_count(2)
    for place, name in enumerate(HOSTILE):
        assert f"“{name}”" in point_at(page, place, place)
    page.get_by_role("button", name="Explore").click()
    expect(page.locator(".plotly-live .main-svg").first).to_be_visible(timeout=20_000)
    point = page.locator(".plotly-live .scatterlayer .trace .point").first
    point.scroll_into_view_if_needed()
    point.hover(force=True)
    expect(page.locator(".hoverlayer")).to_contain_text(f"{HOSTILE[0]}, no augmentation")
    assert page.locator("img").count() == 0
    watched.open(site, "index.html")
    assert page.locator("img").count() == 0
    assert HOSTILE[0] in page.locator("main").inner_text()


def test_the_browser_rounds_as_the_build_does(watched: Watched, open_site: Open) -> None:
    from site_builder.formatting import share

    page = watched.open(open_site("shapes"), "compare.html")
    pairs = [(part, whole) for whole in (1, 3, 7, 40, 200, 999) for part in range(whole + 1)]
    shown = page.evaluate("pairs => pairs.map(pair => bakeoff.share(...pair))", pairs)
    assert shown == [share(part, whole) for part, whole in pairs]
