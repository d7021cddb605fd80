"""The rules of the diagnoses in words, with the thresholds that they really use."""

from dataclasses import dataclass

from experiments.results.metrics.paired import ALPHA
from site_builder import formatting
from site_builder.curves.diagnoses import (
    MIN_AFTER_BEST,
    MIN_GAP,
    MIN_RISE,
    N_LAST,
    N_WINDOW,
    SPIKE_NATS,
    SPIKE_RATIO,
    AccuracyGap,
    Overfitting,
    StillImproving,
    Unstable,
)


@dataclass(frozen=True)
class Rule:
    """What a diagnosis is called, when it is given, and where the rule comes from."""

    label: str
    rule: str
    source: str


def rules() -> tuple[Rule, ...]:
    """Return every rule, in the order in which diagnoses are listed."""
    last, window = formatting.word(N_LAST), formatting.word(N_WINDOW)
    level = formatting.setting(ALPHA)
    return (
        Rule(
            Overfitting.label,
            f"The last epoch’s validation loss is at least {formatting.percent(MIN_RISE, 0)} above "
            "the lowest, it rises over the epochs after the lowest (least squares, one-sided "
            f"p ≤ {level}, {formatting.word(MIN_AFTER_BEST)} epochs or more), and the training "
            "loss ends below where it was.",
            "The rise is Prechelt’s generalisation loss, with his threshold GL 5 (“Early stopping "
            "– but when?”, 1998).",
        ),
        Rule(
            AccuracyGap.label,
            "In the best epoch training images are right more often than validation images, by "
            f"more than {formatting.points(MIN_GAP)} over the whole 95 % interval. Training images "
            "count as augmented and while the weights still change, so the gap is rather larger.",
            "Newcombe’s interval (1998, method 10); the threshold is this site’s own.",
        ),
        Rule(
            StillImproving.label,
            "The run had all the epochs that it was allowed, and its validation loss was lowest in "
            "the last one: by the configured smallest improvement or more, or falling by as much "
            f"an epoch over the last {last} (least squares, one-sided p ≤ {level}). Where the "
            "learning rate was scheduled to fall until then, that is to be expected, and does not "
            "tell whether more epochs would help.",
            "The smallest improvement is that of early stopping, min_delta in the configuration.",
        ),
        Rule(
            Unstable.label,
            "In an epoch the training or the validation loss is at least "
            f"{formatting.ratio(SPIKE_RATIO)} the median of the {window} epochs around it, and "
            f"{formatting.setting(SPIKE_NATS)} nats above it. The first and last two epochs are "
            "left out.",
            "Running medians after Tukey (Exploratory Data Analysis, 1977); the thresholds are "
            "this site’s own.",
        ),
    )
