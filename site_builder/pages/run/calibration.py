"""How sure one run is, against how often it is right."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from experiments.results.metrics.calibration import ReliabilityBins
from experiments.results.metrics.intervals import Interval, wilson
from experiments.results.metrics.risk import RiskCoverage
from site_builder import formatting
from site_builder.charts.calibration import (
    MIN_IMAGES,
    confidence_counts,
    reliability_diagram,
    risk_curve,
)
from site_builder.charts.chart import Chart
from site_builder.pages.run.scores import Value, rate
from site_builder.scores import Scores

_COVERAGES = tuple(tenth / 10 for tenth in range(1, 11))


@dataclass(frozen=True)
class BinRow:
    """A bin of confidence with at least one image, as text."""

    confidence: str
    images: str
    mean_confidence: str
    accuracy: Value
    gap: str


@dataclass(frozen=True)
class RiskRow:
    """A share of the images that are answered, surest first, as text."""

    coverage: str
    images: str
    risk: str


@dataclass(frozen=True)
class Calibration:
    """Reliability diagram and risk-coverage curve.

    Attributes:
        reliability: Accuracy against confidence.
        counts: Images against confidence.
        bins: The numbers of both.
        n_bins: How many bins there are, the empty ones included.
        min_images: A bin with fewer images is drawn hollow.
        risk: Error rate against the share of images answered.
        risks: Its numbers.
    """

    reliability: Chart
    counts: Chart
    bins: tuple[BinRow, ...]
    n_bins: str
    min_images: str
    risk: Chart
    risks: tuple[RiskRow, ...]


def calibration(scores: Scores) -> Calibration | None:
    """Return the calibration of a run; None where its confidences are not known."""
    if scores.bins is None or scores.risk is None:
        return None
    intervals = bin_intervals(scores.bins)
    return Calibration(
        reliability=reliability_diagram(scores.bins, intervals),
        counts=confidence_counts(scores.bins),
        bins=tuple(_bin_rows(scores.bins, intervals)),
        n_bins=formatting.count(len(scores.bins.n)),
        min_images=formatting.count(MIN_IMAGES),
        risk=risk_curve(scores.risk),
        risks=tuple(_risk_row(*point) for point in risk_points(scores.risk)),
    )


def bin_intervals(bins: ReliabilityBins) -> list[Interval | None]:
    """Return Wilson's interval of the accuracy of each bin; None where it has no images."""
    hits = np.rint(bins.accuracy * bins.n).astype(int)
    return [wilson(int(h), int(n)) if n else None for h, n in zip(hits, bins.n, strict=True)]


def _bin_rows(bins: ReliabilityBins, intervals: list[Interval | None]) -> Iterator[BinRow]:
    for place in np.flatnonzero(bins.n).tolist():
        sure, right = float(bins.mean_confidence[place]), float(bins.accuracy[place])
        yield BinRow(
            confidence=formatting.interval(
                Interval(float(bins.low[place]), float(bins.high[place]))
            ),
            images=formatting.count(int(bins.n[place])),
            mean_confidence=formatting.rate(sure),
            accuracy=rate(right, intervals[place]),
            gap=formatting.signed_points(sure - right),
        )


def risk_points(risk: RiskCoverage) -> Iterator[tuple[float, int, float]]:
    """Yield the first point at or beyond each tenth; there may be fewer images than tenths.

    Yields:
        Share of images answered, in [0, 1]; how many that are; error rate among them, in [0, 1].
    """
    for place in dict.fromkeys(map(risk.at, _COVERAGES)):
        coverage = float(risk.coverage[place])
        # The first point is one image.
        yield coverage, round(coverage / float(risk.coverage[0])), float(risk.risk[place])


def _risk_row(coverage: float, n_images: int, risk: float) -> RiskRow:
    return RiskRow(formatting.rate(coverage), formatting.count(n_images), formatting.rate(risk))
