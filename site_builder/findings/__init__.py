"""Findings: what the stored predictions say, as sentences that a test stands behind.

A rule reads the stored experiment and the comparisons between its runs, and returns the numbers
that it found, or None where the data do not support its sentence. What a finding says, how it was
tested and where to check it follow from these numbers.
"""

from collections.abc import Callable, Iterable

from site_builder.findings.augmentation import augmentation_verdicts
from site_builder.findings.cheapest import fastest, smallest
from site_builder.findings.cost import accuracy_latency_front, training_time, within_budget
from site_builder.findings.errors import hardest_classes, most_confused
from site_builder.findings.finding import Finding, Material
from site_builder.findings.ranking import (
    BestOverSeeds,
    BestRun,
    accuracy_range,
    best_over_seeds,
    best_run,
)
from site_builder.findings.recommendations import (
    for_small_machines,
    highest_accuracy,
    smallest_as_good,
)
from site_builder.findings.training import overconfident, still_improving, stopped_early

Rule = Callable[[Material], Finding | None]
Leader = BestOverSeeds | BestRun

_ABOUT_COST: tuple[Rule, ...] = (
    accuracy_range, fastest, smallest, within_budget, accuracy_latency_front,
)  # fmt: skip
_ABOUT_TRAINING: tuple[Rule, ...] = (
    hardest_classes, most_confused, overconfident, still_improving, stopped_early, training_time,
)  # fmt: skip
_RECOMMENDATIONS: tuple[Rule, ...] = (highest_accuracy, smallest_as_good, for_small_machines)


def leading(material: Material) -> tuple[Leader, ...]:
    """Return who is best: over seeds where there are several, and then the best single run."""
    found = best_over_seeds(material), best_run(material)
    return tuple(leader for leader in found if leader is not None)


def findings(material: Material) -> tuple[Finding, ...]:
    """Return everything else that can be said, in reading order."""
    return (
        *_found(_ABOUT_COST, material),
        *augmentation_verdicts(material),
        *_found(_ABOUT_TRAINING, material),
    )


def recommendations(material: Material) -> tuple[Finding, ...]:
    """Return which run to take for what."""
    return _found(_RECOMMENDATIONS, material)


def _found(rules: Iterable[Rule], material: Material) -> tuple[Finding, ...]:
    return tuple(finding for rule in rules if (finding := rule(material)) is not None)
