"""compare.html: every run's performance and cost, and the confusion matrix of one of them."""

from dataclasses import dataclass

from site_builder import addresses, formatting
from site_builder.comparisons import Comparisons
from site_builder.loading import Experiment
from site_builder.naming import RunName
from site_builder.pages.hardware import comparable, hardware
from site_builder.pages.matrix import Matrix, matrix_part
from site_builder.pages.site import Site, site_context
from site_builder.tables import Group, Table, performance_table, resources_table
from site_builder.tradeoffs import NARROW, WIDE, Still, Tradeoff, draw

ADDRESS = addresses.COMPARE


@dataclass(frozen=True)
class Chart:
    """A trade-off as drawn at build time.

    Attributes:
        key: Name of the chart in the address of the page.
        name: Name of its data shard below `data/figures/`.
        label: What accuracy is set against.
        stills: The drawing for wide windows, and the one for narrow ones.
        front: Runs on the Pareto front, by rising cost: id and name; none where machines differ.
    """

    key: str
    name: str
    label: str
    stills: tuple[Still, ...]
    front: tuple[tuple[str, RunName], ...]


@dataclass(frozen=True)
class Choices:
    """What the runs can be narrowed down to: families of architectures, and variants."""

    families: tuple[str, ...]
    variants: tuple[str, ...]


@dataclass(frozen=True)
class Unfinished:
    """A planned run without results: name, why, and its page; empty where it has none."""

    name: str
    reason: str
    address: str


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
        choices: What the tables can be narrowed down to.
        charts: Accuracy against each cost that is known.
        hardware: Where time was measured; empty if nowhere.
        one_machine: Whether that is one machine, so that times compare.
        only_waits: Whether a run's times leave out what an earlier run computed for it.
        unfinished: Planned runs that are not shown.
    """

    site: Site
    heading: str
    n_test: str
    best: str
    run_ids: str
    performance: Table | None
    resources: Table | None
    matrix: Matrix | None
    choices: Choices
    charts: tuple[Chart, ...]
    hardware: tuple[str, ...]
    one_machine: bool
    only_waits: bool
    unfinished: tuple[Unfinished, ...]


def compare_context(
    experiment: Experiment,
    names: dict[str, RunName],
    comparisons: Comparisons,
    charts: tuple[Tradeoff, ...],
) -> CompareContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        comparisons: Every paired comparison of the finished runs.
        charts: Accuracy against each cost that is known.
    """
    runs = experiment.ranked
    performance = performance_table(comparisons, names) if runs else None
    return CompareContext(
        site=site_context(experiment, ADDRESS),
        heading=_heading(len(runs)),
        n_test=formatting.count(runs[0].n_images) if runs else "",
        best=runs[0].run_id if runs else "",
        run_ids=" ".join(run.run_id for run in runs),
        performance=performance,
        resources=resources_table(comparisons, names) if runs else None,
        matrix=matrix_part(experiment, names, runs[0]) if runs else None,
        choices=_choices(performance.groups if performance else ()),
        charts=tuple(_chart(chart) for chart in charts),
        hardware=hardware(experiment.runs),
        one_machine=comparable(experiment.runs),
        only_waits=any(run.only_waits for run in runs),
        unfinished=unfinished(experiment, names),
    )


def unfinished(experiment: Experiment, names: dict[str, RunName]) -> tuple[Unfinished, ...]:
    """Return the planned runs that have no results."""
    failed = [
        Unfinished(names[run.run_id].full, f"failed: {run.failure}", addresses.run_page(run.run_id))
        for run in experiment.failed
    ]
    missing = [Unfinished(run_id, "has not been run yet", "") for run_id in experiment.missing]
    return tuple(failed + missing)


def _heading(n_runs: int) -> str:
    if not n_runs:
        return "Nothing to compare yet"
    return (
        f"{formatting.word(n_runs)} {'run' if n_runs == 1 else 'runs'}, one test set".capitalize()
    )


def _choices(groups: tuple[Group, ...]) -> Choices:
    return Choices(
        families=tuple(sorted({group.family for group in groups})),
        variants=tuple(dict.fromkeys(group.name.variant for group in groups)),
    )


def _chart(chart: Tradeoff) -> Chart:
    return Chart(
        key=chart.cost.column,
        name=chart.name,
        label=chart.cost.label,
        stills=(draw(chart, WIDE), draw(chart, NARROW)),
        front=tuple((point.run_id, point.name) for point in chart.front),
    )
