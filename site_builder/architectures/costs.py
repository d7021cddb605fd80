"""Where a network's parameters and operations are."""

from dataclasses import dataclass
from itertools import accumulate

from experiments.results.schema import Architecture
from site_builder import formatting


@dataclass(frozen=True)
class Part:
    """What one stage has of a network's parameters, or of its operations.

    Attributes:
        amount: How many.
        share: Of the whole network's.
        so_far: Share of this stage and of all before it.
        percent: The share, from 0 to 100, as long as a bar is.
    """

    amount: str
    share: str
    so_far: str
    percent: str


def stage_totals(made_of: Architecture, field: str) -> list[int]:
    """Return the sum of a field, `n_parameters` or `flops`, over the layers of each stage."""
    totals = [0] * len(made_of.stages)
    for layer in made_of.layers:
        totals[layer.stage] += getattr(layer, field)
    return totals


def parts(totals: list[int]) -> tuple[Part, ...]:
    """Return what each stage has of a whole that may be nothing."""
    whole = sum(totals)
    return tuple(
        Part(
            amount=formatting.quantity(amount),
            share=formatting.share(amount, whole),
            so_far=formatting.share(so_far, whole),
            percent=f"{100 * amount / (whole or 1):.1f}",
        )
        for amount, so_far in zip(totals, accumulate(totals), strict=True)
    )
