"""Is a run as sure as it is right? Reliability diagrams and risk-coverage curves."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from experiments.results.metrics.calibration import ReliabilityBins
from experiments.results.metrics.intervals import Interval
from experiments.results.metrics.risk import RiskCoverage
from site_builder.charts.chart import Chart, Drawing, percent_axis

MIN_IMAGES = 10
"""A rate over fewer images is mostly chance: its bar is hollow, and no line leads to it."""
_COUNTS_HEIGHT = 130
_MAX_POINTS = 50


def reliability_diagram(bins: ReliabilityBins, intervals: Iterable[Interval | None]) -> Chart:
    """Draw the accuracy in each bin of confidence, against the diagonal.

    Args:
        bins: Images grouped by confidence.
        intervals: Of the accuracy in each bin; None for a bin without images.
    """
    drawing = Drawing(percent_axis("Confidence"), percent_axis("Accuracy"))
    drawing.line("guide", (0, 1), (0, 1), dots=False)
    for low, high, n, accuracy, ends in zip(
        bins.low, bins.high, bins.n, bins.accuracy, intervals, strict=True
    ):
        if ends is not None:
            drawing.bar(low, high, accuracy, "" if n >= MIN_IMAGES else "few")
            drawing.whisker((low + high) / 2, *ends)
    return drawing.chart()


def confidence_counts(bins: ReliabilityBins) -> Chart:
    """Draw the share of images in each bin of confidence."""
    shares = bins.n / bins.n.sum()
    y = percent_axis("Share of images", 0, float(shares.max()), n_steps=2)
    drawing = Drawing(percent_axis("Confidence"), y, _COUNTS_HEIGHT)
    for low, high, share in zip(bins.low, bins.high, shares, strict=True):
        drawing.bar(low, high, share)
    return drawing.chart()


def risk_curve(risk: RiskCoverage) -> Chart:
    """Draw the error rate against the share of images answered."""
    drawing = _risk_drawing([risk])
    shown = settled(risk)
    drawing.line("val", risk.coverage[shown], risk.risk[shown], dots=False)
    return drawing.chart()


def reliability_overlay(runs: Iterable[tuple[str, str, ReliabilityBins]]) -> Chart:
    """Lay the reliability diagrams of several runs over each other.

    Args:
        runs: For each its id, the kind of its line, and its bins.
    """
    drawing = Drawing(percent_axis("Mean confidence"), percent_axis("Accuracy"))
    drawing.line("guide", (0, 1), (0, 1), dots=False)
    for run_id, kind, bins in runs:
        enough = bins.n >= MIN_IMAGES
        at, right = bins.mean_confidence[enough], bins.accuracy[enough]
        drawing.line(kind, at, right, run_id, dots=True)
    return drawing.chart()


def risk_overlay(runs: list[tuple[str, str, RiskCoverage]]) -> Chart:
    """Lay the risk-coverage curves of several runs over each other, thinned out.

    Args:
        runs: For each its id, the kind of its line, and its curve.
    """
    drawing = _risk_drawing([risk for _, _, risk in runs])
    for run_id, kind, risk in runs:
        points = settled(risk)
        places = np.linspace(0, len(points) - 1, min(len(points), _MAX_POINTS))
        shown = points[places.round().astype(np.intp)]
        drawing.line(kind, risk.coverage[shown], risk.risk[shown], run_id, dots=False)
    return drawing.chart()


def settled(risk: RiskCoverage) -> NDArray[np.intp]:
    """Return the points of a curve with `MIN_IMAGES` images or more; the last one in any case.

    Its first point is a single image, so that its coverage is 1 / N.
    """
    enough = risk.coverage >= (MIN_IMAGES - 0.5) * risk.coverage[0]
    enough[-1] = True
    return np.flatnonzero(enough)


def _risk_drawing(risks: list[RiskCoverage]) -> Drawing:
    highest = max(float(risk.risk[settled(risk)].max()) for risk in risks)
    return Drawing(percent_axis("Images answered"), percent_axis("Errors", 0, highest or 1.0))
