"""Where the models go wrong: the hardest classes and the most confused pairs."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from experiments.results.metrics.intervals import Interval, wilson
from experiments.results.metrics.paired import ALPHA, holm
from site_builder import addresses, formatting
from site_builder.findings.finding import Evidence, Material
from site_builder.findings.text import MAX_LISTED, Names, Part, Sentence, aside, listed, number, say
from site_builder.loading import Run

MIN_CONFUSED = 2
"""Images that a pair needs to be named: one alone is an accident."""


@dataclass(frozen=True)
class HardClass:
    """A class and its mean recall over runs.

    Attributes:
        target: Its index.
        name: Its name.
        recall: In [0, 1].
        interval: Wilson's, for the mean number of hits, rounded, among the images of the class.
    """

    target: int
    name: str
    recall: float
    interval: Interval


@dataclass(frozen=True, eq=False)
class HardestClasses:
    """Classes whose recall is below that of all others together, lowest first.

    Attributes:
        classes: At least one.
        runs: Those over which the recall is the mean: the best and those not separated from it.
        evidence: The images of the hardest; scores by class of the best run where it is not known
            which images it got wrong.
    """

    label: ClassVar[str] = "Hardest classes"
    test: ClassVar[str] = (
        "one-sided exact test of Fisher against the images of all other classes, "
        "Holm-corrected over the classes"
    )
    classes: tuple[HardClass, ...]
    runs: tuple[Run, ...]
    evidence: Evidence

    def sentence(self, names: Names) -> Sentence:
        """Name them with their recall."""
        items = [
            say(
                "{} ({}, {})",
                Part(each.name, "link", _address_of_class(self.runs[0], each.target)),
                number(formatting.percent(each.recall)),
                aside(formatting.interval(each.interval)),
            )
            for each in self.classes
        ]
        return say(f"{self._whose()} is lowest for {{}}.", listed(items, "class"))

    def _whose(self) -> str:
        if len(self.runs) == 1:
            return "The best run’s recall"
        n_runs = formatting.count_of(len(self.runs), "run")
        return f"The mean recall of the {n_runs} not separated from the best"


def hardest_classes(material: Material) -> HardestClasses | None:
    """Find the classes that a test separates from the rest; silent where there is none."""
    runs = _best_group(material)
    if not runs:
        return None
    support = runs[0].counts.support
    recall = np.mean([run.counts.hits for run in runs], axis=0) / np.maximum(support, 1)
    # One image counts once, however many runs saw it: the mean is tested as if it were one run.
    hits = np.rint(recall * support).astype(np.int64)
    hard = np.flatnonzero(below_the_rest(hits, support) <= ALPHA)
    if not len(hard):
        return None
    names = material.experiment.record.class_names
    lowest = hard[np.argsort(recall[hard], kind="stable")]
    classes = tuple(
        HardClass(target, names[target], float(recall[target]), _wilson(hits, support, target))
        for target in lowest.tolist()
    )
    what = "its images" if runs[0].predictions else "the scores by class"
    evidence = Evidence(what, _address_of_class(runs[0], classes[0].target))
    return HardestClasses(classes, tuple(runs), evidence)


def _address_of_class(run: Run, target: int) -> str:
    """Return where a class is shown: its images, or the run where no images are known."""
    if run.predictions is None:
        return addresses.run_page(run.run_id)
    return addresses.images_of_class(target)


def below_the_rest(hits: NDArray[np.int64], support: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (C,) adjusted p-values; 1 for a class without images, which is not tested.

    Fisher's one-sided test is the hypergeometric chance of so few hits among the images of the
    class, if the hits were spread over all images at random.
    """
    tested = support > 0
    adjusted = np.ones(len(support))
    chance = hypergeom.cdf(hits[tested], support.sum(), hits.sum(), support[tested])
    adjusted[tested] = holm(chance)
    return adjusted


def _wilson(hits: NDArray[np.int64], support: NDArray[np.int64], target: int) -> Interval:
    return wilson(int(hits[target]), int(support[target]))


def _best_group(material: Material) -> list[Run]:
    """Return the best run and those not separated from it; the best alone if it has no test."""
    ranked, group = material.experiment.ranked, material.comparisons.tie_group
    if not ranked or ranked[0].run_id not in group:
        return list(ranked[:1])
    return [run for run in ranked if group.get(run.run_id) == 1]


@dataclass(frozen=True, eq=False)
class ConfusedPair:
    """A class that is taken for another.

    Attributes:
        target: Index of the true class.
        prediction: Index of the class that it is taken for.
        names: The names of both.
        n: Times, over all runs.
        run: The run with the most of them.
    """

    target: int
    prediction: int
    names: tuple[str, str]
    n: int
    run: Run

    @property
    def address(self) -> str:
        """The images in question; the run's matrix where these are not known."""
        if self.run.predictions is None:
            return addresses.matrix(self.run.run_id)
        return addresses.images_of_cell(self.run.run_id, self.target, self.prediction)


@dataclass(frozen=True, eq=False)
class MostConfused:
    """The pairs of classes that the runs confuse most, all runs together.

    Attributes:
        pairs: One to three, most confused first; no pair left out has as many.
        n_runs: Runs whose matrix is known.
    """

    label: ClassVar[str] = "Most confused"
    test: ClassVar[str] = ""
    pairs: tuple[ConfusedPair, ...]
    n_runs: int

    @property
    def evidence(self) -> Evidence:
        """The images of the first pair."""
        first = self.pairs[0]
        return Evidence(
            "the images of the first" if first.run.predictions else "its confusion matrix",
            first.address,
        )

    def sentence(self, names: Names) -> Sentence:
        """Name them with their number."""
        items = [
            say(
                "{} ({})",
                Part(" taken for ".join(pair.names), "link", pair.address),
                aside(formatting.count_of(pair.n, "time")),
            )
            for pair in self.pairs
        ]
        runs = formatting.count_of(self.n_runs, "run")
        errors = "error is" if len(items) == 1 else "errors are"
        return say(f"Over {{}}, the most frequent {errors} {{}}.", aside(runs), listed(items))


def most_confused(material: Material) -> MostConfused | None:
    """Sum the matrices; silent where no few pairs stand out from the others."""
    known = [(run, run.matrix) for run in material.experiment.ranked if run.matrix is not None]
    if material.experiment.confusion is None:
        return None
    errors = material.experiment.confusion.copy()
    np.fill_diagonal(errors, 0)
    places = _standing_out(errors.ravel())
    names = material.experiment.record.class_names
    pairs = []
    for target, prediction in (divmod(place, len(names)) for place in places):
        worst, _ = max(known, key=lambda pair: pair[1][target, prediction])
        both = names[target], names[prediction]
        n = int(errors[target, prediction])
        pairs.append(ConfusedPair(target, prediction, both, n, worst))
    return MostConfused(tuple(pairs), len(known)) if pairs else None


def _standing_out(counts: NDArray[np.int64]) -> list[int]:
    """Return the places of the largest counts: as many as can be named without cutting a tie."""
    largest = np.argsort(-counts, kind="stable")[: MAX_LISTED + 1]
    smallest_named = max(MIN_CONFUSED, int(counts[largest[-1]]) + (len(counts) > MAX_LISTED))
    return [int(place) for place in largest[:MAX_LISTED] if counts[place] >= smallest_named]
