from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.loading import Experiment, load
from site_builder.naming import run_names
from site_builder.tables import performance_table, resources_table
from tests.made_up import write_made_up_store
from tests.site_builder.changes import forget_latency


def test_performance_agrees_with_scikit_learn(
    experiment: Experiment, store: ExperimentStore
) -> None:
    table = performance_table(experiment, run_names(experiment))
    assert [column.label for column in table.columns] == [
        "Accuracy", "Precision", "Recall", "F1", "Top-2",
    ]  # fmt: skip
    for row in table.rows:
        said = store.read_predictions(store.read_run(row.run_id), Split.TEST)
        chosen = said.top_classes[:, 0]
        macro = precision_recall_fscore_support(said.targets, chosen, average="macro")[:3]
        top2 = np.mean([t in k for t, k in zip(said.targets, said.top_classes[:, :2], strict=True)])
        expected = [accuracy_score(said.targets, chosen), *macro, top2]
        assert [float(cell.value) for cell in row.cells] == pytest.approx(expected, abs=1e-12)


def test_rows_fall_in_accuracy_and_bars_lie_on_one_axis(experiment: Experiment) -> None:
    rows = performance_table(experiment, run_names(experiment)).rows
    values = [float(row.cells[0].value) for row in rows]
    assert values == sorted(values, reverse=True)
    bars = [row.cells[0].bar for row in rows]
    assert all(bar is not None for bar in bars)
    ends = [(float(bar.low), float(bar.value), float(bar.high)) for bar in bars if bar]
    assert all(low < middle < high for low, middle, high in ends)
    assert min(low for low, _, _ in ends) == 2
    assert max(high for _, _, high in ends) == 98


def test_everything_that_reads_as_the_best_is_marked(experiment: Experiment) -> None:
    table = resources_table(experiment, run_names(experiment))
    for place, column in enumerate(table.columns):
        best = {row.run_id for row in table.rows if row.cells[place].best}
        assert best == {"alpha-none", "alpha-standard"}, column.key


def test_a_missing_number_has_a_reason_and_is_never_best(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    for run_id in ("alpha-none", "alpha-standard"):
        forget_latency(store, run_id, "the timer broke")
    experiment = load(store)
    table = resources_table(experiment, run_names(experiment))
    place = [column.key for column in table.columns].index("latency")
    cells = {row.run_id: row.cells[place] for row in table.rows}
    assert (cells["alpha-none"].value, cells["alpha-none"].reason) == ("", "the timer broke")
    assert {run_id for run_id, cell in cells.items() if cell.best} == {"beta-none", "beta-standard"}


def test_runs_that_differ_only_in_seed_have_different_names(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    run = store.read_run("beta-none")
    config = run.config.model_copy(update={"label": "Alpha", "seed": 1})
    store.write_run(run.model_copy(update={"config": config}))
    names = run_names(load(store))
    assert names["alpha-none"].full == "Alpha, no augmentation, seed 0"
    assert names["beta-none"].full == "Alpha, no augmentation, seed 1"


def test_names_that_would_be_equal_carry_the_run_id(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    run = store.read_run("beta-none")
    store.write_run(
        run.model_copy(update={"config": run.config.model_copy(update={"label": "Alpha"})})
    )
    names = run_names(load(store))
    assert names["beta-none"].full == "Alpha, no augmentation, beta-none"
    assert len(set(names.values())) == 4
