"""Every check passes on an untouched store, and fails on one that was tampered with."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.results.errors import InconsistentError
from experiments.results.predictions import Predictions
from experiments.results.schema import Split, Unfreezing
from experiments.results.store import ExperimentStore
from site_builder.checks import check_store
from site_builder.checks.base import Finding, Status
from site_builder.checks.near_duplicates import nearest
from site_builder.checks.numbers import Times
from site_builder.loading import load
from site_builder.pipeline import build_site
from tests.architectures import add_architecture
from tests.feature_maps import add_feature_maps
from tests.made_up import write_made_up_store
from tests.site_builder.tampering import (
    RUN,
    Change,
    change_cost,
    change_run,
    change_samples,
    damage_weights,
    finish_at_once,
    history,
    in_predictions,
    in_sample,
    lose_a_hit,
    lose_atlas,
    lose_parameter,
    lose_weights,
    map_class,
    map_image,
    report,
    respond_to,
    sha256_of_test_image,
    swap_class_counts,
    walk,
)
from tests.walkthrough import add_walkthroughs

FREED = Unfreezing(epoch=3, stage="layer4")


@pytest.fixture
def store(tmp_path: Path) -> ExperimentStore:
    store = write_made_up_store(tmp_path / "results")
    add_feature_maps(store)
    add_architecture(store, *store.read_experiment().run_ids)
    add_walkthroughs(store)
    return store


def findings(store: ExperimentStore) -> dict[str, Finding]:
    groups = check_store(load(store))
    return {type(r.rule).__name__: r.finding for group in groups for r in group.results}


LAST = (3, 2)  # the last of three classes of the fourth image
TAMPERED: list[tuple[str, Change, str]] = [
    ("AsRecorded", in_sample("train/00000", target=2), "splits.train.class_counts"),
    ("AsRecorded", in_sample("val/00000", sample_id="val/x"), "splits.val.ids_sha256"),
    ("DisjointIds", in_sample("train/00003", sample_id="test/00007"), "in train and in test"),
    ("DisjointContents", sha256_of_test_image, "test/00007 is the same file as train image"),
    ("SameImages", in_predictions("sample_ids", 3, "x"), "1 image not of the split, such as x"),
    ("SameImages", in_predictions("sample_ids", 3, "x"), "1 image left out, such as test/00003"),
    ("SameImages", in_predictions("sample_ids", 3, "test/00004"), "left out"),
    ("SameTargets", in_predictions("targets", 3, 1), "such as test/00003, of another class"),
    ("KnownClasses", in_predictions("top_classes", LAST, 3), "beyond the last"),
    ("KnownClasses", in_predictions("top_classes", LAST, -1), "beyond the last"),
    ("KnownClasses", in_predictions("top_classes", 3, 0), "ranked twice"),
    ("NoMissingNumbers", in_predictions("top_probabilities", LAST, np.nan), "test/00003, with NaN"),
    ("NoMissingNumbers", in_predictions("target_probabilities", 3, np.inf), "with NaN or infinity"),
    ("Probabilities", in_predictions("top_probabilities", LAST, -0.1), "outside 0 to 1"),
    ("Probabilities", in_predictions("target_probabilities", 3, 1.1), "outside 0 to 1"),
    ("Probabilities", in_predictions("top_probabilities", 3, [0.3, 0.5, 0.2]), "rises"),
    ("Probabilities", in_predictions("top_probabilities", 3, [0.5, 0.4, 0.2]), "more than 1"),
    ("Probabilities", in_predictions("top_probabilities", 3, [0.5, 0.4, 0.0]), "less than 1"),
    ("Ranks", in_predictions("target_ranks", slice(None), 3), "with another rank"),
    ("Ranks", in_predictions("target_probabilities", 3, 0.12345), "two probabilities"),
    ("RowSums", swap_class_counts, "20 images of 'circle', but the split has 19"),
    ("ReportedMetrics", report(accuracy=0.11), "given as 0.11"),
    ("ReportedMetrics", report(macro_f1=0.1), "given as 0.1"),
    ("EpochsRun", history(3, 2, most=3, stopped_early=False), "2 epochs"),
    ("EpochsRun", history(1.0, most=1), "stopped_early is True after 1 epoch"),
    ("EpochsRun", history(1, 2, 2, 2, 2), "training would have ended after 20"),
    ("EpochsRun", history(1, 2, 2, 2, 2, 2, 2), "training would have ended after 6"),
    ("EpochsRun", history(1, 0.9995, 0.9991, 2, 2, 2, 2), "would have ended after 6"),
    ("EpochsRun", history(3, 2, 1, most=2, stopped_early=False), "would have ended after 2"),
    ("EpochsRun", history(1, 2, 2, 2, 2, 2, unfreezings=[FREED]), "would have ended after 20"),
    ("BestEpoch", lambda store: change_run(store, best_epoch=2), "epoch 3 has the lowest loss"),
    ("KeptValidation", lambda store: change_run(store, best_epoch=2), "epoch 2 got "),
    ("KeptValidation", lose_a_hit, "right, the predictions "),
    ("Times", lambda store: change_cost(store, latency_p95_ms=1.9), "less than the median"),
    ("Times", lambda store: change_cost(store, train_time_s=4.4), "longer than cost.train_time_s"),
    ("Operations", lambda store: change_cost(store, flops=530_000_000), "2.21 ×"),
    ("Operations", lambda store: change_cost(store, flops=109_000_000), "0.454 ×"),
    ("ArchitectureTotals", lambda store: change_cost(store, flops=250_000_002),
     "the layers have 250,000,000 FLOPs, the model 250,000,002"),
    ("ArchitectureTotals", lose_parameter, "the layers have 999,999 parameters, the model 1,000,0"),
    ("StoredFiles", damage_weights, "weights: the content of model.safetensors is not what"),
    ("StoredFiles", lose_weights, "weights: model.safetensors is missing"),
    ("StoredFiles", lose_atlas, "atlases.4, file: image1_layer1.webp is missing"),
    ("MappedImages", map_image("test/x"), "test/x is not in the test split"),
    ("MappedImages", respond_to(60), "top_images of layer1 has a place beyond the test split"),
    ("MappedImages", respond_to(0, n_channels=5), "5 channels of layer1, not 24"),
    ("EvidenceClasses", map_class, "the map of its prediction is for class"),
    ("WalkedImages", walk(sample_id="val/00000"), "val/00000 is not in the test split"),
    ("WalkedImages", walk(classes=[0, 3, 1]), "it names class 3, of 3 classes from 0"),
    ("WalkedImages", walk(classes=[0], logits=[1.0], probabilities=[1.0]), "it names one class"),
]  # fmt: skip


def test_an_untouched_store_passes_every_check(store: ExperimentStore) -> None:
    found = findings(store)
    noting = {"NearDuplicates", "DistinctClasses", "Clock"}
    assert {name for name, _, _ in TAMPERED} | noting == set(found)
    assert found.pop("ReportedMetrics").status == Status.NOT_POSSIBLE
    assert {finding.status for finding in found.values()} == {Status.PASSED}
    assert found["DisjointIds"].found == "60 train, 60 val and 60 test images, no id in two splits"
    assert found["Ranks"].found.startswith("in all 4\u00a0runs ")


@pytest.mark.parametrize(("check", "change", "detail"), TAMPERED)
def test_a_tampered_store_fails(
    store: ExperimentStore, check: str, change: Change, detail: str
) -> None:
    change(store)
    finding = findings(store)[check]
    assert finding.status == Status.FAILED
    assert detail in "\n".join(finding.details).replace("\u00a0", " ")


@pytest.mark.parametrize("change", [change for name, change, _ in TAMPERED if "Walked" in name])
def test_a_walkthrough_that_fails_its_check_is_not_shown(
    store: ExperimentStore, tmp_path: Path, change: Change
) -> None:
    change(store)
    with pytest.raises(InconsistentError, match="Walkthroughs are of test images"):
        build_site(store, tmp_path / "site")
    build_site(store, tmp_path / "site", allow_inconsistent=True)
    shard = (tmp_path / "site" / "data" / "pipeline" / f"{RUN}.js").read_text(encoding="utf-8")
    assert "no image was followed through it yet" in shard


@pytest.mark.parametrize(
    "change",
    [
        history(1, 2, 2, 2, 2, 2),
        # Patience counts from the epoch that frees the last stage.
        history(1, 2, 2, 2, 2, 2, 2, unfreezings=[FREED]),
        history(1, 2, 2, 2, 2, 2, unfreezings=[FREED], schema_version=3),
        history(1, 0.999, 2, 2, 2, 2, 2),
        history(1, 0.9, 0.8, most=3, stopped_early=False),
        history(1, 2, 2, 2, 2, 2, most=6, stopped_early=False),
    ],
)
def test_histories_that_end_as_they_must_pass(store: ExperimentStore, change: Change) -> None:
    change(store)
    assert findings(store)["EpochsRun"].status == Status.PASSED


def test_a_clock_that_was_set_back_is_noted(store: ExperimentStore) -> None:
    finish_at_once(store)
    finding = findings(store)["Clock"]
    assert finding.status == Status.NOTED
    assert finding.details == (f"{RUN}: from 2025-01-01 00:00:00 UTC to 2025-01-01 00:00:00 UTC",)
    assert findings(store)["Times"].status == Status.PASSED


def test_work_that_was_found_done_may_take_no_time(store: ExperimentStore) -> None:
    change_cost(store, reading_time_s=0.0, features_time_s=0.0, absent={})
    assert findings(store)["Times"].status == Status.PASSED


def test_classes_that_differ_only_in_space_are_noted(store: ExperimentStore) -> None:
    record = store.read_experiment()
    names = ["circle", "star ", "star"]
    store.write_experiment(record.model_copy(update={"class_names": names}), None)
    finding = findings(store)["DistinctClasses"]
    assert finding.status == Status.NOTED
    assert finding.found == "2\u00a0classes that differ only in space"
    assert finding.details == ("'star '", "'star'")


def test_where_no_validation_predictions_are_stored_they_are_held_against_nothing(
    store: ExperimentStore,
) -> None:
    said = {Split.TEST: store.read_predictions(store.read_run(RUN), Split.TEST)}
    change_run(store, predictions=store.write_predictions(RUN, said))
    finding = findings(store)["KeptValidation"]
    assert finding.status == Status.PASSED
    assert finding.details == (f"{RUN}: its validation predictions cannot be read",)


@pytest.mark.parametrize("latency", [0.0, -1.0, float("inf"), float("nan")])
def test_impossible_times_are_found_though_no_record_may_hold_them(
    store: ExperimentStore, latency: float
) -> None:
    experiment = load(store)
    run = experiment.runs[0]
    assert run.cost is not None
    cost = run.cost.model_copy(update={"latency_ms": latency})
    wrong = replace(run, record=run.record.model_copy(update={"cost": cost}))
    assert Times().problem(experiment, run) == ""
    assert Times().problem(experiment, wrong).startswith("cost.latency_ms is ")


def test_predictions_in_another_order_are_of_the_same_images(store: ExperimentStore) -> None:
    run = store.read_run(RUN)
    said = {split: store.read_predictions(run, split) for split in (Split.VAL, Split.TEST)}
    shuffle = np.random.default_rng(0).permutation(60)
    arrays = {name: array[shuffle] for name, array in vars(said[Split.TEST]).items()}
    said[Split.TEST] = Predictions(**arrays)
    change_run(store, predictions=store.write_predictions(RUN, said))
    found = findings(store)
    assert found["SameImages"].status == found["SameTargets"].status == Status.PASSED


def test_a_score_rounded_as_it_was_given_agrees(store: ExperimentStore) -> None:
    accuracy = load(store).runs[0].accuracy
    for given_ in (accuracy, round(accuracy, 3), round(accuracy, 2)):
        change_run(store, reported_metrics={"accuracy": given_})
        assert findings(store)["ReportedMetrics"].status == Status.PASSED
    change_run(store, reported_metrics={"accuracy": round(accuracy, 3) + 0.002})
    assert findings(store)["ReportedMetrics"].status == Status.FAILED


def test_a_score_given_with_an_exponent_has_its_decimals(store: ExperimentStore) -> None:
    """1e-05 has five decimals, so a log loss of 0.001 is another one."""
    said = store.read_predictions(store.read_run(RUN), Split.TEST)
    logits = np.where(np.arange(3) == said.targets[:, None], np.log(2 / 0.001), 0.0)
    sure = Predictions.from_logits(said.sample_ids, said.targets, logits)
    change_run(store, predictions=store.write_predictions(RUN, {Split.TEST: sure}))
    assert load(store).runs[0].scores.log_loss.value == pytest.approx(0.001, rel=1e-3)
    for given_, status in ((0.001, Status.PASSED), (1e-05, Status.FAILED)):
        change_run(store, reported_metrics={"log_loss": given_})
        assert findings(store)["ReportedMetrics"].status == status


def test_scores_that_nothing_can_be_held_against_are_noted_by_name(store: ExperimentStore) -> None:
    accuracy = load(store).runs[0].accuracy
    change_run(store, reported_metrics={"accuracy": accuracy, "auc": 0.5, "macro_kappa": 0.1})
    finding = findings(store)["ReportedMetrics"]
    assert finding.status == Status.NOTED
    assert "2\u00a0scores could be held against nothing" in finding.found
    assert len(finding.details) == 2
    assert finding.details[0].startswith(f"{RUN}: auc, which is none of accuracy, balanced_accur")
    change_run(store, reported_metrics={"auc": 0.5})
    assert findings(store)["ReportedMetrics"].status == Status.NOTED
    # What is wrong is not hidden by what is not known.
    change_run(store, reported_metrics={"accuracy": accuracy / 2, "auc": 0.5})
    assert findings(store)["ReportedMetrics"].status == Status.FAILED


@pytest.mark.parametrize(("flips", "status"), [(0b11, Status.NOTED), (0b111, Status.PASSED)])
def test_near_duplicates_are_noted_by_name(
    store: ExperimentStore, flips: int, status: Status
) -> None:
    dhash = next(s.dhash for s in store.read_samples() if s.sample_id == "train/00003")
    in_sample("test/00007", dhash=f"{int(dhash, 16) ^ (flips << 40):016x}")(store)
    finding = findings(store)["NearDuplicates"]
    assert finding.status == status
    if status == Status.NOTED:
        assert finding.found == "1\u00a0test image like one of a split before"
        assert finding.details == (
            "test image test/00007 resembles train image train/00003: 2\u00a0bits different",
        )
        assert findings(store)["DisjointContents"].status == Status.PASSED


def test_ten_of_many_are_named(store: ExperimentStore) -> None:
    change_samples(store, lambda sample: {"dhash": "0" * 16})
    finding = findings(store)["NearDuplicates"]
    assert finding.found == "60\u00a0val images and 60\u00a0test images like one of a split before"
    assert len(finding.details) == 11
    assert finding.details[-1] == "and 110 more"


def slow_nearest(hashes: list[int], others: list[int]) -> list[int]:
    """Return the least distance of each hash to any other, or -1 beyond 2, by trying them all."""
    least = [min(((a ^ b).bit_count() for b in others), default=64) for a in hashes]
    return [distance if distance <= 2 else -1 for distance in least]


@given(st.data())
def test_near_hashes_are_found_as_by_trying_all(data: st.DataObject) -> None:
    base = data.draw(st.integers(0, 2**64 - 1))
    near = st.lists(st.integers(0, 63), max_size=3).map(
        lambda bits: base ^ sum(1 << bit for bit in set(bits))
    )
    hashes = data.draw(st.lists(near | st.integers(0, 2**64 - 1), max_size=8))
    others = data.draw(st.lists(near | st.integers(0, 2**64 - 1), max_size=8))
    found, distances = nearest(np.array(hashes, np.uint64), np.array(others, np.uint64))
    assert distances.tolist() == slow_nearest(hashes, others)
    for hash_, other, distance in zip(hashes, found.tolist(), distances.tolist(), strict=True):
        assert distance < 0 or (other in others and (hash_ ^ other).bit_count() == distance)


def make_version_1(store: ExperimentStore) -> None:
    """Write samples.csv as version 1 did: no training images, no digests."""
    path = store.folder / "samples.csv"
    with path.open(newline="") as file:
        rows = [row[:6] for row in csv.reader(file) if row[1] != "train"]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    record = json.loads((store.folder / "experiment.json").read_text())
    record["schema_version"] = 1
    (store.folder / "experiment.json").write_text(json.dumps(record))


def test_an_older_store_is_read_and_what_it_cannot_tell_is_said(store: ExperimentStore) -> None:
    make_version_1(store)
    found = findings(store)
    no_train = "the table of images does not list those of train"
    assert found["DisjointIds"] == Finding(Status.NOT_POSSIBLE, no_train)
    for name, what in (("DisjointContents", "sha256"), ("NearDuplicates", "dhash")):
        assert found[name].status == Status.NOT_POSSIBLE
        assert found[name].found == f"the {what} of 120\u00a0images is not recorded"
    assert not [name for name, finding in found.items() if finding.status == Status.FAILED]
