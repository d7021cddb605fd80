"""What the images that every run gets wrong may be, against cases worked out by hand."""

import doctest
from dataclasses import replace

import numpy as np
import pytest

from experiments.results.predictions import Predictions
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.explorer import lists, suspicion
from site_builder.explorer.images import images_of
from site_builder.explorer.suspicion import HARD, LABEL, UNTOLD, rule, suspicions
from site_builder.loading import Experiment, load
from tests.made_up import write_made_up_store
from tests.pictures import make_hard

X = -1
"""A probability that is not known."""


def of_one_image(said: list[int], permille: list[int], target: int = 0) -> int:
    found = suspicions(
        np.array(said, np.int32)[:, None],
        np.array([target]),
        np.array(permille, np.int16)[:, None],
    )
    return int(found[0])


@pytest.mark.parametrize(
    ("said", "permille", "wanted"),
    [
        # Five of five are sure of the same class.
        ([1, 1, 1, 1, 1], [900, 900, 900, 900, 900], LABEL),
        # Four of five are just nearly all; what the fifth says of another class does not count.
        ([1, 1, 2, 1, 1], [800, 800, 10, 800, 800], LABEL),
        ([1, 1, 2, 1, 1], [800, 799, 990, 800, 800], HARD),
        # Three of four are not.
        ([1, 1, 1, 2], [990, 990, 990, 990], HARD),
        # The mean decides: (1000 + 600) / 2 = 800.
        ([2, 2], [1000, 600], LABEL),
        ([2, 2], [1000, 599], HARD),
        ([1, 2], [990, 990], HARD),
        # One run that is right, however unsure, leaves nothing to suspect.
        ([1, 1, 1, 1, 1, 0], [990, 990, 990, 990, 990, 300], UNTOLD),
        # Seven of nine are 78 %, eight are 89 %.
        ([3, 3, 3, 3, 3, 3, 3, 1, 2], [900] * 9, HARD),
        ([3, 3, 3, 3, 3, 3, 3, 3, 2], [900] * 9, LABEL),
        # A run without probabilities counts by what it says.
        ([1, 1, 1], [900, X, 700], LABEL),
        ([1, 1, 1], [900, X, 699], HARD),
        ([1, 1, 2], [900, 900, X], HARD),
        ([1, 1, 1], [X, X, X], LABEL),
        ([1, 2, 1], [X, X, X], HARD),
        # Of the two that agree none is known: that they agree decides.
        ([1, 1, 1, 1, 2], [X, X, X, X, 100], LABEL),
        # One run.
        ([1], [800], LABEL),
        ([1], [799], HARD),
        ([0], [999], UNTOLD),
        ([1], [X], UNTOLD),
    ],
)
def test_what_an_image_may_be(said: list[int], permille: list[int], wanted: int) -> None:
    assert of_one_image(said, permille) == wanted
    # Neither the order of the runs nor the names of the classes matter.
    assert of_one_image(said[::-1], permille[::-1]) == wanted
    renamed = [7 - of for of in said]
    assert of_one_image(renamed, permille, target=7) == wanted


def test_many_images_are_told_as_each_alone() -> None:
    rng = np.random.default_rng(3)
    said = rng.integers(0, 3, (3, 500)).astype(np.int32)
    permille = rng.integers(-1, 1001, (3, 500)).astype(np.int16)
    targets = rng.integers(0, 3, 500)
    found = suspicions(said, targets, permille)
    assert set(found.tolist()) == {UNTOLD, HARD, LABEL}
    for place in range(500):
        alone = of_one_image(
            said[:, place].tolist(), permille[:, place].tolist(), int(targets[place])
        )
        assert found[place] == alone


def test_without_runs_nothing_is_told() -> None:
    none = np.empty((0, 4), np.int16)
    assert suspicions(none.astype(np.int32), np.zeros(4, np.int64), none).tolist() == [UNTOLD] * 4


def test_the_example_in_the_docstring() -> None:
    outcome = doctest.testmod(suspicion)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize(
    ("n_runs", "n_unknown", "label", "hard"),
    [
        (1, 0, "the run gives another class a probability of at least 80 %", "it is less sure."),
        (
            2,
            0,
            "both runs say the same other class, with a mean probability of at least 80 %",
            "they disagree or are less sure.",
        ),
        (4, 0, "all 4 runs say", "less sure. This"),
        (5, 2, "at least 4 of the 5 runs say", "less sure. Runs without probabilities count by"),
        (6, 0, "at least 5 of the 6 runs say", "less sure. This"),
        (100, 0, "at least 80 of the 100 runs say", "less sure. This"),
        (3, 3, "all 3 runs say the same other class;", "they disagree. Runs without"),
    ],
)
def test_the_rule_is_said_in_words(n_runs: int, n_unknown: int, label: str, hard: str) -> None:
    words = rule(n_runs, n_unknown).replace("\u00a0", " ")
    assert f"The label may be wrong where {label}" in words
    assert "the image is hard or ambiguous where " in words
    assert hard in words
    assert words.endswith("This is a suspicion: look at the image.")


@pytest.mark.parametrize(("n_runs", "n_unknown"), [(0, 0), (1, 1)])
def test_where_nothing_is_told_there_is_no_rule(n_runs: int, n_unknown: int) -> None:
    assert rule(n_runs, n_unknown) == ""


def without_probabilities(experiment: Experiment) -> Experiment:
    """Return the same runs as if a table had named one class for each image."""
    bare = [
        replace(
            run,
            predictions=replace(
                run.predictions,
                top_classes=run.predictions.top_classes[:, :1],
                top_probabilities=None,
            ),
        )
        for run in experiment.runs
        if isinstance(run.predictions, Predictions)
    ]
    return replace(experiment, runs=tuple(bare))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    """More classes than are stored of each image."""
    store = write_made_up_store(
        tmp_path_factory.mktemp("results"),
        class_names=tuple(f"class {index}" for index in range(150)),
        n_images=300,
    )
    make_hard(store)
    return store


@pytest.mark.parametrize("known", [True, False])
def test_the_two_lists_are_the_images_that_all_get_wrong(
    store: ExperimentStore, known: bool
) -> None:
    experiment = load(store) if known else without_probabilities(load(store))
    images = images_of(experiment)
    told = [store.read_predictions(run.record, Split.TEST).top_classes for run in experiment.ranked]
    assert {of.shape[1] for of in told} == {20}
    label, hard = (set(lists.suspected(images, of).ordered.tolist()) for of in (LABEL, HARD))
    assert not label & hard
    assert label | hard == set(lists.all_wrong(images).ordered.tolist())
    if not known:
        agreed = {place for place in label | hard if len({of[place, 0] for of in told}) == 1}
        assert label == agreed


def test_at_the_size_of_a_large_store() -> None:
    rng = np.random.default_rng(5)
    said = rng.integers(1, 1000, (100, 50_000), dtype=np.int32)
    said[:85, :2_000] = 7
    sure = np.full((100, 50_000), 900, np.int16)
    found = suspicions(said, np.zeros(50_000, np.int64), sure)
    assert (found[:2_000] == LABEL).all()
    assert (found[2_000:] == HARD).all()
