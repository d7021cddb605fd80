"""Which run to take: for accuracy, for a small machine, and for both at once."""

from dataclasses import dataclass
from typing import ClassVar

from site_builder import addresses, formatting
from site_builder.comparisons import Comparisons, SeedGroup
from site_builder.findings.cost import LATENCY_FACTOR, n_parameters
from site_builder.findings.finding import MCNEMAR, Evidence, Material
from site_builder.findings.text import Names, Sentence, aside, number, say
from site_builder.pages.hardware import comparable, processor


@dataclass(frozen=True, eq=False)
class HighestAccuracy:
    """The most accurate group.

    Attributes:
        group: Runs that differ only in their seed; most often one run. Of equal ones the first.
        level: Other groups that are exactly as accurate.
        n_tied: Further groups that the test does not separate from it.
        n_behind: Groups that the test finds behind it.
        all_tested: Whether every other group can be tested against it.
    """

    label: ClassVar[str] = "Highest accuracy"
    evidence: ClassVar[Evidence] = Evidence("the ranking", addresses.RANKING)
    group: SeedGroup
    level: tuple[SeedGroup, ...]
    n_tied: int
    n_behind: int
    all_tested: bool

    @property
    def test(self) -> str:
        """McNemar's, where there is a less accurate group to test."""
        return MCNEMAR if self.n_tied or self.n_behind else ""

    def sentence(self, names: Names) -> Sentence:
        """Name it with its accuracy."""
        n, accuracy = len(self.group.runs), number(formatting.percent(self.group.summary.mean))
        over = f" mean, over {formatting.count_of(n, 'seed')}" if n > 1 else ""
        highest = say(f"{{}}: {{}}, the highest{over}", names.group(self.group), accuracy)
        shared = say(", shared with {}", names.groups(self.level)) if self.level else ()
        return (*highest, *shared, *self._verdict())

    def _verdict(self) -> Sentence:
        it = "all its runs from those of" if len(self.group.runs) > 1 else "it from"
        tested = "" if self.all_tested else " of those tested"
        if self.n_tied:
            others = f"{formatting.word(self.n_tied)} other{'s' if self.n_tied > 1 else ''}"
            words = f"; a paired test does not separate {it} {{}}{tested}."
            return say(words, aside(others))
        if not self.n_behind:
            return say(".")
        rest = "the rest" if self.level else "all others"
        return say(f"; a paired test separates {it} {rest}{tested}.")


@dataclass(frozen=True, eq=False)
class SmallestAsGood:
    """The smallest of the groups that a paired test does not separate from the best.

    Attributes:
        group: The group.
        n_parameters: Its parameters.
        best: The most accurate group.
        smaller: Whether another group that can be tested against the best is smaller than it.
        all_compared: Whether every other group can be tested against the best and has a known size.
    """

    label: ClassVar[str] = "Balanced"
    evidence: ClassVar[Evidence] = Evidence("the size of every run", addresses.COMPARE)
    group: SeedGroup
    n_parameters: float
    best: SeedGroup
    smaller: bool
    all_compared: bool

    @property
    def test(self) -> str:
        """McNemar's, where there is a smaller group to test."""
        return MCNEMAR if self.smaller else ""

    def sentence(self, names: Names) -> Sentence:
        """Name it with its size."""
        size = number(f"{formatting.quantity(self.n_parameters)} parameters")
        if not self.smaller:
            return say("{}, again: with {}, no other is smaller.", names.group(self.group), size)
        model = "model" if self.all_compared else "model of those tested and of known size"
        if self.group is self.best:
            words = f"{{}}, again: with {{}}, a paired test finds no smaller {model} as accurate."
            return say(words, names.group(self.group), size)
        return say(
            f"{{}}: with {{}}, the smallest {model} that a paired test does not separate "
            "from {}.",
            names.group(self.group),
            size,
            names.group(self.best),
        )


@dataclass(frozen=True, eq=False)
class ForSmallMachines:
    """The smallest of the best groups within a budget of time on the processor.

    Attributes:
        group: The group.
        n_parameters: Its parameters.
        budget_ms: `LATENCY_FACTOR` times the lowest CPU latency.
        best: The most accurate group within the budget; of equal ones the first.
        level: Other groups within the budget that are exactly as accurate.
        all_compared: Whether every other group within it can be tested against the best.
    """

    label: ClassVar[str] = "Mobile"
    evidence: ClassVar[Evidence] = Evidence("the time of every run", addresses.COMPARE)
    group: SeedGroup
    n_parameters: float
    budget_ms: float
    best: SeedGroup
    level: tuple[SeedGroup, ...]
    all_compared: bool

    @property
    def test(self) -> str:
        """McNemar's, where it is not the most accurate within the budget itself."""
        return "" if self.group in (self.best, *self.level) else MCNEMAR

    def sentence(self, names: Names) -> Sentence:
        """Name it with its size and the budget."""
        size = number(f"{formatting.quantity(self.n_parameters)} parameters")
        budget = aside(formatting.milliseconds(self.budget_ms))
        times = formatting.multiple(LATENCY_FACTOR)
        within = f"within {{}} for one image on the CPU, {times} the lowest time"
        top = (self.best, *self.level)
        if self.group in top:
            others = [group for group in top if group is not self.group]
            shared = say(", shared with {}", names.groups(others)) if others else ()
            what = "the highest accuracy" if others else "the most accurate"
            words = f"{{}}: with {{}}, {what} {within}{{}}."
            return say(words, names.group(self.group), size, budget, shared)
        smallest = "smallest model" if self.all_compared else "smallest model of those tested"
        return say(
            f"{{}}: with {{}}, the {smallest} that a paired test does not separate from {{}}, "
            f"{'one of ' if self.level else ''}the most accurate {within}.",
            names.group(self.group),
            size,
            names.group(self.best),
            budget,
        )


def highest_accuracy(material: Material) -> HighestAccuracy | None:
    """Recommend by accuracy alone; silent where there is nothing to choose from."""
    groups = material.comparisons.seed_groups
    if len(groups) < 2:
        return None
    best, *others = groups
    level = tuple(other for other in others if other.level_with(best))
    ahead = [material.comparisons.ahead(best, other) for other in others if other not in level]
    return HighestAccuracy(
        best,
        level,
        n_tied=ahead.count(False),
        n_behind=ahead.count(True),
        all_tested=None not in ahead,
    )


def smallest_as_good(material: Material) -> SmallestAsGood | None:
    """Recommend by size among the best; silent where a smaller one was never tested."""
    groups = material.comparisons.seed_groups
    if len(groups) < 2 or (best_size := _size(groups[0])) is None:
        return None
    best, *others = groups
    compared = {other: size for other in others if (size := _size(other)) is not None
                and _tested(material, best, other)}  # fmt: skip
    smaller = any(size < best_size for size in compared.values())
    all_compared = len(compared) == len(others)
    if not smaller and not all_compared:
        return None
    group, size = _smallest(_as_good(material.comparisons, (best, *compared)))
    return SmallestAsGood(group, size, best, smaller, all_compared)


def for_small_machines(material: Material) -> ForSmallMachines | None:
    """Recommend within a budget; silent where times are of one size, or of several processors."""
    timed = [
        (latency, group)
        for group in material.comparisons.seed_groups
        if (latency := _cpu_latency_ms(group)) is not None and _size(group) is not None
    ]
    runs = [run for _, group in timed for run in group.runs]
    if len({_size(group) for _, group in timed}) < 2 or not comparable(runs, processor):
        return None
    budget = LATENCY_FACTOR * min(latency for latency, _ in timed)
    within = tuple(group for latency, group in timed if latency <= budget)
    best, *others = within
    group, size = _smallest(_as_good(material.comparisons, within))
    all_compared = all(_tested(material, best, other) for other in others)
    level = tuple(other for other in others if other.level_with(best))
    return ForSmallMachines(group, size, budget, best, level, all_compared)


def _tested(material: Material, one: SeedGroup, other: SeedGroup) -> bool:
    return material.comparisons.ahead(one, other) is not None


def _as_good(comparisons: Comparisons, groups: tuple[SeedGroup, ...]) -> list[SeedGroup]:
    """Return the first of `groups` and those that the test does not find behind it."""
    best, *others = groups
    return [best, *(other for other in others if comparisons.ahead(best, other) is False)]


def _smallest(groups: list[SeedGroup]) -> tuple[SeedGroup, float]:
    """Return the smallest whose size is known, and its size; of equal ones the first."""
    sized = [(group, size) for group in groups if (size := _size(group)) is not None]
    return min(sized, key=lambda pair: pair[1])


def _size(group: SeedGroup) -> float | None:
    return n_parameters(group.run)


def _cpu_latency_ms(group: SeedGroup) -> float | None:
    return group.run.cost.cpu_latency_ms if group.run.cost else None
