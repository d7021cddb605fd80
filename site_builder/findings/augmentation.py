"""What augmentation did to each model: three findings, one a verdict."""

from dataclasses import dataclass
from typing import ClassVar

from experiments.results.metrics.effect import Compared, Verdict
from experiments.results.metrics.paired import Paired
from experiments.results.metrics.seeds import EverySeed, SeedComparison
from experiments.results.schema import Augmentation
from site_builder import addresses, formatting
from site_builder.comparisons import AugmentationEffect
from site_builder.findings.finding import Evidence, Material
from site_builder.findings.text import Names, Part, Sentence, aside, listed, say

_SUBJECTS: dict[Augmentation, str] = {
    "none": "No augmentation",
    "standard": "Augmentation",
    "strong": "Strong augmentation",
}
_TESTS: dict[type[Compared], str] = {
    Paired: "exact McNemar",
    EverySeed: "exact McNemar in every seed (its largest p)",
    SeedComparison: "paired t test over seeds",
}


@dataclass(frozen=True, eq=False)
class AugmentationVerdict:
    """The models for which one kind of augmentation got the same verdict.

    Attributes:
        augmentation: The kind.
        verdict: What the tests say.
        effects: The models, the largest differences first; at least one.
    """

    label: ClassVar[str] = "Augmentation"
    augmentation: Augmentation
    verdict: Verdict
    effects: tuple[AugmentationEffect, ...]

    @property
    def test(self) -> str:
        """Over images or seeds, as the effects were tested."""
        kinds = {type(effect.effect.comparison) for effect in self.effects}
        names = [name for kind, name in _TESTS.items() if kind in kinds]
        return f"{formatting.listing(names)}, Holm-corrected over all effects of augmentation"

    @property
    def evidence(self) -> Evidence:
        """The first of the runs with augmentation."""
        run = self.effects[0].augmented.run
        return Evidence("its confusion matrix", addresses.matrix(run.run_id))

    def sentence(self, names: Names) -> Sentence:
        """Name the models, each with the difference and its interval."""
        items = [self._item(effect, names) for effect in self.effects]
        models = listed(items, "model")
        subject = _SUBJECTS[self.augmentation]
        if self.verdict == "undecided":
            return say(f"{subject} made no detectable difference to {{}}.", models)
        return say(f"{subject} {self.verdict} {{}}.", models)

    def _item(self, effect: AugmentationEffect, names: Names) -> Sentence:
        found = effect.effect.comparison
        said = [formatting.signed_points(found.difference)]
        if not isinstance(found, EverySeed) and found.interval is not None:
            said.append(formatting.points_between(found.interval))
        if (p_value := effect.effect.adjusted_p_value) is not None:
            said.append(formatting.p_value(p_value))
        if effect.n_seeds > 1:
            said.append(formatting.count_of(effect.n_seeds, "seed"))
        return say("{} ({})", self._name(effect, names), aside(", ".join(said)))

    def _name(self, effect: AugmentationEffect, names: Names) -> Part:
        """Return the model where that is enough to tell it from the others, else the whole name."""
        labels = [names.of_runs[other.augmented.run.run_id].model for other in self.effects]
        run = effect.augmented.run
        alone = labels.count(names.of_runs[run.run_id].model) == 1
        return names.model(run) if alone else names.group(effect.augmented)


def augmentation_verdicts(material: Material) -> tuple[AugmentationVerdict, ...]:
    """Sort the models by what augmentation did to them; empty where none was run both ways."""
    found: dict[tuple[Augmentation, Verdict], list[AugmentationEffect]] = {}
    for effect in material.comparisons.effects:
        if (config := effect.augmented.run.record.config) is not None:
            key = config.augmentation, effect.effect.verdict
            found.setdefault(key, []).append(effect)
    kinds: tuple[Augmentation, ...] = ("standard", "strong")
    verdicts: tuple[Verdict, ...] = ("helped", "hurt", "undecided")
    return tuple(
        AugmentationVerdict(kind, verdict, tuple(sorted(effects, key=_size)))
        for kind in kinds
        for verdict in verdicts
        if (effects := found.get((kind, verdict)))
    )


def _size(effect: AugmentationEffect) -> float:
    return -abs(effect.effect.comparison.difference)
