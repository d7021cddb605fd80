"""All runs laid over each other, image by image."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mode

from experiments.results.predictions import NO_CONFIDENCE, Predictions
from experiments.results.schema import Split
from site_builder.explorer.suspicion import suspicions
from site_builder.loading import Experiment, Run
from site_builder.samples import NO_SAMPLES, OTHER_IMAGES, SplitSamples

N_TOP = 3
"""Classes that are shown for an image and a run."""
UNKNOWN = -1
"""Stands for a class or a probability that was not imported."""
ONE_CLASS_EACH = "not known: what was imported names one class for each image"


@dataclass(frozen=True, eq=False)
class Answers:
    """What one run said of the N test images, in the order of `samples.csv`.

    Attributes:
        run: The run.
        classes: (N, N_TOP) int32, classes by falling probability; `UNKNOWN` beyond those stored.
        permille: (N, N_TOP) int16 in [0, 1000], their probabilities; 0 and 1000 only where it is
            exactly so, `UNKNOWN` where there is none.
    """

    run: Run
    classes: NDArray[np.int32]
    permille: NDArray[np.int16]

    @property
    def no_confidence(self) -> str:
        """Why the probability of the first class is not known; empty where it is."""
        return NO_CONFIDENCE if (self.permille[:, 0] == UNKNOWN).all() else ""

    @property
    def no_margin(self) -> str:
        """Why it is not known how far it is ahead of the second; empty where it is."""
        one_each = (self.permille[:, 1] == UNKNOWN).all()
        return self.no_confidence or (ONE_CLASS_EACH if one_each else "")


@dataclass(frozen=True, eq=False)
class Images:
    """The N test images, and what R runs said of each.

    Attributes:
        samples: The images.
        ranks: (N,) int64, place of each among the images of its class, from 0. With the class it
            is the image's name on the site: `3.17` is the 18th image of class 3.
        answers: What each run said, best run first.
        left_out: Runs of which it is not known what they said of each image, with the reason.
    """

    samples: SplitSamples
    ranks: NDArray[np.int64]
    answers: tuple[Answers, ...]
    left_out: tuple[tuple[Run, str], ...]

    def __len__(self) -> int:
        """Return N."""
        return len(self.samples)

    @property
    def targets(self) -> NDArray[np.int64]:
        """(N,) int64, the true class of each image."""
        return self.samples.targets

    @cached_property
    def by_class(self) -> NDArray[np.int64]:
        """(N,) int64, the images class by class, each in the order of `ranks`."""
        return np.argsort(self.targets, kind="stable")

    @cached_property
    def predicted(self) -> NDArray[np.int32]:
        """(R, N) int32, the class that each run chose."""
        if not self.answers:
            return np.empty((0, len(self)), np.int32)
        return np.stack([said.classes[:, 0] for said in self.answers])

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """(R, N) bool, whether each run is right."""
        right: NDArray[np.bool_] = self.predicted == self.targets
        return right

    @cached_property
    def n_right(self) -> NDArray[np.int64]:
        """(N,) int64, how many runs are right."""
        n_right: NDArray[np.int64] = self.right.sum(axis=0, dtype=np.int64)
        return n_right

    @cached_property
    def n_only_right(self) -> NDArray[np.int64]:
        """(R,) int64, how many images each run alone gets right."""
        counted: NDArray[np.int64] = (self.right & (self.n_right == 1)).sum(axis=1)
        return counted

    @cached_property
    def n_only_wrong(self) -> NDArray[np.int64]:
        """(R,) int64, how many images each run alone gets wrong."""
        all_but_one = len(self.answers) - 1
        counted: NDArray[np.int64] = (~self.right & (self.n_right == all_but_one)).sum(axis=1)
        return counted

    @cached_property
    def votes(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """(N,) the class that most runs chose, the first one of a tie, and how many did."""
        found = mode(self.predicted, axis=0)
        return np.asarray(found.mode), np.asarray(found.count)

    @cached_property
    def mistaken_permille(self) -> NDArray[np.float64]:
        """(N,) float64, mean probability that the runs that are wrong give their class; 0 for none.

        Of those whose confidence is known.
        """
        total, n = np.zeros(len(self)), np.zeros(len(self))
        for said, right in zip(self.answers, self.right, strict=True):
            if not said.no_confidence:
                total += np.where(right, 0, said.permille[:, 0])
                n += ~right
        return total / np.maximum(n, 1)

    @cached_property
    def suspicions(self) -> NDArray[np.int8]:
        """(N,) int8, what those that every run gets wrong may be; see `suspicion.suspicions`."""
        sure = [said.permille[:, 0] for said in self.answers]
        known = np.stack(sure) if sure else np.empty((0, len(self)), np.int16)
        return suspicions(self.predicted, self.targets, known)


def images_of(experiment: Experiment) -> Images:
    """Lay the runs of an experiment over each other."""
    samples = experiment.samples.get(Split.TEST, NO_SAMPLES)
    answers, left_out = [], []
    for run in experiment.ranked:
        said = run.predictions
        order = None if said is None else samples.places_in(said.sample_ids)
        if said is None:
            left_out.append((run, run.no_predictions))
        elif order is None:
            left_out.append((run, OTHER_IMAGES))
        else:
            answers.append(_answers(run, said, order))
    return Images(samples, _ranks(samples.targets), tuple(answers), tuple(left_out))


def permille(probabilities: NDArray[np.floating]) -> NDArray[np.int16]:
    """Return probabilities in [0, 1] as int16 in [0, 1000], the ends only where exactly so."""
    exact = probabilities.astype(np.float64)
    rounded = np.clip(np.rint(exact * 1000), 1, 999)
    return np.where((exact == 0) | (exact == 1), exact * 1000, rounded).astype(np.int16)


def _answers(run: Run, said: Predictions, order: NDArray[np.intp]) -> Answers:
    top = said.top_probabilities
    n_known = min(N_TOP, said.top_classes.shape[1])
    classes = np.full((len(order), N_TOP), UNKNOWN, np.int32)
    classes[:, :n_known] = said.top_classes[order, :n_known]
    thousandths = np.full((len(order), N_TOP), UNKNOWN, np.int16)
    if top is None:
        return Answers(run, classes, thousandths)
    thousandths[:, :n_known] = permille(top[order, :n_known])
    return Answers(run, classes, thousandths)


def _ranks(targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the images of each class."""
    order = np.argsort(targets, kind="stable")
    first = np.searchsorted(targets[order], targets)
    ranks = np.empty(len(targets), np.int64)
    ranks[order] = np.arange(len(targets))
    return ranks - first
