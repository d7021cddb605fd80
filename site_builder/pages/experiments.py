"""The page that lists several experiments: what each asked, on what, and its best run."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from experiments.results.metrics.intervals import CONFIDENCE
from experiments.results.schema import Split
from site_builder import addresses, formatting, preview
from site_builder.loading import Experiment
from site_builder.naming import run_names
from site_builder.pages.site import Site
from site_builder.policy import POLICY
from site_builder.publication import Publication

ADDRESS = addresses.INDEX


@dataclass(frozen=True)
class Listed:
    """An experiment of the list, in text.

    Attributes:
        address: Its summary.
        title: What it is called.
        question: What it asks.
        facts: What it was run on, and its best run: label and text.
        alarm: How many of its checks failed; empty where none did.
    """

    address: str
    title: str
    question: str
    facts: tuple[tuple[str, str], ...]
    alarm: str


@dataclass(frozen=True)
class ExperimentsContext:
    """What `pages/experiments.html` shows.

    Attributes:
        site: The frame of the page.
        experiments: The experiments, by name.
    """

    site: Site
    experiments: tuple[Listed, ...]


def experiments_context(
    experiments: Mapping[str, Experiment], place: Publication
) -> ExperimentsContext:
    """Return what the page shows.

    Args:
        experiments: Name of the folder to experiment, at least one.
        place: Where the page will be found.
    """
    # Its styles and scripts are those of the first site: every one brings the same.
    root = f"{next(iter(experiments))}/"
    n_experiments = formatting.count_of(len(experiments), "experiment")
    schema_version = max(experiment.record.schema_version for experiment in experiments.values())
    site = Site(
        title="bakeoff",
        page="Experiments",
        description="; ".join(experiment.record.title for experiment in experiments.values()),
        canonical=place.address(ADDRESS),
        preview=f"{place.base_url}{root}{preview.ADDRESS}",
        home="",
        policy=POLICY,
        root=root,
        links=(),
        version=version("bakeoff"),
        schema_version=formatting.count(schema_version),
        confidence=formatting.percent(CONFIDENCE, 0),
        runs=n_experiments,
        alarm="",
    )
    return ExperimentsContext(
        site=site,
        experiments=tuple(_listed(name, experiment) for name, experiment in experiments.items()),
    )


def _listed(name: str, experiment: Experiment) -> Listed:
    record = experiment.record
    n_failed = experiment.n_failed_checks
    return Listed(
        address=f"{name}/{addresses.INDEX}",
        title=record.title,
        question=record.question,
        facts=_facts(experiment),
        alarm=formatting.count_of(n_failed, "check") if n_failed else "",
    )


def _facts(experiment: Experiment) -> tuple[tuple[str, str], ...]:
    record = experiment.record
    test = record.splits.get(Split.TEST)
    images = formatting.count(test.n_images) if test else "not known"
    shown = formatting.count(len(experiment.runs))
    return (
        ("Images", record.dataset.name),
        ("Classes", formatting.count(experiment.n_classes)),
        ("Test images", images),
        ("Runs", f"{shown} of {formatting.count_of(len(record.run_ids), 'planned run')}"),
        ("Most accurate", _best(experiment)),
    )


def _best(experiment: Experiment) -> str:
    if not experiment.runs:
        return "no run has finished"
    best = experiment.ranked[0]
    accuracy, ends = formatting.percent(best.accuracy), formatting.interval(best.interval)
    return f"{run_names(experiment)[best.run_id].full}: {accuracy} ({ends})"
