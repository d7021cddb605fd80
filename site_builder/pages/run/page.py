"""runs/<id>.html: all there is to say about one run, failed ones included."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.results.schema import FeatureMaps, RunRecord
from site_builder import addresses, formatting
from site_builder.comparisons import Comparisons
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.hardware import machine
from site_builder.pages.matrix import Matrix, matrix_part
from site_builder.pages.neighbours import Neighbour, neighbours
from site_builder.pages.run.calibration import Calibration, calibration
from site_builder.pages.run.classes import ClassTable, class_table
from site_builder.pages.run.command import Command, command
from site_builder.pages.run.facts import Fact, configuration, facts, files
from site_builder.pages.run.inside import View, views
from site_builder.pages.run.scores import ScoreTables, score_tables
from site_builder.pages.run.training import Training, training
from site_builder.pages.site import Site, site_context

_TEST = "an exact McNemar test with Holm’s correction"


@dataclass(frozen=True)
class Headline:
    """What a finished run comes to.

    Attributes:
        accuracy: Its test accuracy.
        interval: Wilson's interval of that.
        images: How many images that is: `353 of 360`.
        rank: Its place among the finished runs; a sentence.
        group: What a paired test says about that place; a sentence, or empty.
    """

    accuracy: str
    interval: str
    images: str
    rank: str
    group: str


@dataclass(frozen=True)
class Section:
    """Fields of the record under a heading; why there are none, where there are none."""

    title: str
    facts: tuple[Fact, ...]
    missing: str


@dataclass(frozen=True)
class RunContext:
    """What `pages/run.html` shows.

    Attributes:
        site: The frame of the page.
        run_id: Name of the run's folder.
        name: The run's name.
        neighbours: The runs before and after this one by accuracy; failed ones come last.
        failure: What went wrong; empty if the run has finished.
        notes: What a reader must know.
        headline: Accuracy and place; None if the run has failed.
        scores: All scores; None if the run has failed.
        classes: The classes, hardest first; None if they are not known.
        matrix: The confusion matrix; None if it is not known.
        no_predictions: Why it is not known what each image was taken for; empty where it is.
        training: Learning curves; None if no epoch is known.
        no_training: Why not; empty where there are some.
        calibration: Reliability and risk; None if confidences are not known.
        no_calibration: Why they are not known; empty where they are.
        views: What there is to see inside its network.
        sections: Cost, configuration, preprocessing and origin.
        command: How to make the run again.
    """

    site: Site
    run_id: str
    name: RunName
    neighbours: tuple[Neighbour, ...]
    failure: str
    notes: tuple[str, ...]
    headline: Headline | None
    scores: ScoreTables | None
    classes: ClassTable | None
    matrix: Matrix | None
    no_predictions: str
    training: Training | None
    no_training: str
    calibration: Calibration | None
    no_calibration: str
    views: tuple[View, ...]
    sections: tuple[Section, ...]
    command: Command


def run_context(
    experiment: Experiment,
    names: dict[str, RunName],
    comparisons: Comparisons,
    maps: Mapping[str, FeatureMaps],
    record: RunRecord,
) -> RunContext:
    """Return what the page of a stored run shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        comparisons: Which runs a paired test tells apart.
        maps: Feature maps by run.
        record: The run, finished or failed.
    """
    run = next((run for run in experiment.runs if run.record is record), None)
    name = names[record.run_id]
    return RunContext(
        site=site_context(experiment, addresses.run_page(record.run_id), name.full),
        run_id=record.run_id,
        name=name,
        neighbours=_neighbours(experiment, names, record),
        failure=record.failure,
        notes=tuple(record.notes),
        headline=_headline(experiment.ranked, comparisons, run) if run else None,
        scores=score_tables(run) if run else None,
        classes=class_table(run, experiment.record.class_names) if run else None,
        matrix=matrix_part(experiment, names, run) if run and run.matrix is not None else None,
        no_predictions=record.absent.get("predictions", ""),
        training=training(record),
        no_training="" if record.history else _no_training(record),
        calibration=calibration(run.scores) if run else None,
        no_calibration=run.scores.ece.reason if run else record.absent.get("predictions", ""),
        views=views(experiment, record, maps),
        sections=tuple(_sections(record)),
        command=command(record),
    )


def page_order(experiment: Experiment) -> tuple[RunRecord, ...]:
    """Return all stored runs by falling accuracy, failed ones last."""
    return (*(run.record for run in experiment.ranked), *experiment.failed)


def _neighbours(
    experiment: Experiment, names: dict[str, RunName], record: RunRecord
) -> tuple[Neighbour, ...]:
    order = [stored.run_id for stored in page_order(experiment)]
    pages = [(addresses.run_page(run_id), names[run_id].full) for run_id in order]
    return neighbours(pages, order.index(record.run_id))


def _headline(ranked: tuple[Run, ...], comparisons: Comparisons, run: Run) -> Headline:
    place = 1 + sum(other.accuracy > run.accuracy for other in ranked)
    level = sum(other.accuracy == run.accuracy for other in ranked) - 1
    rank = f"Place {formatting.count(place)} of {formatting.count_of(len(ranked), 'run')}"
    if level:
        rank += f", level with {formatting.count_of(level, 'other')}"
    return Headline(
        accuracy=formatting.percent(run.accuracy),
        interval=formatting.interval(run.interval),
        images=f"{formatting.count(run.n_correct)} of {formatting.count(run.n_images)}",
        rank=f"{rank}.",
        group=_group(comparisons, run) if len(ranked) > 1 else "",
    )


def _group(comparisons: Comparisons, run: Run) -> str:
    """Say which runs share a place with this one."""
    if run.run_id not in comparisons.tie_group:
        return "No paired test can place it: its predictions for each image are not known."
    group = comparisons.tie_group[run.run_id]
    n_others = list(comparisons.tie_group.values()).count(group) - 1
    others = formatting.count_of(n_others, "other run")
    name = f"group {formatting.count(group)}"
    if n_others:
        where = f"in {name}" if group > 1 else "in the leading group"
        return f"It is {where}, with {others}: {_TEST} does not tell them apart from its best."
    if group > 1:
        before = "the best of each group before it"
        after = " and from all after it" if group < max(comparisons.tie_group.values()) else ""
        return f"It is alone in {name}: {_TEST} tells it apart from {before}{after}."
    return f"{_TEST[0].upper()}{_TEST[1:]} tells it apart from every other run."


def _no_training(record: RunRecord) -> str:
    if record.origin == "imported":
        return "The model was trained elsewhere; how it learned is not known."
    return "No finished epoch is stored."


def _sections(record: RunRecord) -> list[Section]:
    absent = record.absent
    where = Fact("Measured on", machine(record), "Times compare within one machine.")
    costs = (where, *facts(record.cost)) if record.cost else ()
    configured = configuration(record.config) if record.config else ()
    fed = facts(record.preprocessing) if record.preprocessing else ()
    origin = record.provenance or record.imported
    return [
        Section("Cost", costs, absent.get("cost", "")),
        Section("Configuration", configured, absent.get("config", "")),
        Section("Preprocessing, as used", fed, absent.get("preprocessing", "")),
        Section("Where it comes from", (*(facts(origin) if origin else ()), *files(record)), ""),
    ]
