"""curves.html: series, means, axes, diagnoses by hand, and the page of odd stores."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import linregress

from experiments.results.metrics.intervals import newcombe
from experiments.results.schema import Epoch, RunRecord, Split, Unfreezing
from experiments.results.store import ExperimentStore
from site_builder.comparisons import compare_runs
from site_builder.curves import diagnoses
from site_builder.curves.axes import axes_of, widest
from site_builder.curves.choices import drawn_first, model_picks
from site_builder.curves.diagnoses import (
    Overfitting,
    StillImproving,
    Unstable,
    accuracy_gap,
    diagnoses_of,
    overfitting,
    still_improving,
    unstable,
)
from site_builder.curves.drawing import charts
from site_builder.curves.epochs import series_file
from site_builder.curves.series import Series, all_series
from site_builder.loading import load
from site_builder.naming import run_names
from site_builder.pages.curves import CurvesContext, curves_context
from site_builder.pipeline import build_site
from site_builder.render import render
from tests.made_up import write_made_up_store
from tests.site_builder.answers import change, change_training, history, import_counts
from tests.site_builder.changes import fail
from tests.site_builder.pages import PageReader
from tests.site_builder.test_charts import line_of, points


def learned(
    val: list[float], train: list[float] | None = None, **others: float | list[float]
) -> list[Epoch]:
    """Return epochs with these losses; other fields are the same in each, or one value an epoch."""
    made = []
    for place, (epoch, loss) in enumerate(
        zip(history(*val), train or [1.0] * len(val), strict=True)
    ):
        given = {
            name: value[place] if isinstance(value, list) else value
            for name, value in others.items()
        }
        made.append(epoch.model_copy(update={"train_loss": loss, **given}))
    return made


def put(store: ExperimentStore, run_id: str, epochs: list[Epoch], **fields: object) -> None:
    best = min(epochs, key=lambda epoch: epoch.val_loss).epoch
    change(store, run_id, history=epochs, best_epoch=best, **fields)


def series_of(store: ExperimentStore) -> dict[str, Series]:
    experiment = load(store)
    found = all_series(experiment, run_names(experiment), compare_runs(experiment))
    return {series.key: series for series in found}


def context_of(store: ExperimentStore) -> CurvesContext:
    experiment = load(store)
    names, comparisons = run_names(experiment), compare_runs(experiment)
    series = all_series(experiment, names, comparisons)
    return curves_context(experiment, names, comparisons, series)


def page_of(store: ExperimentStore) -> str:
    return render("pages/curves.html", context_of(store)).decode()


def shard_of(series: Series) -> dict[str, object]:
    path, content = series_file(series)
    assert path == f"data/curves/{series.key}.js"
    name, value = json.loads(f"[{content.decode().removeprefix('bakeoff.data(')[:-3]}]")
    assert name == f"curves/{series.key}"
    return value


# Series


def test_a_series_is_the_history_of_its_run(store: ExperimentStore) -> None:
    series = series_of(store)["alpha-none"]
    epochs = store.read_run("alpha-none").history
    for field in ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "learning_rate"):
        assert series.values[field].tolist() == [getattr(epoch, field) for epoch in epochs]
    assert series.values["seconds"].tolist() == [1.5, 3.0, 4.5]
    assert (series.best, series.stopped_early, series.unfrozen) == (3, False, {})


def test_the_mean_over_seeds_ends_where_the_first_run_does(tmp_path: Path) -> None:
    store = write_made_up_store(
        tmp_path, models=("alpha",), augmentations=("none",), training_seeds=(0, 1, 2)
    )
    losses = {"": [1.0, 0.5, 0.4], "-seed1": [2.0, 0.5], "-seed2": [3.0, 0.8, 0.1]}
    for suffix, of_run in losses.items():
        put(store, f"alpha-none{suffix}", learned(of_run, val_accuracy=0.98))
    series = series_of(store)
    assert list(series) == [
        "alpha-none-mean-",
        "alpha-none",
        "alpha-none-seed1",
        "alpha-none-seed2",
    ]
    mean = series["alpha-none-mean-"]
    assert mean.values["val_loss"] == pytest.approx([2.0, 0.6])
    # sqrt((1 + 0 + 1) / 2), and sqrt((0.01 + 0.01 + 0.04) / 2)
    assert mean.spreads["val_loss"] == pytest.approx([1.0, 0.03**0.5])
    assert mean.spreads["val_accuracy"].tolist() == [0, 0]
    assert mean.values["seconds"] == pytest.approx([1, 2])
    assert (mean.best, mean.stopped_early) == (2, False)
    assert mean.name.full == "Alpha, no augmentation, mean of 3 seeds"


def test_a_band_stays_within_what_is_possible() -> None:
    values = {"val_loss": np.array([0.1]), "val_accuracy": np.array([0.95])}
    spreads = {"val_loss": np.array([0.3]), "val_accuracy": np.array([0.1])}
    series = Series("a", None, (), values, spreads)  # type: ignore[arg-type]
    assert [end.tolist() for end in series.band("val_loss")] == [[0], pytest.approx([0.4])]
    assert [end.tolist() for end in series.band("val_accuracy")] == [pytest.approx([0.85]), [1]]


def test_runs_without_epochs_have_no_series_and_failed_ones_come_last(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha", "beta", "gamma"))
    import_counts(store, "alpha-none")
    fail(store, "beta-none", "the loss was not finite in epoch 4")
    fail(store, "beta-standard", "no memory")
    absent = store.read_run("beta-standard").absent | {"best_epoch": "the run failed"}
    change(store, "beta-standard", history=[], best_epoch=None, absent=absent)
    keys = list(series_of(store))
    assert sorted(keys[:-1]) == ["alpha-standard", "gamma-none", "gamma-standard"]
    assert keys[-1] == "beta-none"
    text = PageReader(page_of(store)).text
    assert "the model was trained elsewhere" in text
    assert "failed: no memory" in text


def test_a_failed_run_is_in_the_table_with_the_epochs_that_it_finished(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha", "beta"), augmentations=("none",))
    fail(store, "beta-none", "no memory")
    put(store, "beta-none", learned([0.9, 0.5], val_accuracy=0.75))
    learning = context_of(store).learning
    assert learning is not None
    *_, row = learning.rows
    texts = {
        column.key: cell.text for column, cell in zip(learning.columns, row.cells, strict=True)
    }
    assert (row.key, row.diagnoses) == ("beta-none", ("Failed",))
    assert (texts["epochs"], texts["best"], texts["val-loss"]) == ("2", "2", "0.500")
    assert (texts["val-accuracy"], texts["time"]) == ("75.0", "2.00\u00a0s")
    fail(store, "alpha-none", "no memory either")
    learning = context_of(store).learning
    assert learning is not None
    assert [row.diagnoses for row in learning.rows] == [("Failed",)] * 2


# Choices


@pytest.mark.parametrize(("n_models", "n_drawn"), [(1, 1), (4, 4), (5, 3)])
def test_first_are_all_runs_or_the_three_most_accurate(
    tmp_path: Path, n_models: int, n_drawn: int
) -> None:
    models = tuple(f"model{place}" for place in range(n_models))
    store = write_made_up_store(tmp_path, models=models, augmentations=("none",))
    experiment = load(store)
    context = context_of(store)
    expected = [run.run_id for run in experiment.ranked][:n_drawn]
    assert context.first.split() == [drawn.key for drawn in context.drawn] == expected
    assert bool(context.summary) == (n_drawn < n_models)


def test_of_seeds_the_mean_is_drawn_first(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, augmentations=("none",), training_seeds=(0, 1))
    series = tuple(series_of(store).values())
    drawn = drawn_first(series)
    assert sorted(each.key for each in drawn) == ["alpha-none-mean-", "beta-none-mean-"]
    picks = {pick.key: pick.look for of in model_picks(series, drawn) for pick in of.picks}
    assert len(picks) == 6
    assert sorted(look for look in picks.values() if look) == ["series-1", "series-2"]


# Axes and drawing


def test_the_widest_axis_holds_every_series(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    put(store, "alpha-none", learned([9.0, 7.0], val_accuracy=0.05, learning_rate=0.5))
    put(store, "beta-none", learned([0.1] * 60, learning_rate=1e-6, duration_s=300.0))
    series = series_of(store)
    axes = [axes_of(of) for of in series.values()]
    for panel, quantities in (
        ("loss", ("train_loss", "val_loss")),
        ("accuracy", ("train_accuracy", "val_accuracy")),
        ("rate", ("learning_rate",)),
        ("seconds", ("seconds",)),
    ):
        holding = widest(of[panel] for of in axes)
        for of in series.values():
            for quantity in quantities:
                assert holding.low <= of.values[quantity].min()
                assert of.values[quantity].max() <= holding.high + 1e-12
    assert widest(of["epoch"] for of in axes).high == 60.5


def test_numbers_at_an_axis_stay_short(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    put(store, "alpha-none", learned([3e7, 1e7], learning_rate=3.4e-5, duration_s=9e5))
    axes = axes_of(series_of(store)["alpha-none"])
    assert [text for _, text in axes["loss"].ticks][-1] == "30.0\N{NO-BREAK SPACE}M"
    assert axes["rate"].title == "Learning rate, 10⁻⁵"
    assert [text for _, text in axes["rate"].ticks] == ["0", "1", "2", "3", "4"]
    assert all(len(text) < 8 for axis in axes.values() for _, text in axis.ticks)


def test_lines_are_the_history_and_marks_are_in_their_places(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), augmentations=("none",))
    losses = [2.0, 1.0, 0.5, 0.75]
    unfrozen = [Unfreezing(epoch=2, stage="layer4"), Unfreezing(epoch=2, stage="layer3")]
    put(store, "alpha-none", learned(losses), stopped_early=True, unfreezings=unfrozen)
    loss, accuracy, rate = charts(tuple(series_of(store).values()))
    epochs, values = points(loss, line_of(loss, "val series-1"))
    assert epochs == pytest.approx([1, 2, 3, 4], abs=0.02)
    assert values == pytest.approx(losses, abs=0.01)
    for kind, epoch in (("best", 3), ("stopped", 4)):
        for chart in (loss, accuracy, rate):
            assert points(chart, line_of(chart, f"{kind} series-1"))[0] == pytest.approx(
                [epoch], abs=0.02
            )
        (marked,) = points(loss, line_of(loss, f"{kind} series-1"))[1]
        assert marked == pytest.approx(losses[epoch - 1], abs=0.01)
    assert [upright.text for upright in loss.uprights] == ["layer4, layer3"]
    assert [upright.text for upright in (*accuracy.uprights, *rate.uprights)] == ["", ""]


def test_a_mean_has_bands_and_a_single_epoch_dots(tmp_path: Path) -> None:
    store = write_made_up_store(
        tmp_path, models=("alpha",), augmentations=("none",), training_seeds=(0, 1)
    )
    put(store, "alpha-none", learned([1.0]))
    put(store, "alpha-none-seed1", learned([2.0]))
    mean = series_of(store)["alpha-none-mean-"]
    loss = charts([mean])[0]
    assert [band.kind for band in loss.bands] == ["train series-1", "val series-1"]
    upper, lower = (pair.split(",")[1] for pair in loss.bands[1].points.split())
    # 1.5 ± sqrt(0.5) on an axis from 0 to 2.5.
    height = loss.bottom - loss.top
    assert float(lower) - float(upper) == pytest.approx(2 * 0.5**0.5 / 2.5 * height, abs=0.2)
    assert all(line.dots for line in loss.lines)


def test_a_shard_has_what_the_charts_are_drawn_from(store: ExperimentStore) -> None:
    series = series_of(store)["alpha-none"]
    shard = shard_of(series)
    assert shard["values"] == {
        quantity: pytest.approx(values.tolist()) for quantity, values in series.values.items()
    }
    assert (shard["bands"], shard["best"], shard["stopped"], shard["unfrozen"]) == (
        {},
        3,
        False,
        [],
    )
    # Losses 1 / n and 1.1 / n, accuracies 1 - 0.3 / n and, up to a constant, 1 - 0.4 / n: that of
    # the last epoch is what the predictions get right.
    said = store.read_predictions(store.read_run("alpha-none"), Split.VAL)
    last = 100 * float(np.mean(said.predicted == said.targets))
    one, two, three = (f"{last - behind:.1f}" for behind in (40 * 2 / 3, 40 / 6, 0))
    assert shard["texts"] == [
        [["1.00", "1.10", "70.0", one, "0.001", "1.50\N{NO-BREAK SPACE}s"], ""],
        [["0.500", "0.550", "85.0", two, "0.001", "3.00\N{NO-BREAK SPACE}s"], ""],
        [["0.333", "0.367", "90.0", three, "0.001", "4.50\N{NO-BREAK SPACE}s"], "best epoch"],
    ]


# Diagnoses


RISING = [1.0, 0.6, 0.5, 0.55, 0.6, 0.66, 0.71]
FALLING = [1.0, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05]


def test_overfitting_is_a_rise_after_the_best_epoch_while_training_goes_on() -> None:
    found = overfitting(learned(RISING, FALLING))
    trend = linregress([0, 1, 2, 3], RISING[3:])
    assert found == Overfitting(3, pytest.approx(0.42), pytest.approx(trend.pvalue / 2))
    assert found is not None
    assert found.text.replace("\N{NO-BREAK SPACE}", " ") == (
        "validation loss up 42 % since epoch 3 while the training loss fell (p < 0.001)"
    )


@pytest.mark.parametrize(
    ("val", "train"),
    [
        ([], []),
        (RISING[:6], FALLING[:6]),  # three epochs after the best one
        (RISING, RISING),  # training got worse too
        ([1.0, 0.6, 0.5, 0.501, 0.504, 0.507, 0.51], FALLING),  # up by 2 %
        ([1.0, 0.6, 0.5, 0.7, 0.55, 0.7, 0.53, 0.6], [*FALLING, 0.04]),  # up, but no trend
        ([1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], FALLING),
    ],
)
def test_overfitting_is_not_seen_where_it_is_not(val: list[float], train: list[float]) -> None:
    assert overfitting(learned(val, train) if val else []) is None


def wilson_by_hand(rate: float, n: int) -> tuple[float, float]:
    z = 1.959964
    middle, half = rate + z**2 / (2 * n), z * (rate * (1 - rate) / n + z**2 / (4 * n**2)) ** 0.5
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


def test_a_gap_must_be_surely_above_five_points() -> None:
    # 990 of 1,000 against 160 of 200: Newcombe by hand from Wilson's ends.
    epochs = learned([0.5, 0.4, 0.6], train_accuracy=[0.5, 0.99, 1.0], val_accuracy=[0.5, 0.8, 0.1])
    found = accuracy_gap(epochs, 1000, 200)
    assert found is not None
    assert found.gap == pytest.approx(0.19)
    (one_low, one_high), (other_low, other_high) = (
        wilson_by_hand(0.99, 1000),
        wilson_by_hand(0.8, 200),
    )
    low = 0.19 - ((0.99 - one_low) ** 2 + (other_high - 0.8) ** 2) ** 0.5
    high = 0.19 + ((one_high - 0.99) ** 2 + (0.8 - other_low) ** 2) ** 0.5
    assert tuple(found.interval) == pytest.approx((low, high), abs=1e-6)
    assert found.text.replace("\N{NO-BREAK SPACE}", " ") == "19.0 points (14.0 to 25.1)"
    # The same rates of ten images could be chance.
    assert accuracy_gap(epochs, 1000, 10) is None
    assert accuracy_gap(learned([0.5], train_accuracy=0.9, val_accuracy=0.87), 9000, 9000) is None
    assert accuracy_gap([], 10, 10) is None


def test_newcombe_is_that_of_its_paper() -> None:
    """Newcombe (1998), table II, method 10: 56/70 against 48/80, and 10/10 against 0/20."""
    assert newcombe((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe((10, 10), (0, 20)) == pytest.approx((0.6791, 1.0), abs=5e-5)


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    """A run of at most six epochs, in which a fall by 0.01 counts."""
    store = write_made_up_store(tmp_path, models=("alpha",), augmentations=("none",))
    change_training(store, "alpha-none", max_epochs=6, min_delta=0.01)
    return store.read_run("alpha-none")


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0, 0.8, 0.7, 0.6, 0.55, 0.5], StillImproving(False, pytest.approx(0.05), None)),
        ([1.0, 0.8, 0.7, 0.6, 0.55], None),  # early stopping ended it
        ([0.5] * 6, None),
        ([1.0, 0.5, 0.501, 0.502, 0.503, 0.497], None),  # lowest, but by less than counts
        ([0.5, 0.6, 0.7, 0.8, 0.9, 1.0], None),
        ([1.0, 0.60, 0.48, 0.62, 0.50, 0.52], None),  # falls by 0.014 an epoch, by chance
    ],
)
def test_still_improving(
    run: RunRecord, losses: list[float], expected: StillImproving | None
) -> None:
    assert still_improving(run.model_copy(update={"history": history(*losses)})) == expected


def test_a_trend_over_the_last_epochs_is_improving_too(run: RunRecord) -> None:
    losses = [1.0, 0.80, 0.71, 0.66, 0.595, 0.590]
    trend = linregress(range(5), losses[1:])
    assert trend.slope < 0
    found = still_improving(run.model_copy(update={"history": history(*losses)}))
    assert found == StillImproving(False, None, pytest.approx(trend.pvalue / 2))
    rose = [*losses[:-2], 0.590, 0.595]
    assert still_improving(run.model_copy(update={"history": history(*rose)})) is None
    slow = [loss / 100 for loss in losses]
    assert still_improving(run.model_copy(update={"history": history(*slow)})) is None


def test_what_falls_under_a_schedule_that_ends_there_says_so(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), augmentations=("none",))
    change_training(store, "alpha-none", max_epochs=3, min_delta=0.01, schedule="cosine")
    record = store.read_run("alpha-none").model_copy(update={"history": history(1.0, 0.8, 0.7)})
    found = still_improving(record)
    assert found is not None
    assert found.text == (
        "validation loss lowest in the last epoch, by 0.100 nats, where the schedule of the "
        "learning rate ends"
    )


def test_a_spike_is_held_against_the_epochs_around_it() -> None:
    steady = [2.0, 1.6, 1.3, 1.0, 0.8, 0.7, 0.6, 0.5]
    spiked = [*steady[:4], 2.4, *steady[5:]]
    # Median of 1.3, 1.0, 2.4, 0.7, 0.6.
    assert unstable(learned(spiked, steady)) == Unstable((5,), pytest.approx(2.4))
    assert unstable(learned(steady, spiked)) == Unstable((5,), pytest.approx(2.4))
    text = Unstable((5, 9), 2.4).text.replace("\N{NO-BREAK SPACE}", " ")
    assert text == "loss in epochs 5 and 9 up to 2.40 × the median around it"


@pytest.mark.parametrize(
    "losses",
    [
        [5.0, 2.0, 1.0, 0.5, 0.25, 0.12, 0.06],  # steep
        [0.02, 0.02, 0.02, 0.05, 0.02, 0.02, 0.02],  # 2.5 times the median, but by little
        [1.0, 1.0, 1.0, 1.4, 1.0, 1.0, 1.0],
        [9.0, 1.0, 1.0, 9.0],  # too short to tell
        [0.0] * 7,
        [2e6, 3e6, 4e6, 5e6, 6e6, 7e6],  # diverges, but without jumps
        [1.0],
    ],
)
def test_what_is_no_spike(losses: list[float]) -> None:
    assert unstable(learned(losses, losses)) is None


def test_rules_are_silent_on_runs_made_elsewhere(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    import_counts(store, "alpha-none")
    experiment = load(store)
    (made,) = [run for run in experiment.runs if run.run_id == "alpha-none"]
    assert diagnoses_of(experiment, made) == ()


def test_the_gap_is_of_the_images_of_the_splits(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, n_images=300)
    put(store, "alpha-none", learned([0.5], train_accuracy=1.0, val_accuracy=0.5))
    experiment = load(store)
    (made,) = [run for run in experiment.runs if run.run_id == "alpha-none"]
    (found,) = diagnoses_of(experiment, made)
    sizes = [experiment.record.splits[split].n_images for split in (Split.TRAIN, Split.VAL)]
    assert sizes == [300, 300]
    assert isinstance(found, diagnoses.AccuracyGap)
    assert found.interval == newcombe((300, 300), (150, 300))


# The page


def test_the_table_has_the_numbers_of_the_best_epoch(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha", "beta"), augmentations=("none",))
    epochs = learned([2.0, 0.5, 0.7], [1.5, 0.25, 0.1], train_accuracy=[0.5, 0.875, 1.0],
                     val_accuracy=[0.4, 0.9, 0.6], duration_s=[1.0, 2.0, 3.0])  # fmt: skip
    put(store, "alpha-none", epochs)
    rows = PageReader(page_of(store)).rows("How each run learned")
    cells = next(row for name, row in rows.items() if name.startswith("Alpha"))
    expected = ["3", "2", "0.250", "0.500", "87.5", "90.0", "−2.5", "6.00\N{NO-BREAK SPACE}s"]
    assert cells[:-1] == expected


def test_a_store_without_epochs_says_so(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    for run_id in store.read_experiment().run_ids:
        import_counts(store, run_id)
    page = PageReader(page_of(store))
    assert "No epoch of any run is known." in page.text
    assert "Diagnoses" not in page.tables
    assert len(page.tables["How each run learned"]) == 5


def test_a_store_whose_runs_all_failed_is_built(tmp_path: Path) -> None:
    """They have epochs to show, but no run to compare: the files of that table are not there."""
    store = write_made_up_store(tmp_path / "results", models=("alpha",), augmentations=("none",))
    fail(store, "alpha-none", "loss is not finite in epoch 4")
    build_site(store, tmp_path / "site")
    page = (tmp_path / "site" / "curves.html").read_text()
    assert '<sortable-table data-key="learning">' in page
    assert "exports/learning" not in page


def test_a_page_of_a_hundred_runs_stays_small(tmp_path: Path) -> None:
    models = tuple(f"model{place}" for place in range(50))
    store = write_made_up_store(tmp_path, models=models)
    rng = np.random.default_rng(0)
    for run_id in store.read_experiment().run_ids:
        losses = rng.uniform(0.1, 2.0, 40).tolist()
        put(store, run_id, learned(losses, losses[::-1]))
    assert len(page_of(store).encode()) < 600_000
    assert all(len(series_file(each)[1]) < 12_000 for each in series_of(store).values())
