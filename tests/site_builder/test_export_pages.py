"""The files of each page's tables, against scikit-learn and the stored predictions."""

import csv
import io
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    brier_score_loss,
    cohen_kappa_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

from experiments.results.predictions import Predictions
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.checks import Status
from site_builder.exports.folder import export_tables
from site_builder.loading import load
from site_builder.pipeline import build_site
from tests.made_up import write_made_up_store
from tests.site_builder.changes import fail

N_CLASSES = 6


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExperimentStore, Path]:
    folder = tmp_path_factory.mktemp("pages")
    store = write_made_up_store(
        folder,
        class_names=tuple(f"class {index}" for index in range(N_CLASSES)),
        n_images=150,
        training_seeds=(0, 1),
    )
    fail(store, "beta-standard-seed1", "loss is not finite in epoch 2")
    build_site(store, folder / "site")
    export_tables(load(store), folder / "site", folder / "tables")
    return store, folder / "tables"


def read(path: Path) -> list[dict[str, Any]]:
    """Return the rows, numbers as numbers, and None where there is none."""
    text = io.StringIO(path.read_bytes().decode(), newline="")
    return [
        {name: None if value == "" else value for name, value in row.items()}
        for row in csv.DictReader(text, quoting=csv.QUOTE_NONNUMERIC)
    ]


def said_by(store: ExperimentStore) -> dict[str, Predictions]:
    """Return what each finished run said of the test images."""
    runs = [store.read_run(run_id) for run_id in store.read_experiment().run_ids]
    return {
        run.run_id: store.read_predictions(run, Split.TEST)
        for run in runs
        if run.status == "finished"
    }


def test_the_ranking_has_means_over_seeds(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    right = {run: (s.predicted == s.targets).mean() for run, s in said_by(store).items()}
    rows = {row["run"]: row for row in read(folder / "ranking.csv")}
    assert [*rows] == sorted(rows, key=lambda run: -rows[run]["accuracy"])
    both = [right["alpha-none"], right["alpha-none-seed1"]]
    assert rows["alpha-none"]["n_seeds"] == 2
    assert rows["alpha-none"]["accuracy"] == pytest.approx(np.mean(both))
    assert rows["alpha-none"]["accuracy_deviation"] == pytest.approx(np.std(both, ddof=1))
    assert rows["alpha-none"]["accuracy_low"] is None
    alone = rows["beta-standard"]
    assert alone["accuracy_deviation"] is None
    assert alone["accuracy_low"] < alone["accuracy"] == right["beta-standard"]
    assert "Alpha, no augmentation & " in (folder / "ranking.tex").read_text()


def test_scores_are_those_of_scikit_learn(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    for run, said in said_by(store).items():
        rows = {row["score"]: row["value"] for row in read(folder / f"runs/{run}-scores.csv")}
        probabilities = np.empty(said.top_probabilities.shape)
        np.put_along_axis(probabilities, said.top_classes, said.top_probabilities, axis=1)
        one_hot = np.eye(N_CLASSES)[said.targets]
        wanted = {
            "accuracy": (said.predicted == said.targets).mean(),
            "cohen_kappa": cohen_kappa_score(said.targets, said.predicted),
            "matthews_correlation": matthews_corrcoef(said.targets, said.predicted),
            "top_5_accuracy": (said.target_ranks <= 5).mean(),
            "log_loss_nats": log_loss(
                said.targets, probabilities / probabilities.sum(axis=1, keepdims=True)
            ),
            "brier_score": brier_score_loss(
                one_hot.ravel(), probabilities.ravel().clip(0, 1)
            ) * N_CLASSES,
        }  # fmt: skip
        assert {name: rows[name] for name in wanted} == pytest.approx(wanted, rel=1e-5)
        averages = {row["average"]: row for row in read(folder / f"runs/{run}-averages.csv")}
        for average, row in averages.items():
            assert row["f1"] == pytest.approx(
                f1_score(said.targets, said.predicted, average=average)
            )


def test_classes_are_those_of_scikit_learn(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    for run, said in said_by(store).items():
        rows = read(folder / f"runs/{run}-classes.csv")
        precision, recall, f1, support = precision_recall_fscore_support(
            said.targets, said.predicted, labels=range(N_CLASSES), zero_division=np.nan
        )
        assert [row["n_images"] for row in rows] == support.tolist()
        for name, wanted in (("precision", precision), ("recall", recall), ("f1", f1)):
            found = [np.nan if row[name] is None else row[name] for row in rows]
            np.testing.assert_allclose(found, wanted)


def test_epochs_are_those_of_the_record(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    for run_id in store.read_experiment().run_ids:
        run = store.read_run(run_id)
        rows = read(folder / f"runs/{run_id}-epochs.csv")
        kept = [row["kept"] for row in rows]
        assert kept == [epoch.epoch == run.best_epoch for epoch in run.history]
        for row, epoch in zip(rows, run.history, strict=True):
            assert {name: row[name] for name in epoch.model_dump()} == epoch.model_dump()


def test_a_failed_run_has_its_epochs_alone(exported: tuple[ExperimentStore, Path]) -> None:
    files = {path.name for path in (exported[1] / "runs").glob("beta-standard-seed1-*")}
    assert files == {"beta-standard-seed1-epochs.csv", "beta-standard-seed1-epochs.tex"}


def test_bins_hold_every_image_once(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    for run, said in said_by(store).items():
        confidence, right = said.top_probabilities[:, 0], said.predicted == said.targets
        rows = read(folder / f"runs/{run}-confidence.csv")
        assert sum(row["n_images"] for row in rows) == 150
        for row in rows:
            inside = (confidence > row["confidence_low"]) & (confidence <= row["confidence_high"])
            assert row["n_images"] == inside.sum()
            assert row["accuracy"] == pytest.approx(right[inside].mean())
            assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]


def test_risks_are_counted_surest_first(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    for run, said in said_by(store).items():
        wrong = (said.predicted != said.targets)[np.argsort(-said.top_probabilities[:, 0])]
        rows = read(folder / f"runs/{run}-coverage.csv")
        assert len(rows) == 10
        for row in rows:
            n_images = int(row["n_images"])
            assert row["coverage"] == pytest.approx(n_images / 150)
            assert row["risk"] == pytest.approx(wrong[:n_images].mean())


def test_errors_and_agreement_are_counted(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    said = said_by(store)
    wrong = {run: {*np.flatnonzero(s.predicted != s.targets).tolist()} for run, s in said.items()}
    rows = {row["run"]: row for row in read(folder / "errors.csv")}
    for run, row in rows.items():
        others = [of for other, of in wrong.items() if other != run]
        assert row["n_wrong"] == len(wrong[run])
        assert row["n_only_right"] == len(set.intersection(*others) - wrong[run])
        assert row["n_only_wrong"] == len(wrong[run] - set.union(*others))
    pairs = read(folder / "agreement.csv")
    assert {frozenset((p["first"], p["second"])) for p in pairs} == {
        frozenset(pair) for pair in combinations(said, 2)
    }
    for pair in pairs:
        first, second = pair["first"], pair["second"]
        kappa = cohen_kappa_score(said[first].predicted, said[second].predicted)
        assert pair["kappa"] == pytest.approx(kappa)
        assert pair["n_wrong_in_both"] == len(wrong[first] & wrong[second])
        assert pair["n_wrong_in_either"] == len(wrong[first] | wrong[second])


def test_calibration_is_that_of_the_runs(exported: tuple[ExperimentStore, Path]) -> None:
    store, folder = exported
    said = said_by(store)
    rows = {row["run"]: row for row in read(folder / "calibration.csv")}
    assert rows.keys() == said.keys()
    for run, row in rows.items():
        confidence = said[run].top_probabilities[:, 0].astype(float)
        right = said[run].predicted == said[run].targets
        assert row["overconfidence"] == pytest.approx(confidence.mean() - right.mean())
        surest = ~right[np.argsort(-confidence)][:120]
        assert row["risk_at_80_percent"] == pytest.approx(surest.mean())


def test_every_check_is_in_the_file(exported: tuple[ExperimentStore, Path]) -> None:
    rows = read(exported[1] / "checks.csv")
    assert {"Images", "Predictions", "Pages"} <= {row["of"] for row in rows}
    assert {row["result"] for row in rows} <= {status.value for status in Status}
    assert len({row["check"] for row in rows}) == len(rows)


def test_a_matrix_too_large_for_the_site_is_exported(tmp_path: Path) -> None:
    names = tuple(f"class {index}" for index in range(101))
    store = write_made_up_store(
        tmp_path, class_names=names, n_images=202, models=("alpha",), augmentations=("none",)
    )
    build_site(store, tmp_path / "site")
    assert not [*(tmp_path / "site").rglob("*-matrix.csv")]
    export_tables(load(store), tmp_path / "site", tmp_path / "tables")
    rows = read(tmp_path / "tables" / "runs" / "alpha-none-matrix.csv")
    assert sum(row[name] for row in rows for name in names) == 202
