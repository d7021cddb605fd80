"""What accuracy costs: the fastest, the smallest, the best within a budget, the front, the time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from site_builder import addresses, formatting
from site_builder.comparisons import Comparison
from site_builder.findings.finding import MCNEMAR, Evidence, Material
from site_builder.findings.text import Names, Sentence, aside, listed, number, paragraph, say
from site_builder.loading import Run
from site_builder.pages.hardware import comparable
from site_builder.pareto import pareto_front

LATENCY_FACTOR = 2.0
"""The budget as a multiple of the lowest latency. Only the reader knows the real budget; this one
asks what as much time again as is needed anyway can buy."""

TABLE = Evidence("the cost of every run", addresses.COMPARE)


def known(
    runs: Iterable[Run], cost: Callable[[Run], float | None]
) -> tuple[tuple[float, Run], ...]:
    """Return the runs whose cost is known, each after its cost, in the order given."""
    return tuple((value, run) for run in runs if (value := cost(run)) is not None)


def latency_ms(run: Run) -> float | None:
    """Return the median time for one image; None where it was not measured."""
    return run.cost.latency_ms if run.cost else None


def n_parameters(run: Run) -> float | None:
    """Return the number of parameters; None where it is not known."""
    return run.cost.n_parameters if run.cost else None


@dataclass(frozen=True, eq=False)
class WithinBudget:
    """The most accurate run within `LATENCY_FACTOR` times the lowest latency.

    Attributes:
        run: The run; of equal ones the first of the config.
        level: Other runs within the budget that are exactly as accurate.
        budget_ms: The budget.
        n_within: Runs within the budget, at least 2.
        best: The most accurate run of all; `run` where that is as accurate.
        comparison: The best of all (first) with this run; None if it is this run, or cannot be
            tested against it.
    """

    label: ClassVar[str] = "Within a budget"
    run: Run
    level: tuple[Run, ...]
    budget_ms: float
    n_within: int
    best: Run
    comparison: Comparison | None

    @property
    def test(self) -> str:
        """McNemar's, where there is a better run."""
        return MCNEMAR if self.comparison else ""

    @property
    def evidence(self) -> Evidence:
        """The table of costs."""
        return TABLE

    def sentence(self, names: Names) -> Sentence:
        """Name it, and what a larger budget would buy."""
        first = say(
            f"Of the {{}} within {{}} for one image, {formatting.multiple(LATENCY_FACTOR)} the "
            f"lowest latency, {{}} {'are' if self.level else 'is'} the most accurate, at {{}}.",
            aside(formatting.count_of(self.n_within, "run")),
            aside(formatting.milliseconds(self.budget_ms)),
            names.runs((self.run, *self.level)),
            number(formatting.percent(self.run.accuracy)),
        )
        return paragraph(first, self._against_the_best(names))

    def _against_the_best(self, names: Names) -> Sentence:
        if self.comparison is None:
            return say("No slower run is more accurate.") if self.run is self.best else ()
        does = "separates" if self.comparison.separated else "does not separate"
        return say(
            f"A paired test {does} {{}} from {{}}, {{}} above.",
            names.run(self.run) if self.level else say("it"),
            names.run(self.best),
            number(formatting.points(self.comparison.paired.difference)),
        )


def within_budget(material: Material) -> WithinBudget | None:
    """Find the best within the budget; silent where that leaves out no run, or all but one."""
    costs = timed(material)
    if not costs:
        return None
    budget = LATENCY_FACTOR * min(latency for latency, _ in costs)
    within = [run for latency, run in costs if latency <= budget]
    if len(within) in (1, len(costs)):
        return None
    best, (run, *others) = material.experiment.ranked[0], within
    level = tuple(other for other in others if other.accuracy == run.accuracy)
    if run.accuracy == best.accuracy:
        return WithinBudget(run, level, budget, len(within), run, None)
    comparison = material.comparisons.compare(best.run_id, run.run_id)
    return WithinBudget(run, level, budget, len(within), best, comparison)


@dataclass(frozen=True, eq=False)
class ParetoFront:
    """Runs that no other run beats in both accuracy and latency, fastest first.

    Attributes:
        runs: The runs.
        n_timed: Runs whose latency is known.
    """

    label: ClassVar[str] = "Pareto front"
    test: ClassVar[str] = ""
    runs: tuple[Run, ...]
    n_timed: int

    @property
    def evidence(self) -> Evidence:
        """The chart of both."""
        return Evidence("accuracy against latency", addresses.COMPARE)

    def sentence(self, names: Names) -> Sentence:
        """Name them with both numbers."""
        if len(self.runs) == 1:
            return say("No run is faster or more accurate than {}.", names.run(self.runs[0]))
        points = [
            say(
                "{} ({}, {})",
                names.run(run),
                aside(formatting.milliseconds(latency)),
                aside(formatting.percent(run.accuracy)),
            )
            for latency, run in known(self.runs, latency_ms)
        ]
        return say(
            "For {} of {}, no other is at least as fast and as accurate, and better in one of the "
            "two: {}.",
            aside(formatting.word(len(points))),
            aside(formatting.count_of(self.n_timed, "run")),
            listed(points),
        )


def accuracy_latency_front(material: Material) -> ParetoFront | None:
    """Find the front; silent where latencies are known of one model, or of several machines."""
    costs = timed(material)
    if len({model_of(run) for _, run in costs}) < 2:
        return None
    latencies, runs = zip(*costs, strict=True)
    front = pareto_front(latencies, [run.accuracy for run in runs])
    return ParetoFront(tuple(runs[place] for place in front), len(runs))


@dataclass(frozen=True, eq=False)
class TrainingTime:
    """How long all training took.

    Attributes:
        total_s: Seconds, validation and a frozen backbone's features included.
        n_runs: Runs whose time is known.
        longest: The run that took longest.
        longest_s: Its time, seconds.
    """

    label: ClassVar[str] = "Training"
    test: ClassVar[str] = ""
    evidence: ClassVar[Evidence] = TABLE
    total_s: float
    n_runs: int
    longest: Run
    longest_s: float

    def sentence(self, names: Names) -> Sentence:
        """Say the sum, and where most of it went."""
        total = number(formatting.duration(self.total_s))
        if self.n_runs == 1:
            return say("Training {} took {}.", names.run(self.longest), total)
        return say(
            "Training {} took {} in all, {} longest: {}.",
            aside(formatting.count_of(self.n_runs, "run")),
            total,
            names.run(self.longest),
            aside(formatting.duration(self.longest_s)),
        )


def training_time(material: Material) -> TrainingTime | None:
    """Add up the training; silent where no time is known."""
    times = known(material.experiment.ranked, lambda run: run.training_time_s)
    if not times:
        return None
    longest_s, longest = max(times, key=lambda pair: pair[0])
    return TrainingTime(sum(time for time, _ in times), len(times), longest, longest_s)


def timed(material: Material) -> tuple[tuple[float, Run], ...]:
    """Return latencies and runs, most accurate first; none where machines differ."""
    if not comparable(material.experiment.runs):
        return ()
    return known(material.experiment.ranked, latency_ms)


def model_of(run: Run) -> tuple[str, ...]:
    """Return what runs of one model share; a run made elsewhere is a model of its own."""
    config = run.record.config
    return (config.model, config.head) if config else (run.run_id,)
