"""Sentences made of parts, so that a name from the data stays text and is never markup."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from site_builder import addresses, formatting
from site_builder.comparisons import SeedGroup
from site_builder.loading import Run
from site_builder.naming import RunName, group_name

MAX_LISTED = 3
"""Names in a sentence; beyond, the others are counted."""


@dataclass(frozen=True)
class Part:
    """A piece of a sentence.

    Attributes:
        text: What it says.
        kind: What it is.
        address: Where a link leads, from the site's root; empty for the others.
    """

    text: str
    kind: Literal["text", "number", "link"] = "text"
    address: str = ""


Sentence = tuple[Part, ...]


def say(words: str, *fillings: Part | Sentence) -> Sentence:
    """Return a sentence, each `{}` in `words` standing for one of the fillings.

    Example:
        >>> [part.text for part in say("{} is the fastest.", Part("VGG16", "link", "#"))]
        ['VGG16', ' is the fastest.']
    """
    first, *rest = words.split("{}")
    found = [Part(first)]
    for filling, following in zip(fillings, rest, strict=True):
        found += [*((filling,) if isinstance(filling, Part) else filling), Part(following)]
    return tuple(part for part in found if part.text)


def paragraph(*sentences: Sentence) -> Sentence:
    """Put sentences one after the other; empty ones are left out."""
    said = [sentence for sentence in sentences if sentence]
    apart = [part for sentence in said for part in (Part(" "), *sentence)]
    return tuple(apart[1:])


def number(text: str) -> Part:
    """Return a number that a sentence is about, as `formatting` wrote it."""
    return Part(text, "number")


def aside(text: str) -> Part:
    """Return a number that goes with another, such as its interval."""
    return Part(text)


def listed(items: Iterable[Part | Sentence], noun: str = "run") -> Sentence:
    """Enumerate as in a sentence: `a, b and c`, or `a, b, c and 4 other runs`.

    Args:
        items: At least one.
        noun: What those beyond `MAX_LISTED` are called, in the singular.
    """
    given = [item if isinstance(item, tuple) else (item,) for item in items]
    n_more = len(given) - MAX_LISTED
    # One more name is no longer than its count.
    if n_more > 1:
        more = aside(formatting.count_of(n_more, f"other {noun}"))
        given = [*given[:MAX_LISTED], (more,)]
    *first, last = given
    if not first:
        return last
    # As usual where what is listed has commas of its own.
    nested = len(given) > 2 and any("," in part.text for item in given for part in item)
    comma, last_comma = (Part("; "), Part("; and ")) if nested else (Part(", "), Part(" and "))
    joined = [part for item in first for part in (*item, comma)]
    return (*joined[:-1], last_comma, *last)


@dataclass(frozen=True)
class Names:
    """What runs are called in sentences.

    Attributes:
        of_runs: Run id to name, of every stored run.
    """

    of_runs: Mapping[str, RunName]

    def run(self, run: Run) -> Part:
        """Return a run's name, linked to its confusion matrix."""
        return Part(self.of_runs[run.run_id].full, "link", addresses.matrix(run.run_id))

    def model(self, run: Run) -> Part:
        """Return the name of a run's model, linked to that run."""
        return Part(self.of_runs[run.run_id].model, "link", addresses.matrix(run.run_id))

    def runs(self, runs: Iterable[Run], noun: str = "run") -> Sentence:
        """Enumerate runs, at least one."""
        return listed([self.run(run) for run in runs], noun)

    def group(self, group: SeedGroup) -> Part:
        """Return the name of runs that differ only in their seed, linked to the first of them."""
        name = group_name(group, self.of_runs)
        return Part(name.full, "link", addresses.matrix(group.run.run_id))

    def groups(self, groups: Iterable[SeedGroup], noun: str = "run") -> Sentence:
        """Enumerate groups, at least one."""
        return listed([self.group(group) for group in groups], noun)
