"""Did augmentation help? The same model with and without it, on the same images or seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from experiments.results.metrics.paired import ALPHA, Paired, holm
from experiments.results.metrics.seeds import EverySeed, SeedComparison

Compared = Paired | EverySeed | SeedComparison
"""Over the images of one seed, over those of each of several, or over the seeds."""
Verdict = Literal["helped", "hurt", "undecided"]


@dataclass(frozen=True)
class Effect:
    """What augmentation did to one model.

    Attributes:
        comparison: First with augmentation, second without: a positive difference is a gain.
        adjusted_p_value: That of the comparison after Holm's correction over all models, in [0, 1];
            None where it has none.
        verdict: "undecided" where the adjusted p-value is None or above 0.05: no detectable
            difference, which does not say that there is none.
    """

    comparison: Compared
    adjusted_p_value: float | None
    verdict: Verdict


def augmentation_effects(comparisons: Sequence[Compared]) -> tuple[Effect, ...]:
    """Judge augmentation for every model that was run with and without it.

    Args:
        comparisons: One a model, first with augmentation and second without; all that are judged
            together, since Holm's correction is over their number.

    Returns:
        One effect for each, in the same order.

    Example:
        >>> from experiments.results.metrics.paired import compare_all
        >>> import numpy as np
        >>> gain = compare_all(np.array([[True] * 8, [False] * 8])).pair(0, 1)
        >>> [(effect.verdict, effect.adjusted_p_value) for effect in augmentation_effects([gain])]
        [('helped', 0.0078125)]
    """
    tested = [place for place, one in enumerate(comparisons) if one.p_value is not None]
    p_values = [p_value for one in comparisons if (p_value := one.p_value) is not None]
    adjusted = dict(zip(tested, holm(p_values).tolist(), strict=True))
    return tuple(
        Effect(
            comparison, adjusted.get(place), _verdict(comparison.difference, adjusted.get(place))
        )
        for place, comparison in enumerate(comparisons)
    )


def _verdict(difference: float, p_value: float | None) -> Verdict:
    if p_value is None or p_value > ALPHA:
        return "undecided"
    return "helped" if difference > 0 else "hurt"
