"""Every table of the site can be taken away: as CSV and as LaTeX, or there is a reason why not."""

import csv
import io
from html.parser import HTMLParser
from pathlib import Path

import pytest

from experiments.results.store import ExperimentStore
from site_builder.pipeline import build_site
from tests.made_up import write_made_up_store
from tests.site_builder.changes import add_examples, fail, leave_out

REASONS = {
    "Confused pairs": "cells of the matrix, which the page of the run has as files",
    "Confusion matrix around the class": "the same, some of its classes added up",
    "Confusion matrix as a table": "the page of the run has it as files",
    "Epochs of the runs drawn": "of the epoch pointed at; the pages of the runs have all as files",
}
"""Tables without files, by their labels."""
EXPLAINING = {
    "configuration.html": "the TOML file is on the page, to copy, and holds what was configured",
    "pipeline": "tables explain what other pages and the store hold",
}
"""Pages whose tables have no files, by their name or folder."""


N_FURTHER = {"Images left out": 20, "How each run learned": -1}
"""Rows of files beyond the page's: it names 100 of 120 images; a run that failed is in no file."""


class Tables(HTMLParser):
    """Collects the labels of a page's tables, and what its downloads say that they are of.

    Attributes:
        labels: Labels of the tables.
        n_rows: Rows of a table that has data of its own; those of means over seeds are left out.
        files: Addresses of the files by the label of their table.
    """

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.labels: list[str] = []
        self.n_rows: dict[str, int] = {}
        self.files: dict[str, list[str]] = {}
        self._link: list[str] | None = None
        self._in_body = False
        self._region = ""
        self._href = ""
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if given.get("role") == "region":
            self._region = given["aria-label"]
        if tag == "table":
            self.labels.append(given.get("aria-label") or self._region)
            self.n_rows[self.labels[-1]] = 0
        if tag == "tbody":
            self._in_body = True
        is_mean = "data-group" in given or given.get("data-run", "").endswith("-mean-")
        if tag == "tr" and self._in_body and not is_mean:
            self.n_rows[self.labels[-1]] += 1
        if tag == "a" and "download" in given:
            self._link, self._href = [], given["href"]

    def handle_data(self, data: str) -> None:
        if self._link is not None:
            self._link.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "tbody":
            self._in_body = False
        if tag == "a" and self._link is not None:
            _, _, table = "".join(self._link).partition(" of ")
            self.files.setdefault(table, []).append(self._href)
            self._link = None


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExperimentStore, Path]:
    folder = tmp_path_factory.mktemp("downloads")
    store = write_made_up_store(folder, training_seeds=(0, 1), models=("alpha", "beta"))
    add_examples(store)
    leave_out(store, 120)
    fail(store, "beta-standard", "loss is not finite in epoch 2")
    build_site(store, folder / "site")
    return store, folder / "site"


def test_every_table_has_both_files_or_a_reason(built: tuple[ExperimentStore, Path]) -> None:
    pages = sorted(
        page
        for page in built[1].rglob("*.html")
        if page.name not in EXPLAINING and page.parent.name not in EXPLAINING
    )
    assert len(pages) > 8
    n_tables = 0
    for page in pages:
        tables = Tables(page)
        n_tables += len(tables.labels)
        for label in set(tables.labels) - REASONS.keys():
            files = [page.parent / href for href in tables.files.get(label, [])]
            assert [file.suffix for file in files] == [".csv", ".tex"], f"{page.name}: {label!r}"
            assert all(file.stat().st_size for file in files)
    assert n_tables > 30


def test_a_page_has_no_two_tables_of_one_name(built: tuple[ExperimentStore, Path]) -> None:
    for page in built[1].rglob("*.html"):
        labels = Tables(page).labels
        assert len(labels) == len(set(labels)), page


def test_files_have_a_row_for_every_row_of_the_page(built: tuple[ExperimentStore, Path]) -> None:
    """Of the agreement, CSV has a row for every two runs, and LaTeX the square of the page."""
    n_compared = 0
    for page in built[1].rglob("*.html"):
        tables = Tables(page)
        for label in tables.files.keys() & tables.n_rows.keys():
            of_csv, of_latex = (page.parent / href for href in tables.files[label])
            rows = list(csv.reader(io.StringIO(of_csv.read_text())))
            assert len({len(row) for row in rows}) == 1, of_csv
            text = of_latex.read_text()
            assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 1
            body = text.partition("\\midrule\n")[2].partition("\\bottomrule")[0]
            n_rows = body.count("\\\\\n")
            n_pairs = n_rows * (n_rows - 1) // 2
            assert len(rows) - 1 == (n_pairs if label.startswith("Agreement") else n_rows), of_csv
            assert n_rows == tables.n_rows[label] + N_FURTHER.get(label, 0), of_latex
            n_compared += 1
    assert n_compared > 30


def test_all_images_that_were_left_out_are_in_the_file(built: tuple[ExperimentStore, Path]) -> None:
    store, site = built
    rows = list(csv.reader(io.StringIO((site / "exports" / "left-out.csv").read_text())))
    unreadable = store.read_experiment().unreadable
    assert len(unreadable) == 120
    assert rows[1:] == [[image.path, image.reason] for image in unreadable]
