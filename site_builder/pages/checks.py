"""checks.html: the consistency gate, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass

from site_builder import addresses, formatting
from site_builder.checks import Group, Result, Status, results_of
from site_builder.loading import Experiment
from site_builder.pages.site import Site, site_context

ADDRESS = addresses.CHECKS

_WORDS = {
    Status.FAILED: "Failed",
    Status.NOTED: "Noted",
    Status.NOT_POSSIBLE: "Not possible",
    Status.PASSED: "Passed",
}


@dataclass(frozen=True)
class Mark:
    """How a check ended, in a word, and the name of its colour."""

    word: str
    colour: str


@dataclass(frozen=True)
class Line:
    """A check.

    Attributes:
        mark: How it ended.
        rule: What is to hold.
        found: What was found; a sentence without its full stop.
        details: The places, one a line.
        meaning: Why it matters.
    """

    mark: Mark
    rule: str
    found: str
    details: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Section:
    """Checks of one kind of thing."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Tally:
    """How many checks ended in one way, as text."""

    mark: Mark
    count: str


@dataclass(frozen=True)
class ChecksContext:
    """What `pages/checks.html` shows.

    Attributes:
        site: The frame of the page.
        verdict: What came of all checks, in a sentence.
        tallies: How many checks ended in each way that occurs.
        sections: All checks.
    """

    site: Site
    verdict: str
    tallies: tuple[Tally, ...]
    sections: tuple[Section, ...]


def checks_context(experiment: Experiment, groups: Sequence[Group]) -> ChecksContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        groups: What the checks found.
    """
    counts = {status: len(results_of(groups, status)) for status in Status}
    return ChecksContext(
        site=site_context(experiment, ADDRESS),
        verdict=_verdict(counts[Status.FAILED]),
        tallies=tuple(
            Tally(_mark(status), formatting.count(n)) for status, n in counts.items() if n
        ),
        sections=tuple(Section(group.title, tuple(map(_line, group.results))) for group in groups),
    )


def _verdict(n_failed: int) -> str:
    if n_failed:
        return (
            f"{formatting.count_of(n_failed, 'check')} failed. The site was built all the same, "
            "because it was asked for; what depends on them is not to be trusted."
        )
    return "No check failed; otherwise there would be no site."


def _mark(status: Status) -> Mark:
    return Mark(_WORDS[status], status.replace(" ", "-"))


def _line(result: Result) -> Line:
    finding = result.finding
    # The first letter only: what follows may be a name.
    found = finding.found[:1].upper() + finding.found[1:]
    return Line(
        mark=_mark(finding.status),
        rule=result.rule.name,
        found=found,
        details=finding.details,
        meaning=result.rule.meaning,
    )
