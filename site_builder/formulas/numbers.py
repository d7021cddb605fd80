"""Every number that the formulas take from a run, and which of them it has."""

from dataclasses import dataclass

from site_builder.comparisons import Comparisons
from site_builder.formulas import averages, certainty, classes, costs, layers, probabilities
from site_builder.formulas.formula import Missing, Section, Values
from site_builder.formulas.mathml import places
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName

SECTIONS: tuple[Section, ...] = (
    classes.SECTION,
    averages.SECTION,
    probabilities.SECTION,
    certainty.SECTION,
    costs.SECTION,
)


@dataclass(frozen=True)
class Numbers:
    """The numbers of a run.

    Attributes:
        values: Text by the name of its place.
        missing: Why a place has no number, by its name.
    """

    values: dict[str, str]
    missing: dict[str, str]

    @classmethod
    def of(cls, values: Values) -> "Numbers":
        """Part what is known from what is not."""
        return cls(
            {key: value for key, value in values.items() if isinstance(value, str)},
            {key: value.reason for key, value in values.items() if isinstance(value, Missing)},
        )

    def why_not(self, *texts: str) -> str:
        """Return why a place in one of the texts has no number; empty if all have one."""
        asked = (place for text in texts for place in places(text))
        return next((self.missing[place] for place in asked if place in self.missing), "")


def run_values(
    experiment: Experiment, run: Run, comparisons: Comparisons, names: dict[str, RunName]
) -> Values:
    """Return the numbers of a run that no class has to be chosen for."""
    return {
        "run": names[run.run_id].full,
        **averages.values(run),
        **probabilities.values(run),
        **certainty.values(run, comparisons, names),
        **costs.values(run),
        **layers.values(experiment, run),
    }


def shard(
    experiment: Experiment, run: Run, comparisons: Comparisons, names: dict[str, RunName]
) -> dict[str, object]:
    """Return what the browser loads when another run is chosen.

    Returns:
        `values`: text by place; `missing`: places by the reason why they have no number;
        `hardest`: index of the class to begin with; `counts`: hits, support and choices of each
        class, only where the run has no matrix.
    """
    numbers = Numbers.of(run_values(experiment, run, comparisons, names))
    by_reason: dict[str, list[str]] = {}
    for place, reason in numbers.missing.items():
        by_reason.setdefault(reason, []).append(place)
    made: dict[str, object] = {
        "values": numbers.values,
        "missing": by_reason,
        "hardest": classes.hardest_class(run),
    }
    if run.matrix is None:
        counts = run.counts
        made["counts"] = [of.tolist() for of in (counts.hits, counts.support, counts.chosen)]
    return made
