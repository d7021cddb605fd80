"""What a finding is, and what the rules that make findings read."""

from dataclasses import dataclass
from typing import Protocol

from site_builder.comparisons import Comparisons
from site_builder.findings.text import Names, Sentence
from site_builder.loading import Experiment

MCNEMAR = "exact McNemar, Holm-corrected over all pairs of runs"


@dataclass(frozen=True, eq=False)
class Material:
    """What a rule reads: the stored experiment and the comparisons between its runs."""

    experiment: Experiment
    comparisons: Comparisons


@dataclass(frozen=True)
class Evidence:
    """Where a reader can check a finding: a text, and an address from the site's root."""

    text: str
    address: str


class Finding(Protocol):
    """The numbers of a rule that had something to say."""

    @property
    def label(self) -> str:
        """What it is about, in a word or two."""

    @property
    def test(self) -> str:
        """How it was tested; empty for what was measured or counted and needs no test."""

    @property
    def evidence(self) -> Evidence:
        """Where to check it."""

    def sentence(self, names: Names) -> Sentence:
        """Say it."""
