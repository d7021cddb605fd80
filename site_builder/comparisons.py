"""Which differences between runs are real: every paired test of an experiment, made once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from experiments.results.metrics.effect import Compared, Effect, augmentation_effects
from experiments.results.metrics.paired import ALPHA, AllPaired, Paired, compare_all, holm
from experiments.results.metrics.ranking import tie_groups
from experiments.results.metrics.seeds import (
    MIN_SEEDS,
    SeedComparison,
    SeedSummary,
    compare_every_seed,
    compare_seeds,
    summarise_seeds,
)
from experiments.results.schema import AugmentationConfig, RunConfig, Split
from site_builder.loading import Experiment, Run
from site_builder.samples import NO_SAMPLES, OTHER_IMAGES, SplitSamples


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same images.

    Attributes:
        paired: Counts, difference of the accuracies (first minus second) and its interval.
        adjusted_p_value: Exact McNemar after Holm's correction over all pairs of runs, in [0, 1].
    """

    paired: Paired
    adjusted_p_value: float

    @property
    def separated(self) -> bool:
        """Whether the test tells the two apart."""
        return self.adjusted_p_value <= ALPHA


@dataclass(frozen=True, eq=False)
class SeedGroup:
    """Runs that differ only in their seed; most often a single run.

    Attributes:
        runs: In the order of their seeds, at least one.
        summary: Mean and standard deviation of their accuracies.
        tie_groups: The groups that its runs are in, rising; empty where none can be tested.
    """

    runs: tuple[Run, ...]
    summary: SeedSummary
    tie_groups: tuple[int, ...]

    @property
    def run(self) -> Run:
        """The run of the first seed, which stands for the others in what they have in common."""
        return self.runs[0]

    def level_with(self, other: "SeedGroup") -> bool:
        """Whether both got as many images right, on average over their seeds."""
        return math.isclose(self.summary.mean, other.summary.mean)

    @property
    def with_the_best(self) -> bool:
        """Whether one of its runs is the best of all or not separated from it."""
        return 1 in self.tie_groups

    @property
    def by_seed(self) -> dict[int, Run]:
        """Its runs by seed; empty for a run made elsewhere, whose seed is not known."""
        return {run.record.config.seed: run for run in self.runs if run.record.config is not None}


@dataclass(frozen=True, eq=False)
class SeedTest:
    """Two groups that have two or more seeds in common.

    Attributes:
        first: The group with the higher mean accuracy.
        second: The other one.
        found: Mean difference over the common seeds (first minus second) and its interval.
        adjusted_p_value: Of the paired t test over these seeds, after Holm's correction over all
            such pairs, in [0, 1]; None where the difference is the same for every seed.
    """

    first: SeedGroup
    second: SeedGroup
    found: SeedComparison
    adjusted_p_value: float | None

    @property
    def separated(self) -> bool:
        """Whether the test finds the first better than the second.

        Over the common seeds the second may be the better one: its mean is lower over all seeds.
        """
        significant = self.adjusted_p_value is not None and self.adjusted_p_value <= ALPHA
        return significant and self.found.difference > 0


@dataclass(frozen=True, eq=False)
class AugmentationEffect:
    """What augmentation did to one model, everything else being the same.

    Attributes:
        augmented: The runs with augmentation.
        reference: The runs without.
        n_seeds: Seeds that both have, at least 1.
        effect: With augmentation minus without, tested over the images (exact McNemar, in every
            seed where there are several) or, for `MIN_SEEDS` and more, over the seeds (paired t
            test); the verdict from the p-value after Holm's correction over all effects of the
            experiment.
    """

    augmented: SeedGroup
    reference: SeedGroup
    n_seeds: int
    effect: Effect


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Every paired comparison of an experiment's finished runs.

    Attributes:
        tested: Runs that said what they predict for every test image, by falling accuracy.
        untested: The other runs, by falling accuracy; `why_untested` tells the reason.
        paired: Every two of `tested`, in that order; None where there is none.
        tie_group: Run id to the number of its group, 1 being that of the best run; of `tested`.
    """

    tested: tuple[Run, ...]
    untested: tuple[Run, ...]
    paired: AllPaired | None
    tie_group: Mapping[str, int]

    def compare(self, first_id: str, second_id: str) -> Comparison | None:
        """Compare two runs; None where one of them is not among `tested`."""
        if self.paired is None or not {first_id, second_id} <= self._place.keys():
            return None
        at = self._place[first_id], self._place[second_id]
        return Comparison(self.paired.pair(*at), float(self.paired.adjusted_p_value[at]))

    def why_untested(self, run: Run) -> str:
        """Return why a run is compared with none; empty for one of `tested`."""
        return "" if run.run_id in self.tie_group else run.no_predictions or OTHER_IMAGES

    @cached_property
    def seed_groups(self) -> tuple[SeedGroup, ...]:
        """All runs, those that differ only in their seed together, by falling mean accuracy."""
        groups: dict[str, list[Run]] = {}
        for run in (*self.tested, *self.untested):
            groups.setdefault(_but_for_the_seed(run), []).append(run)
        made = [_seed_group(runs, self.tie_group) for runs in groups.values()]
        return tuple(sorted(made, key=lambda group: -group.summary.mean))

    def ahead(self, first: SeedGroup, second: SeedGroup) -> bool | None:
        """Tell whether the test finds every run of the first better than every run of the second.

        None where one of these runs cannot be tested.
        """
        pairs = [
            self.compare(ours.run_id, theirs.run_id)
            for ours in first.runs
            for theirs in second.runs
        ]
        found = [pair.separated and pair.paired.difference > 0 for pair in pairs if pair]
        return all(found) if len(found) == len(pairs) else None

    @cached_property
    def over_seeds(self) -> tuple[SeedTest, ...]:
        """Every two groups with two or more common seeds, in the order of `seed_groups`."""
        found = [
            (one, other, compared)
            for one, other in combinations(self.seed_groups, 2)
            if (compared := compare_seeds(_accuracies(one.by_seed), _accuracies(other.by_seed)))
            and compared.n > 1
        ]
        p_values = [compared.p_value for _, _, compared in found if compared.p_value is not None]
        adjusted = iter(holm(p_values).tolist())
        return tuple(
            SeedTest(one, other, compared, None if compared.p_value is None else next(adjusted))
            for one, other, compared in found
        )

    @cached_property
    def effects(self) -> tuple[AugmentationEffect, ...]:
        """What augmentation did to every model run with and without, most accurate first."""
        references = {
            _but_for_augmentation(config): group
            for group in self.seed_groups
            if (config := group.run.record.config) and config.augmentation == "none"
        }
        found = [
            (group, reference, compared)
            for group in self.seed_groups
            if (config := group.run.record.config)
            and config.augmentation != "none"
            and (reference := references.get(_but_for_augmentation(config)))
            and (compared := self._over_images_or_seeds(group, reference))
        ]
        effects = augmentation_effects([compared for _, _, compared in found])
        return tuple(
            AugmentationEffect(group, reference, _n_seeds(compared), effect)
            for (group, reference, compared), effect in zip(found, effects, strict=True)
        )

    def _over_images_or_seeds(self, first: SeedGroup, second: SeedGroup) -> Compared | None:
        """Compare over the seeds where these allow a test, else over the images of each."""
        ours, theirs = first.by_seed, second.by_seed
        over_seeds = compare_seeds(_accuracies(ours), _accuracies(theirs))
        if over_seeds and over_seeds.n >= MIN_SEEDS and over_seeds.p_value is not None:
            return over_seeds
        common = sorted(ours.keys() & theirs.keys())
        pairs = [self.compare(ours[seed].run_id, theirs[seed].run_id) for seed in common]
        tested = [pair.paired for pair in pairs if pair]
        if not pairs or len(tested) < len(pairs):
            return None
        return compare_every_seed(tested) if len(tested) > 1 else tested[0]

    @cached_property
    def _place(self) -> dict[str, int]:
        return {run.run_id: place for place, run in enumerate(self.tested)}


def compare_runs(experiment: Experiment) -> Comparisons:
    """Make every paired comparison of the finished runs.

    It takes time in R^2 N for R runs on N images: 0.3 s for 100 runs on 50,000 images.

    Args:
        experiment: What is stored. A run on other images than the experiment's is not tested.
    """
    tested = tuple(run for run in experiment.ranked if experiment.knows_images_of(run))
    correct = correct_by_run(tested, experiment.samples.get(Split.TEST, NO_SAMPLES))
    groups = tie_groups(correct) if tested else ()
    tie_group = {run.run_id: group for run, group in zip(tested, groups, strict=True)}
    return Comparisons(
        tested=tested,
        untested=tuple(run for run in experiment.ranked if run.run_id not in tie_group),
        paired=compare_all(correct) if tested else None,
        tie_group=tie_group,
    )


def correct_by_run(runs: tuple[Run, ...], samples: SplitSamples) -> NDArray[np.bool_]:
    """Return (R, N) bool, whether run i gets image n right.

    Args:
        runs: Runs with predictions of these images.
        samples: The N images, which give the order.
    """
    said = [run.predictions for run in runs if run.predictions is not None]
    rows = [(each.predicted == each.targets)[samples.places_in(each.sample_ids)] for each in said]
    return np.array(rows, dtype=np.bool_)


def _seed_group(runs: list[Run], tie_group: Mapping[str, int]) -> SeedGroup:
    tied = {tie_group[run.run_id] for run in runs if run.run_id in tie_group}
    return SeedGroup(
        runs=tuple(sorted(runs, key=_seed)),
        summary=summarise_seeds([run.accuracy for run in runs]),
        tie_groups=tuple(sorted(tied)),
    )


def _seed(run: Run) -> int:
    return run.record.config.seed if run.record.config else 0


def _but_for_the_seed(run: Run) -> str:
    """Return what is the same for runs that differ only in their seed, and for no others."""
    config = run.record.config
    return config.model_copy(update={"seed": 0}).digest() if config else run.run_id


def _but_for_augmentation(config: RunConfig) -> str:
    """Return what is the same for configurations that differ only in augmentation and seed."""
    plain = {"seed": 0, "augmentation": "none", "augmentation_parameters": AugmentationConfig()}
    return config.model_copy(update=plain).digest()


def _accuracies(by_seed: Mapping[int, Run]) -> dict[int, float]:
    return {seed: run.accuracy for seed, run in by_seed.items()}


def _n_seeds(compared: Compared) -> int:
    return 1 if isinstance(compared, Paired) else compared.n
