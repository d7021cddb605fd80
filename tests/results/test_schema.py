"""What a record refuses."""

from typing import Any

import pytest
from pydantic import ValidationError

from experiments.results.schema import (
    DatasetCard,
    RunRecord,
    SplitSummary,
    StoredFile,
    TrainingConfig,
)
from tests.made_up import made_up_run


def failed_run(**changes: Any) -> dict[str, Any]:
    """Return the JSON-like content of a failed run, changed."""
    run = made_up_run("made-up", "alpha", "none", 0)
    return run.model_copy(update={"failure": "the data vanished"}).model_dump() | changes


def test_the_unchanged_run_is_accepted() -> None:
    assert RunRecord.model_validate(failed_run()).status == "failed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"failure": ""}, "failure: given exactly when"),
        ({"status": "finished", "failure": ""}, "predictions: a finished run has predictions"),
        ({"best_epoch": 4}, "best_epoch: beyond the last epoch"),
        ({"history": failed_run()["history"][1:]}, "epochs must count 1, 2, 3"),
        ({"absent": {}}, "predictions, weights: null without a reason"),
        ({"absent": failed_run()["absent"] | {"cost": "?"}}, "cost: a reason in 'absent' but not"),
        ({"absent": failed_run()["absent"] | {"nonsense": "?"}}, "nonsense: a reason in 'absent'"),
        ({"run_id": "../elsewhere"}, "run_id"),
        ({"run_id": "a" * 101}, "run_id"),
        ({"schema_version": 0}, "schema_version"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_run_that_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RunRecord.model_validate(failed_run(**changes))


def imported_run(**changes: Any) -> dict[str, Any]:
    """Return the JSON-like content of an imported run, changed."""
    unknown = (
        "config", "preprocessing", "best_epoch", "stopped_early", "cost", "weights", "embedding",
        "provenance", "predictions",
    )  # fmt: skip
    run: dict[str, Any] = {
        "run_id": "mine",
        "experiment": "made-up",
        "status": "finished",
        "origin": "imported",
        "label": "Mine",
        "history": [],
        "counts": {"name": "counts.npz", "size_bytes": 1, "sha256": "0" * 64},
        "imported": {
            "kind": "confusion matrix",
            "file": None,
            "file_sha256": None,
            "imported_at": "2025-01-01T00:00:00Z",
            "bakeoff_version": "0.1.0",
            "absent": {"file": "arrays", "file_sha256": "arrays"},
        },
        "absent": dict.fromkeys(unknown, "imported"),
    }
    return run | dict.fromkeys(unknown) | changes


def test_the_unchanged_import_is_accepted() -> None:
    assert RunRecord.model_validate(imported_run()).origin == "imported"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": ""}, "label: given exactly when origin is 'imported'"),
        ({"origin": "trained"}, "config|provenance|label|imported"),
        ({"origin": "guessed"}, "origin"),
        ({"counts": None}, "counts: null without a reason"),
        ({"reported_metrics": {"accuracy": float("nan")}}, "reported_metrics.accuracy"),
        ({"config": failed_run()["config"]}, "config: a reason in 'absent' but not null"),
        (
            {
                "predictions": imported_run()["counts"],
                "absent": dict.fromkeys(imported_run()["absent"].keys() - {"predictions"}, "?"),
            },
            "predictions: a finished run has predictions, or counts instead",
        ),
    ],
)
def test_an_import_that_contradicts_itself_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        RunRecord.model_validate(imported_run(**changes))


def test_a_trained_run_has_nothing_of_an_import() -> None:
    for changes in ({"label": "Mine"}, {"counts": imported_run()["counts"]}):
        absent = {name: why for name, why in failed_run()["absent"].items() if name not in changes}
        with pytest.raises(ValidationError, match=f"{next(iter(changes))}: "):
            RunRecord.model_validate(failed_run(**changes, absent=absent))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_a_weight_decay_is_a_finite_amount(value: float) -> None:
    with pytest.raises(ValidationError, match="weight_decay"):
        TrainingConfig(weight_decay=value)


@pytest.mark.parametrize(
    "name", ["", "../secret.npz", "/etc/passwd", "a/b.npz", ".hidden", "a.npz\n", "A.npz", "a"]
)
def test_a_stored_file_lies_beside_its_record(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        StoredFile(name=name, size_bytes=1, sha256="0" * 64)


def test_class_counts_add_up() -> None:
    with pytest.raises(ValidationError, match="class_counts: must add up"):
        SplitSummary(n_images=3, class_counts=[1, 1], ids_sha256="0" * 64)


def test_a_record_cannot_be_changed() -> None:
    card = DatasetCard(name="n", description="d", licence="CC0", source="s", n_unreadable=0)
    with pytest.raises(ValidationError, match="frozen"):
        card.name = "other"  # type: ignore[misc]


def test_equal_configurations_have_equal_digests_and_others_do_not() -> None:
    assert TrainingConfig().digest() == TrainingConfig(batch_size=32).digest()
    assert TrainingConfig().digest() != TrainingConfig(batch_size=33).digest()
