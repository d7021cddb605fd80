"""The part of a page that lays the calibration of all runs over each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.results.metrics.risk import RiskCoverage
from site_builder import addresses, formatting
from site_builder.charts.calibration import MIN_IMAGES, reliability_overlay, risk_overlay
from site_builder.charts.chart import Chart
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.tradeoffs.points import N_SERIES

MAX_RUNS = 30
"""More lines than this show nothing but each other."""
COVERAGE = 0.8
"""Share of images answered at which the error rates are compared in the table."""


@dataclass(frozen=True)
class SureRow:
    """How sure a run is, against how often it is right.

    Attributes:
        run_id: The run.
        name: Its name.
        address: Its page, from the site's root.
        kind: What its line looks like.
        ece: Expected calibration error.
        ece_interval: Interval of that.
        overconfidence: Mean confidence minus accuracy.
        area: Area under the risk-coverage curve.
        risk: Error rate where `COVERAGE` of the images are answered.
    """

    run_id: str
    name: RunName
    address: str
    kind: str
    ece: str
    ece_interval: str
    overconfidence: str
    area: str
    risk: str


@dataclass(frozen=True)
class CalibrationOverlay:
    """Reliability diagrams and risk-coverage curves of the runs, laid over each other.

    Attributes:
        reliability: Accuracy against confidence.
        risk: Error rate against the share of images answered.
        rows: One row a line.
        summary: Which runs are shown; empty if all are.
        coverage: `COVERAGE` as text.
        min_images: Fewest images that a point of a line stands for.
        missing: Runs whose confidences are not known: name and why.
    """

    reliability: Chart
    risk: Chart
    rows: tuple[SureRow, ...]
    summary: str
    coverage: str
    min_images: str
    missing: tuple[tuple[str, str], ...]


def calibration_overlay(
    experiment: Experiment, names: dict[str, RunName]
) -> CalibrationOverlay | None:
    """Return the calibration of the most accurate runs; None where no confidences are known.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
    """
    known = [run for run in experiment.ranked if run.scores.confidences is not None]
    unknown = [run for run in experiment.ranked if run.scores.confidences is None]
    if not known:
        return None
    shown = known[:MAX_RUNS]
    kinds = {run.run_id: _kind(place) for place, run in enumerate(shown)}
    bins = [(r.run_id, kinds[r.run_id], r.scores.bins) for r in shown if r.scores.bins is not None]
    risks = [(r.run_id, kinds[r.run_id], r.scores.risk) for r in shown if r.scores.risk is not None]
    return CalibrationOverlay(
        reliability=reliability_overlay(bins),
        risk=risk_overlay(risks),
        rows=tuple(_row(run, names[run.run_id], kinds[run.run_id]) for run in shown),
        summary=_summary(shown, known),
        coverage=formatting.percent(COVERAGE, 0),
        min_images=formatting.count(MIN_IMAGES),
        missing=tuple((names[run.run_id].full, run.scores.ece.reason) for run in unknown),
    )


def _kind(place: int) -> str:
    """Return a look that no other line has: eight colours, then the same with dashes."""
    dash, colour = divmod(place, N_SERIES)
    return f"series-{colour + 1} dash-{dash}"


def _row(run: Run, name: RunName, kind: str) -> SureRow:
    scores = run.scores
    ends = scores.ece.interval
    return SureRow(
        run_id=run.run_id,
        name=name,
        address=addresses.run_page(run.run_id),
        kind=kind,
        ece=formatting.rate(scores.ece.value or 0.0),
        ece_interval=formatting.interval(ends) if ends else "",
        overconfidence=formatting.signed_points(scores.overconfidence.value or 0.0),
        area=formatting.rate(scores.area_under_risk.value or 0.0),
        risk=formatting.rate(risk_at_coverage(scores.risk)) if scores.risk else formatting.MISSING,
    )


def risk_at_coverage(risk: RiskCoverage) -> float:
    """Return the error rate at the first point that answers at least `COVERAGE`."""
    return float(risk.risk[risk.at(COVERAGE)])


def _summary(shown: Sequence[Run], known: Sequence[Run]) -> str:
    if len(shown) == len(known):
        return ""
    n_shown, n_known = formatting.count(len(shown)), formatting.count_of(len(known), "run")
    return f"The {n_shown} most accurate of {n_known}."
