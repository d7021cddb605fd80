"""How sure a number is: intervals, and tests between two runs."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from experiments.results.metrics.intervals import CONFIDENCE
from experiments.results.metrics.paired import ALPHA
from site_builder import formatting
from site_builder.comparisons import Comparisons
from site_builder.formulas.formula import Formula, Missing, Section, Values, Worked
from site_builder.loading import Run
from site_builder.naming import RunName
from site_builder.references import DIETTERICH, EFRON, HOLM, MCNEMAR, WILSON

_LOW, _HIGH = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
_Q_LOW, _Q_HIGH = (rf"Q_{{{formatting.rate(of)}\,\%}}" for of in (_LOW, _HIGH))
_LEVEL = formatting.setting(ALPHA)
_ALONE = "there is no other run to test it against"


def values(run: Run, comparisons: Comparisons, names: dict[str, RunName]) -> Values:
    """Return the numbers of a run's intervals, and of its test against the best other run."""
    return {**_wilson(run), **_bootstrap(run), **_tests(run, comparisons, names)}


def _wilson(run: Run) -> Values:
    return {
        "z": formatting.precise(float(norm.ppf(_HIGH))),
        "rate": formatting.precise(run.accuracy),
        "accuracy-low": formatting.percent(run.interval.low),
        "accuracy-high": formatting.percent(run.interval.high),
    }


def _bootstrap(run: Run) -> Values:
    drawn = run.scores.bootstrap
    if drawn is None:
        return dict.fromkeys(("resamples", "f1-low", "f1-high"), Missing(run.no_predictions))
    return {
        "resamples": formatting.count(drawn.n_resamples),
        "f1-low": formatting.percent(drawn.f1.low),
        "f1-high": formatting.percent(drawn.f1.high),
    }


@dataclass(frozen=True)
class _Place:
    """A pair's place among all pairs by rising p-value.

    Attributes:
        number: From 1.
        n_pairs: Of how many.
        before: Adjusted p-value of the pair before it; 0 for the first.
    """

    number: int
    n_pairs: int
    before: float


def _tests(run: Run, comparisons: Comparisons, names: dict[str, RunName]) -> Values:
    keys = ("peer", "only-this", "only-peer", "fewer", "discordant", "p", "pairs", "place")
    other = next((peer for peer in comparisons.tested if peer is not run), None)
    compared = comparisons.compare(run.run_id, other.run_id) if other else None
    if other is None or compared is None:
        reason = comparisons.why_untested(run) or _ALONE
        return dict.fromkeys((*keys, "p-before", "p-adjusted", "p-shown"), Missing(reason))
    paired, place = compared.paired, _place(comparisons, run, other)
    mine, its = paired.n_only_first, paired.n_only_second
    return {
        "peer": names[other.run_id].full,
        "only-this": formatting.count_of(mine, "image"),
        "only-peer": formatting.count_of(its, "image"),
        "fewer": formatting.count(min(mine, its)),
        "discordant": formatting.count(mine + its),
        "p": formatting.probability(paired.p_value),
        "pairs": formatting.count(place.n_pairs),
        "place": formatting.count(place.number),
        "p-before": formatting.probability(place.before),
        "p-adjusted": formatting.probability(compared.adjusted_p_value),
        "p-shown": formatting.p_value(compared.adjusted_p_value),
    }


def _place(comparisons: Comparisons, run: Run, other: Run) -> _Place:
    """Find a pair of tested runs among all pairs; of equal p-values the smaller index first."""
    paired = comparisons.paired
    if paired is None:
        raise ValueError("no two runs were tested")
    ids = [one.run_id for one in comparisons.tested]
    first, second = sorted((ids.index(run.run_id), ids.index(other.run_id)))
    above = np.triu_indices(len(ids), 1)
    order = np.argsort(paired.p_value[above], kind="stable")
    pair = np.flatnonzero((above[0] == first) & (above[1] == second))[0]
    number = int(np.flatnonzero(order == pair)[0]) + 1
    adjusted = paired.adjusted_p_value[above][order]
    return _Place(number, len(order), float(adjusted[number - 2]) if number > 1 else 0.0)


SECTION = Section(
    "certainty",
    "How sure these numbers are",
    "Another test set of the same size would give other numbers. Intervals say how far off they "
    "may be, tests whether a difference between two runs is more than luck.",
    (
        Formula(
            key="wilson",
            title="Wilson interval",
            answers="Which accuracies would have made the observed one unsurprising?",
            latex=(
                r"\frac{\hat p + \frac{z^{2}}{2 N} \pm z \sqrt{\frac{\hat p \left(1 - \hat"
                r" p\right)}{N} + \frac{z^{2}}{4 N^{2}}}}{1 + \frac{z^{2}}{N}}",
            ),
            symbols="p hat is the observed share of N images, and z the quantile of the normal "
            f"distribution that leaves {formatting.percent(_LOW)} on either side.",
            range="Within 0 and 100 %; the narrower the better.",
            edge_cases="At 0 % and 100 % it stays inside and keeps a width, unlike the usual plus "
            "or minus two standard errors.",
            references=(WILSON,),
            worked=(
                Worked(
                    r"\frac{@rate + \frac{@z^{2}}{2 \cdot @images} \pm @z"
                    r" \sqrt{\frac{@rate \left(1 - @rate\right)}{@images}"
                    r" + \frac{@z^{2}}{4 \cdot @images^{2}}}}{1 + \frac{@z^{2}}{@images}}"
                    r" = \left[\, @accuracy-low,\; @accuracy-high \,\right]",
                    "The accuracy, @correct of @images images",
                ),
            ),
        ),
        Formula(
            key="bootstrap",
            title="Stratified bootstrap",
            answers="How much would a score without a formula for its error vary with the test "
            "set?",
            latex=(
                rf"\left[\, {_Q_LOW}\left(\theta_1, \ldots, \theta_B\right),\;"
                rf" {_Q_HIGH}\left(\theta_1, \ldots, \theta_B\right) \,\right]",
            ),
            symbols="The test images of each class are drawn anew B times, with replacement and as "
            "many as there are; theta is the score of each such resample. The interval goes from "
            f"the quantile Q at {formatting.percent(_LOW)} to that at {formatting.percent(_HIGH)}.",
            range="Within the score’s own range; the narrower the better.",
            edge_cases="The draws have a fixed seed, so the same predictions give the same "
            "interval. For the calibration error it can lie above the value, since resampling adds "
            "chance to every bin.",
            references=(EFRON,),
            worked=(
                Worked(
                    rf"\left[\, {_Q_LOW},\; {_Q_HIGH} \,\right]"
                    r" = \left[\, @f1-low,\; @f1-high \,\right]",
                    "Macro F1, which is @macro-f1, in @resamples resamples",
                ),
            ),
        ),
        Formula(
            key="mcnemar",
            title="Exact McNemar test",
            answers="Could two equally good models differ on these images by luck alone?",
            latex=(
                r"p = \min\left(1,\; 2 \sum_{i=0}^{\min\left(b, c\right)}"
                r" \binom{b + c}{i} \frac{1}{2^{b + c}}\right)",
            ),
            symbols="b images are right for the first model only and c for the second only. Images "
            "that both get right or both get wrong say nothing. Were the models equally good, each "
            "of the b + c would fall to either side like a fair coin.",
            range=f"0 to 1; at or below {_LEVEL} the two are told apart.",
            edge_cases="Without images that only one gets right, p is 1.",
            references=(MCNEMAR, DIETTERICH),
            worked=(
                Worked(
                    r"p = \min\left(1,\; 2 \sum_{i=0}^{@fewer} \binom{@discordant}{i}"
                    r" \frac{1}{2^{@discordant}}\right) = @p",
                    "Against @peer; only this run is right on @only-this, only the other on "
                    "@only-peer",
                ),
            ),
        ),
        Formula(
            key="holm",
            title="Holm’s correction",
            answers="Of many tests some succeed by luck. How small must p be, then?",
            latex=(
                r"\tilde p_j = \min\left(1,\; \max\left(\tilde p_{j - 1},\;"
                r" \left(m - j + 1\right) p_j\right)\right)",
            ),
            symbols="The p-values of all m pairs of runs are put by rising size, and that at "
            "place j is multiplied by the number of tests that are left. No adjusted value, with "
            "the tilde, is smaller than the one before.",
            range=f"From p to 1; at or below {_LEVEL} the pair is told apart, with at most a "
            f"{formatting.percent(ALPHA, 0)} risk of even one false claim among all pairs.",
            edge_cases="The first pair has no other before it; 0 stands in its place. Equal "
            "p-values get equal adjusted ones.",
            references=(HOLM,),
            worked=(
                Worked(
                    r"\min\left(1,\; \max\left(@p-before,\; \left(@pairs - @place + 1\right)"
                    r" \cdot @p\right)\right) = @p-adjusted",
                    "The same pair, at place @place of @pairs; tables show @p-shown",
                ),
            ),
        ),
    ),
)
