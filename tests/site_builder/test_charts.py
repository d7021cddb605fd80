"""Charts are read back through the numbers at their axes, as a reader does with a ruler."""

from pathlib import Path

import numpy as np
import pytest

from experiments.results.metrics.calibration import reliability_bins
from experiments.results.metrics.risk import risk_coverage
from experiments.results.schema import Epoch, Split, Unfreezing
from experiments.results.store import ExperimentStore
from site_builder.charts.calibration import (
    confidence_counts,
    reliability_diagram,
    risk_curve,
)
from site_builder.charts.chart import Chart, Line, Tick, axis, log_axis, percent_axis
from site_builder.charts.learning import accuracy_curves, loss_curves
from site_builder.loading import load
from site_builder.naming import run_names
from site_builder.pages.calibration import MAX_RUNS, calibration_overlay
from site_builder.render import environment
from tests.made_up import write_made_up_store
from tests.site_builder.pages import PageReader


def read_off(ticks: tuple[Tick, ...], places: list[float]) -> np.ndarray:
    """Return the values at these places of an axis, from the first and last number at it."""
    at = [float(tick.at) for tick in ticks]
    values = [float(tick.text) for tick in ticks]
    slope, offset = np.polyfit(at, values, 1)
    assert np.polyval([slope, offset], at) == pytest.approx(values, abs=0.01 * np.ptp(values))
    return slope * np.array(places) + offset


def points(chart: Chart, line: Line) -> tuple[np.ndarray, np.ndarray]:
    places = [tuple(map(float, pair.split(","))) for pair in line.points.split()]
    xs, ys = ([place[side] for place in places] for side in (0, 1))
    return read_off(chart.x_ticks, xs), read_off(chart.y_ticks, ys)


def line_of(chart: Chart, kind: str) -> Line:
    return next(line for line in chart.lines if line.kind == kind)


def test_learning_curves_are_the_history(store: ExperimentStore) -> None:
    record = store.read_run("alpha-none")
    for chart, name, scale in (
        (loss_curves(record), "loss", 1),
        (accuracy_curves(record), "accuracy", 100),
    ):
        for kind in ("train", "val"):
            epochs, values = points(chart, line_of(chart, kind))
            assert epochs == pytest.approx([1, 2, 3], abs=0.02)
            expected = [scale * getattr(epoch, f"{kind}_{name}") for epoch in record.history]
            assert values == pytest.approx(expected, abs=0.005 * max(expected))


def test_the_best_epoch_and_unfreezings_are_marked(store: ExperimentStore) -> None:
    record = store.read_run("alpha-none").model_copy(
        update={"unfreezings": [Unfreezing(epoch=2, stage="stage 4")]}
    )
    chart = loss_curves(record)
    marks = {
        upright.kind: read_off(chart.x_ticks, [float(upright.x)])[0] for upright in chart.uprights
    }
    assert marks == pytest.approx({"unfreezing": 2, "best": 3}, abs=0.02)


@pytest.mark.parametrize("loss", [0.0, 3.0])
def test_a_single_epoch_is_seen_as_a_dot(store: ExperimentStore, loss: float) -> None:
    epoch = Epoch(
        epoch=1, train_loss=loss, train_accuracy=1, val_loss=loss, val_accuracy=1,
        learning_rate=1, duration_s=1,
    )  # fmt: skip
    record = store.read_run("alpha-none").model_copy(update={"history": [epoch], "best_epoch": 1})
    for chart in (loss_curves(record), accuracy_curves(record)):
        assert [len(line.dots) for line in chart.lines] == [1, 1]
        assert all(
            chart.top <= float(y) <= chart.bottom for line in chart.lines for _, y in line.dots
        )


def test_a_reliability_diagram_is_its_bins() -> None:
    rng = np.random.default_rng(0)
    confidences = rng.uniform(0.3, 1, 500).astype(np.float32)
    correct = rng.uniform(size=500) < confidences
    bins = reliability_bins(confidences, correct)
    filled = np.flatnonzero(bins.n)
    intervals = [
        (a - 0.1, a + 0.1) if n else None for a, n in zip(bins.accuracy, bins.n, strict=True)
    ]
    chart = reliability_diagram(bins, intervals)  # type: ignore[arg-type]
    tops = read_off(chart.y_ticks, [float(bar.y) for bar in chart.bars])
    assert tops == pytest.approx(100 * bins.accuracy[filled], abs=0.1)
    lefts = read_off(chart.x_ticks, [float(bar.x) for bar in chart.bars])
    assert lefts == pytest.approx(100 * bins.low[filled], abs=0.1)
    few = [bar.kind == "few" for bar in chart.bars]
    assert few == (bins.n[filled] < 10).tolist()
    lows = read_off(chart.y_ticks, [float(low) for _, low, _ in chart.whiskers])
    assert lows == pytest.approx(100 * (bins.accuracy[filled] - 0.1), abs=0.1)
    counts = confidence_counts(bins)
    shares = read_off(counts.y_ticks, [float(bar.y) for bar in counts.bars])
    assert shares == pytest.approx(100 * bins.n / 500, abs=0.2)


def test_a_risk_curve_ends_at_the_error_rate_and_leaves_out_the_first_images() -> None:
    rng = np.random.default_rng(1)
    confidences = rng.uniform(size=300)
    correct = rng.uniform(size=300) < 0.8
    chart = risk_curve(risk_coverage(confidences, correct))
    coverage, risk = points(chart, line_of(chart, "val"))
    assert (coverage[-1], risk[-1]) == pytest.approx((100, 100 * (~correct).mean()), abs=0.2)
    assert coverage[0] >= 100 * 10 / 300 - 0.2
    surest = np.argsort(-confidences)
    middle = len(coverage) // 2
    n_answered = round(coverage[middle] / 100 * 300)
    assert risk[middle] == pytest.approx(100 * (~correct[surest[:n_answered]]).mean(), abs=1.0)


@pytest.mark.parametrize("correct", [[True], [False], [True] * 40])
def test_curves_of_few_or_flawless_images_stay_in_the_chart(correct: list[bool]) -> None:
    confidences = np.linspace(0.5, 1, len(correct))
    chart = risk_curve(risk_coverage(confidences, np.array(correct)))
    (line,) = chart.lines
    for place in line.points.split():
        x, y = map(float, place.split(","))
        assert chart.left <= x <= chart.right
        assert chart.top <= y <= chart.bottom


def test_axes_have_round_numbers_that_differ() -> None:
    for low, high in ((0.0, 0.004), (0.93, 0.999), (0.0, 1.0), (0.9, 1.0)):
        texts = [text for _, text in percent_axis("Accuracy", low, high).ticks]
        assert len(set(texts)) == len(texts) >= 2
    for n_epochs in (1, 2, 40, 300):
        texts = [text for _, text in axis("Epoch", 0.5, n_epochs + 0.5, whole=True).ticks]
        assert texts
        assert all(1 <= int(text) <= n_epochs for text in texts)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.03, 1.1, ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"]),
        (1e-5, 1e-3, ["10⁻⁵", "2·10⁻⁵", "5·10⁻⁵", "10⁻⁴", "2·10⁻⁴", "5·10⁻⁴", "0.001"]),
        (0.1, 0.1, ["0.1", "0.2"]),
        (20_000, 60_000, ["20.0\u00a0k", "50.0\u00a0k", "100\u00a0k"]),
    ],
)
def test_a_logarithmic_axis_has_1_2_and_5_times_powers_of_ten(
    low: float, high: float, ticks: list[str]
) -> None:
    made = log_axis("Loss", low, high)
    assert [text for _, text in made.ticks] == ticks
    assert (made.low, made.high) == (made.ticks[0][0], made.ticks[-1][0])
    assert made.low <= low <= high <= made.high


def overlay_page(store: ExperimentStore) -> tuple[str, int]:
    experiment = load(store)
    overlay = calibration_overlay(experiment, run_names(experiment))
    assert overlay is not None
    template = environment().from_string(
        '{% from "partials/calibration.html" import calibration_overlay %}'
        '{{ calibration_overlay(overlay, "95 %", "../") }}'
    )
    return template.render(overlay=overlay), len(overlay.reliability.lines) - 1


def test_runs_laid_over_each_other_have_a_line_and_a_row_each(store: ExperimentStore) -> None:
    html, n_lines = overlay_page(store)
    rows = PageReader(html).tables["How sure the runs are"][1:]
    assert len(rows) == n_lines == 4
    for run_id in ("alpha-none", "alpha-standard", "beta-none", "beta-standard"):
        assert html.count(f'data-run="{run_id}"') == 3
        assert f'href="../runs/{run_id}.html"' in html
        said = store.read_predictions(store.read_run(run_id), Split.TEST)
        right = said.top_classes[:, 0] == said.targets
        assert said.top_probabilities is not None
        surest = np.argsort(-said.top_probabilities[:, 0])[: round(0.8 * len(right))]
        gap = said.top_probabilities[:, 0].mean() - right.mean()
        (cells,) = [
            row
            for row in rows
            if run_id.split("-")[0].title() in row[0]
            and ("no aug" in row[0]) == run_id.endswith("none")
        ]
        assert cells[3] == f"{100 * (~right[surest]).mean():.1f}"
        assert cells[2] == f"{'+' if gap > 0 else '−'}{abs(100 * gap):.1f}\u00a0points"


def test_of_many_runs_the_best_are_laid_over_each_other(tmp_path: Path) -> None:
    models = tuple(f"model{index}" for index in range(MAX_RUNS // 2 + 1))
    html, n_lines = overlay_page(write_made_up_store(tmp_path, models=models))
    assert n_lines == MAX_RUNS
    assert f"The {MAX_RUNS} most accurate of {MAX_RUNS + 2}\u00a0runs." in html
