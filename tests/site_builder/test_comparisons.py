"""Paired comparisons of a stored experiment, against scipy's own tests on the stored answers."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel

from experiments.results.predictions import Predictions
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.comparisons import Comparisons, compare_runs
from site_builder.loading import load
from tests.made_up import write_made_up_store
from tests.site_builder.answers import answer, change, first, import_counts, store_of

N = 400


def comparisons_of(store: ExperimentStore) -> Comparisons:
    return compare_runs(load(store))


def holm_by_hand(p_values: list[float]) -> list[float]:
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, highest = [0.0] * len(p_values), 0.0
    for step, place in enumerate(order):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - step)))
        adjusted[place] = highest
    return adjusted


def test_every_pair_is_tested_as_scipy_does_on_the_stored_predictions(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha", "beta", "gamma"), n_images=200)
    run_ids = store.read_experiment().run_ids
    said = {
        run_id: store.read_predictions(store.read_run(run_id), Split.TEST) for run_id in run_ids
    }
    right = {run_id: each.predicted == each.targets for run_id, each in said.items()}
    pairs = list(combinations(run_ids, 2))
    p_values = []
    for one, other in pairs:
        only_one = int((right[one] & ~right[other]).sum())
        only_other = int((right[other] & ~right[one]).sum())
        p_values.append(binomtest(only_one, only_one + only_other).pvalue)
    comparisons = comparisons_of(store)
    for (one, other), p_value, adjusted in zip(
        pairs, p_values, holm_by_hand(p_values), strict=True
    ):
        found = comparisons.compare(one, other)
        assert found is not None
        assert found.paired.p_value == pytest.approx(p_value)
        assert found.adjusted_p_value == pytest.approx(adjusted)
        assert found.separated == (adjusted <= 0.05)
        difference = float(right[one].mean() - right[other].mean())
        assert found.paired.difference == pytest.approx(difference)
        assert found.paired.interval.low <= difference <= found.paired.interval.high


def test_the_order_of_the_images_does_not_matter(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 370})
    before = comparisons_of(store).compare("alpha-none", "beta-none")
    said = store.read_predictions(store.read_run("beta-none"), Split.TEST)
    order = np.random.default_rng(0).permutation(N)
    mixed = Predictions(**{name: array[order] for name, array in vars(said).items()})
    change(
        store, "beta-none", predictions=store.write_predictions("beta-none", {Split.TEST: mixed})
    )
    assert comparisons_of(store).compare("alpha-none", "beta-none") == before


def test_groups_follow_the_test_and_not_the_order(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300, "beta": 390, "gamma": 388})
    comparisons = comparisons_of(store)
    assert [run.run_id for run in comparisons.tested] == ["beta-none", "gamma-none", "alpha-none"]
    assert comparisons.tie_group == {"beta-none": 1, "gamma-none": 1, "alpha-none": 2}
    assert [group.with_the_best for group in comparisons.seed_groups] == [True, True, False]
    assert [group.tie_groups for group in comparisons.seed_groups] == [(1,), (1,), (2,)]


def test_a_run_without_predictions_takes_part_untested(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 300, "gamma": 395})
    import_counts(store, "gamma-none")
    comparisons = comparisons_of(store)
    assert [run.run_id for run in comparisons.untested] == ["gamma-none"]
    assert comparisons.tie_group == {"alpha-none": 1, "beta-none": 2}
    assert comparisons.compare("gamma-none", "alpha-none") is None
    best, second, _ = comparisons.seed_groups
    assert (best.run.run_id, best.tie_groups, best.by_seed) == ("gamma-none", (), {})
    assert comparisons.ahead(best, second) is None
    assert comparisons.over_seeds == ()


def test_a_run_on_other_images_is_not_tested(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 380, "gamma": 300})
    said = store.read_predictions(store.read_run("beta-none"), Split.TEST)
    others = np.array([f"other/{name}" for name in said.sample_ids])
    mixed = Predictions(**(vars(said) | {"sample_ids": others}))
    change(
        store, "beta-none", predictions=store.write_predictions("beta-none", {Split.TEST: mixed})
    )
    comparisons = comparisons_of(store)
    assert comparisons.tie_group == {"alpha-none": 1, "gamma-none": 2}
    (beta,) = comparisons.untested
    assert (
        comparisons.why_untested(beta) == "its predictions are not of the experiment’s test images"
    )
    assert comparisons.why_untested(comparisons.tested[0]) == ""


def test_nothing_finished_is_nothing_compared(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390})
    store.remove_run("alpha-none")
    comparisons = comparisons_of(store)
    assert (comparisons.tested, comparisons.seed_groups, comparisons.effects) == ((), (), ())
    assert comparisons.compare("alpha-none", "alpha-none") is None


SEEDS = {"alpha": (380, 384, 391), "beta": (350, 352, 358), "gamma": (340, 366, 352)}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    store = write_made_up_store(
        tmp_path_factory.mktemp("seeds"),
        models=tuple(SEEDS),
        n_images=N,
        augmentations=("none",),
        training_seeds=(0, 1, 2),
    )
    for model, hits in SEEDS.items():
        for seed, n_hits in enumerate(hits):
            answer(store, f"{model}-none" + (f"-seed{seed}" if seed else ""), first(n_hits, N))
    return store


def test_runs_that_differ_only_in_their_seed_are_one_group(seeds: ExperimentStore) -> None:
    groups = comparisons_of(seeds).seed_groups
    assert [[run.run_id for run in group.runs] for group in groups] == [
        [f"{model}-none", f"{model}-none-seed1", f"{model}-none-seed2"] for model in SEEDS
    ]
    for group, hits in zip(groups, SEEDS.values(), strict=True):
        accuracies = np.array(hits) / N
        assert group.summary.n == 3
        assert group.summary.mean == pytest.approx(accuracies.mean())
        assert group.summary.deviation == pytest.approx(accuracies.std(ddof=1))
        assert group.run.run_id == group.runs[0].run_id


def test_groups_are_compared_over_seeds_as_scipy_does(seeds: ExperimentStore) -> None:
    tests = comparisons_of(seeds).over_seeds
    pairs = list(combinations(SEEDS, 2))
    expected = [ttest_rel(SEEDS[one], SEEDS[other]).pvalue for one, other in pairs]
    assert [test.found.p_value for test in tests] == pytest.approx(expected)
    assert [test.adjusted_p_value for test in tests] == pytest.approx(holm_by_hand(expected))
    assert [test.separated for test in tests] == [True, False, False]
    assert [test.found.n for test in tests] == [3, 3, 3]


def test_groups_are_apart_only_where_all_their_runs_are(seeds: ExperimentStore) -> None:
    alpha, beta, gamma = comparisons_of(seeds).seed_groups
    assert comparisons_of(seeds).ahead(alpha, beta) is True
    assert comparisons_of(seeds).ahead(beta, alpha) is False
    assert comparisons_of(seeds).ahead(beta, gamma) is False
    # Its seeds got 380 and 391 right: eleven images, all one way, p = 0.001 before Holm.
    assert (alpha.tie_groups, alpha.with_the_best) == ((1, 2), True)


def test_equal_differences_over_seeds_have_no_test(tmp_path: Path) -> None:
    store = write_made_up_store(
        tmp_path, n_images=N, augmentations=("none",), training_seeds=(0, 1)
    )
    for run_id, n_hits in zip(store.read_experiment().run_ids, (390, 380, 360, 350), strict=True):
        answer(store, run_id, first(n_hits, N))
    (test,) = comparisons_of(store).over_seeds
    assert (test.adjusted_p_value, test.separated) == (None, False)


def test_augmentation_is_judged_over_images_for_one_seed(tmp_path: Path) -> None:
    hits = {
        "alpha": (first(340, N), first(380, N)),
        "beta": (first(380, N), first(340, N)),
        "gamma": (first(380, N), first(383, N)),
    }
    store = write_made_up_store(tmp_path, models=tuple(hits), n_images=N)
    for model, (without, with_) in hits.items():
        answer(store, f"{model}-none", without)
        answer(store, f"{model}-standard", with_)
    effects = {effect.augmented.run.run_id: effect for effect in comparisons_of(store).effects}
    raw = [binomtest(40, 40).pvalue, binomtest(0, 40).pvalue, binomtest(3, 3).pvalue]
    for model, difference, verdict, p_value in zip(
        hits, (0.1, -0.1, 0.0075), ("helped", "hurt", "undecided"), holm_by_hand(raw), strict=True
    ):
        effect = effects[f"{model}-standard"]
        assert effect.reference.run.run_id == f"{model}-none"
        assert effect.n_seeds == 1
        assert effect.effect.comparison.difference == pytest.approx(difference)
        assert effect.effect.adjusted_p_value == pytest.approx(p_value)
        assert effect.effect.verdict == verdict


def test_augmentation_is_judged_over_the_common_seeds_for_several(tmp_path: Path) -> None:
    store = write_made_up_store(
        tmp_path, models=("alpha",), n_images=N, training_seeds=(0, 1, 2, 3, 4)
    )
    without, with_ = (340, 342, 345, 341, 300), (380, 379, 384, 386, 399)
    for augmentation, hits in (("none", without), ("standard", with_)):
        for seed, n_hits in enumerate(hits):
            run_id = f"alpha-{augmentation}" + (f"-seed{seed}" if seed else "")
            answer(store, run_id, first(n_hits, N))
    store.remove_run("alpha-none-seed4")
    (effect,) = comparisons_of(store).effects
    assert effect.n_seeds == 4
    expected = ttest_rel(with_[:4], without[:4])
    assert effect.effect.adjusted_p_value == pytest.approx(expected.pvalue)
    assert effect.effect.verdict == "helped"
    interval = effect.effect.comparison.interval
    assert interval is not None
    assert list(interval) == pytest.approx([end / N for end in expected.confidence_interval()])


def test_other_training_is_no_reference_for_augmentation(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), n_images=N)
    config = store.read_run("alpha-standard").config
    assert config is not None
    change(store, "alpha-standard", config=config.model_copy(update={"head": "mlp"}))
    assert comparisons_of(store).effects == ()
    change(store, "alpha-standard", config=config)
    assert len(comparisons_of(store).effects) == 1


def test_groups_whose_seeds_point_both_ways_are_not_apart(tmp_path: Path) -> None:
    """Seeds of 97 and 70 % against 85 and 80: every pair is separated, two each way."""
    store = two_groups(tmp_path, (388, 280), (340, 320))
    comparisons = comparisons_of(store)
    alpha, beta = comparisons.seed_groups
    for ours in alpha.runs:
        for theirs in beta.runs:
            pair = comparisons.compare(ours.run_id, theirs.run_id)
            assert pair is not None
            assert pair.separated
    assert comparisons.ahead(alpha, beta) is False
    assert comparisons.ahead(beta, alpha) is False


def test_the_common_seeds_may_contradict_the_means(tmp_path: Path) -> None:
    """Alpha's third seed lifts its mean; over the two that both have, beta is better."""
    store = two_groups(tmp_path, (300, 310, 399), (310, 321, 1))
    store.remove_run("beta-none-seed2")
    (test,) = comparisons_of(store).over_seeds
    assert (test.first.run.run_id, test.found.n) == ("alpha-none", 2)
    assert test.found.difference == pytest.approx(-10.5 / N)
    assert test.adjusted_p_value == pytest.approx(ttest_rel((300, 310), (310, 321)).pvalue)
    assert test.adjusted_p_value <= 0.05
    assert not test.separated


def two_groups(folder: Path, alpha: tuple[int, ...], beta: tuple[int, ...]) -> ExperimentStore:
    store = write_made_up_store(
        folder, n_images=N, augmentations=("none",), training_seeds=tuple(range(len(alpha)))
    )
    for model, hits in (("alpha", alpha), ("beta", beta)):
        for seed, n_hits in enumerate(hits):
            answer(store, f"{model}-none" + (f"-seed{seed}" if seed else ""), first(n_hits, N))
    return store
