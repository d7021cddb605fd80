"""pipeline/results.html: what came out, all of it from the generated findings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from site_builder import addresses, formatting, payloads
from site_builder.findings import finding as rules
from site_builder.findings import leading
from site_builder.findings.augmentation import AugmentationVerdict, augmentation_verdicts
from site_builder.findings.cheapest import fastest, smallest
from site_builder.findings.cost import accuracy_latency_front, training_time, within_budget
from site_builder.findings.errors import hardest_classes, most_confused
from site_builder.findings.finding import Finding
from site_builder.findings.ranking import accuracy_range
from site_builder.findings.recommendations import (
    for_small_machines,
    highest_accuracy,
    smallest_as_good,
)
from site_builder.findings.text import Names
from site_builder.findings.training import overconfident, still_improving, stopped_early
from site_builder.loading import Experiment
from site_builder.naming import strategy_name
from site_builder.pages.index import Statement, statements
from site_builder.pages.pipeline.page import Frame, Material, Model, Page
from site_builder.pages.pipeline.values import Values
from site_builder.pages.site import Site

# What there is to read further, as far as the navigation has it.
_DETAILS = {
    addresses.COMPARE: "Every score and cost of every run, trade-offs, and confusion matrices.",
    addresses.ERRORS: "The images that runs get wrong, by class and by pair of classes.",
    addresses.FEATURE_MAPS: "What each layer makes of a few test images.",
    addresses.ARCHITECTURES: "The networks, drawn from their own layers.",
    addresses.CURVES: "Loss and accuracy over the epochs.",
    addresses.FORMULAS: "How each number is calculated.",
    addresses.CONFIGURATION: "What was run, setting by setting, and how to run it again.",
    addresses.CHECKS: "What was checked before this site was built.",
}

_Asked = tuple[str, str, Iterable[Finding | None], str]


@dataclass(frozen=True)
class Answer:
    """Something that readers ask, and what the findings say to it.

    Attributes:
        key: Its place on the page.
        title: What is asked, in a few words.
        statements: The findings; empty where the data support none.
        otherwise: Why there are none, in a sentence.
    """

    key: str
    title: str
    statements: tuple[Statement, ...]
    otherwise: str


@dataclass(frozen=True)
class ResultsContext:
    """What `pages/pipeline/results.html` shows.

    Attributes:
        site: The frame of the page.
        frame: The frame of the pipeline's pages.
        summary: Who is best, how far the runs are apart, who is fastest and smallest.
        insights: What worked, what did not, and what else there is to know.
        limits: What this experiment cannot tell, a sentence each.
        recommendations: Which run to take for what.
        details: Other pages: address from the site's root, title, and what is there.
    """

    site: Site
    frame: Frame
    summary: tuple[Answer, ...]
    insights: tuple[Answer, ...]
    limits: tuple[str, ...]
    recommendations: tuple[Answer, ...]
    details: tuple[tuple[str, str, str], ...]


def results_context(material: Material, site: Site, frame: Frame) -> ResultsContext:
    """Return what the page shows."""
    read = rules.Material(material.experiment, material.comparisons)
    names = Names(material.names)
    return ResultsContext(
        site=site,
        frame=frame,
        summary=_answers(_summary(read), names),
        insights=_answers(_insights(read), names),
        limits=tuple(_limits(material.experiment)),
        recommendations=_answers(_recommendations(read), names),
        details=tuple(
            (link.address, link.text, _DETAILS[link.address])
            for link in site.links
            if link.address in _DETAILS
        ),
    )


def values(material: Material, model: Model) -> Values:
    """Return the headline numbers of one model, and how it stands to the best run."""
    return Values(
        texts={"model": model.name.full, "against": _against(material, model)},
        rows={"facts": tuple(payloads.facts(model.run))},
        links={"run": addresses.run_page(model.run.run_id)},
    )


PAGE = Page("results", "Results", values, results_context)


def _summary(read: rules.Material) -> Iterator[_Asked]:
    yield "best", "Most accurate", leading(read), ""
    yield "range", "Range", [accuracy_range(read)], "No two runs differ in accuracy."
    yield (
        "fastest", "Fastest", [fastest(read)],
        "Times were not measured, or of one model only, or on different machines.",
    )  # fmt: skip
    yield "smallest", "Smallest", [smallest(read)], "The size of one model at most is known."


def _insights(read: rules.Material) -> Iterator[_Asked]:
    verdicts = augmentation_verdicts(read)
    yield (
        "worked", "What worked", _with(verdicts, "helped"),
        "No test shows that augmentation, the one choice tried both ways, helped a model."
        if verdicts
        else "No choice was tried both ways, so no test can show that one helped.",
    )  # fmt: skip
    troubles = (
        overconfident(read), still_improving(read), hardest_classes(read), most_confused(read),
    )  # fmt: skip
    yield (
        "did-not-work", "What did not work", (*_with(verdicts, "hurt"), *troubles),
        "No test finds harm, doubtful confidence, or classes that stand out.",
    )  # fmt: skip
    rest = (
        within_budget(read), accuracy_latency_front(read), stopped_early(read), training_time(read),
    )  # fmt: skip
    yield (
        "takeaways", "Takeaways", (*_with(verdicts, "undecided"), *rest),
        "There is nothing else that the data support.",
    )  # fmt: skip


def _recommendations(read: rules.Material) -> Iterator[_Asked]:
    yield (
        "for-accuracy", "For accuracy", [highest_accuracy(read)],
        "There is only one run to choose.",
    )  # fmt: skip
    yield (
        "for-mobile", "For small machines", [for_small_machines(read)],
        "It takes two models that were timed on the same processor.",
    )  # fmt: skip
    yield (
        "for-balance", "For both", [smallest_as_good(read)],
        "It takes two models of known size that were tested on the same images.",
    )  # fmt: skip


def _with(verdicts: Iterable[AugmentationVerdict], verdict: str) -> tuple[Finding, ...]:
    return tuple(found for found in verdicts if found.verdict == verdict)


def _answers(asked: Iterable[_Asked], names: Names) -> tuple[Answer, ...]:
    return tuple(
        Answer(key, title, statements([one for one in found if one], names), otherwise)
        for key, title, found, otherwise in asked
    )


def _limits(experiment: Experiment) -> Iterator[str]:
    """Say what cannot be known because it was not varied."""
    configs = [run.record.config for run in experiment.runs if run.record.config]
    strategies = {config.strategy for config in configs}
    if len(strategies) == 1:
        yield (
            f"Every model was trained in one way ({strategy_name(strategies.pop())}), so nothing "
            "follows about other ways."
        )
    if len({config.seed for config in configs}) == 1:
        yield (
            "Every model was trained with one seed, so it is not known how much the chance in "
            "training changes its accuracy."
        )
    n_images = {run.n_images for run in experiment.runs}
    if len(n_images) == 1:
        yield (
            f"Scores are of {formatting.count_of(n_images.pop(), 'test image')} of "
            f"{experiment.record.dataset.name}; their intervals are for more images of the same "
            "kind, not for other kinds."
        )


def _against(material: Material, model: Model) -> str:
    """Return how far a run is behind the best, and whether a test separates the two."""
    best = material.models[0]
    if model.run.accuracy == best.run.accuracy:
        return "No run is more accurate."
    found = material.comparisons.compare(best.run.run_id, model.run.run_id)
    if found is None:
        why = material.comparisons.why_untested(model.run) or material.comparisons.why_untested(
            best.run
        )
        return f"It cannot be tested against {best.name.full}: {why}."
    behind = formatting.points(found.paired.difference)
    ends = formatting.points_between(found.paired.interval)
    does = "separates" if found.separated else "does not separate"
    return (
        f"{behind} ({ends}) behind {best.name.full}; a paired test {does} the two "
        f"({formatting.p_value(found.adjusted_p_value)})."
    )
