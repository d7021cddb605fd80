"""Each rule on a store in which the right sentence is known, and on one where it must be silent."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import fisher_exact, ttest_1samp, ttest_rel

from experiments.results.counts import Counts
from experiments.results.store import ExperimentStore
from site_builder.findings import errors, findings, leading, recommendations
from site_builder.findings.augmentation import augmentation_verdicts
from site_builder.findings.cheapest import fastest, smallest
from site_builder.findings.cost import accuracy_latency_front, training_time, within_budget
from site_builder.findings.finding import Finding, Material
from site_builder.findings.ranking import accuracy_range, best_over_seeds, best_run
from site_builder.findings.recommendations import (
    for_small_machines,
    highest_accuracy,
    smallest_as_good,
)
from site_builder.findings.text import Names
from site_builder.findings.training import overconfident, still_improving, stopped_early
from site_builder.naming import run_names
from tests.made_up import write_made_up_store
from tests.site_builder.answers import (
    answer,
    change,
    change_cost,
    change_training,
    first,
    history,
    import_counts,
    material,
    store_of,
    words,
)
from tests.site_builder.changes import forget_latency, relabel

N = 400
Rule = Callable[[Material], Finding | None]


def said(rule: Rule, store: ExperimentStore) -> str:
    read = material(store)
    return words(rule(read), read)


def wilson_by_hand(hits: int) -> tuple[float, float]:
    z, p = 1.959964, hits / N
    middle, half = p + z**2 / (2 * N), z * (p * (1 - p) / N + z**2 / (4 * N**2)) ** 0.5
    return (middle - half) / (1 + z**2 / N), (middle + half) / (1 + z**2 / N)


def apart(better: int, worse: int) -> tuple[float, float]:
    """Newcombe's interval, in points, where the better run gets right all that the worse does."""
    (low, high), (other_low, other_high) = wilson_by_hand(better), wilson_by_hand(worse)
    p, q = better / N, worse / N
    covariance = max(worse * (N - better) - N / 2, 0)
    phi = covariance / (better * (N - better) * worse * (N - worse)) ** 0.5
    below = ((p - low) ** 2 - 2 * phi * (p - low) * (other_high - q) + (other_high - q) ** 2) ** 0.5
    above = ((high - p) ** 2 - 2 * phi * (high - p) * (q - other_low) + (q - other_low) ** 2) ** 0.5
    return 100 * (p - q - below), 100 * (p - q + above)


def between(better: int, worse: int) -> str:
    return "{:.1f} to {:.1f}".format(*apart(better, worse))


def test_a_clear_leader_is_ahead_of_every_other_run(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 360, "beta": 390, "gamma": 340})
    assert said(best_run, store) == (
        "Beta, no augmentation leads at 97.5 % (95 % interval 95.5–98.6): 390 of 400 test images "
        "right. A paired test separates it from every other run; the nearest, Alpha, no "
        f"augmentation, is 7.5 points behind ({between(390, 360)})."
    )


def test_a_leader_of_two(tmp_path: Path) -> None:
    sentence = said(best_run, store_of(tmp_path, {"alpha": 390, "beta": 360}))
    assert sentence.endswith(
        "A paired test separates it from Beta, no augmentation, 7.5 points behind "
        f"({between(390, 360)})."
    )


def test_equal_hits_share_the_lead_even_on_other_images(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 380, "beta": np.arange(N) >= 20})
    assert said(best_run, store) == (
        "Alpha, no augmentation shares the lead at 95.0 % (95 % interval 92.4–96.7): 380 of 400 "
        "test images right. Beta, no augmentation got exactly as many right."
    )


def test_five_images_more_are_no_lead(tmp_path: Path) -> None:
    """Five discordant images, all one way: p = 0.0625."""
    store = store_of(tmp_path, {"alpha": 385, "beta": 380})
    assert said(best_run, store).endswith(
        "A paired test does not separate it from Beta, no augmentation."
    )
    store = store_of(tmp_path / "six", {"alpha": 386, "beta": 380})
    assert "does not separate" not in said(best_run, store)


def test_a_group_and_those_behind_it(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 390, "gamma": 389, "delta": 300})
    assert said(best_run, store).endswith(
        "Beta, no augmentation got exactly as many right. A paired test does not separate it from "
        "Gamma, no augmentation either. A paired test separates Alpha, no augmentation from Delta, "
        f"no augmentation, 22.5 points behind ({between(390, 300)})."
    )
    names = [f"m{place}" for place in range(6)]
    many = store_of(tmp_path / "many", {name: 390 - place for place, name in enumerate(names)})
    assert said(best_run, many).endswith(
        "A paired test does not separate it from M1, no augmentation; M2, no augmentation; M3, no "
        "augmentation; and 2 other runs."
    )


def test_one_run_alone_is_compared_with_nothing(tmp_path: Path) -> None:
    read = material(store_of(tmp_path, {"alpha": 390}))
    assert [words(found, read) for found in leading(read)] == [
        "Alpha, no augmentation leads at 97.5 % (95 % interval 95.5–98.6): 390 of 400 test images "
        "right."
    ]
    assert leading(read)[0].test == ""
    assert recommendations(read) == ()
    assert accuracy_range(read) is None


def test_no_run_has_nothing_to_say(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390})
    store.remove_run("alpha-none")
    read = material(store)
    assert (leading(read), findings(read), recommendations(read)) == ((), (), ())


def test_the_best_may_be_untested(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 300})
    import_counts(store, "alpha-none")
    assert said(best_run, store).startswith("Alpha-None, imported has the highest accuracy, 97.5 %")
    assert said(best_run, store).endswith(
        "No paired test can compare it: imported from a confusion matrix."
    )
    assert said(accuracy_range, store).endswith("(Alpha-None, imported).")
    assert said(highest_accuracy, store) == "Alpha-None, imported: 97.5 %, the highest."
    assert said(smallest_as_good, store) == ""


def test_the_range_says_whether_its_ends_are_separated(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 300, "gamma": 380})
    assert said(accuracy_range, store) == (
        "Accuracy ranges from 75.0 % (Beta, no augmentation) to 97.5 % (Alpha, no augmentation); a "
        f"paired test separates the two, 22.5 points ({between(390, 300)}) apart."
    )
    close = store_of(tmp_path / "close", {"alpha": 390, "beta": 389})
    assert "a paired test does not separate the two, 0.2 points" in said(accuracy_range, close)
    level = store_of(tmp_path / "level", {"alpha": 390, "beta": 390})
    assert said(accuracy_range, level) == ""


def test_as_many_right_of_fewer_images_is_a_range(tmp_path: Path) -> None:
    """An imported matrix may be of other images: 300 of 400 and 300 of 300 are not the same."""
    store = store_of(tmp_path, {"alpha": 300, "beta": 300})
    assert said(accuracy_range, store) == ""
    import_counts(store, "beta-none")
    counts = Counts.of(np.diag([75, 75, 75, 75]))
    change(store, "beta-none", counts=store.write_counts("beta-none", counts))
    assert said(accuracy_range, store) == (
        "Accuracy ranges from 75.0 % (Alpha, no augmentation) to 100.0 % (Beta-None, imported)."
    )


def seeded(folder: Path, hits: dict[str, tuple[int, ...]]) -> ExperimentStore:
    seeds = tuple(range(len(next(iter(hits.values())))))
    store = write_made_up_store(
        folder, models=tuple(hits), n_images=N, augmentations=("none",), training_seeds=seeds
    )
    for model, of_model in hits.items():
        for seed, n_hits in enumerate(of_model):
            answer(store, f"{model}-none" + (f"-seed{seed}" if seed else ""), first(n_hits, N))
    return store


def test_over_seeds_the_mean_leads(tmp_path: Path) -> None:
    """Alpha is ahead of gamma by 40, 18 and 39 images: p = 0.046 over seeds, times two by Holm.

    On the images its worst run is 14 ahead of the best of gamma, all one way: p = 0.0001.
    """
    hits = {"alpha": (380, 384, 391), "beta": (350, 352, 358), "gamma": (340, 366, 352)}
    assert ttest_rel(hits["alpha"], hits["gamma"]).pvalue == pytest.approx(0.046, abs=0.001)
    read = material(seeded(tmp_path, hits))
    best, single = leading(read)
    assert words(best, read) == (
        "Alpha, no augmentation has the highest mean accuracy, 96.2 % over 3 seeds (standard "
        "deviation 1.4 points). On the same images, a paired test separates all its runs from "
        "those of 2 of 2 others. Over seeds, a paired t test separates it from 1 of 2 others."
    )
    assert words(single, read).startswith("Alpha, no augmentation, seed 2 leads at 97.8 %")


def test_over_seeds_with_one_other(tmp_path: Path) -> None:
    separate = seeded(tmp_path / "two", {"alpha": (380, 381, 383), "beta": (350, 352, 353)})
    assert said(best_over_seeds, separate).endswith(
        "On the same images, a paired test separates all its runs from those of Beta, no "
        "augmentation. Over seeds, a paired t test separates it from Beta, no augmentation."
    )
    tied = seeded(tmp_path / "few", {"alpha": (380, 390), "beta": (370, 388)})
    assert said(best_over_seeds, tied) == (
        "Alpha, no augmentation has the highest mean accuracy, 96.2 % over 2 seeds (standard "
        "deviation 1.8 points). On the same images, a paired test does not separate all its runs "
        "from those of Beta, no augmentation. Over seeds, a paired t test does not separate it "
        "from Beta, no augmentation."
    )
    # 20 images in either seed: there is no spread that a t test could divide by.
    alike = seeded(tmp_path / "alike", {"alpha": (380, 390), "beta": (340, 350)})
    assert said(best_over_seeds, alike).endswith(
        "On the same images, a paired test separates all its runs from those of Beta, no "
        "augmentation."
    )
    found = best_over_seeds(material(alike))
    assert found is not None
    assert found.test == "exact McNemar, Holm-corrected over all pairs of runs"
    alone = seeded(tmp_path / "alone", {"alpha": (380, 390)})
    assert said(best_over_seeds, alone).endswith("(standard deviation 1.8 points).")


def test_one_seed_has_no_mean_to_lead(tmp_path: Path) -> None:
    assert best_over_seeds(material(store_of(tmp_path, {"alpha": 390, "beta": 300}))) is None


def test_fastest_and_smallest_name_the_model_with_its_best_run(tmp_path: Path) -> None:
    """Costs grow from model to model; both runs of a model are of one network."""
    store = write_made_up_store(tmp_path, models=("alpha", "beta"), n_images=N)
    for run_id, hits in zip(store.read_experiment().run_ids, (300, 320, 390, 380), strict=True):
        answer(store, run_id, first(hits, N))
    change_cost(store, "alpha-standard", latency_ms=2.2)
    assert said(fastest, store) == (
        "Alpha needs 2.10 ms for one image; its best run is 80.0 % accurate."
    )
    assert said(smallest, store) == "Alpha has 1.00 M parameters; its best run is 80.0 % accurate."


def test_models_whose_costs_read_the_same_are_named_together(tmp_path: Path) -> None:
    """Alpha and beta differ by a microsecond and by ten parameters: less than the page shows."""
    store = store_of(tmp_path, {"alpha": 300, "beta": 390, "gamma": 380})
    change_cost(store, "beta-none", latency_ms=1.999, n_parameters=999_990)
    assert said(fastest, store) == (
        "The lowest latency for one image, 2.00 ms, is that of Beta (best run 97.5 %) and Alpha "
        "(best run 75.0 %)."
    )
    assert said(smallest, store) == (
        "The fewest parameters, 1.00 M, are those of Beta (best run 97.5 %) and Alpha (best run "
        "75.0 %)."
    )


def test_costs_of_one_model_or_of_two_machines_say_nothing(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), n_images=N)
    for rule in (fastest, smallest, accuracy_latency_front):
        assert said(rule, store) == ""
    store = store_of(tmp_path / "two", {"alpha": 300, "beta": 390, "gamma": 380})
    assert said(fastest, store) != ""
    run = store.read_run("beta-none")
    assert run.provenance is not None
    elsewhere = run.provenance.model_copy(update={"cpu": "Another processor"})
    change(store, "beta-none", provenance=elsewhere)
    for rule in (fastest, within_budget, accuracy_latency_front, for_small_machines):
        assert said(rule, store) == ""
    assert said(smallest, store) != ""


def test_times_from_elsewhere_recommend_nothing(tmp_path: Path) -> None:
    """Nothing is known of the machine behind an import, nor whether that of another is the same."""
    store = store_of(tmp_path, {"alpha": 300, "beta": 390, "gamma": 380})
    assert said(for_small_machines, store) != ""
    cost = store.read_run("alpha-none").cost
    assert cost is not None
    import_counts(store, "alpha-none")
    absent = {k: why for k, why in store.read_run("alpha-none").absent.items() if k != "cost"}
    tiny = cost.model_copy(update={"cpu_latency_ms": 0.01, "latency_ms": 0.01})
    change(store, "alpha-none", cost=tiny, absent=absent)
    for rule in (fastest, within_budget, accuracy_latency_front, for_small_machines):
        assert said(rule, store) == ""
    for run_id in ("beta-none", "gamma-none"):
        import_counts(store, run_id)
        change(store, run_id, cost=cost, absent=absent)
    for rule in (fastest, within_budget, accuracy_latency_front, for_small_machines):
        assert said(rule, store) == ""


def test_times_on_more_threads_recommend_nothing(tmp_path: Path) -> None:
    """Neither of a whole run, nor of the second seed of one."""
    store = seeded(tmp_path, {"alpha": (300, 301), "beta": (390, 391), "gamma": (380, 381)})
    assert said(for_small_machines, store) != ""
    provenance = store.read_run("beta-none-seed1").provenance
    assert provenance is not None
    change(store, "beta-none-seed1", provenance=provenance.model_copy(update={"n_threads": 9}))
    assert said(for_small_machines, store) == ""


def test_a_missing_cost_is_left_out(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300, "beta": 390, "gamma": 380})
    forget_latency(store, "alpha-none", "the timer broke")
    assert said(fastest, store).startswith("Beta needs 4.00 ms")
    forget_latency(store, "beta-none", "the timer broke")
    assert said(fastest, store) == ""


def test_the_best_within_the_budget(tmp_path: Path) -> None:
    """Latencies are 2, 4, 6 and 8 ms: the budget is 4 ms."""
    hits = {"alpha": 300, "beta": 320, "gamma": 390, "delta": 380}
    assert said(within_budget, store_of(tmp_path, hits)) == (
        "Of the 2 runs within 4.00 ms for one image, twice the lowest latency, Beta, no "
        "augmentation is the most accurate, at 80.0 %. A paired test separates it from Gamma, no "
        "augmentation, 17.5 points above."
    )
    near = store_of(tmp_path / "near", hits | {"beta": 388})
    assert "does not separate it from Gamma, no augmentation, 0.5 points" in said(
        within_budget, near
    )
    best = store_of(tmp_path / "best", hits | {"beta": 399})
    assert said(within_budget, best).endswith("at 99.8 %. No slower run is more accurate.")


def test_as_many_right_within_the_budget_is_the_best(tmp_path: Path) -> None:
    hits = {"alpha": 300, "gamma": 320, "beta": 390, "delta": 390}
    store = store_of(tmp_path, hits)
    change_cost(store, "delta-none", latency_ms=3.0)
    assert said(within_budget, store).endswith(
        "Delta, no augmentation is the most accurate, at 97.5 %. No slower run is more accurate."
    )


def test_runs_that_tie_within_the_budget_share_the_sentence(tmp_path: Path) -> None:
    """Budget 4 ms, for alpha, beta and gamma: beta and gamma tie, delta is 5 images ahead."""
    hits = {"alpha": 300, "beta": 385, "gamma": 385, "delta": 390}
    store = store_of(tmp_path, hits)
    change_cost(store, "gamma-none", latency_ms=3.0)
    assert said(within_budget, store) == (
        "Of the 3 runs within 4.00 ms for one image, twice the lowest latency, Beta, no "
        "augmentation and Gamma, no augmentation are the most accurate, at 96.2 %. A paired test "
        "does not separate Beta, no augmentation from Delta, no augmentation, 1.2 points above."
    )
    level = store_of(tmp_path / "level", hits | {"delta": 385})
    change_cost(level, "gamma-none", latency_ms=3.0)
    assert said(within_budget, level).endswith(
        "are the most accurate, at 96.2 %. No slower run is more accurate."
    )


def test_runs_of_one_network_are_in_the_budget_together(tmp_path: Path) -> None:
    """Budget 4 ms: the twins of beta were timed at 3.9 and 4.06, their median is 3.98."""
    store = write_made_up_store(tmp_path, models=("alpha", "beta", "gamma"), n_images=N)
    change_cost(store, "beta-none", latency_ms=3.9)
    change_cost(store, "beta-standard", latency_ms=4.06)
    assert said(within_budget, store).startswith("Of the 4 runs within 4.00 ms")
    front = accuracy_latency_front(material(store))
    assert front is not None
    on_front = [run.run_id for run in front.runs]
    assert len({run_id.split("-")[0] for run_id in on_front}) == len(on_front)


def test_a_budget_that_leaves_out_none_or_all_but_one_says_nothing(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300, "beta": 390})
    assert said(within_budget, store) == ""
    change_cost(store, "beta-none", latency_ms=4.1)
    assert said(within_budget, store) == ""


def test_the_pareto_front_is_what_nothing_beats(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300, "beta": 290, "gamma": 390, "delta": 390})
    assert said(accuracy_latency_front, store) == (
        "For two of 4 runs, no other is at least as fast and as accurate, and better in one of "
        "the two: Alpha, no augmentation (2.00 ms, 75.0 %) and Gamma, no augmentation (6.00 ms, "
        "97.5 %)."
    )
    one = store_of(tmp_path / "one", {"alpha": 390, "beta": 380})
    assert said(accuracy_latency_front, one) == (
        "No run is faster or more accurate than Alpha, no augmentation."
    )


def test_training_time_is_the_sum_of_what_is_known(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300, "beta": 390, "gamma": 380})
    assert said(training_time, store) == (
        "Training 3 runs took 27.0 s in all, Gamma, no augmentation longest: 13.5 s."
    )
    change_cost(store, "alpha-none", features_time_s=30.0)
    assert said(training_time, store) == (
        "Training 3 runs took 57.0 s in all, Alpha, no augmentation longest: 34.5 s."
    )
    change_cost(store, "alpha-none", features_time_s=None)
    for run_id in ("beta-none", "gamma-none"):
        change_cost(store, run_id, train_time_s=None)
    assert said(training_time, store) == "Training Alpha, no augmentation took 4.50 s."
    change_cost(store, "alpha-none", train_time_s=None)
    assert said(training_time, store) == ""


def augmented(folder: Path, hits: dict[str, tuple[int, int]]) -> ExperimentStore:
    store = write_made_up_store(folder, models=tuple(hits), n_images=N)
    for model, (without, with_) in hits.items():
        answer(store, f"{model}-none", first(without, N))
        answer(store, f"{model}-standard", first(with_, N))
    return store


def test_augmentation_helps_hurts_or_cannot_be_told(tmp_path: Path) -> None:
    hits = {"alpha": (340, 380), "beta": (380, 340), "gamma": (380, 383), "delta": (300, 360)}
    read = material(augmented(tmp_path, hits))
    low, high = apart(380, 340)
    assert [words(verdict, read) for verdict in augmentation_verdicts(read)] == [
        f"Augmentation helped Delta (+15.0 points, {between(360, 300)}, p < 0.001) and Alpha "
        f"(+10.0 points, {between(380, 340)}, p < 0.001).",
        f"Augmentation hurt Beta (−10.0 points, −{high:.1f} to −{low:.1f}, p < 0.001).",
        f"Augmentation made no detectable difference to Gamma (+0.8 points, "
        f"{between(383, 380).replace('-', '−')}, p = 0.250).",
    ]


def test_holm_keeps_one_of_many_models_from_looking_helped(tmp_path: Path) -> None:
    """Six images all one way: p = 0.031 alone, 0.19 as the smallest of six."""
    alone = material(augmented(tmp_path / "one", {"alpha": (380, 386)}))
    assert [found.verdict for found in augmentation_verdicts(alone)] == ["helped"]
    six = {"alpha": (380, 386)} | dict.fromkeys("bcdef", (380, 380))
    found = augmentation_verdicts(material(augmented(tmp_path / "six", six)))
    assert [verdict.verdict for verdict in found] == ["undecided"]


def of_seeds(folder: Path, without: tuple[int, ...], with_: tuple[int, ...]) -> ExperimentStore:
    seeds = tuple(range(len(without)))
    store = write_made_up_store(folder, models=("alpha",), n_images=N, training_seeds=seeds)
    for seed in seeds:
        of_seed = f"-seed{seed}" if seed else ""
        answer(store, f"alpha-none{of_seed}", first(without[seed], N))
        answer(store, f"alpha-standard{of_seed}", first(with_[seed], N))
    return store


def judged(store: ExperimentStore) -> tuple[str, str]:
    read = material(store)
    (verdict,) = augmentation_verdicts(read)
    return words(verdict, read), verdict.test


def test_two_seeds_are_judged_on_the_images_of_each(tmp_path: Path) -> None:
    """50 images more, all one way, in both seeds; a t test over two would find nothing."""
    assert (
        ttest_rel((350, 348), (300, 300)).pvalue < 0.05 < ttest_rel((350, 330), (300, 300)).pvalue
    )
    holm = "Holm-corrected over all effects of augmentation"
    assert judged(of_seeds(tmp_path / "clear", (300, 300), (350, 330))) == (
        "Augmentation helped Alpha (+10.0 points, p < 0.001, 2 seeds).",
        f"exact McNemar in every seed (its largest p), {holm}",
    )
    # p = 0.125 in the second seed: four images, all one way.
    sentence, _ = judged(of_seeds(tmp_path / "one", (300, 300), (350, 304)))
    assert sentence == (
        "Augmentation made no detectable difference to Alpha (+6.8 points, p = 0.125, 2 seeds)."
    )
    sentence, _ = judged(of_seeds(tmp_path / "both", (300, 300), (350, 270)))
    assert sentence == (
        "Augmentation made no detectable difference to Alpha (+2.5 points, p = 1.000, 2 seeds)."
    )


def test_as_much_in_every_one_of_four_seeds_is_no_nothing(tmp_path: Path) -> None:
    """A t test divides by the spread of the differences, which is 0."""
    sentence, test = judged(of_seeds(tmp_path, (300,) * 4, (350,) * 4))
    assert sentence == "Augmentation helped Alpha (+12.5 points, p < 0.001, 4 seeds)."
    assert test.startswith("exact McNemar in every seed")


def test_no_augmentation_no_verdict(tmp_path: Path) -> None:
    assert augmentation_verdicts(material(store_of(tmp_path, {"alpha": 390, "beta": 3}))) == ()


def test_models_of_one_name_are_told_apart_by_the_whole_of_it(tmp_path: Path) -> None:
    store = augmented(tmp_path, {"alpha": (340, 380), "beta": (330, 380)})
    for run_id in store.read_experiment().run_ids:
        relabel(store, run_id, "Net")
    read = material(store)
    (verdict,) = augmentation_verdicts(read)
    assert words(verdict, read).startswith("Augmentation helped Net, augmented, beta-standard (")


def errors_of(folder: Path, n_wrong: tuple[int, ...], models: tuple[str, ...]) -> ExperimentStore:
    """Four classes of 100 images; so many of each class are wrong for every model."""
    targets, place = np.sort(np.arange(N) % 4), np.arange(N) % 100
    correct = place >= np.array(n_wrong)[targets]
    return store_of(folder, dict.fromkeys(models, correct))


def test_a_class_below_the_rest_is_named_with_its_interval(tmp_path: Path) -> None:
    store = errors_of(tmp_path, (2, 20, 3, 40), ("alpha",))
    assert said(errors.hardest_classes, store) == (
        "The best run’s recall is lowest for d (60.0 %, 50.2–69.1)."
    )
    # The second is below the others too, but not below them and the first together.
    wrong = [[60, 275], [40, 25]]
    assert fisher_exact(wrong, "less").pvalue < 0.001
    assert fisher_exact([[80, 255], [20, 45]], "less").pvalue > 0.05


def test_the_recall_is_the_mean_over_the_runs_that_share_the_lead(tmp_path: Path) -> None:
    store = errors_of(tmp_path, (2, 3, 3, 40), ("alpha", "beta"))
    assert said(errors.hardest_classes, store) == (
        "The mean recall of the 2 runs not separated from the best is lowest for d (60.0 %, "
        "50.2–69.1)."
    )


def test_classes_alike_have_no_hardest(tmp_path: Path) -> None:
    assert said(errors.hardest_classes, errors_of(tmp_path, (9, 10, 12, 10), ("alpha",))) == ""
    assert said(errors.hardest_classes, errors_of(tmp_path / "all", (0,) * 4, ("alpha",))) == ""


def test_the_hardest_class_is_what_fisher_and_holm_say() -> None:
    random = np.random.default_rng(0)
    support = random.integers(0, 60, 12)
    support[3] = 0
    hits = random.binomial(support, 0.8)
    hits[5] //= 2
    found = errors.below_the_rest(hits, support)
    rest = support.sum(), hits.sum()
    raw = [
        fisher_exact([[h, s - h], [rest[1] - h, rest[0] - s - (rest[1] - h)]], "less").pvalue
        for h, s in zip(hits, support, strict=True)
        if s
    ]
    steps = np.argsort(np.argsort(raw))
    expected = np.maximum.accumulate(np.sort(raw) * np.arange(len(raw), 0, -1)).clip(max=1)[steps]
    assert found[support > 0] == pytest.approx(expected)
    assert found[3] == 1


def test_the_most_confused_pairs_are_counted_over_all_runs(tmp_path: Path) -> None:
    """20 of class c are taken for d by both runs, 30 of d for a by the second alone."""
    store = errors_of(tmp_path, (0, 0, 20, 0), ("alpha", "beta"))
    targets, place = np.sort(np.arange(N) % 4), np.arange(N) % 100
    both = (place >= 20) | (targets < 2)
    answer(store, "beta-none", both & ~((targets == 3) & (place < 30)))
    read = material(store)
    found = errors.most_confused(read)
    assert words(found, read) == (
        "Over 2 runs, the most frequent errors are c taken for d (40 times) and d taken for a (30 "
        "times)."
    )
    assert found is not None
    assert [pair.run.run_id for pair in found.pairs] == ["alpha-none", "beta-none"]
    assert found.evidence.address == "errors.html#view=cell&run=alpha-none&target=2&prediction=3"


def test_a_matrix_alone_is_its_own_evidence(tmp_path: Path) -> None:
    """There are no images to list: errors.html would have nothing to show."""
    store = errors_of(tmp_path, (2, 20, 3, 40), ("alpha",))
    import_counts(store, "alpha-none")
    read = material(store)
    for rule, address in (
        (errors.hardest_classes, "runs/alpha-none.html"),
        (errors.most_confused, "compare.html#run=alpha-none"),
    ):
        found = rule(read)
        assert found is not None
        assert found.evidence.address == address
        sentence = found.sentence(Names(run_names(read.experiment)))
        assert {part.address for part in sentence if part.kind == "link"} == {address}


def test_pairs_that_do_not_stand_out_are_not_named(tmp_path: Path) -> None:
    """Every class is taken for the next one equally often: no three of the four stand out."""
    assert said(errors.most_confused, errors_of(tmp_path, (5, 5, 5, 5), ("alpha",))) == ""
    assert said(errors.most_confused, errors_of(tmp_path / "one", (1, 0, 0, 0), ("alpha",))) == ""
    two = errors_of(tmp_path / "two", (9, 5, 5, 5), ("alpha",))
    assert said(errors.most_confused, two) == (
        "Over 1 run, the most frequent error is a taken for b (9 times)."
    )


def test_confidence_above_accuracy_is_over_confidence(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300, "beta": 300, "gamma": 300})
    answer(store, "alpha-none", first(300, N), confidence=0.9)
    answer(store, "beta-none", first(300, N), confidence=0.76)
    answer(store, "gamma-none", first(300, N), confidence=0.6)
    ends = ttest_1samp(0.9 - first(300, N), 0).confidence_interval()
    expected = f"{100 * ends.low:.1f} to {100 * ends.high:.1f}"
    assert said(overconfident, store) == (
        "Alpha, no augmentation is on average 15.0 points more confident than accurate "
        f"({expected})."
    )
    answer(store, "beta-none", first(300, N), confidence=0.85)
    assert said(overconfident, store) == (
        "2 of 3 runs are more confident than accurate, Alpha, no augmentation the most: by 15.0 "
        f"points on average ({expected})."
    )


def test_confidence_at_or_below_accuracy_is_not(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300})
    for confidence in (0.5, 0.75, 0.76):
        answer(store, "alpha-none", first(300, N), confidence=confidence)
        assert said(overconfident, store) == ""
    import_counts(store, "alpha-none")
    assert said(overconfident, store) == ""


def test_a_loss_that_fell_to_the_end_has_not_converged(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 380, "gamma": 300})
    for run_id in store.read_experiment().run_ids:
        change_training(store, run_id, max_epochs=3, min_delta=0.01)
    change(store, "alpha-none", history=history(0.9, 0.5, 0.495))
    change(store, "beta-none", history=history(0.9, 0.5, 0.49))
    change(store, "gamma-none", history=history(0.9, 0.4, 0.45))
    assert said(still_improving, store) == (
        "The validation loss of Beta, no augmentation still fell in the last epochs allowed: more "
        "epochs may improve it."
    )
    change(store, "gamma-none", history=history(0.9, 0.5, 0.3))
    assert said(still_improving, store).endswith("may improve them.")
    change_training(store, "gamma-none", schedule="cosine")
    assert "Gamma" not in said(still_improving, store)
    for run_id in ("beta-none", "gamma-none"):
        change_training(store, run_id, max_epochs=4, min_delta=0.01)
    assert said(still_improving, store) == ""


def test_early_stopping_is_named_with_its_epochs(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 380, "gamma": 300})
    assert said(stopped_early, store) == ""
    for run_id, n_epochs in (("alpha-none", 9), ("gamma-none", 7)):
        change_training(store, run_id, max_epochs=12)
        change(store, run_id, stopped_early=True, history=history(*[1.0] * n_epochs))
    assert said(stopped_early, store) == (
        "Early stopping ended Gamma, no augmentation (after 7 of 12 epochs) and Alpha, no "
        "augmentation (after 9 of 12 epochs)."
    )


def test_recommendations_are_the_smallest_that_the_test_does_not_separate(tmp_path: Path) -> None:
    """1, 2, 3, 4 million parameters; 2, 4, 6, 8 ms."""
    hits = {"alpha": 300, "beta": 388, "gamma": 380, "delta": 391}
    read = material(store_of(tmp_path, hits))
    assert [words(found, read) for found in recommendations(read)] == [
        "Delta, no augmentation: 97.8 %, the highest; a paired test does not separate it from "
        "one other.",
        "Beta, no augmentation: with 2.00 M parameters, the smallest model that a paired test does "
        "not separate from Delta, no augmentation.",
        "Beta, no augmentation: with 2.00 M parameters, the most accurate within 4.00 ms for one "
        "image on the CPU, twice the lowest time.",
    ]
    level = material(store_of(tmp_path / "level", hits | {"alpha": 386}))
    assert words(for_small_machines(level), level) == (
        "Alpha, no augmentation: with 1.00 M parameters, the smallest model that a paired test "
        "does not separate from Beta, no augmentation, the most accurate within 4.00 ms for one "
        "image on the CPU, twice the lowest time."
    )


def test_the_recommendation_for_small_machines_may_share_its_place(tmp_path: Path) -> None:
    """1, 2, 3 million parameters at 2, 4 and 3 ms: all within the budget."""
    within = "for one image on the CPU, twice the lowest time"
    store = store_of(tmp_path, {"alpha": 300, "beta": 390, "gamma": 390})
    change_cost(store, "gamma-none", cpu_latency_ms=3.0)
    assert said(for_small_machines, store) == (
        f"Beta, no augmentation: with 2.00 M parameters, the highest accuracy within 4.00 ms "
        f"{within}, shared with Gamma, no augmentation."
    )
    # The smaller one is as accurate, though the config has it second.
    change_cost(store, "gamma-none", n_parameters=1_500_000)
    found = for_small_machines(material(store))
    assert words(found, material(store)) == (
        f"Gamma, no augmentation: with 1.50 M parameters, the highest accuracy within 4.00 ms "
        f"{within}, shared with Beta, no augmentation."
    )
    assert found is not None
    assert found.test == ""
    store = store_of(tmp_path / "tied", {"alpha": 387, "beta": 390, "gamma": 390})
    change_cost(store, "gamma-none", cpu_latency_ms=3.0)
    assert said(for_small_machines, store) == (
        "Alpha, no augmentation: with 1.00 M parameters, the smallest model that a paired test "
        "does not separate from Beta, no augmentation, one of the most accurate within 4.00 ms "
        f"{within}."
    )


def test_the_highest_accuracy_may_be_shared(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 390, "gamma": 389, "delta": 300})
    assert said(highest_accuracy, store) == (
        "Alpha, no augmentation: 97.5 %, the highest, shared with Beta, no augmentation; a paired "
        "test does not separate it from one other."
    )
    import_counts(store, "beta-none")
    assert "the highest, shared with Beta-None, imported; a paired" in said(highest_accuracy, store)
    two = store_of(tmp_path / "two", {"alpha": 390, "beta": 390})
    assert said(highest_accuracy, two).endswith("shared with Beta, no augmentation.")


def test_the_highest_accuracy_says_what_it_was_tested_against(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 389, "gamma": 300, "delta": 380})
    assert said(highest_accuracy, store).endswith("does not separate it from one other.")
    import_counts(store, "delta-none")
    assert said(highest_accuracy, store).endswith(
        "; a paired test does not separate it from one other of those tested."
    )
    import_counts(store, "beta-none")
    read = material(store)
    found = highest_accuracy(read)
    assert words(found, read).endswith("; a paired test separates it from all others of those "
                                       "tested.")  # fmt: skip
    assert found is not None
    assert found.test.startswith("exact McNemar")
    seeds = seeded(tmp_path / "seeds", {"alpha": (390, 388), "beta": (384, 389)})
    assert said(highest_accuracy, seeds) == (
        "Alpha, no augmentation: 97.2 %, the highest mean, over 2 seeds; a paired test does not "
        "separate all its runs from those of one other."
    )
    level = store_of(tmp_path / "level", {"alpha": 390, "beta": 390, "gamma": 300})
    assert said(highest_accuracy, level).endswith(
        "shared with Beta, no augmentation; a paired test separates it from the rest."
    )


def test_what_was_not_tested_is_not_found_worse(tmp_path: Path) -> None:
    """Beta, of unknown size, is a matrix alone: nothing tells it from alpha."""
    store = store_of(tmp_path, {"alpha": 390, "beta": 388})
    import_counts(store, "beta-none")
    read = material(store)
    assert smallest_as_good(read) is None
    store = store_of(tmp_path / "three", {"gamma": 300, "alpha": 390, "beta": 388})
    import_counts(store, "beta-none")
    assert said(smallest_as_good, store) == (
        "Alpha, no augmentation, again: with 2.00 M parameters, a paired test finds no smaller "
        "model of those tested and of known size as accurate."
    )


def test_the_best_may_be_the_smallest_of_all(tmp_path: Path) -> None:
    read = material(store_of(tmp_path, {"alpha": 390, "beta": 300}))
    found = smallest_as_good(read)
    assert words(found, read) == (
        "Alpha, no augmentation, again: with 1.00 M parameters, no other is smaller."
    )
    assert found is not None
    assert found.test == ""


def test_seeds_that_point_both_ways_are_as_good(tmp_path: Path) -> None:
    """Beta is smaller; half of its pairs with alpha are separated the other way."""
    store = seeded(tmp_path, {"beta": (340, 320), "alpha": (388, 280)})
    assert said(smallest_as_good, store) == (
        "Beta, no augmentation: with 1.00 M parameters, the smallest model that a paired test does "
        "not separate from Alpha, no augmentation."
    )
    assert "a paired test does not separate all its runs from those of Beta" in said(
        best_over_seeds, store
    )


def test_the_best_may_be_the_smallest_as_good_itself(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300, "beta": 390, "gamma": 380})
    assert said(highest_accuracy, store) == (
        "Beta, no augmentation: 97.5 %, the highest; a paired test separates it from all others."
    )
    assert said(smallest_as_good, store) == (
        "Beta, no augmentation, again: with 2.00 M parameters, a paired test finds no smaller "
        "model as accurate."
    )


def test_unknown_costs_give_no_recommendation_by_cost(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300, "beta": 390})
    change_cost(store, "beta-none", n_parameters=None, cpu_latency_ms=None)
    assert said(smallest_as_good, store) == ""
    assert said(for_small_machines, store) == ""
    assert said(highest_accuracy, store) != ""


def test_names_from_the_data_stay_text(tmp_path: Path) -> None:
    hostile = "<b>{}</b> {0} %s"
    store = errors_of(tmp_path, (0, 0, 0, 40), ("alpha", "beta"))
    relabel(store, "alpha-none", hostile)
    read = material(store)
    everything = (*leading(read), *findings(read), *recommendations(read))
    assert any(hostile in words(found, read) for found in everything)
    for found in everything:
        assert found.label
        assert found.evidence.text
        assert found.evidence.address
