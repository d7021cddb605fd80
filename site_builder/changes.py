"""What changed since older results: each run against itself, on the same test images."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.results.errors import ConfigError
from experiments.results.metrics.paired import ALPHA, Paired, compare_all, holm
from experiments.results.predictions import Predictions
from experiments.results.store import ExperimentStore
from site_builder.loading import Experiment, Run


class Verdict(StrEnum):
    """What became of a run."""

    NEW = "new"
    GONE = "gone"
    BETTER = "better"
    WORSE = "worse"
    UNDECIDED = "not separated"
    SAME = "same"
    UNTESTED = "not compared"


@dataclass(frozen=True)
class Change:
    """A run now and before.

    Attributes:
        run_id: The run.
        verdict: What became of it: better and worse as the test finds; where it finds neither, the
            same only if it answers every image as before.
        paired: Now against before; None where they are not compared.
        adjusted_p_value: Exact McNemar after Holm's correction over all runs compared, in [0, 1];
            None where they are not compared.
        reason: Why they are not; empty where they are.
    """

    run_id: str
    verdict: Verdict
    paired: Paired | None = None
    adjusted_p_value: float | None = None
    reason: str = ""


def older_store(folder: Path, name: str) -> ExperimentStore | None:
    """Return the store of an experiment in a folder of results, or of that folder itself.

    Args:
        folder: What `--compare-with` names.
        name: Name of the experiment.

    Returns:
        None where the folder holds others only.

    Raises:
        ConfigError: As `check_older`.
    """
    check_older(folder)
    for store in (ExperimentStore(folder / name), ExperimentStore(folder)):
        if store.exists():
            return store if store.read_experiment().name == name else None
    return None


def check_older(folder: Path) -> None:
    """Make sure that there is something to compare with, before hours of work end without it.

    Args:
        folder: What `--compare-with` names.

    Raises:
        ConfigError: If there are no results at all.
    """
    if not ExperimentStore(folder).exists() and not any(folder.glob("*/experiment.json")):
        raise ConfigError(f"--compare-with {folder}: holds no results")


def changes_since(old: Experiment, new: Experiment) -> tuple[Change, ...]:
    """Compare every finished run with the one of the same id in older results.

    Args:
        old: The older results.
        new: The present ones.

    Returns:
        A change for every run of either, the present ones by falling accuracy, then those gone.
    """
    before = {run.run_id: run for run in old.runs}
    reasons = {
        run.run_id: _why_untested(old, before[run.run_id], new, run)
        for run in new.ranked
        if run.run_id in before
    }
    pairs = {
        run.run_id: _pair(before[run.run_id], run)
        for run in new.ranked
        if reasons.get(run.run_id) == ""
    }
    adjusted = dict(zip(pairs, holm([pair.p_value for pair in pairs.values()]), strict=True))
    return tuple(_changes(old, new, reasons, pairs, adjusted))


def _changes(
    old: Experiment,
    new: Experiment,
    reasons: dict[str, str],
    pairs: dict[str, Paired],
    adjusted: dict[str, np.float64],
) -> Iterator[Change]:
    before = {run.run_id: run for run in old.runs}
    for run in new.ranked:
        if run.run_id in pairs:
            paired, p_value = pairs[run.run_id], float(adjusted[run.run_id])
            verdict = _verdict(paired, p_value)
            if verdict == Verdict.UNDECIDED and _answers(run, new) == _answers(
                before[run.run_id], old
            ):
                verdict = Verdict.SAME
            yield Change(run.run_id, verdict, paired, p_value)
        elif run.run_id in reasons:
            yield Change(run.run_id, Verdict.UNTESTED, reason=reasons[run.run_id])
        else:
            yield Change(run.run_id, Verdict.NEW)
    finished = {run.run_id for run in new.runs}
    for run in old.ranked:
        if run.run_id not in finished:
            yield Change(run.run_id, Verdict.GONE)


def _verdict(paired: Paired, p_value: float) -> Verdict:
    if p_value > ALPHA:
        return Verdict.UNDECIDED
    return Verdict.BETTER if paired.difference > 0 else Verdict.WORSE


def _why_untested(old: Experiment, old_run: Run, new: Experiment, new_run: Run) -> str:
    """Return why two runs cannot be compared image by image; empty if they can."""
    ours, theirs = new_run.predictions, old_run.predictions
    if ours is None or theirs is None:
        return new_run.no_predictions or old_run.no_predictions
    if not np.array_equal(np.sort(ours.sample_ids), np.sort(theirs.sample_ids)):
        return "the test images are others"
    # A run would seem better where the truth has changed and not what the model says.
    if _named(ours, ours.targets, new) != _named(theirs, theirs.targets, old):
        return "the test images are labelled otherwise"
    return ""


def _named(
    said: Predictions, classes: NDArray[np.integer[Any]], experiment: Experiment
) -> list[str]:
    """Return a class of every image by its name, in the order of their ids."""
    names = experiment.record.class_names
    return [names[place] for place in classes[np.argsort(said.sample_ids)]]


def _pair(old: Run, new: Run) -> Paired:
    correct = np.stack([_correct(new.predictions), _correct(old.predictions)])
    return compare_all(correct).pair(0, 1)


def _correct(said: Predictions | None) -> NDArray[np.bool_]:
    """Return (N,) bool, whether each image was right, in the order of their ids."""
    assert said is not None  # noqa: S101 (`_why_untested` says so)
    right: NDArray[np.bool_] = said.predicted == said.targets
    return right[np.argsort(said.sample_ids)]


def _answers(run: Run, experiment: Experiment) -> list[str]:
    """Return what a run called each image, in the order of their ids."""
    assert run.predictions is not None  # noqa: S101 (`_why_untested` says so)
    return _named(run.predictions, run.predictions.predicted, experiment)
