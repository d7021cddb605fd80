"""One class against all others: precision, recall, F1, and a share that misleads."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from site_builder import formatting
from site_builder.formulas.formula import SHARE, Formula, Missing, Section, Values, Worked
from site_builder.loading import Run
from site_builder.references import SKLEARN_PRF, SOKOLOVA
from site_builder.scores import NEVER_NAMED, NO_IMAGE, NOT_TOLD


@dataclass(frozen=True)
class ClassCounts:
    """Test images of a run as one class sees them.

    Attributes:
        tp: Images of the class that were called so.
        fp: Images of other classes that were called so; None where that is not known.
        fn: Images of the class that were called something else.
        n_images: All of them.
    """

    tp: int
    fp: int | None
    fn: int
    n_images: int

    @classmethod
    def of(cls, run: Run, target: int) -> "ClassCounts":
        """Count the images of a run for the class with the index `target`."""
        counts = run.counts
        hits, support, chosen = (
            int(of[target]) for of in (counts.hits, counts.support, counts.chosen)
        )
        return cls(hits, chosen - hits if chosen >= 0 else None, support - hits, run.n_images)


def hardest_class(run: Run) -> int:
    """Return the index of the class of lowest recall; of equal ones that with the most images."""
    support = run.counts.support
    recall = np.where(support > 0, run.scores.classes.recall, np.inf)
    return int(np.lexsort((-support, recall))[0])


def class_values(counts: ClassCounts, name: str) -> Values:
    """Return the numbers of one class; `static/js/formula-counts.js` does the same.

    Args:
        counts: Images by what they are and what they were called.
        name: Name of the class.
    """
    support = counts.tp + counts.fn
    known = {
        "class": name,
        "tp": formatting.count(counts.tp),
        "fn": formatting.count(counts.fn),
        "recall": _ratio(counts.tp, support) if support else Missing(NO_IMAGE),
    }
    if counts.fp is None:
        unknown = ("fp", "tn", "precision", "f1", "one-against-rest")
        return known | dict.fromkeys(unknown, Missing(NOT_TOLD))
    return known | dict(_with_false_positives(counts, counts.fp))


def _with_false_positives(counts: ClassCounts, fp: int) -> Iterator[tuple[str, str | Missing]]:
    tn = counts.n_images - counts.tp - fp - counts.fn
    yield "fp", formatting.count(fp)
    yield "tn", formatting.count(tn)
    named, occurs = counts.tp + fp, 2 * counts.tp + fp + counts.fn
    yield "precision", _ratio(counts.tp, named) if named else Missing(NEVER_NAMED)
    yield "f1", _ratio(2 * counts.tp, occurs) if occurs else Missing(NEVER_NAMED)
    yield "one-against-rest", _ratio(counts.tp + tn, counts.n_images)


def _ratio(part: int, whole: int) -> str:
    return formatting.percent(part / whole)


SECTION = Section(
    "one-class",
    "One class against the rest",
    "Each of these looks at a single class and takes all others together. TP, FP, FN and TN are "
    "the numbers of its true positives, false positives, false negatives and true negatives.",
    (
        Formula(
            key="precision",
            title="Precision",
            answers="When the model names this class, how often is it right?",
            latex=(r"P = \frac{\text{TP}}{\text{TP} + \text{FP}}",),
            symbols="",
            range=SHARE,
            edge_cases="A class that the model never names would be 0/0: it has no precision, and "
            "none is shown. In averages over classes it counts as 0, so that it lowers them.",
            references=(SOKOLOVA, SKLEARN_PRF),
            worked=(Worked(r"P = \frac{@tp}{@tp + @fp} = @precision"),),
        ),
        Formula(
            key="recall",
            title="Recall",
            answers="Of the images of this class, how many does the model find?",
            latex=(r"R = \frac{\text{TP}}{\text{TP} + \text{FN}}",),
            symbols="",
            range=SHARE,
            edge_cases="A class without test images has no recall, and none is shown. In averages "
            "over classes it counts as 0 if the model named it, and is left out if not.",
            references=(SOKOLOVA, SKLEARN_PRF),
            worked=(Worked(r"R = \frac{@tp}{@tp + @fn} = @recall"),),
        ),
        Formula(
            key="f1",
            title="F1",
            answers="How good are precision and recall together, where the lower one weighs more?",
            latex=(
                r"F_1 = \frac{2\,P\,R}{P + R}"
                r" = \frac{2\,\text{TP}}{2\,\text{TP} + \text{FP} + \text{FN}}",
            ),
            symbols="P is the precision and R the recall; F1 is their harmonic mean.",
            range=SHARE,
            edge_cases="It is taken from the counts, so it exists where precision or recall does "
            "not. Where all three counts are 0 there is none, and averages leave it out.",
            references=(SOKOLOVA, SKLEARN_PRF),
            worked=(Worked(r"F_1 = \frac{2 \cdot @tp}{2 \cdot @tp + @fp + @fn} = @f1"),),
        ),
        Formula(
            key="one-against-rest",
            title="Accuracy of one class against the rest",
            answers="For how many images is the question “this class or not?” answered rightly?",
            latex=(
                r"\frac{\text{TP} + \text{TN}}"
                r"{\text{TP} + \text{TN} + \text{FP} + \text{FN}}",
            ),
            symbols="",
            range="0 to 100 %. With many classes it is close to 100 % for nearly any model, since "
            "most images are true negatives. It is often mistaken for the accuracy; no table here "
            "reports it.",
            edge_cases="The four counts add up to all test images, so it is never 0/0.",
            references=(SOKOLOVA,),
            worked=(Worked(r"\frac{@tp + @tn}{@tp + @tn + @fp + @fn} = @one-against-rest"),),
        ),
    ),
)
