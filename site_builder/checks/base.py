"""What a check is, and what it can find."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from site_builder.formatting import count, count_of
from site_builder.loading import Experiment, Run

N_NAMED = 10
"""Places that a finding names one by one."""


class Status(StrEnum):
    """How a check ended. Only `FAILED` stops the build."""

    FAILED = "failed"
    NOTED = "noted"
    NOT_POSSIBLE = "not possible"
    PASSED = "passed"


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        status: How it ended.
        found: What it found, or why it could not be made; a sentence without its full stop.
        details: The places, one a line, the first few by name; may be empty.
    """

    status: Status
    found: str
    details: tuple[str, ...] = ()


def named(places: Sequence[str], n_places: int | None = None) -> tuple[str, ...]:
    """Return the first places, and how many more there are.

    Args:
        places: All of them, or at least `N_NAMED`.
        n_places: How many there are; None where these are all.
    """
    more = (n_places or len(places)) - N_NAMED
    return (*places[:N_NAMED], *([f"and {count(more)} more"] if more > 0 else []))


class Rule(ABC):
    """Something that must hold for the site to be believed.

    Attributes:
        name: What holds, in a few words.
        meaning: Why it matters; a sentence or two.
    """

    name: ClassVar[str]
    meaning: ClassVar[str]


class Check(Rule):
    """A rule for what is stored."""

    @abstractmethod
    def find(self, experiment: Experiment) -> Finding:
        """Look, and say what was found."""


class SiteCheck(Rule):
    """A rule for the pages, once they are written."""

    @abstractmethod
    def find(self, experiment: Experiment, folder: Path) -> Finding:
        """Look at the site in a folder, and say what was found."""


@dataclass(frozen=True)
class Result:
    """A rule and what was found of it."""

    rule: Rule
    finding: Finding

    @property
    def line(self) -> str:
        """The name and what was found, for a terminal."""
        return f"{self.rule.name}: {self.finding.found}"


class CannotCheckError(Exception):
    """A run lacks what a check needs; the message says what."""


class RunCheck(Check):
    """Something that must hold for every finished run.

    Attributes:
        holds: What holds where no run is at fault: "in all 4 runs <holds>".
    """

    holds: ClassVar[str]

    @abstractmethod
    def problem(self, experiment: Experiment, run: Run) -> str:
        """Return what is wrong with a run; empty if nothing is.

        Raises:
            CannotCheckError: If the run lacks what is needed to tell.
        """

    def find(self, experiment: Experiment) -> Finding:
        """Look at every finished run."""
        return find_in_runs(experiment.runs, lambda run: self.problem(experiment, run), self.holds)


def find_in_runs(runs: Sequence[Run], problem: Callable[[Run], str], holds: str) -> Finding:
    """Look at every run.

    Args:
        runs: The finished runs.
        problem: Returns what is wrong with one, as `RunCheck.problem`.
        holds: What holds where no run is at fault.
    """
    problems, excuses = [], []
    for run in runs:
        try:
            if what := problem(run):
                problems.append(f"{run.run_id}: {what}")
        except CannotCheckError as error:
            excuses.append(f"{run.run_id}: {error}")
    if problems:
        found = f"not so in {count(len(problems))} of {count_of(len(runs), 'run')}"
        return Finding(Status.FAILED, found, named(problems))
    if not runs:
        return Finding(Status.NOT_POSSIBLE, "no run has finished")
    if len(excuses) == len(runs):
        return Finding(Status.NOT_POSSIBLE, "not known of any run", named(excuses))
    return Finding(Status.PASSED, f"{_where(len(runs), len(excuses))} {holds}", named(excuses))


def _where(n_runs: int, n_excused: int) -> str:
    """Name the runs that were looked at, at the start of a sentence."""
    runs = count_of(n_runs, "run")
    if n_excused:
        return f"in {count(n_runs - n_excused)} of {runs}, those that tell,"
    return "in the one run" if n_runs == 1 else f"in all {runs}"
