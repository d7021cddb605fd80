"""Scores of the probabilities, and of how well they fit how often the model is right."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from experiments.results.metrics.calibration import N_BINS, ReliabilityBins
from site_builder import formatting
from site_builder.formulas.formula import Formula, Missing, Section, Values, Worked
from site_builder.loading import Run
from site_builder.references import BRIER, GEIFMAN_2017, GEIFMAN_2019, GNEITING, GUO
from site_builder.scores import Score


def values(run: Run) -> Values:
    """Return the numbers of a run that its probabilities tell."""
    scores, n = run.scores, run.n_images
    return {
        **_mean("log-loss", scores.log_loss, n, formatting.loss),
        **_mean("brier", scores.brier, n, formatting.loss),
        **_mean("ece", scores.ece, n, formatting.percent),
        **_mean("area", scores.area_under_risk, n, formatting.percent),
        **_worst_bin(scores.bins, scores.mce),
        **dict(_overconfidence(run)),
    }


def _mean(
    name: str, score: Score, n_images: int, write: Callable[[float], str]
) -> Mapping[str, str | Missing]:
    """Return a mean over images, and the sum that it is made from."""
    if score.value is None:
        return dict.fromkeys((name, f"{name}-sum"), Missing(score.reason))
    return {name: write(score.value), f"{name}-sum": formatting.precise(score.value * n_images)}


def _worst_bin(bins: ReliabilityBins | None, mce: Score) -> Mapping[str, str | Missing]:
    names = ("bin-accuracy", "bin-confidence", "bin-low", "bin-high", "bin-images", "mce")
    if bins is None or mce.value is None:
        return dict.fromkeys(names, Missing(mce.reason))
    worst = int(np.abs(bins.mean_confidence - bins.accuracy).argmax())
    rates = (bins.accuracy, bins.mean_confidence)
    edges = (bins.low, bins.high)
    texts = (
        *(formatting.percent(float(of[worst]), 3) for of in rates),
        *(formatting.percent(float(of[worst])) for of in edges),
        formatting.count_of(int(bins.n[worst]), "image"),
        formatting.percent(mce.value),
    )
    return dict(zip(names, texts, strict=True))


def _overconfidence(run: Run) -> Iterator[tuple[str, str | Missing]]:
    """Yield mean confidence less accuracy, and the sum of the confidences."""
    score, n = run.scores.overconfidence, run.n_images
    if score.value is None:
        yield from dict.fromkeys(
            ("overconfidence", "confidence-sum"), Missing(score.reason)
        ).items()
    else:
        yield "overconfidence", formatting.signed_points(score.value)
        yield "confidence-sum", formatting.precise((score.value + run.accuracy) * n)


SECTION = Section(
    "probabilities",
    "Probabilities",
    "A model does not only name a class, it gives each class a probability. These formulas need "
    "them; a run imported without probabilities has none of these scores.",
    (
        Formula(
            key="log-loss",
            title="Log loss",
            answers="How surprised is the model by the truth, on average?",
            latex=(r"\text{log loss} = -\frac{1}{N} \sum_{i=1}^{N} \ln\, p_i",),
            symbols="p is the probability that the model gave to the true class of image i. The "
            "natural logarithm makes the unit the nat. It is the cross-entropy that training "
            "minimises, taken on the test images.",
            range="0 upwards; 0 is best. Giving all C classes the same probability costs ln C.",
            edge_cases="p is kept at least 1.2 × 10⁻⁷ away from 0 and 1, the resolution of its "
            "type: an image that was given 0 costs 15.9, not infinity.",
            references=(GNEITING,),
            worked=(Worked(r"\frac{@log-loss-sum}{@images} = @log-loss"),),
        ),
        Formula(
            key="brier",
            title="Brier score",
            answers="How far are the probabilities from the truth, in squares?",
            latex=(
                r"\text{Brier} = \frac{1}{N} \sum_{i=1}^{N} \sum_{c=1}^{C}"
                r" \left(p_{i c} - y_{i c}\right)^{2}",
            ),
            symbols="p is the probability of class c for image i; y is 1 for the true class and 0 "
            "for the others.",
            range="0 to 2; 0 is best. The form for two classes that goes from 0 to 1 is half of "
            "it.",
            edge_cases="The probabilities of all classes are needed. Beyond 100 classes only the "
            "largest 20 are stored, and then there is no Brier score.",
            references=(BRIER,),
            worked=(Worked(r"\frac{@brier-sum}{@images} = @brier"),),
        ),
        Formula(
            key="ece",
            title="Expected calibration error",
            answers="When the model is 80 % sure, is it right 80 % of the time?",
            latex=(
                r"\text{ECE} = \sum_{b=1}^{B} \frac{n_b}{N}"
                r" \left| \operatorname{acc}_b - \operatorname{conf}_b \right|",
            ),
            symbols=f"Images are put into B = {N_BINS} bins of equal width by the probability of "
            "their chosen class. Bin b has n images, of which the share acc is right, and their "
            "mean probability is conf.",
            range="0 to 100 %; 0 % is best. Chance alone lifts it above 0, the more so the fewer "
            "images there are.",
            edge_cases="A bin without images adds nothing. A probability on an edge belongs to the "
            "bin below.",
            references=(GUO,),
            worked=(Worked(r"\frac{@ece-sum}{@images} = @ece"),),
        ),
        Formula(
            key="mce",
            title="Maximum calibration error",
            answers="How large is the gap between confidence and accuracy where it is largest?",
            latex=(
                r"\text{MCE} = \max_{b} \left| \operatorname{acc}_b"
                r" - \operatorname{conf}_b \right|",
            ),
            symbols="The bins are those of the expected calibration error.",
            range="0 to 100 %; 0 % is best. A bin with a handful of images easily makes it large.",
            edge_cases="Bins without images are left out.",
            references=(GUO,),
            worked=(
                Worked(
                    r"\left| @bin-accuracy - @bin-confidence \right| = @mce",
                    "The bin from @bin-low to @bin-high, which holds @bin-images",
                ),
            ),
        ),
        Formula(
            key="overconfidence",
            title="Overconfidence",
            answers="Is the model surer than it is right, all in all?",
            latex=(
                r"\text{overconfidence} = \frac{1}{N} \sum_{i=1}^{N} \max_{c}\, p_{i c}"
                r" - \text{accuracy}",
            ),
            symbols="The mean probability of the chosen class is the mean confidence.",
            range="−100 to +100 points; 0 is best, above it the model is too sure.",
            edge_cases="There are none: every image has a chosen class.",
            references=(GUO,),
            worked=(
                Worked(
                    r"\frac{@confidence-sum}{@images} - \frac{@correct}{@images}"
                    r" = @overconfidence"
                ),
            ),
        ),
        Formula(
            key="area",
            title="Risk-coverage curve and its area",
            answers="Does the model know when it is wrong, so that leaving out unsure images "
            "helps?",
            latex=(
                r"r_k = \frac{1}{k} \sum_{i=1}^{k} \text{wrong}_i",
                r"\text{AURC} = \frac{1}{N} \sum_{k=1}^{N} r_k",
            ),
            symbols="Images are put by falling probability of their chosen class. If only the "
            "first k are answered, the coverage is k / N and the risk r is the share of them that "
            "is wrong.",
            range="0 to 100 %; 0 % is best. At full coverage the risk is 100 % less the accuracy.",
            edge_cases="Among equal probabilities the risk is the one expected over all orders, so "
            "that the order of the images does not matter.",
            references=(GEIFMAN_2017, GEIFMAN_2019),
            worked=(Worked(r"\frac{@area-sum}{@images} = @area"),),
        ),
    ),
)
