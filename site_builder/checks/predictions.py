"""Checks of what each run said about the test images."""

import numpy as np
from numpy.typing import NDArray

from experiments.results.errors import StoreError
from experiments.results.predictions import NO_CONFIDENCE, NO_RANKS, Predictions
from experiments.results.schema import Split
from site_builder.checks.base import CannotCheckError, RunCheck
from site_builder.formatting import count, count_of, percent
from site_builder.loading import Experiment, Run
from site_builder.samples import SplitSamples

_ROUNDING = 1e-4
"""How far sums of float32 probabilities may be off."""
_WHOLE = 0.01
"""How far a count may be off that is computed from a rate in float32."""


class SameImages(RunCheck):
    """Every run was tested on the same images."""

    name = "Every run saw the same test images"
    meaning = (
        "Runs are compared image by image, and only the same images make the comparison fair: "
        "those that samples.csv lists as test."
    )
    holds = "the predictions are of the test images"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Compare the ids of the predictions with those of the test images."""
        said, test = _predictions(run), _test_samples(experiment)
        if test.places_in(said.sample_ids) is not None:
            return ""
        seen, expected = set(said.sample_ids.tolist()), set(test.sample_ids)
        parts = [
            f"{count_of(len(ids), 'image')} {what}, such as {min(ids)}"
            for ids, what in ((seen - expected, "not of the split"), (expected - seen, "left out"))
            if ids
        ]
        return ", ".join(parts) or "some of its images are there twice"


class SameTargets(RunCheck):
    """Every run was told the same classes."""

    name = "Every run was judged by the same true classes"
    meaning = "What counts as right must be the same for all."
    holds = "the targets are those of samples.csv"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Compare the targets of the predictions with those of the test images."""
        said, test = _predictions(run), _test_samples(experiment)
        if test.places_in(said.sample_ids) is None:
            raise CannotCheckError("its images are others")
        return _first_of(
            said, (said.targets != test.targets_of(said.sample_ids), "of another class")
        )


class KnownClasses(RunCheck):
    """Predictions are of the experiment's classes."""

    name = "Every prediction is one of the experiment's classes"
    meaning = "Classes are stored by their place in the list of class names, which all runs share."
    holds = "every predicted class is on the list, and none twice for an image"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Look for classes beyond the list, and for classes ranked twice."""
        said = _predictions(run)
        top = said.top_classes
        beyond = _in_any((top < 0) | (top >= experiment.n_classes))
        ranked = np.sort(top, axis=1)
        return _first_of(
            said,
            (beyond, "with a class beyond the last"),
            (_in_any(ranked[:, 1:] == ranked[:, :-1]), "with a class that is ranked twice"),
        )


class NoMissingNumbers(RunCheck):
    """No probability is NaN or infinite."""

    name = "No probability is missing"
    meaning = "A number that is none (NaN) poisons every mean, and sorts anywhere."
    holds = "every probability is a finite number"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Look for what is not finite."""
        said = _predictions(run)
        top, target = _probabilities(said)
        strange = _in_any(~np.isfinite(top))
        if target is not None:
            strange |= ~np.isfinite(target)
        return _first_of(said, (strange, "with NaN or infinity"))


class Probabilities(RunCheck):
    """Probabilities are what they are called."""

    name = "Probabilities are probabilities"
    meaning = (
        "They lie between 0 and 1, fall from the first class of an image to the last, and add up "
        "to no more than 1; to 1 where all classes are stored."
    )
    holds = "all of them keep to that"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Look for what breaks a rule; NaN is a matter of its own."""
        said = _predictions(run)
        top, target = _probabilities(said)
        outside = _in_any((top < 0) | (top > 1))
        if target is not None:
            outside |= (target < 0) | (target > 1)
        total = top.sum(axis=1, dtype=np.float64)
        complete = top.shape[1] == experiment.n_classes
        return _first_of(
            said,
            (outside, "with one outside 0 to 1"),
            (_in_any(top[:, 1:] > top[:, :-1]), "with one that rises"),
            (total > 1 + _ROUNDING, "that add up to more than 1"),
            ((total < 1 - _ROUNDING) & complete, "that add up to less than 1"),
        )


class Ranks(RunCheck):
    """The true class stands where it is said to stand."""

    name = "The true class has the rank that is stored"
    meaning = "Top-k accuracy comes from the ranks, accuracy from the classes: they must agree."
    holds = "ranks, classes and probabilities agree"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Look the target up among the top classes."""
        said = _predictions(run)
        if said.target_ranks is None:
            raise CannotCheckError(NO_RANKS)
        is_target = said.top_classes == said.targets[:, None]
        listed, place = is_target.any(axis=1), is_target.argmax(axis=1)
        n_top = said.top_classes.shape[1]
        wrong = np.where(listed, said.target_ranks != place + 1, said.target_ranks <= n_top)
        problems = [(wrong, "with another rank")]
        if said.top_probabilities is not None and said.target_probabilities is not None:
            of_place = said.top_probabilities[np.arange(len(said)), place]
            differs = listed & (of_place != said.target_probabilities)
            problems.append((differs, "whose true class has two probabilities"))
        return _first_of(said, *problems)


class KeptValidation(RunCheck):
    """The validation accuracy of the kept epoch is that of the stored predictions."""

    name = "Validation predictions come to the accuracy of the epoch that was kept"
    meaning = (
        "The weights of that epoch were kept, and made the predictions: both must get as many "
        "validation images right. In another order of sums, one of a thousand may turn."
    )
    holds = "as many are right"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Count the validation images that the predictions get right."""
        record = run.record
        if record.best_epoch is None or not record.history:
            raise CannotCheckError(record.absent.get("best_epoch", "it has no history"))
        try:
            said = experiment.store.read_predictions(record, Split.VAL)
        except StoreError:
            raise CannotCheckError("its validation predictions cannot be read") from None
        n_images, n_right = len(said), int((said.predicted == said.targets).sum())
        kept = next(epoch for epoch in record.history if epoch.epoch == record.best_epoch)
        if abs(kept.val_accuracy * n_images - n_right) <= n_images // 1000 + _WHOLE:
            return ""
        return (
            f"epoch {kept.epoch} got {percent(kept.val_accuracy, 2)} right, the predictions "
            f"{count(n_right)} of {count_of(n_images, 'image')}"
        )


def _predictions(run: Run) -> Predictions:
    if run.predictions is None:
        raise CannotCheckError(run.no_predictions)
    return run.predictions


def _test_samples(experiment: Experiment) -> SplitSamples:
    if Split.TEST not in experiment.samples:
        raise CannotCheckError("samples.csv does not list the test images")
    return experiment.samples[Split.TEST]


def _probabilities(said: Predictions) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Return those of the top classes and, where it is known, that of the target."""
    if said.top_probabilities is None:
        raise CannotCheckError(NO_CONFIDENCE)
    return said.top_probabilities, said.target_probabilities


def _in_any(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each of the (N, k) rows whether any of its cells holds."""
    rows: NDArray[np.bool_] = np.any(cells, axis=1)
    return rows


def _first_of(said: Predictions, *problems: tuple[NDArray[np.bool_], str]) -> str:
    """Describe the first kind of problem that an image has; empty if none has any."""
    for wrong, what in problems:
        if wrong.any():
            return f"{_images(int(wrong.sum()), said.sample_ids[wrong][0])} {what}"
    return ""


def _images(n_images: int, first: str) -> str:
    return f"{count_of(n_images, 'image')}, such as {first},"
