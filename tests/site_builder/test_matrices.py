"""Confusion matrices and class orders as the browser gets them, against the stored predictions."""

import gzip
import itertools
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.results.counts import Counts
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder import payloads
from site_builder.loading import Experiment, Run, load
from site_builder.matrices import N_PAIRS, confused_pairs, matrix
from site_builder.naming import run_names
from site_builder.orders import class_orders, clustered
from site_builder.pages.matrix import matrix_part
from tests.made_up import write_made_up_store

NAMES = ("plum", "Apple", "fig", "pear", "apricot", "Quince", "lime")
KINDS = ["stone", "pome", "other", "pome", "stone", "pome", "other"]


@pytest.fixture(scope="module")
def fruit(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    store = write_made_up_store(
        tmp_path_factory.mktemp("results"), class_names=NAMES, n_images=150, models=("alpha",)
    )
    record = store.read_experiment()
    absent = {name: why for name, why in record.absent.items() if name != "superclasses"}
    changes = {"superclasses": KINDS, "absent": absent}
    store.write_experiment(record.model_copy(update=changes), store.read_samples())
    return load(store)


def cells_of(store: ExperimentStore, run_id: str) -> dict[tuple[int, int], int]:
    """Count a run's cells one prediction at a time, not as the program does."""
    said = store.read_predictions(store.read_run(run_id), Split.TEST)
    pairs = list(zip(said.targets.tolist(), said.top_classes[:, 0].tolist(), strict=True))
    return {pair: pairs.count(pair) for pair in sorted(set(pairs))}


def without_matrix(run: Run) -> Run:
    """Return a run as an import of a classification report leaves it."""
    counts = Counts(run.counts.support, run.counts.hits, run.counts.chosen, None)
    absent = run.record.absent | {"predictions": "only a report was imported"}
    record = run.record.model_copy(update={"absent": absent})
    return replace(run, record=record, predictions=None, counts=counts)


def test_a_shard_holds_the_predictions(store: ExperimentStore, experiment: Experiment) -> None:
    names = run_names(experiment)
    for run in experiment.runs:
        shard = matrix(run, names[run.run_id])
        steps, counts = shard["steps"], shard["counts"]
        assert isinstance(steps, list)
        assert isinstance(counts, list)
        cells = [divmod(place, experiment.n_classes) for place in itertools.accumulate(steps)]
        assert dict(zip(cells, counts, strict=True)) == cells_of(store, run.run_id)
        assert shard["images"] is True


def test_pairs_are_ranked_by_their_images(tmp_path: Path) -> None:
    models = ("alpha", "beta", "gamma")
    store = write_made_up_store(tmp_path, class_names=NAMES, n_images=150, models=models)
    for run in load(store).runs:
        assert run.matrix is not None
        cells = cells_of(store, run.run_id)
        wrong = [(-n, t, p) for (t, p), n in cells.items() if t != p]
        expected = [
            (
                t,
                p,
                -n,
                sum(m for (target, _), m in cells.items() if target == t),
                sum(m for (_, chosen), m in cells.items() if chosen == p),
            )
            for n, t, p in sorted(wrong)[:N_PAIRS]
        ]
        assert confused_pairs(run.matrix) == expected
    assert len(expected) == N_PAIRS  # of the last run, which confuses most


def test_a_perfect_run_confuses_nothing() -> None:
    assert confused_pairs(np.diag([3, 4])) == []


def test_a_run_without_a_matrix_says_why(experiment: Experiment) -> None:
    bare = without_matrix(experiment.runs[0])
    shard = matrix(bare, run_names(experiment)[bare.run_id])
    reason = "There is no confusion matrix: only a report was imported."
    assert shard["absent"] == reason
    assert not {"steps", "counts", "images"} & set(shard)
    with_bare = replace(experiment, runs=(bare, *experiment.runs[1:]))
    part = matrix_part(with_bare, run_names(with_bare), bare)
    assert part.absent == reason
    assert part.pairs == part.rows == ()
    offered = [choice.value for choice in part.runs]
    assert sorted(offered) == sorted(run.run_id for run in experiment.runs[1:])
    only_bare = replace(experiment, runs=(bare,))
    assert class_orders(only_bare)["clustered"] == []


def test_pairs_lead_to_their_images_where_these_are_known(experiment: Experiment) -> None:
    names = run_names(experiment)
    run = experiment.runs[0]
    pair = matrix_part(experiment, names, run).pairs[0]
    assert run.matrix is not None
    first = confused_pairs(run.matrix)[0]
    assert pair.address == (
        f"errors.html#view=cell&run={run.run_id}"
        f"&target={first.target}&prediction={first.prediction}"
    )
    bare = replace(run, predictions=None)
    assert {pair.address for pair in matrix_part(experiment, names, bare).pairs} == {""}
    assert matrix(bare, names[run.run_id])["images"] is False


def test_orders(fruit: Experiment) -> None:
    orders = class_orders(fruit)
    assert orders["alphabetical"] == [1, 4, 2, 6, 3, 0, 5]
    test = next(iter(fruit.runs)).predictions
    assert test is not None
    support = np.bincount(test.targets)
    assert orders["support"] == sorted(range(7), key=lambda index: (-support[index], index))
    assert len(set(support)) > 1
    assert orders["superclass"] == [0, 4, 1, 3, 5, 2, 6]
    assert orders["superclasses"] == ["stone", "pome", "other"]
    assert orders["superclass_of"] == [0, 1, 2, 1, 0, 1, 2]
    total = sum(run.matrix for run in fruit.runs if run.matrix is not None)
    assert isinstance(total, np.ndarray)
    assert orders["clustered"] == clustered(total)
    assert sorted(clustered(total)) == list(range(7))


def test_without_superclasses_nothing_is_grouped(experiment: Experiment) -> None:
    orders = class_orders(experiment)
    assert orders["superclass"] == orders["superclasses"] == orders["superclass_of"] == []
    part = matrix_part(experiment, run_names(experiment), experiment.runs[0])
    assert "superclass" not in [choice.value for choice in part.orders]


def two_blocks(first: list[int], second: list[int]) -> np.ndarray:
    """Return a matrix in which classes are confused within either block and nowhere else."""
    counts = np.diag(np.full(len(first) + len(second), 50))
    for block in (first, second):
        for target, prediction in itertools.permutations(block, 2):
            counts[target, prediction] = 10
    return counts


@pytest.mark.parametrize("first", [[0, 2, 4, 6], [1, 2, 5], [0, 7]])
def test_clustering_puts_confused_classes_side_by_side(first: list[int]) -> None:
    second = [index for index in range(8) if index not in first]
    order = clustered(two_blocks(first, second))
    assert sorted(order) == list(range(8))
    places = sorted(order.index(index) for index in first)
    assert places in (list(range(len(first))), list(range(8 - len(first), 8)))


def test_clustering_follows_a_chain() -> None:
    """Each class is confused with the next: the best order of all, by trying every one."""
    chain = [3, 0, 5, 1, 4, 2]
    counts = np.diag(np.full(6, 50))
    for one, other in itertools.pairwise(chain):
        counts[one, other] = counts[other, one] = 10
    rates = counts / counts.sum(axis=1, keepdims=True)

    def closeness(order: tuple[int, ...]) -> float:
        return float(sum(rates[a, b] + rates[b, a] for a, b in itertools.pairwise(order)))

    best = max(map(closeness, itertools.permutations(range(6))))
    assert closeness(tuple(clustered(counts))) == pytest.approx(best)


def test_clustering_copes_with_extremes() -> None:
    assert sorted(clustered(np.array([[0, 4], [4, 0]]))) == [0, 1]
    assert sorted(clustered(np.zeros((5, 5), np.int64))) == [0, 1, 2, 3, 4]


def test_a_thousand_classes_stay_small_and_fast(experiment: Experiment) -> None:
    rng = np.random.default_rng(0)
    targets = np.arange(50_000) % 1000
    wrong = rng.random(50_000) < 0.25
    predicted = np.where(wrong, rng.integers(0, 1000, 50_000), targets)
    counts = Counts.of(np.bincount(targets * 1000 + predicted, minlength=10**6).reshape(1000, 1000))
    run = replace(experiment.runs[0], counts=counts)
    started = time.process_time()
    assert counts.confusion is not None
    clustered(counts.confusion)
    shard = payloads.script("matrix/x", matrix(run, run_names(experiment)[run.run_id]))
    assert time.process_time() - started < 1
    assert len(gzip.compress(shard)) < 20_000


@pytest.mark.parametrize(
    ("n_classes", "limits"),
    [(3, ["all"]), (37, ["all", "20"]), (60, ["all", "20", "40"]), (61, ["40", "20", "all"])],
)
def test_many_classes_begin_with_the_most_confused(
    tmp_path: Path, n_classes: int, limits: list[str]
) -> None:
    names = tuple(f"class {index}" for index in range(n_classes))
    store = write_made_up_store(tmp_path, class_names=names, n_images=130, models=("alpha",))
    experiment = load(store)
    part = matrix_part(experiment, run_names(experiment), experiment.runs[0])
    assert [choice.value for choice in part.limits] == limits
    assert len(part.rows) == (n_classes if n_classes <= 60 else 0)
