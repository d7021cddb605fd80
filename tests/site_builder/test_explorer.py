"""The explorer's data against what a loop over the stored predictions finds."""

import io
import json
import re
from collections import Counter
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import cohen_kappa_score

from experiments.results.predictions import NO_CONFIDENCE, Predictions
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.explorer import lists
from site_builder.explorer.agreement import MAX_RUNS, Agreement, agreement
from site_builder.explorer.files import explorer_files
from site_builder.explorer.images import (
    ONE_CLASS_EACH,
    Images,
    images_of,
    permille,
)
from site_builder.explorer.suspicion import HARD, LABEL, UNTOLD
from site_builder.loading import Experiment, Run, load
from site_builder.naming import run_names
from site_builder.pages.errors import errors_context
from site_builder.samples import OTHER_IMAGES
from tests.made_up import write_made_up_store
from tests.pictures import colour_of, write_illustrated_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    return write_illustrated_store(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def experiment(store: ExperimentStore) -> Experiment:
    return load(store)


@pytest.fixture(scope="module")
def images(experiment: Experiment) -> Images:
    return images_of(experiment)


@pytest.fixture(scope="module")
def said(store: ExperimentStore, experiment: Experiment) -> dict[str, list[dict[str, Any]]]:
    """What each run said of each test image, best run first, one image at a time."""
    return {
        run.run_id: [
            {
                "id": str(of.sample_ids[place]),
                "target": int(of.targets[place]),
                "chosen": int(of.top_classes[place, 0]),
                "first": float(of.top_probabilities[place, 0]),
                "second": float(of.top_probabilities[place, 1]),
            }
            for place in range(len(of))
        ]
        for run in experiment.ranked
        if (of := store.read_predictions(run.record, Split.TEST)).top_probabilities is not None
    }


def values(files: dict[str, bytes], name: str) -> Any:
    """Return what the browser gets of a shard."""
    match = re.fullmatch(r"bakeoff\.data\((.*)\);\n", files[f"data/{name}.js"].decode(), re.S)
    assert match is not None
    found, value = json.loads(f"[{match[1]}]")
    assert found == name
    return value


@pytest.fixture(scope="module")
def files(experiment: Experiment, images: Images) -> dict[str, bytes]:
    return dict(explorer_files(experiment, run_names(experiment), images))


def thousandths(probability: float) -> int:
    return min(max(round(1000 * probability), 1), 999)


def suspected(runs: list[list[dict[str, Any]]], place: int) -> bool:
    """Whether five of the six runs say the same class, and give it four fifths on average."""
    counts = Counter(run[place]["chosen"] for run in runs)
    ((chosen, n),) = counts.most_common(1)
    agreeing = [thousandths(run[place]["first"]) for run in runs if run[place]["chosen"] == chosen]
    return n >= 5 and sum(agreeing) / n >= 800


@pytest.mark.parametrize("index", range(6))
def test_the_lists_of_a_run(
    images: Images, said: dict[str, list[dict[str, Any]]], index: int
) -> None:
    run = list(said.values())[index]
    others = [other for place, other in enumerate(said.values()) if place != index]
    wrong = [place for place, one in enumerate(run) if one["chosen"] != one["target"]]
    mistakes = lists.confident_mistakes(images, index)
    assert mistakes.n == len(wrong) > 0
    assert mistakes.places.tolist() == sorted(
        wrong, key=lambda place: -thousandths(run[place]["first"])
    )
    alone = [
        place
        for place, one in enumerate(run)
        if one["chosen"] == one["target"]
        and all(other[place]["chosen"] != one["target"] for other in others)
    ]
    only = lists.only_right(images, index)
    assert only is not None
    assert only.places.tolist() == sorted(
        alone, key=lambda place: -thousandths(run[place]["first"])
    )
    margins = lists.lowest_margins(images, index)
    assert margins is not None
    gaps = [thousandths(one["first"]) - thousandths(one["second"]) for one in run]
    assert margins.places.tolist() == sorted(range(70), key=lambda place: gaps[place])


def test_the_lists_of_all_runs(images: Images, said: dict[str, list[dict[str, Any]]]) -> None:
    runs = list(said.values())
    never = [
        place
        for place in range(70)
        if all(run[place]["chosen"] != run[place]["target"] for run in runs)
    ]
    sure = [sum(thousandths(run[place]["first"]) for run in runs) for place in range(70)]
    wrong = lists.all_wrong(images)
    assert wrong.n == len(never) > 1
    assert wrong.places.tolist() == sorted(never, key=lambda place: -sure[place])
    counts = [Counter(run[place]["chosen"] for run in runs) for place in range(70)]
    label, hard = ([p for p in never if suspected(runs, p) == of] for of in (True, False))
    assert label
    assert hard
    for suspicion, wanted in ((LABEL, label), (HARD, hard)):
        found = lists.suspected(images, suspicion)
        assert found.places.tolist() == sorted(wanted, key=lambda place: -sure[place])
    apart = [place for place in range(70) if len(counts[place]) > 1]
    disagreed = lists.disagreements(images)
    assert disagreed is not None
    assert disagreed.places.tolist() == sorted(apart, key=lambda place: max(counts[place].values()))


def test_only_the_first_are_listed(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lists.all_wrong(images)
    monkeypatch.setattr(lists, "N_LISTED", 1)
    cut = lists.all_wrong(images)
    assert cut.n == whole.n > 1
    assert cut.places.tolist() == whole.places[:1].tolist()


def test_lists_of_a_superclass_are_those_of_its_classes(
    files: dict[str, bytes],
) -> None:
    """The illustrated store calls class 0 round, and classes 1 and 2 pointed."""
    for all_classes, end, step in (("views", "", 5), ("views/alpha-none", "/alpha-none", 6)):
        whole = values(files, all_classes)
        pointed, round_ = (values(files, f"superclasses/{place}{end}") for place in (0, 1))
        for view, of in whole.items():
            entries = [of["images"][at : at + step] for at in range(0, len(of["images"]), step)]
            for part, targets in ((pointed, (1, 2)), (round_, (0,))):
                wanted = [entry for entry in entries if entry[0] in targets]
                assert part[view] == {"n": len(wanted), "images": list(chain(*wanted))}


def test_shards_hold_the_stored_predictions(
    store: ExperimentStore, files: dict[str, bytes], said: dict[str, list[dict[str, Any]]]
) -> None:
    samples = [sample for sample in store.read_samples() if sample.split == Split.TEST]
    runs = list(said.values())
    assert [run["id"] for run in values(files, "explorer")["answers"]] == list(said)
    for target in range(3):
        shard = values(files, f"images/{target}")
        places = [place for place, sample in enumerate(samples) if sample.target == target]
        assert shard["ids"] == [samples[place].sample_id for place in places]
        assert shard["paths"] == [samples[place].path for place in places]
        for place, told in zip(places, shard["suspicions"], strict=True):
            missed = all(run[place]["chosen"] != target for run in runs)
            assert told == ((LABEL if suspected(runs, place) else HARD) if missed else UNTOLD)
        for run, top in zip(runs, shard["top"], strict=True):
            assert top[::6] == [run[place]["chosen"] for place in places]
            shown = [run[place]["first"] for place in places]
            assert np.allclose(np.array(top[1::6]) / 1000, shown, atol=0.00051)
        called = [[one for one in run if one["chosen"] == target] for run in runs]
        assert shard["chosen"] == [len(of_run) for of_run in called]
        assert shard["hits"] == [sum(one["target"] == target for one in of) for of in called]
        for of_run, taken in zip(called, shard["taken"], strict=True):
            others = Counter(one["target"] for one in of_run if one["target"] != target)
            assert dict(zip(taken[::2], taken[1::2], strict=True)) == others
            assert taken[1::2] == sorted(taken[1::2], reverse=True)


def test_maps_hold_the_stored_places(
    store: ExperimentStore, files: dict[str, bytes], said: dict[str, list[dict[str, Any]]]
) -> None:
    last = store.read_experiment().run_ids[-1]
    assert f"data/maps/{last}.js" not in files
    facts = {run["id"]: run["noMap"] for run in values(files, "explorer")["answers"]}
    assert facts.pop(last) == "made up: there are no features"
    assert set(facts.values()) == {""}
    for run_id in facts:
        shard = values(files, f"maps/{run_id}")
        positions = store.read_embedding(store.read_run(run_id)).positions
        assert np.allclose(np.array([shard["x"], shard["y"]]).T, positions * 1000, atol=0.51)
        assert shard["images"][2::6] == [one["chosen"] for one in said[run_id]]


def test_pictures_are_those_of_the_images(files: dict[str, bytes], experiment: Experiment) -> None:
    assert experiment.record.thumbnails is not None
    assert values(files, "explorer")["pictures"] == {
        "cell": 96,
        "cells": 100,
        "columns": 10,
        "previews": True,
        "tiny": False,
        "without": [],
    }
    seen: Counter[int] = Counter()
    for place, target in enumerate(experiment.samples[Split.TEST].targets.tolist()):
        rank = seen[target]
        seen[target] += 1
        preview = Image.open(io.BytesIO(files[f"assets/previews/{target}-{rank}.webp"]))
        assert np.allclose(preview.convert("RGB").getpixel((75, 60)), colour_of(place), atol=6)
        sheet = Image.open(io.BytesIO(files[f"assets/thumbnails/{target}-0.webp"]))
        middle = (96 * (rank % 10) + 48, 96 * (rank // 10) + 48)
        assert np.allclose(sheet.convert("RGB").getpixel(middle), colour_of(place), atol=6)


def test_agreement_is_that_of_scikit_learn(
    images: Images, said: dict[str, list[dict[str, Any]]]
) -> None:
    found = agreement(images, 3)
    runs = list(said.values())
    wrong = [{p for p, one in enumerate(run) if one["chosen"] != one["target"]} for run in runs]
    for row, column in np.ndindex(6, 6):
        one, other = ([answer["chosen"] for answer in runs[index]] for index in (row, column))
        assert found.kappa[row][column] == pytest.approx(cohen_kappa_score(one, other))
        assert found.n_common[row, column] == len(wrong[row] & wrong[column])
        assert found.n_either[row, column] == len(wrong[row] | wrong[column])


def alike(images: Images) -> Agreement | None:
    return agreement(images, 3) if len(images.answers) > 1 else None


def test_shared_errors_lead_to_the_images_that_only_one_gets_right(
    experiment: Experiment, images: Images
) -> None:
    context = errors_context(experiment, run_names(experiment), images, alike(images))
    assert context.agreement is not None
    best, second = (said.run.run_id for said in images.answers[:2])
    rows = context.agreement.rows
    assert rows[1].cells[0].address == f"errors.html#view=pair&run={second}&other={best}"
    assert not any(rows[row].cells[column].address for row in range(6) for column in range(row, 6))


def test_all_mistakes_of_a_run_are_listed_the_surest_first(
    experiment: Experiment, images: Images, said: dict[str, list[dict[str, Any]]]
) -> None:
    files = dict(explorer_files(experiment, run_names(experiment), images))
    for run_id, answers in said.items():
        numbers = np.array(values(files, f"mistakes/{run_id}")).reshape(-1, 4)
        wrong = [place for place, one in enumerate(answers) if one["chosen"] != one["target"]]
        assert {(int(t), int(r)) for t, r in numbers[:, :2]} == {
            (images.targets[place], images.ranks[place]) for place in wrong
        }
        assert (np.diff(numbers[:, 3]) <= 0).all()
        places = [
            int(np.flatnonzero((images.targets == t) & (images.ranks == r))[0])
            for t, r in numbers[:, :2]
        ]
        assert [answers[place]["chosen"] for place in places] == numbers[:, 2].tolist()


def test_only_the_best_runs_are_compared(images: Images) -> None:
    many = replace(images, answers=images.answers * 6)
    assert len(many.answers) > MAX_RUNS
    assert len(agreement(many, 3).kappa) == MAX_RUNS


def test_the_table_counts_errors(
    experiment: Experiment, images: Images, said: dict[str, list[dict[str, Any]]]
) -> None:
    context = errors_context(experiment, run_names(experiment), images, alike(images))
    right = np.array([[one["chosen"] == one["target"] for one in run] for run in said.values()])
    for index, row in enumerate(context.errors):
        others = np.delete(right, index, axis=0)
        assert row.wrong[0] == str((~right[index]).sum())
        alone = right[index] & ~others.any(axis=0), ~right[index] & others.all(axis=0)
        assert row.only == tuple(str(of.sum()) for of in alone)
    everywhere, nowhere = right.all(axis=0).sum(), (~right).all(axis=0).sum()
    assert f"{everywhere} are right in all six runs and {nowhere} are wrong" in context.summary


def test_the_summary_of_two_runs_says_both(experiment: Experiment) -> None:
    run = experiment.runs[0]
    twice = replace(experiment, runs=(run, run))
    summary = errors_context(twice, run_names(twice), images_of(twice), None).summary
    n_right = run.n_correct
    assert summary == (
        f"Of 70\u00a0test images, {n_right} are right in both runs "
        f"and {70 - n_right} are wrong in both."
    )


def test_predictions_in_another_order_are_the_same(
    experiment: Experiment, images: Images, said: dict[str, list[dict[str, Any]]]
) -> None:
    order = np.random.default_rng(1).permutation(70)
    shuffled = [replace(run, predictions=permuted(run, order)) for run in experiment.runs]
    again = images_of(replace(experiment, runs=tuple(shuffled)))
    assert np.array_equal(again.predicted, images.predicted)
    assert np.array_equal(again.answers[2].permille, images.answers[2].permille)


def permuted(run: Run, order: np.ndarray) -> Predictions:
    assert run.predictions is not None
    return Predictions(**{name: array[order] for name, array in vars(run.predictions).items()})


def test_runs_that_do_not_tell_are_left_out_with_the_reason(experiment: Experiment) -> None:
    best, second = experiment.ranked[:2]
    assert second.predictions is not None
    absent = best.record.absent | {"predictions": "imported as a matrix"}
    matrix_only = replace(
        best, predictions=None, record=best.record.model_copy(update={"absent": absent})
    )
    others = np.array([f"other/{place}" for place in range(70)])
    elsewhere = replace(second, predictions=replace(second.predictions, sample_ids=others))
    rest = tuple(run for run in experiment.runs if run not in (best, second))
    mixed = replace(experiment, runs=(*rest, matrix_only, elsewhere))
    images = images_of(mixed)
    reasons = {run.run_id: reason for run, reason in images.left_out}
    assert reasons == {best.run_id: "imported as a matrix", second.run_id: OTHER_IMAGES}
    context = errors_context(mixed, run_names(mixed), images, alike(images))
    assert context.best == images.answers[0].run.run_id not in reasons
    assert {row.run_id: row.reason for row in context.errors if row.reason} == reasons
    shards = dict(explorer_files(mixed, run_names(mixed), images))
    assert [run["reason"] for run in values(shards, "explorer")["others"]] == [*reasons.values()]
    hits = values(shards, "images/0")["hits"]
    assert hits[-2:] == [int(best.counts.hits[0]), int(second.counts.hits[0])]


def test_no_run_may_tell(experiment: Experiment) -> None:
    absent = {"predictions": "imported as a matrix"}
    silent = tuple(
        replace(
            run,
            predictions=None,
            record=run.record.model_copy(update={"absent": run.record.absent | absent}),
        )
        for run in experiment.runs
    )
    record = experiment.record.model_copy(
        update={"thumbnails": None, "absent": {"thumbnails": "imported without images"}}
    )
    mute = replace(experiment, record=record, runs=silent, samples={})
    images = images_of(mute)
    context = errors_context(mute, run_names(mute), images, alike(images))
    assert context.summary == "No finished run says what it made of each test image."
    assert context.no_pictures == "imported without images"
    assert context.mistakes is None
    assert context.agreement is None
    files = dict(explorer_files(mute, run_names(mute), images))
    assert values(files, "images/2")["ids"] == []


def test_missing_probabilities_are_said(experiment: Experiment) -> None:
    run = experiment.ranked[0]
    assert run.predictions is not None
    assert run.predictions.top_probabilities is not None
    bare = replace(run.predictions, top_classes=run.predictions.top_classes[:, :1])
    unsure = replace(bare, top_probabilities=None)
    one_each = replace(bare, top_probabilities=run.predictions.top_probabilities[:, :1])
    for said, no_confidence, no_margin in (
        (unsure, NO_CONFIDENCE, NO_CONFIDENCE),
        (one_each, "", ONE_CLASS_EACH),
    ):
        alone = replace(experiment, runs=(replace(run, predictions=said),))
        images = images_of(alone)
        assert images.answers[0].no_confidence == no_confidence
        assert images.answers[0].no_margin == no_margin
        assert lists.lowest_margins(images, 0) is None
        assert lists.only_right(images, 0) is None
        mistakes = lists.confident_mistakes(images, 0)
        assert mistakes.n == 70 - run.n_correct
        shard = values(dict(explorer_files(alone, run_names(alone), images)), "images/1")
        assert shard["top"][0][2:6] == [-1] * 4


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.0, 0), (1e-6, 1), (0.4996, 500), (0.99999, 999), (1.0, 1000)],
)
def test_permille_are_0_and_1000_only_where_it_is_so(probability: float, shown: int) -> None:
    assert permille(np.array([probability], np.float32)).tolist() == [shown]


def test_the_files_have_no_clock(experiment: Experiment, files: dict[str, bytes]) -> None:
    again = images_of(load(experiment.store))
    assert dict(explorer_files(experiment, run_names(experiment), again)) == files


def test_names_of_files_are_made_of_numbers(tmp_path: Path) -> None:
    names = ("../../etc/passwd", "<b>", "__proto__")
    hostile = load(write_made_up_store(tmp_path, class_names=names, n_images=6))
    files = dict(explorer_files(hostile, run_names(hostile), images_of(hostile)))
    for name in files:
        assert re.fullmatch(r"(data|assets)/[a-z]+(/[a-z0-9-]+)?\.(js|webp)", name)
