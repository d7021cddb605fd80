"""How results are computed from predictions: the scores, and what is set for all of them."""

from dataclasses import dataclass

from experiments.results.metrics.calibration import N_BINS
from experiments.results.metrics.intervals import CONFIDENCE
from experiments.results.metrics.paired import ALPHA
from site_builder import addresses, formatting
from site_builder.formulas.numbers import SECTIONS
from site_builder.loading import Run


@dataclass(frozen=True)
class Scores:
    """Scores that belong together: their title, and of each its name and its formula's address."""

    title: str
    formulas: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Choice:
    """Something that is set for all runs: name, value, and the address of its formula."""

    label: str
    value: str
    address: str


def scores() -> tuple[Scores, ...]:
    """Return every score that the site computes, by section of formulas.html."""
    return tuple(
        Scores(
            section.title,
            tuple((formula.title, _address(formula.key)) for formula in section.formulas),
        )
        for section in SECTIONS
    )


def choices(runs: tuple[Run, ...]) -> tuple[Choice, ...]:
    """Return what is set for the scores of all runs.

    Args:
        runs: Finished runs, at least one.
    """
    drawn = (run.scores.bootstrap for run in runs)
    resamples = sorted({intervals.n_resamples for intervals in drawn if intervals})
    return (
        Choice("Coverage of intervals", formatting.percent(CONFIDENCE, 0), _address("wilson")),
        Choice(
            "Resamples of the bootstrap",
            formatting.listing([formatting.count(n) for n in resamples] or ["none"]),
            _address("bootstrap"),
        ),
        Choice("Level of paired tests", formatting.setting(ALPHA), _address("holm")),
        Choice("Bins of confidence", formatting.count(N_BINS), _address("ece")),
        Choice("k of top-k accuracy", formatting.count(runs[0].top_k), _address("top-k")),
    )


def _address(key: str) -> str:
    return f"{addresses.FORMULAS}#{key}"
