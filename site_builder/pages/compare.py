"""compare.html: every run's performance and cost, and the confusion matrix of one of them."""

from dataclasses import dataclass

from markupsafe import Markup

from site_builder import formatting, payloads
from site_builder.figures import Scatter
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.hardware import hardware
from site_builder.pages.site import Site, site_context
from site_builder.stills import NARROW, WIDE, draw_scatter
from site_builder.tables import Table, performance_table, resources_table

ADDRESS = "compare.html"
FIGURE = "accuracy-latency"
MAX_TABLE_CLASSES = 60
"""Up to this many classes the matrix is also a table; beyond, a table tells nobody anything."""


@dataclass(frozen=True)
class Still:
    """A chart as drawn at build time.

    Attributes:
        name: Name of its data shard below `data/figures/`.
        wide: SVG for wide windows.
        narrow: SVG for narrow ones.
    """

    name: str
    wide: Markup
    narrow: Markup


@dataclass(frozen=True)
class Pair:
    """Two classes that a model takes for each other: names, count and share of the row."""

    target: str
    prediction: str
    count: str
    share: str


@dataclass(frozen=True)
class MatrixRow:
    """A row of the confusion matrix: the class and its counts in class order."""

    target: str
    counts: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """The confusion matrix of the run that is shown first.

    Attributes:
        name: The run's name.
        facts: Its headline numbers, label and text.
        pairs: Its most confused pairs.
        classes: Class names, in order.
        rows: The matrix as a table; empty where there are too many classes for one.
    """

    name: RunName
    facts: tuple[tuple[str, str], ...]
    pairs: tuple[Pair, ...]
    classes: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True)
class CompareContext:
    """What `pages/compare.html` shows.

    Attributes:
        site: The frame of the page.
        heading: How many runs on how many images.
        n_test: Test images, as text.
        best: Id of the run that is shown first; empty if no run has finished.
        run_ids: Ids of the finished runs, apart by spaces.
        performance: Table of rates; None if no run has finished.
        resources: Table of costs; None if no run has finished.
        matrix: The best run's matrix; None if no run has finished.
        still: Accuracy against latency; None if no latency is known.
        hardware: Where time was measured; empty if nowhere.
        unfinished: Planned runs that are not shown, each as name and reason.
    """

    site: Site
    heading: str
    n_test: str
    best: str
    run_ids: str
    performance: Table | None
    resources: Table | None
    matrix: Matrix | None
    still: Still | None
    hardware: tuple[str, ...]
    unfinished: tuple[tuple[str, str], ...]


def compare_context(
    experiment: Experiment, names: dict[str, RunName], scatter: Scatter | None
) -> CompareContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        scatter: Accuracy against latency; None if no latency is known.
    """
    runs = experiment.ranked
    return CompareContext(
        site=site_context(experiment, ADDRESS),
        heading=_heading(len(runs)),
        n_test=formatting.count(runs[0].n_images) if runs else "",
        best=runs[0].run_id if runs else "",
        run_ids=" ".join(run.run_id for run in runs),
        performance=performance_table(experiment, names) if runs else None,
        resources=resources_table(experiment, names) if runs else None,
        matrix=_matrix(experiment, runs[0], names[runs[0].run_id]) if runs else None,
        still=_still(scatter) if scatter else None,
        hardware=hardware(experiment),
        unfinished=unfinished(experiment, names),
    )


def unfinished(experiment: Experiment, names: dict[str, RunName]) -> tuple[tuple[str, str], ...]:
    """Return the planned runs that have no results: name and why."""
    failed = [(names[run.run_id].full, f"failed: {run.failure}") for run in experiment.failed]
    missing = [(run_id, "has not been run yet") for run_id in experiment.missing]
    return tuple(failed + missing)


def _heading(n_runs: int) -> str:
    if not n_runs:
        return "Nothing to compare yet"
    return (
        f"{formatting.word(n_runs)} {'run' if n_runs == 1 else 'runs'}, one test set".capitalize()
    )


def _still(scatter: Scatter) -> Still:
    return Still(FIGURE, draw_scatter(scatter, WIDE), draw_scatter(scatter, NARROW))


def _matrix(experiment: Experiment, run: Run, name: RunName) -> Matrix:
    classes = experiment.record.class_names
    pairs = payloads.confused_pairs(run.matrix)
    as_table = len(classes) <= MAX_TABLE_CLASSES
    return Matrix(
        name=name,
        facts=tuple(payloads.facts(run)),
        pairs=tuple(
            Pair(classes[target], classes[prediction], formatting.count(n), share)
            for target, prediction, n, share in pairs
        ),
        classes=tuple(classes),
        rows=tuple(
            MatrixRow(target, tuple(formatting.count(n) for n in counts))
            for target, counts in zip(classes, run.matrix.tolist(), strict=True)
        )
        if as_table
        else (),
    )
