"""Exported tables: CSV read back by Arrow, LaTeX read back by a small parser."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from pyarrow import csv as arrow

from experiments.results.errors import OutputError
from experiments.results.store import ExperimentStore
from site_builder.exports.folder import export_tables
from site_builder.exports.latex import booktabs, escape
from site_builder.loading import load
from site_builder.pipeline import build_site
from tests.made_up import write_made_up_store
from tests.site_builder.changes import forget_latency, relabel

TEXTS = {"checks", "diagnoses", "learning-parameters"}
"""Tables without numbers: the last because these runs come without their layers."""
HOSTILE = (
    "=1+1",
    'comma, "quote"',
    "two\nlines",
    "null",
    "NaN",
    "<b>&amp;</b>",
    "__proto__",
    "漢 é",
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExperimentStore, Path]:
    folder = tmp_path_factory.mktemp("export")
    store = write_made_up_store(folder, class_names=HOSTILE)
    relabel(store, "alpha-none", "R&D_50% {x} [*] \\ ~^$#")
    relabel(store, "beta-none", "=SUM(A1:A9)")
    forget_latency(store, "beta-none", 'the timer "broke", twice')
    build_site(store, folder / "site")
    export_tables(load(store), folder / "site", folder / "tables")
    return store, folder / "tables"


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows by their first value; Arrow tells numbers from texts by the quotes."""
    table = arrow.read_csv(path, parse_options=arrow.ParseOptions(newlines_in_values=True))
    return {row[table.column_names[0]]: row for row in table.to_pylist()}


def test_numbers_survive_in_full(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    experiment = load(store)
    table = read(folder / "performance.csv")
    for run in experiment.runs:
        row = table[run.run_id]
        assert row["accuracy"] == run.accuracy
        assert (row["accuracy_low"], row["accuracy_high"]) == tuple(run.interval)
        assert row["macro_f1"] == run.macro.f1
        assert row["log_loss_nats"] == run.scores.log_loss.value
        costs = read(folder / "resources.csv")[run.run_id]
        assert run.cost is not None
        assert costs["n_parameters"] == run.cost.n_parameters
        assert costs["peak_memory_bytes"] == run.cost.peak_memory_bytes


def test_what_is_missing_says_why(exported: tuple[ExperimentStore, Path]) -> None:
    rows = read(exported[1] / "resources.csv")
    assert rows["beta-none"]["latency_ms"] is None
    assert 'latency_ms: the timer "broke", twice' in rows["beta-none"]["missing"]
    assert "latency_ms" not in rows["alpha-none"]["missing"]


def test_names_survive_as_they_are(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    classes = read(folder / "runs" / "alpha-none-classes.csv")
    assert list(classes) == list(HOSTILE)
    run = next(run for run in load(store).runs if run.run_id == "alpha-none")
    assert [row["n_images"] for row in classes.values()] == run.counts.support.tolist()
    assert [row["recall"] for row in classes.values()] == run.scores.classes.recall.tolist()
    matrix = read(folder / "runs" / "alpha-none-matrix.csv")
    assert run.matrix is not None
    counts = [[row[name] for name in HOSTILE] for row in matrix.values()]
    assert counts == run.matrix.tolist()
    assert list(matrix) == list(HOSTILE)
    runs = read(folder / "performance.csv")
    assert runs["beta-none"]["model"] == "=SUM(A1:A9)"


def test_every_text_is_quoted_and_no_number_is(exported: tuple[ExperimentStore, Path]) -> None:
    for path in exported[1].rglob("*.csv"):
        text = path.read_bytes().decode()
        rows = csv.reader(io.StringIO(text, newline=""), quoting=csv.QUOTE_NONNUMERIC)
        columns = [*zip(*[*rows][1:], strict=True)]
        # What is missing is an empty text.
        kinds = [{type(cell) for cell in column if cell != ""} for column in columns]
        assert all(len(of_column) <= 1 for of_column in kinds), path
        assert ({float} in kinds) == (path.stem not in TEXTS), path


def test_pairs_add_up_to_the_images(exported: tuple[ExperimentStore, Path]) -> None:
    pairs = arrow.read_csv(exported[1] / "pairs.csv").to_pylist()
    assert len(pairs) == 6  # of four runs
    runs = read(exported[1] / "performance.csv")
    for pair in pairs:
        counts = [pair[f"n_{part}"] for part in ("only_first", "only_second", "both", "neither")]
        assert sum(counts) == 60
        difference = runs[pair["first"]]["accuracy"] - runs[pair["second"]]["accuracy"]
        assert pair["accuracy_difference"] == pytest.approx(difference)
        assert pair["p_value_holm"] >= pair["p_value"]


@pytest.mark.parametrize(
    "name", ["performance.tex", "resources.tex", "runs/alpha-none-classes.tex"]
)
def test_latex_has_a_cell_for_every_number(
    exported: tuple[ExperimentStore, Path], name: str
) -> None:
    text = (exported[1] / name).read_text()
    rows = parse(text)
    assert len({len(row) for row in rows}) == 1
    n_columns = re.search(r"\\begin\{tabular\}\{(lr+)\}", text)
    assert n_columns is not None
    assert len(rows[0]) == len(n_columns[1])


def test_latex_names_are_what_they_were(exported: tuple[ExperimentStore, Path]) -> None:
    names = {row[0] for row in parse((exported[1] / "performance.tex").read_text())[1:]}
    assert "R&D_50% {x} [*] \\ ~^$#, no augmentation" in names
    assert "=SUM(A1:A9), no augmentation" in names
    classes = [row[0] for row in parse((exported[1] / "runs/alpha-none-classes.tex").read_text())]
    assert classes[1:] == [name.replace("\n", " ") for name in HOSTILE]


def test_a_row_that_begins_with_a_bracket_is_no_option_of_the_row_before() -> None:
    table = booktabs(["Run", "A"], [[("[x]", False), ("*", True)]])
    assert "\n{[}x] & \\textbf{{*}} \\\\\n" in table
    assert escape("a--b ''") == "a{-}{-}b {'}{'}"


def test_other_files_in_the_folder_stay(
    exported: tuple[ExperimentStore, Path], tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    n_files = export_tables(load(exported[0]), exported[1].with_name("site"), tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == n_files + 1


def test_a_folder_that_is_a_file_is_named(
    exported: tuple[ExperimentStore, Path], tmp_path: Path
) -> None:
    path = tmp_path / "taken"
    path.write_text("")
    with pytest.raises(OutputError, match=r"--export .*taken"):
        export_tables(load(exported[0]), exported[1].with_name("site"), path)


SPECIAL = {
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textless": "<",
    "textgreater": ">", "textbar": "|",
}  # fmt: skip
TOKEN = re.compile(r"\\([A-Za-z]+)|\\(.)|(.)", re.DOTALL)


def parse(text: str) -> list[list[str]]:
    """Read a tabular as LaTeX would: cells as plain text, braces balanced, no bare special."""
    body = text.split("\\toprule\n")[1].split("\\bottomrule")[0].replace("\\midrule\n", "")
    rows: list[list[str]] = []
    cell, row, depth = "", [], 0
    for command, escaped, plain in TOKEN.findall(body):
        if command:
            assert command in SPECIAL or command in ("textbf", "ensuremath", "pm", "times")
            cell += SPECIAL.get(command, "")
        elif escaped == "\\":
            rows.append([*row, cell.strip()])
            cell, row = "", []
        elif escaped:
            assert escaped in "&%$#_{}"
            cell += escaped
        elif plain == "&":
            row.append(cell.strip())
            cell = ""
        elif plain in "{}":
            depth += 1 if plain == "{" else -1
            assert depth >= 0
        else:
            assert plain not in "%$#_^"
            cell += "\N{NO-BREAK SPACE}" if plain == "~" else plain.replace("\n", "")
    assert depth == 0
    return rows
