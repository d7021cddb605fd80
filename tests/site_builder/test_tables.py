"""The tables of runs against scikit-learn, and what stands in their cells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)

from experiments.results.predictions import Predictions
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.comparisons import compare_runs
from site_builder.loading import Experiment, load
from site_builder.naming import run_names
from site_builder.samples import OTHER_IMAGES
from site_builder.tables import Row, Table, performance_table, resources_table
from site_builder.tables.families import family_of_model
from site_builder.tables.pairs import pairs
from tests.made_up import write_made_up_store
from tests.site_builder.changes import elsewhere, forget_latency


def performance(experiment: Experiment) -> Table:
    return performance_table(compare_runs(experiment), run_names(experiment))


def resources(experiment: Experiment) -> Table:
    return resources_table(compare_runs(experiment), run_names(experiment))


def values(table: Table, row: Row) -> dict[str, float]:
    cells = zip(table.columns, row.cells, strict=True)
    return {column.key: float(cell.value) for column, cell in cells if cell.value}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    folder = tmp_path_factory.mktemp("seeds")
    return load(write_made_up_store(folder, training_seeds=(0, 1, 2)))


def test_performance_agrees_with_scikit_learn(
    experiment: Experiment, store: ExperimentStore
) -> None:
    table = performance(experiment)
    for row in table.rows:
        said = store.read_predictions(store.read_run(row.run_id), Split.TEST)
        assert said.top_probabilities is not None
        chosen = said.top_classes[:, 0]
        macro = precision_recall_fscore_support(said.targets, chosen, average="macro")[:3]
        probabilities = np.zeros_like(said.top_probabilities)
        np.put_along_axis(probabilities, said.top_classes, said.top_probabilities, axis=1)
        probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
        found = values(table, row)
        assert found.pop("group") >= 1
        assert found.pop("ece") >= 0  # its oracle is in the tests of the metric
        assert found == pytest.approx(
            {
                "accuracy": accuracy_score(said.targets, chosen),
                "precision": macro[0],
                "recall": macro[1],
                "f1": macro[2],
                "weighted-f1": f1_score(said.targets, chosen, average="weighted"),
                "top2": top_k_accuracy_score(said.targets, probabilities, k=2),
                "balanced": balanced_accuracy_score(said.targets, chosen),
                "kappa": cohen_kappa_score(said.targets, chosen),
                "mcc": matthews_corrcoef(said.targets, chosen),
                "logloss": log_loss(said.targets, probabilities),
                "brier": brier_score_loss(said.targets, probabilities, scale_by_half=False),
            },
            abs=1e-6,
        )


def test_rows_fall_in_accuracy_and_bars_lie_on_one_axis(experiment: Experiment) -> None:
    rows = performance(experiment).rows
    accuracies = [float(row.cells[0].value) for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    bars = [row.cells[0].bar for row in rows]
    assert all(bar is not None for bar in bars)
    ends = [(float(bar.low), float(bar.value), float(bar.high)) for bar in bars if bar]
    assert all(low < middle < high for low, middle, high in ends)
    assert min(low for low, _, _ in ends) == 2
    assert max(high for _, _, high in ends) == 98


def test_everything_that_reads_as_the_best_is_marked(experiment: Experiment) -> None:
    table = resources(experiment)
    for place, column in enumerate(table.columns):
        best = {row.run_id for row in table.rows if row.cells[place].best}
        # Parts of the work, which may count elsewhere for other runs.
        none = column.key in ("reading", "features", "evaluation")
        assert best == (set() if none else {"alpha-none", "alpha-standard"}), column.key


def test_no_time_is_the_best_of_two_machines(experiment: Experiment) -> None:
    first, *others = experiment.runs
    table = resources(replace(experiment, runs=(elsewhere(first), *others)))
    marked = {
        column.key
        for place, column in enumerate(table.columns)
        if any(row.cells[place].best for row in table.rows)
    }
    assert marked == {"parameters", "flops", "size", "trained"}


def test_accuracy_marks_the_group_that_a_test_does_not_part_from_the_best(
    experiment: Experiment,
) -> None:
    table = performance(experiment)
    groups = compare_runs(experiment).tie_group
    for row in table.rows:
        assert row.cells[0].best == (groups[row.run_id] == 1)
        assert row.cells[1].text == str(groups[row.run_id])
    assert {1, 2} <= set(groups.values())


def test_seeds_share_a_row_of_means(seeded: Experiment) -> None:
    table = performance(seeded)
    assert [len(group.rows) for group in table.groups] == [3] * 4
    by_id = {run.run_id: run for run in seeded.runs}
    for group in table.groups:
        assert group.mean is not None
        accuracies = [by_id[row.run_id].accuracy for row in group.rows]
        assert float(group.mean[0].value) == pytest.approx(np.mean(accuracies))
        deviation = 100 * np.std(accuracies, ddof=1)
        assert group.mean[0].detail == f"± {deviation:.1f}"
        assert "seed" not in group.name.variant
        assert all(f"seed {seed}" in row.name.variant for seed, row in enumerate(group.rows))
        groups = sorted(int(row.cells[1].text) for row in group.rows)
        ends = dict.fromkeys(map(str, (groups[0], groups[-1])))
        shown = (group.mean[1].text, group.mean[1].value, group.mean[1].detail)
        assert shown == ("–".join(ends), str(groups[0]), "")
        assert group.mean[0].best == (groups[0] == 1)
    assert {group.mean[0].best for group in table.groups if group.mean} == {True, False}
    assert any("–" in group.mean[1].text for group in table.groups if group.mean)
    means = [float(group.mean[0].value) for group in table.groups if group.mean]
    assert means == sorted(means, reverse=True)


def test_the_best_mean_is_marked_beside_the_best_run(seeded: Experiment) -> None:
    table = resources(seeded)
    place = [column.key for column in table.columns].index("parameters")
    marked = {group.key for group in table.groups if group.mean and group.mean[place].best}
    assert marked == {"alpha-none", "alpha-standard"}
    assert {row.run_id.rpartition("-")[0] for row in table.rows if row.cells[place].best} >= marked
    place = [column.key for column in table.columns].index("reading")
    assert not any(group.mean[place].best for group in table.groups if group.mean)


def test_seeds_that_saw_other_images_have_no_group(seeded: Experiment) -> None:
    others = np.array([f"other/{place}" for place in range(60)])
    runs = tuple(
        replace(run, predictions=replace(run.predictions, sample_ids=others))
        if run.predictions and run.run_id.startswith("beta-none")
        else run
        for run in seeded.runs
    )
    groups = performance(replace(seeded, runs=runs)).groups
    cell = next(group.mean for group in groups if group.key == "beta-none")[1]  # type: ignore[index]
    assert (cell.text, cell.value, cell.reason) == ("–", "", OTHER_IMAGES)


def test_a_run_alone_has_no_mean(experiment: Experiment) -> None:
    assert all(group.mean is None for group in performance(experiment).groups)


def test_a_missing_number_has_a_reason_and_is_never_best(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    for run_id in ("alpha-none", "alpha-standard"):
        forget_latency(store, run_id, "the timer broke")
    table = resources(load(store))
    place = [column.key for column in table.columns].index("latency")
    cells = {row.run_id: row.cells[place] for row in table.rows}
    assert (cells["alpha-none"].value, cells["alpha-none"].reason) == ("", "the timer broke")
    assert {run_id for run_id, cell in cells.items() if cell.best} == {"beta-none", "beta-standard"}


def test_a_mean_over_seeds_needs_all_of_them(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), training_seeds=(0, 1))
    run_id = store.read_experiment().run_ids[0]
    forget_latency(store, run_id, "the timer broke")
    table = resources(load(store))
    place = [column.key for column in table.columns].index("latency")
    group = next(group for group in table.groups if group.key == run_id)
    assert group.mean is not None
    assert (group.mean[place].value, group.mean[place].reason) == ("", "the timer broke")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("resnet50.a1_in1k", "resnet"),
        ("wide_resnet50_2", "resnet"),
        ("mobilenetv3_large_100.ra_in1k", "mobilenet"),
        ("tf_efficientnetv2_s", "efficientnet"),
        ("convnext_tiny.fb_in22k", "convnext"),
        ("vit_base_patch16_224", "vit"),
        ("test_byobnet.r160_in1k", "byobnet"),
        ("torchvision/densenet121", "densenet"),
        ("inception_v3", "inception"),
    ],
)
def test_families_follow_timms_names(model: str, expected: str) -> None:
    assert family_of_model(model) == expected


def test_pairs_say_what_the_paired_test_says(experiment: Experiment) -> None:
    comparisons = compare_runs(experiment)
    by_id = {run.run_id: run for run in experiment.runs}
    first, second = by_id["alpha-none"], by_id["beta-standard"]
    right = [run.predictions.predicted == run.predictions.targets for run in (first, second)]
    said = pairs(first, comparisons)
    difference, verdict, only, ratios = said["others"]["beta-standard"]  # type: ignore[index]
    assert only == [int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())]
    points = 100 * (right[0].mean() - right[1].mean())
    assert difference.startswith(f"+{points:.1f}")
    told = comparisons.tie_group["alpha-none"] != comparisons.tie_group["beta-standard"]
    assert verdict.endswith(", told apart") == told
    latency = said["columns"].index("latency")  # type: ignore[attr-defined]
    assert ratios[latency].startswith("0.500")
    back = pairs(second, comparisons)["others"]["alpha-none"]  # type: ignore[index]
    assert back[2] == only[::-1]
    assert back[0].startswith("−")


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


def ends_of(text: str) -> list[float]:
    """Return the ends of an interval as the page shows it, in percent."""
    return [float(end) for end in text.split("–")]


def test_an_interval_is_drawn_wherever_it_is_shown(seeded: Experiment) -> None:
    table = performance(seeded)
    drawn = set()
    for column, cells in zip(
        table.columns, zip(*(row.cells for row in table.rows), strict=True), strict=True
    ):
        assert [cell.bar is not None for cell in cells] == [cell.detail != "" for cell in cells]
        if column.axis:
            drawn.add(column.key)
            low, high = ends_of(column.axis.replace(" to ", "–"))
            for cell in cells:
                assert cell.bar is not None
                at = [float(at) for at in (cell.bar.low, cell.bar.value, cell.bar.high)]
                start, end = ends_of(cell.detail)
                wanted = [
                    2 + 96 * (value - low) / (high - low)
                    for value in (start, 100 * float(cell.value), end)
                ]
                # The texts are rounded to a tenth of a percent.
                assert at == pytest.approx(wanted, abs=96 * 0.2 / (high - low))
    averages = {"precision", "recall", "f1", "weighted-f1", "balanced"}
    assert drawn == averages | {"accuracy", "top2", "ece"}
    assert [column.key for column in table.columns if column.own_bars] == ["accuracy"]


def test_a_mean_over_seeds_is_drawn_with_its_deviation(seeded: Experiment) -> None:
    table = performance(seeded)
    for group in table.groups:
        assert group.mean is not None
        for place, (column, mean) in enumerate(zip(table.columns, group.mean, strict=True)):
            assert (mean.bar is not None) == bool(column.axis), column.key
            if mean.bar:
                low, high = ends_of(column.axis.replace(" to ", "–"))
                scores = [float(row.cells[place].value) for row in group.rows]
                spread = 100 * np.std(scores, ddof=1)
                width = float(mean.bar.high) - float(mean.bar.low)
                wanted = 2 * 96 * spread / (high - low)
                # No rate is above 1, and no bar ends there.
                assert width <= wanted * 1.03 + 0.2
                if 100 * np.mean(scores) + spread < 100:
                    assert width == pytest.approx(wanted, rel=0.03, abs=0.2)


def test_intervals_that_are_one_point_are_not_drawn(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), augmentations=("none",))
    (record,) = [store.read_run("alpha-none")]
    said = store.read_predictions(record, Split.TEST)
    logits = np.eye(3)[said.targets] * 9
    perfect = Predictions.from_logits(said.sample_ids, said.targets, logits)
    stored = store.write_predictions("alpha-none", dict.fromkeys((Split.VAL, Split.TEST), perfect))
    store.write_run(record.model_copy(update={"predictions": stored}))
    (row,) = performance(load(store)).rows
    cells = dict(zip((c.key for c in performance(load(store)).columns), row.cells, strict=True))
    assert cells["accuracy"].bar is not None
    assert (cells["f1"].detail, cells["f1"].bar) == ("100.0–100.0", None)
