"""What tests read off a drawn confusion matrix, and what it ought to be."""

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import Locator, Page, expect

from experiments.__main__ import main
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from tests.browser.conftest import Built, Watched


def within(page: Page) -> Locator:
    """Return the confusion matrix and all that belongs to it."""
    return page.locator("confusion-matrix")


def show(watched: Watched, site: Built, **state: str) -> Page:
    """Open the comparison in a state that the address gives."""
    watched.page.goto("about:blank")
    hash_ = "&".join(f"{key.replace('_', '-')}={value}" for key, value in state.items())
    page = watched.open(site, f"compare.html#{hash_}")
    page.locator("confusion-matrix .cursor-layer").first.wait_for(state="attached")
    return page


def table(page: Page) -> list[list[str]]:
    """Open the table under the matrix and return its texts, headings first."""
    if not page.locator("[data-part=details]").evaluate("details => details.open"):
        within(page).get_by_text("The same matrix as a table").click()
    # It is filled when somebody looks, and then says of which run it is.
    name = page.locator("confusion-matrix [data-part=name]").inner_text().replace(" and ", " / ")
    expect(page.locator("[data-part=table] caption")).to_contain_text(f"{name}. Rows are")
    return page.locator("[data-part=table] tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def import_matrix(
    store: ExperimentStore, run: str, matrix: np.ndarray, names: list[str], folder: Path
) -> None:
    """Import a confusion matrix, of which it is not known what images are in its cells."""
    rows = [",".join(map(str, [name, *row])) for name, row in zip(names, matrix, strict=True)]
    file = folder / f"{run}.csv"
    file.write_text("\n".join([",".join(["", *names]), *rows]))
    import_file(store, run, file)


def import_file(store: ExperimentStore, run: str, file: Path) -> None:
    """Import results made elsewhere as anybody would."""
    words = ["import", str(file), "--experiment", store.folder.name, "--run", run]
    assert main([*words, "--results", str(store.folder.parent)]) == 0


def cell_address(run_id: str, target: int, prediction: int) -> re.Pattern[str]:
    query = f"view=cell&run={run_id}&target={target}&prediction={prediction}"
    return re.compile(rf"/errors\.html#{re.escape(query)}$")


def counted(site: Built, run_id: str) -> np.ndarray:
    """Count a run's cells one prediction at a time, not as the program does."""
    predictions = site.store.read_predictions(site.store.read_run(run_id), Split.TEST)
    n_classes = len(site.store.read_experiment().class_names)
    matrix = np.zeros((n_classes, n_classes), int)
    for target, chosen in zip(predictions.targets, predictions.top_classes[:, 0], strict=True):
        matrix[target, chosen] += 1
    return matrix


def middle_of(page: Page, row: int, column: int, panel: int = 0) -> tuple[float, float]:
    """Return where the middle of a cell is in the window."""
    stage = page.locator("confusion-matrix .stage").nth(panel)
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    left, top, cell, x, y = page.locator("confusion-matrix").evaluate(
        """(element, index) => {
            const { layout, stage } = element.panels[index];
            return [layout.left, layout.top, layout.cell, stage.scrollLeft, stage.scrollTop];
        }""",
        panel,
    )
    return box["x"] + left + (column + 0.5) * cell - x, box["y"] + top + (row + 0.5) * cell - y


def point_at(page: Page, row: int, column: int, panel: int = 0) -> str:
    """Move the mouse to the middle of a cell and return what the page says of it."""
    page.mouse.move(*middle_of(page, row, column, panel))
    return page.locator("#matrix-readout").inner_text().replace("\u00a0", " ")


def drawn(page: Page, n: int, panel: int = 0) -> np.ndarray:
    """Return the numbers in the cells as they stand in the picture; 0 where there is none."""
    texts = (
        page.locator("confusion-matrix .stage")
        .nth(panel)
        .evaluate(
            """stage => {
            const frame = stage.querySelector(".frame").getBoundingClientRect();
            return [...stage.querySelectorAll("text.count")].map(text => {
                const box = text.getBoundingClientRect();
                return [(box.y + box.height / 2 - frame.y) / frame.height,
                    (box.x + box.width / 2 - frame.x) / frame.width, text.textContent];
            });
        }"""
        )
    )
    matrix = np.zeros((n, n), int)
    for y, x, text in texts:
        matrix[int(y * n), int(x * n)] = int(text.replace("−", "-").replace(",", ""))
    return matrix


def labels(page: Page, panel: int = 0) -> list[str]:
    """Return the names beside the rows, from top to bottom, and check that the columns agree."""
    texts = (
        page.locator("confusion-matrix .stage")
        .nth(panel)
        .locator(".picture > svg:first-child > text:not(.axis-title)")
    )
    names = texts.all_text_contents()
    half = len(names) // 2
    assert names[:half] == names[half:]
    return names[:half]
