"""What changed since older results, against counts worked out by hand."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.results.errors import ConfigError
from experiments.results.predictions import Predictions
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.changes import Verdict, changes_since, older_store
from site_builder.loading import Experiment, load
from site_builder.pages.changes import changes
from site_builder.pipeline import build_site
from site_builder.prepared import load_with_older
from site_builder.summary import summary
from tests.made_up import write_made_up_store
from tests.site_builder.changes import fail, relabel

N = 60


def answer(
    store: ExperimentStore, run_id: str, wrong: range, *, backwards: bool = False, to: int = 1
) -> None:
    """Let a run be right about every test image but these, which it takes for `to` classes on."""
    run = store.read_run(run_id)
    said = {split: store.read_predictions(run, split) for split in (Split.VAL, Split.TEST)}
    test = said[Split.TEST]
    scores = np.zeros((N, 3))
    scores[np.arange(N), test.targets] = 5.0
    scores[list(wrong)] = np.roll(scores[list(wrong)], to, axis=1)
    order = np.arange(N)[:: -1 if backwards else 1]
    said[Split.TEST] = Predictions.from_logits(
        test.sample_ids[order], test.targets[order], scores[order]
    )
    stored = store.write_predictions(run_id, said)
    store.write_run(run.model_copy(update={"predictions": stored}))


@pytest.fixture
def stores(tmp_path: Path) -> tuple[ExperimentStore, ExperimentStore]:
    """Older and present results of four runs each; one of either is not in the other."""
    names = ("alpha", "beta", "gamma", "delta")
    old = write_made_up_store(tmp_path / "old", models=names, augmentations=("none",), n_images=N)
    new = write_made_up_store(
        tmp_path / "new", models=(*names[:3], "epsilon"), augmentations=("none",), n_images=N
    )
    # Alpha gains 10 images, beta loses 9 and lists them backwards, gamma gains 5 and loses 5.
    answer(old, "alpha-none", range(10))
    answer(new, "alpha-none", range(0))
    answer(old, "beta-none", range(0))
    answer(new, "beta-none", range(9), backwards=True)
    answer(old, "gamma-none", range(5))
    answer(new, "gamma-none", range(5, 10))
    return old, new


def test_verdicts_are_those_of_the_exact_test_after_holms_correction(
    stores: tuple[ExperimentStore, ExperimentStore],
) -> None:
    found = {change.run_id: change for change in changes_since(load(stores[0]), load(stores[1]))}
    assert {run_id: change.verdict for run_id, change in found.items()} == {
        "alpha-none": Verdict.BETTER,
        "beta-none": Verdict.WORSE,
        "gamma-none": Verdict.UNDECIDED,
        "epsilon-none": Verdict.NEW,
        "delta-none": Verdict.GONE,
    }
    # Two-sided sign test: 2 / 2^10 and 2 / 2^9, then times 3 and 2 by Holm; 5 against 5 is 1.
    assert found["alpha-none"].adjusted_p_value == pytest.approx(3 * 2 / 2**10)
    assert found["beta-none"].adjusted_p_value == pytest.approx(2 * 2 / 2**9)
    assert found["gamma-none"].adjusted_p_value == 1
    paired = found["beta-none"].paired
    assert paired is not None
    assert (paired.n_only_first, paired.n_only_second, paired.n_both) == (0, 9, 51)
    assert paired.difference == pytest.approx(-9 / 60)


def test_a_difference_that_correction_takes_away_is_none(tmp_path: Path) -> None:
    stores = [
        write_made_up_store(tmp_path / age, augmentations=("none",), n_images=N)
        for age in ("old", "new")
    ]
    # 6 to 0 alone is p = 2 / 64 = 0.031; of two runs, 0.0625.
    for run_id in ("alpha-none", "beta-none"):
        answer(stores[0], run_id, range(6))
        answer(stores[1], run_id, range(0))
    found = changes_since(load(stores[0]), load(stores[1]))
    assert [change.adjusted_p_value for change in found] == [pytest.approx(4 / 64)] * 2
    assert {change.verdict for change in found} == {Verdict.UNDECIDED}


def test_the_same_is_who_answers_every_image_as_before(tmp_path: Path) -> None:
    stores = [
        write_made_up_store(tmp_path / age, augmentations=("none",), n_images=N)
        for age in ("old", "new")
    ]
    # Alpha lists the same answers backwards; beta is wrong about one image as before, otherwise.
    answer(stores[0], "alpha-none", range(7))
    answer(stores[1], "alpha-none", range(7), backwards=True)
    answer(stores[0], "beta-none", range(1))
    answer(stores[1], "beta-none", range(1), to=2)
    found = {change.run_id: change for change in changes_since(load(stores[0]), load(stores[1]))}
    assert found["alpha-none"].verdict == Verdict.SAME
    assert found["beta-none"].verdict == Verdict.UNDECIDED
    assert [change.adjusted_p_value for change in found.values()] == [1, 1]


def test_other_images_are_not_compared(tmp_path: Path) -> None:
    old = write_made_up_store(tmp_path / "old", augmentations=("none",), n_images=30)
    new = write_made_up_store(tmp_path / "new", augmentations=("none",), n_images=33)
    for change in changes_since(load(old), load(new)):
        assert change.verdict == Verdict.UNTESTED
        assert change.reason == "the test images are others"
        assert change.paired is None


def with_classes(experiment: Experiment, names: tuple[str, ...]) -> Experiment:
    record = experiment.record.model_copy(update={"class_names": list(names)})
    return replace(experiment, record=record)


def with_targets(experiment: Experiment, new_index: tuple[int, ...]) -> Experiment:
    """Number the classes otherwise, in what is stored of every run."""
    numbered = np.array(new_index)
    runs = [
        replace(run, predictions=replace(
            run.predictions, targets=numbered[run.predictions.targets],
            top_classes=numbered[run.predictions.top_classes],
        ))
        for run in experiment.runs
    ]  # fmt: skip
    return replace(experiment, runs=tuple(runs))


def test_images_that_are_labelled_otherwise_are_not_compared(store: ExperimentStore) -> None:
    old = load(store)
    renamed = with_classes(old, ("circle", "square", "heart"))
    swapped = with_classes(old, ("square", "circle", "star"))
    for new in (renamed, swapped):
        for change in changes_since(old, new):
            assert change.verdict == Verdict.UNTESTED
            assert change.reason == "the test images are labelled otherwise"


def test_the_order_of_the_classes_changes_nothing(store: ExperimentStore) -> None:
    old = load(store)
    new = with_classes(with_targets(old, (1, 2, 0)), ("star", "circle", "square"))
    assert {change.verdict for change in changes_since(old, new)} == {Verdict.SAME}


def test_the_page_and_the_summary_say_the_same(
    stores: tuple[ExperimentStore, ExperimentStore], tmp_path: Path
) -> None:
    old, new = stores
    relabel(new, "alpha-none", "A|lpha <b>*x*</b> @user #12")
    build_site(new, tmp_path / "site", compare_with=old.folder.parent)
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    sentence = "Of 5 runs: 1 new, 1 gone, 1 better, 1 worse, 1 not separated."
    assert sentence in page.replace("\N{NO-BREAK SPACE}", " ")
    text = summary(load_with_older(new, old.folder))
    assert sentence in text
    table = text.split("### Changes")[1].split("###")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines() if line[:1] == "|"]
    assert {len(row) for row in rows} == {5}
    verdicts = [row[1].strip() for row in rows[2:]]
    assert sorted(verdicts) == ["better", "gone", "new", "not separated", "worse"]
    assert r"A\|lpha \<b\>\*x\*\</b\> @<!-- -->user #<!-- -->12" in table
    for verdict in verdicts:
        assert f">{verdict}</b>" in page
    for said in (page, text):
        assert "exact" in said
        assert "“Not separated” means that the test finds no difference" in said


def test_the_table_is_a_file_with_its_numbers_in_full(
    stores: tuple[ExperimentStore, ExperimentStore], tmp_path: Path
) -> None:
    old, new = stores
    build_site(new, tmp_path / "site", compare_with=old.folder)
    with (tmp_path / "site" / "exports" / "changes.csv").open(newline="") as file:
        rows = {row["run"]: row for row in csv.DictReader(file, quoting=csv.QUOTE_NONNUMERIC)}
    assert rows["beta-none"] | {"model": "", "variant": "", "missing": ""} == {
        "run": "beta-none", "model": "", "variant": "", "change": "worse", "accuracy_before": 1.0,
        "accuracy": 51 / 60, "accuracy_difference": pytest.approx(-9 / 60),
        "accuracy_difference_low": rows["beta-none"]["accuracy_difference_low"],
        "accuracy_difference_high": rows["beta-none"]["accuracy_difference_high"],
        "n_only_now": 0, "n_only_before": 9, "n_both": 51, "n_neither": 0,
        "p_value": pytest.approx(2 / 2**9), "p_value_holm": pytest.approx(2 * 2 / 2**9),
        "missing": "",
    }  # fmt: skip
    assert (rows["delta-none"]["change"], rows["delta-none"]["accuracy"]) == ("gone", "")
    assert (rows["epsilon-none"]["change"], rows["epsilon-none"]["accuracy_before"]) == ("new", "")
    assert "not separated" in (tmp_path / "site" / "exports" / "changes.tex").read_text()


def test_the_summary_begins_with_what_failed(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, augmentations=("none",), models=("alpha", "beta", "c"))
    fail(store, "alpha-none", "loss is not | finite")
    store.remove_run("beta-none")
    text = summary(replace(load(store), n_failed_checks=2))
    lines = [line for line in text.splitlines() if line]
    assert lines[1].startswith("> **2 checks failed:** numbers below may be wrong")
    assert "### Runs without results" in lines
    assert r"- Alpha, no augmentation: failed: loss is not \| finite" in lines
    assert "- beta-none: has not been run yet" in lines
    assert "checks failed" not in summary(load(store))


def test_older_results_of_other_experiments_are_told_of(tmp_path: Path) -> None:
    new = write_made_up_store(tmp_path / "new", name="present")
    write_made_up_store(tmp_path / "old", name="another")
    site = build_site(new, tmp_path / "site", strict=True, compare_with=tmp_path / "old")
    assert f"--compare-with {tmp_path / 'old'}: has no results of present" in site.remarks
    site = build_site(new, tmp_path / "site", strict=True, compare_with=tmp_path / "new")
    assert site.remarks == []


def test_without_older_results_nothing_is_said_of_changes(store: ExperimentStore) -> None:
    experiment = load(store)
    assert changes(experiment) is None
    text = summary(experiment)
    assert "Changes" not in text
    best = experiment.ranked[0]
    assert f"{100 * best.accuracy:.1f}" in text.split("### Performance")[1].splitlines()[4]


def test_the_summary_of_nothing_finished_says_so(store: ExperimentStore) -> None:
    text = summary(replace(load(store), runs=()))
    assert text.endswith("No run has finished.\n")


def test_older_results_are_found_by_name_and_missing_ones_named(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "old")
    for folder in (tmp_path / "old", store.folder):
        found = older_store(folder, "made-up")
        assert found is not None
        assert found.folder == store.folder
    assert older_store(tmp_path / "old", "other") is None
    with pytest.raises(ConfigError, match=r"--compare-with .*new: holds no results"):
        older_store(tmp_path / "new", "made-up")
