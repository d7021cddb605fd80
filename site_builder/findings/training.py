"""How training went: runs too sure of themselves, runs that stopped early or too early."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.stats import ttest_1samp

from experiments.results.metrics.intervals import CONFIDENCE, Interval
from experiments.results.metrics.paired import ALPHA, holm
from site_builder import addresses, formatting
from site_builder.curves import diagnoses
from site_builder.findings.finding import Evidence, Material
from site_builder.findings.text import Names, Sentence, aside, listed, number, say
from site_builder.loading import Run


@dataclass(frozen=True, eq=False)
class Overconfidence:
    """Mean confidence minus accuracy of a run.

    Attributes:
        run: The run.
        excess: The difference, in [-1, 1].
        interval: Its 95 % t interval over the images.
        p_value: Of the t test that it is 0, two-sided, not adjusted.
    """

    run: Run
    excess: float
    interval: Interval
    p_value: float


@dataclass(frozen=True, eq=False)
class Overconfident:
    """Runs whose confidence is above their accuracy, by more than chance explains.

    Attributes:
        runs: The largest excess first; at least one.
        n_tested: Runs whose confidence is known.
    """

    label: ClassVar[str] = "Over-confident"
    test: ClassVar[str] = (
        "t test over the images of confidence minus hit, Holm-corrected over the runs"
    )
    runs: tuple[Overconfidence, ...]
    n_tested: int

    @property
    def evidence(self) -> Evidence:
        """The reliability diagram of the first."""
        return Evidence("its calibration", addresses.run_page(self.runs[0].run.run_id))

    def sentence(self, names: Names) -> Sentence:
        """Count them, and say how far off the worst is."""
        worst = self.runs[0]
        numbers = (
            names.run(worst.run),
            number(formatting.points(worst.excess)),
            aside(formatting.points_between(worst.interval)),
        )
        if len(self.runs) == 1:
            return say("{} is on average {} more confident than accurate ({}).", *numbers)
        n_runs = (
            f"{formatting.count(len(self.runs))} of {formatting.count_of(self.n_tested, 'run')}"
        )
        words = "{} are more confident than accurate, {} the most: by {} on average ({})."
        return say(words, number(n_runs), *numbers)


def overconfident(material: Material) -> Overconfident | None:
    """Find the runs that are sure too often; silent where a test finds none."""
    known = [
        found for run in material.experiment.ranked if (found := _overconfidence(run)) is not None
    ]
    adjusted = holm([found.p_value for found in known])
    over = [
        found
        for found, p_value in zip(known, adjusted, strict=True)
        if p_value <= ALPHA and found.excess > 0
    ]
    worst_first = sorted(over, key=lambda found: -found.excess)
    return Overconfident(tuple(worst_first), len(known)) if over else None


def _overconfidence(run: Run) -> Overconfidence | None:
    """Test one run; None where nothing is known of its confidence, or where that never varies."""
    confidences, correct = run.scores.confidences, run.scores.correct
    if confidences is None or correct is None:
        return None
    excess = confidences.astype(np.float64) - correct
    if not np.ptp(excess):
        return None
    test = ttest_1samp(excess, 0)
    ends = test.confidence_interval(CONFIDENCE)
    interval = Interval(float(ends.low), float(ends.high))
    return Overconfidence(run, float(excess.mean()), interval, float(test.pvalue))


@dataclass(frozen=True, eq=False)
class _ByCurves:
    """What the learning curves of some runs say; at least one."""

    test: ClassVar[str] = ""
    runs: tuple[Run, ...]

    @property
    def evidence(self) -> Evidence:
        """The learning curves of the first."""
        return Evidence("its curves", addresses.run_page(self.runs[0].run_id))


@dataclass(frozen=True, eq=False)
class StillImproving(_ByCurves):
    """Runs that were ended by the number of epochs allowed while their loss still fell.

    Attributes:
        runs: Runs of which `curves.diagnoses.still_improving` says so, though their learning rate
            was not scheduled to fall until then; at least one.
    """

    label: ClassVar[str] = "Not converged"

    def sentence(self, names: Names) -> Sentence:
        """Name them."""
        them = "it" if len(self.runs) == 1 else "them"
        return say(
            f"The validation loss of {{}} still fell in the last epochs allowed: more epochs may "
            f"improve {them}.",
            names.runs(self.runs),
        )


def still_improving(material: Material) -> StillImproving | None:
    """Find runs that would have gone on improving; silent where there is none."""
    ranked = material.experiment.ranked
    runs = tuple(
        run
        for run in ranked
        if (found := diagnoses.still_improving(run.record)) and not found.annealed
    )
    return StillImproving(runs) if runs else None


@dataclass(frozen=True, eq=False)
class StoppedEarly(_ByCurves):
    """Runs that early stopping ended, fewest epochs first; at least one."""

    label: ClassVar[str] = "Stopped early"

    def sentence(self, names: Names) -> Sentence:
        """Name them with their epochs."""
        items = [say("{} ({})", names.run(run), aside(_epochs(run))) for run in self.runs]
        return say("Early stopping ended {}.", listed(items))


def stopped_early(material: Material) -> StoppedEarly | None:
    """Find the runs that ran out of patience; silent where there is none."""
    runs = [run for run in material.experiment.ranked if run.record.stopped_early]
    runs.sort(key=lambda run: len(run.record.history))
    return StoppedEarly(tuple(runs)) if runs else None


def _epochs(run: Run) -> str:
    n_run, config = len(run.record.history), run.record.config
    if config is None:
        return formatting.count_of(n_run, "epoch")
    allowed = formatting.count_of(config.training.max_epochs, "epoch")
    return f"after {formatting.count(n_run)} of {allowed}"
