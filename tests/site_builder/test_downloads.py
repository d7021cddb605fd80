"""Every table of the site can be taken away: as CSV and as LaTeX, or there is a reason why not."""

import csv
import io
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.pipeline import build_site
from tests.made_up import write_made_up_store
from tests.site_builder.changes import add_examples, fail, leave_out

REASONS = {
    "Confused pairs": "cells of the matrix, which the page of the run has as files",
    "Confusion matrix around the class": "the same, some of its classes added up",
    "Confusion matrix as a table": "the page of the run has it as files",
    "What it is taken for": "a row of the matrices, which the pages of the runs have as files",
    "What is taken for it": "a column of them",
    "Epochs of the runs drawn": "of the epoch pointed at; the pages of the runs have all as files",
}
"""Tables without files, by their labels."""
EXPLAINING = {
    "configuration.html": "the TOML file is on the page, to copy, and holds what was configured",
    "pipeline": "most tables explain what other pages and the store hold",
}
"""Pages of which only some tables have files, by their name or folder."""


N_FURTHER = {"Images left out": 20, "How each run learned": -1}
"""Rows of files beyond the page's: it names 100 of 120 images; a failed run is in no file."""


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
    older = write_made_up_store(folder / "older", models=("alpha", "gamma"), seed=1)
    build_site(store, folder / "site", compare_with=older.folder)
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


def compared(site: Path, further: dict[str, int]) -> list[str]:
    """Hold the files of every table against the page; return the labels of the tables.

    Of the agreement, CSV has a row for every two runs, and LaTeX the square of the page.

    Args:
        site: A built site.
        further: How many rows the files of a table have beyond the page's.
    """
    labels = []
    for page in site.rglob("*.html"):
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
            assert n_rows == tables.n_rows[label] + further.get(label, 0), of_latex
            labels.append(label)
    return labels


def test_files_have_a_row_for_every_row_of_the_page(built: tuple[ExperimentStore, Path]) -> None:
    assert len(compared(built[1], N_FURTHER)) > 30


def test_what_an_experiment_is_made_of_can_be_taken_away(
    walked_store: ExperimentStore, walked_site: Path
) -> None:
    wanted = {
        "Splits", "Runs", "Images of every class", "Normalisation constants of every model",
        "Mean and deviation of the training images", "Parameters that learn, of every model",
    }  # fmt: skip
    assert wanted <= {*compared(walked_site, {})}
    exports, record = walked_site / "exports", walked_store.read_experiment()
    counts = list(csv.reader(io.StringIO((exports / "class-counts.csv").read_text())))
    assert counts[0] == ["class", "train", "val", "test", "all"]
    for index, row in enumerate(counts[1:]):
        of = [record.splits[split].class_counts[index] for split in Split]
        assert row == [record.class_names[index], *map(str, (*of, sum(of)))]
    runs = list(csv.DictReader(io.StringIO((exports / "stored-runs.csv").read_text())))
    assert sorted(row["run"] for row in runs) == sorted(record.run_ids)
    for row in runs:
        run = walked_store.read_run(row["run"])
        assert run.provenance is not None
        assert datetime.fromisoformat(row["started_at"]) == run.provenance.started_at
        assert row["config_sha256"] == run.provenance.config_sha256
    pixels = list(csv.reader(io.StringIO((exports / "pixels.csv").read_text())))
    assert pixels[1:] == [
        ["Red", "0.48", "0.27", "0.22"],
        ["Green", "0.45", "0.26", "0.21"],
        ["Blue", "0.4", "0.25", "0.2"],
    ]


def test_all_images_that_were_left_out_are_in_the_file(built: tuple[ExperimentStore, Path]) -> None:
    store, site = built
    rows = list(csv.reader(io.StringIO((site / "exports" / "left-out.csv").read_text())))
    unreadable = store.read_experiment().unreadable
    assert len(unreadable) == 120
    assert rows[1:] == [[image.path, image.reason] for image in unreadable]
