"""What a formula is made of, before it is set."""

from collections.abc import Mapping
from dataclasses import dataclass

from site_builder.references import Reference

SHARE = "0 to 100 %; 100 % is best."
"""The range of most scores."""


@dataclass(frozen=True)
class Missing:
    """A number that a run does not have.

    Attributes:
        reason: Why, as the end of a sentence.
    """

    reason: str


Values = Mapping[str, str | Missing]
"""A run's numbers as text, by the name of their place in formulas."""


@dataclass(frozen=True)
class Worked:
    """A formula with a run's numbers in it.

    Attributes:
        latex: LaTeX with places, as `mathml` takes it.
        about: What it is of, a phrase that may have places too; empty where there is no doubt.
    """

    latex: str
    about: str = ""


@dataclass(frozen=True)
class Formula:
    """A formula and what a reader must know of it.

    Attributes:
        key: Its name in addresses.
        title: Its name.
        answers: The question that it answers, as a plain sentence.
        latex: The formula, in one or more lines.
        symbols: What the letters stand for; empty where the section says it.
        range: From where to where it goes, and which end is best.
        edge_cases: What is done here about ties and divisions by zero.
        references: Where it comes from.
        worked: The same with a run's numbers.
    """

    key: str
    title: str
    answers: str
    latex: tuple[str, ...]
    symbols: str
    range: str
    edge_cases: str
    references: tuple[Reference, ...]
    worked: tuple[Worked, ...]


@dataclass(frozen=True)
class Section:
    """Formulas that belong together.

    Attributes:
        key: Its name in addresses.
        title: Its heading.
        intro: What they have in common.
        formulas: In the order in which they build on each other.
    """

    key: str
    title: str
    intro: str
    formulas: tuple[Formula, ...]
