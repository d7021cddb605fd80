"""The cheapest models: the fastest and the smallest, ties included."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from site_builder import formatting
from site_builder.findings.cost import TABLE, known, model_of, n_parameters, timed
from site_builder.findings.finding import Evidence, Material
from site_builder.findings.text import Names, Sentence, aside, listed, number, say
from site_builder.loading import Run


@dataclass(frozen=True, eq=False)
class Fastest:
    """The model with the lowest latency.

    Attributes:
        best: Its most accurate run.
        level: The most accurate runs of other models whose lowest latency reads the same.
        low: Lowest latency among its runs, ms.
        high: Highest latency among its runs, ms.
    """

    label: ClassVar[str] = "Fastest"
    test: ClassVar[str] = ""
    evidence: ClassVar[Evidence] = TABLE
    best: Run
    level: tuple[Run, ...]
    low: float
    high: float

    def sentence(self, names: Names) -> Sentence:
        """Name it with its latency and its accuracy."""
        low, high = formatting.milliseconds(self.low), formatting.milliseconds(self.high)
        if self.level:
            words = "The lowest latency for one image, {}, is that of {}."
            return say(words, number(low), _with_accuracies((self.best, *self.level), names))
        return say(
            "{} needs {} for one image; its best run is {} accurate.",
            names.model(self.best),
            number(low if low == high else f"{low} to {high}"),
            number(formatting.percent(self.best.accuracy)),
        )


def fastest(material: Material) -> Fastest | None:
    """Find the fastest model; silent where times are of one model, or of several machines."""
    cheapest = _cheapest_models(timed(material), formatting.milliseconds)
    if not cheapest:
        return None
    (best, latencies), *others = cheapest
    return Fastest(best, tuple(run for run, _ in others), min(latencies), max(latencies))


@dataclass(frozen=True, eq=False)
class Smallest:
    """The model with the fewest parameters.

    Attributes:
        best: Its most accurate run.
        level: The most accurate runs of other models whose number of parameters reads the same.
        n_parameters: Its parameters.
    """

    label: ClassVar[str] = "Smallest"
    test: ClassVar[str] = ""
    evidence: ClassVar[Evidence] = TABLE
    best: Run
    level: tuple[Run, ...]
    n_parameters: float

    def sentence(self, names: Names) -> Sentence:
        """Name it with its size and its accuracy."""
        size = number(formatting.quantity(self.n_parameters))
        if self.level:
            words = "The fewest parameters, {}, are those of {}."
            return say(words, size, _with_accuracies((self.best, *self.level), names))
        return say(
            "{} has {} parameters; its best run is {} accurate.",
            names.model(self.best),
            size,
            number(formatting.percent(self.best.accuracy)),
        )


def smallest(material: Material) -> Smallest | None:
    """Find the smallest model; silent where the size of one model at most is known."""
    sizes = known(material.experiment.ranked, n_parameters)
    cheapest = _cheapest_models(sizes, formatting.quantity)
    if not cheapest:
        return None
    (best, (size, *_)), *others = cheapest
    return Smallest(best, tuple(run for run, _ in others), size)


def _cheapest_models(
    costs: tuple[tuple[float, Run], ...], write: Callable[[float], str]
) -> list[tuple[Run, list[float]]]:
    """Return the models whose lowest cost reads as the lowest of all; none of a single model.

    Each is its most accurate run and the costs of all its runs, by falling accuracy.
    """
    models: dict[tuple[str, ...], tuple[Run, list[float]]] = {}
    for cost, run in costs:
        models.setdefault(model_of(run), (run, []))[1].append(cost)
    if len(models) < 2:
        return []
    lowest = write(min(cost for cost, _ in costs))
    return [(best, paid) for best, paid in models.values() if write(min(paid)) == lowest]


def _with_accuracies(runs: Iterable[Run], names: Names) -> Sentence:
    """Enumerate models with the accuracies of these, their best runs."""
    items = [
        say("{} (best run {})", names.model(run), aside(formatting.percent(run.accuracy)))
        for run in runs
    ]
    return listed(items, "model")
