"""index.html: what was compared, what leads and by how much, and how it was done."""

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.results.schema import Split, UnreadableImage
from site_builder import addresses, formatting
from site_builder.comparisons import Comparisons
from site_builder.findings import findings, leading, recommendations
from site_builder.findings.finding import Evidence, Finding, Material
from site_builder.findings.text import Names, Sentence
from site_builder.loading import Experiment
from site_builder.naming import RunName
from site_builder.pages.changes import Changes, changes
from site_builder.pages.compare import Unfinished, unfinished
from site_builder.pages.examples import Examples, examples
from site_builder.pages.ranking import Ranking, ranking
from site_builder.pages.settings import Setting, settings
from site_builder.pages.site import Site, site_context

ADDRESS = addresses.INDEX
MAX_LEFT_OUT = 100
"""Unreadable images that are named on the page."""


@dataclass(frozen=True)
class Statement:
    """A finding in words.

    Attributes:
        label: What it is about.
        sentence: What it says, in parts.
        test: How it was tested; empty where nothing was.
        evidence: Where to check it.
    """

    label: str
    sentence: Sentence
    test: str
    evidence: Evidence


@dataclass(frozen=True)
class LeftOut:
    """The images that could not be read.

    Attributes:
        summary: How many there are, and how many of them are shown; a sentence or two.
        images: Path and reason of the first `MAX_LEFT_OUT`.
    """

    summary: str
    images: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class IndexContext:
    """What `pages/index.html` shows.

    Attributes:
        site: The frame of the page.
        question: What the experiment asks.
        lead: Who is best, and whether that is real; None if no run has finished.
        lead_runs: Ids of the run or the runs whose accuracy, or mean of it, that sentence tells
            first, apart by spaces; empty if there is none.
        changes: What changed since older results; None where these were not given.
        findings: What else the data support.
        recommendations: Which run to take for what; empty where there is no choice.
        ranking: Finished runs, most accurate first; None if there is none.
        unfinished: Planned runs without results.
        dataset: The dataset card: label and text.
        classes: Class names as a sentence; empty where pictures show them.
        left_out: Images that could not be read; None where there are none, or none are listed.
        examples: One image of every class, or of the first of many; None where there are none.
        settings: How the runs were trained.
    """

    site: Site
    question: str
    lead: Statement | None
    lead_runs: str
    changes: Changes | None
    findings: tuple[Statement, ...]
    recommendations: tuple[Statement, ...]
    ranking: Ranking | None
    unfinished: tuple[Unfinished, ...]
    dataset: tuple[tuple[str, str], ...]
    classes: str
    left_out: LeftOut | None
    examples: Examples | None
    settings: tuple[Setting, ...]


def index_context(
    experiment: Experiment, names: dict[str, RunName], comparisons: Comparisons
) -> IndexContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        comparisons: The paired tests of its finished runs.
    """
    record, material = experiment.record, Material(experiment, comparisons)
    called = Names(names)
    found = leading(material)
    leads = statements(found, called)
    return IndexContext(
        site=site_context(experiment, ADDRESS),
        question=record.question,
        lead=leads[0] if leads else None,
        changes=changes(experiment),
        lead_runs=" ".join(run.run_id for run in found[0].runs) if found else "",
        findings=(*leads[1:], *statements(findings(material), called)),
        recommendations=statements(recommendations(material), called),
        ranking=ranking(comparisons, names) if experiment.runs else None,
        unfinished=unfinished(experiment, names),
        dataset=dataset_facts(experiment),
        classes="" if record.examples else ", ".join(record.class_names),
        left_out=_left_out(record.unreadable) if record.unreadable else None,
        examples=examples(record.examples, record.class_names) if record.examples else None,
        settings=settings(experiment),
    )


def statements(found: Iterable[Finding], names: Names) -> tuple[Statement, ...]:
    """Put findings into words."""
    return tuple(
        Statement(finding.label, finding.sentence(names), finding.test, finding.evidence)
        for finding in found
    )


def dataset_facts(experiment: Experiment) -> tuple[tuple[str, str], ...]:
    """Return the dataset card: label and text."""
    record = experiment.record
    card = record.dataset
    sizes = {split: record.splits[split].n_images for split in Split if split in record.splits}
    parts = ", ".join(f"{formatting.count(n)} {split}" for split, n in sizes.items())
    unreadable = card.absent.get("n_unreadable", "")
    if card.n_unreadable is not None:
        unreadable = formatting.count_of(card.n_unreadable, "image")
    return (
        ("Name", card.name),
        ("What it is", card.description),
        ("Classes", formatting.count(experiment.n_classes)),
        ("Images", f"{formatting.count(sum(sizes.values()))}: {parts}"),
        ("Unreadable, left out", unreadable),
        ("Licence", card.licence),
        ("Source", card.source),
    )


def _left_out(unreadable: list[UnreadableImage]) -> LeftOut:
    shown = unreadable[:MAX_LEFT_OUT]
    n_images = formatting.count_of(len(unreadable), "image")
    was = "was" if len(unreadable) == 1 else "were"
    summary = f"{n_images} could not be read and {was} left out before the splits were made."
    if len(shown) < len(unreadable):
        first = formatting.count(len(shown))
        summary += f" These are the first {first}; the files below the table list all."
    return LeftOut(summary, tuple((image.path, image.reason) for image in shown))
