"""Scores of a whole run that its confusion matrix and its ranks tell."""

from collections.abc import Iterator

import numpy as np

from site_builder import formatting
from site_builder.formulas.formula import SHARE, Formula, Missing, Section, Values, Worked
from site_builder.loading import Run
from site_builder.references import (
    BRODERSEN,
    COHEN,
    GORODKIN,
    IMAGENET,
    SKLEARN_METRICS,
    SKLEARN_PRF,
    SOKOLOVA,
)
from site_builder.scores import Score

_ONE_LEFT = "with two classes only the first place is left, and that is the accuracy"
_NAMES = ("precision", "recall", "f1")


def values(run: Run) -> Values:
    """Return the numbers of a run that its matrix and its ranks tell."""
    return {
        "images": formatting.count(run.n_images),
        "correct": formatting.count(run.n_correct),
        "wrong": formatting.count(run.n_images - run.n_correct),
        "accuracy": formatting.percent(run.accuracy),
        **dict(_means(run)),
        **dict(_top_k(run)),
        **dict(_agreement(run)),
    }


def _means(run: Run) -> Iterator[tuple[str, str]]:
    """Yield the averages over classes, and the sums that they are made from."""
    counts, classes = run.counts, run.scores.classes
    support = counts.support
    yield "occurring", formatting.count(int(((support > 0) | (counts.chosen != 0)).sum()))
    for name in _NAMES:
        of_classes = getattr(classes, name)
        yield f"sum-{name}", formatting.precise(float(of_classes.sum()))
        yield f"weighted-sum-{name}", formatting.precise(float(support @ of_classes))
        for average in ("macro", "weighted"):
            mean = getattr(run.scores.averages[average], name)
            yield f"{average}-{name}", formatting.percent(mean)
    yield "micro-precision", formatting.percent(run.scores.averages["micro"].precision)
    seen = support > 0
    yield "seen", formatting.count(int(seen.sum()))
    yield "sum-seen-recall", formatting.precise(float(classes.recall[seen].sum()))
    yield "balanced", formatting.percent(run.scores.balanced_accuracy.value or 0.0)


def _top_k(run: Run) -> Iterator[tuple[str, str | Missing]]:
    yield "k", formatting.count(run.top_k)
    if run.top_k == 1 or run.n_in_top_k is None:
        reason = Missing(_ONE_LEFT if run.top_k == 1 else run.no_top_k)
        yield from {"in-top": reason, "top-k": reason}.items()
    else:
        yield "in-top", formatting.count(run.n_in_top_k)
        yield "top-k", formatting.percent(run.n_in_top_k / run.n_images)


def _agreement(run: Run) -> Iterator[tuple[str, str | Missing]]:
    """Yield kappa, the Matthews correlation, and the whole numbers that they are made from."""
    matrix, scores = run.matrix, run.scores
    names = ("by-chance", "squares-true", "squares-said")
    if matrix is None:
        yield from dict.fromkeys(names, Missing(scores.kappa.reason)).items()
    else:
        rows, columns = matrix.sum(axis=1), matrix.sum(axis=0)
        dots = (np.dot(rows, columns), np.dot(rows, rows), np.dot(columns, columns))
        yield from zip(names, (formatting.count(int(dot)) for dot in dots), strict=True)
    yield "kappa", _coefficient(scores.kappa)
    yield "matthews", _coefficient(scores.matthews)


def _coefficient(score: Score) -> str | Missing:
    return Missing(score.reason) if score.value is None else formatting.coefficient(score.value)


def _macro(name: str) -> Worked:
    about = {"f1": "F1"}.get(name, name.capitalize())
    return Worked(rf"\frac{{@sum-{name}}}{{@occurring}} = @macro-{name}", about)


def _weighted(name: str) -> Worked:
    about = {"f1": "F1"}.get(name, name.capitalize())
    return Worked(rf"\frac{{@weighted-sum-{name}}}{{@images}} = @weighted-{name}", about)


SECTION = Section(
    "whole-run",
    "All classes together",
    "These sum up a whole run. They read the same confusion matrix in different ways, and each "
    "answers a question of its own.",
    (
        Formula(
            key="accuracy",
            title="Accuracy",
            answers="What share of the test images does the model get right?",
            latex=(r"\text{accuracy} = \frac{1}{N} \sum_{c=1}^{C} \text{TP}_c",),
            symbols="N is the number of test images, C that of classes. The sum is the diagonal of "
            "the confusion matrix.",
            range="0 to 100 %; 100 % is best. Always naming the most frequent class already "
            "reaches that class’s share.",
            edge_cases="Equal probabilities are put in the order of the classes, so that each "
            "image has one answer.",
            references=(SOKOLOVA, SKLEARN_METRICS),
            worked=(Worked(r"\frac{@correct}{@images} = @accuracy"),),
        ),
        Formula(
            key="top-k",
            title="Top-k accuracy",
            answers="How often is the true class among the k that the model finds most probable?",
            latex=(
                r"\text{top-}k = \frac{1}{N} \sum_{i=1}^{N}"
                r" \left[\, \operatorname{rank}_i \le k \,\right]",
            ),
            symbols="The rank of image i is the place of its true class when all classes are put "
            "by falling probability. The bracket is 1 where its condition holds, else 0. k is 5, "
            "or one less than the number of classes where there are five or fewer.",
            range="The accuracy to 100 %; 100 % is best.",
            edge_cases="Ranks come from the logits, in which ties are rare; equal logits are put "
            "in the order of the classes.",
            references=(IMAGENET,),
            worked=(Worked(r"\frac{@in-top}{@images} = @top-k", "Top @k"),),
        ),
        Formula(
            key="macro",
            title="Macro average",
            answers="How good is the model on a typical class, rare ones counting as much as "
            "frequent ones?",
            latex=(r"P_{\text{macro}} = \frac{1}{C} \sum_{c=1}^{C} P_c",),
            symbols="The precision of class c is averaged over all C classes, and recall and F1 in "
            "the same way. Macro F1 is the mean of the classes’ F1, not the F1 of the means.",
            range=SHARE,
            edge_cases="A class that neither occurs in the test set nor is ever named is left out; "
            "any other score that would be 0/0 counts as 0.",
            references=(SKLEARN_PRF, SOKOLOVA),
            worked=tuple(_macro(name) for name in _NAMES),
        ),
        Formula(
            key="micro",
            title="Micro average",
            answers="What are precision, recall and F1 if the counts of all classes are added up "
            "before dividing?",
            latex=(
                r"P_{\text{micro}} = \frac{\sum_{c} \text{TP}_c}"
                r"{\sum_{c} \left(\text{TP}_c + \text{FP}_c\right)}",
            ),
            symbols="Each wrong image is a false positive of one class and a false negative of "
            "another. With one true class and one answer for each image all three micro averages "
            "are therefore the accuracy.",
            range=SHARE,
            edge_cases="The denominator is the number of test images, so it is never 0/0.",
            references=(SKLEARN_PRF, SOKOLOVA),
            worked=(Worked(r"\frac{@correct}{@correct + @wrong} = @micro-precision"),),
        ),
        Formula(
            key="weighted",
            title="Weighted average",
            answers="How good is the model on a typical image, class by class?",
            latex=(r"P_{\text{weighted}} = \frac{1}{N} \sum_{c=1}^{C} n_c\, P_c",),
            symbols="Class c has a weight of its test images, and N is their sum. Weighted recall "
            "is the accuracy, since each class then brings exactly its true positives.",
            range=SHARE,
            edge_cases="A class without test images has no weight. Weighted and macro averages are "
            "the same where all classes have equally many images; they are easily mixed up, so "
            "each table says which it shows.",
            references=(SKLEARN_PRF,),
            worked=tuple(_weighted(name) for name in _NAMES),
        ),
        Formula(
            key="balanced",
            title="Balanced accuracy",
            answers="What would the accuracy be if every class had equally many images?",
            latex=(r"\text{balanced accuracy} = \frac{1}{C} \sum_{c=1}^{C} R_c",),
            symbols="The recall of class c is averaged over the C classes that have test images.",
            range="0 to 100 %; 100 % is best, and 100 % / C is chance.",
            edge_cases="A class without test images is left out. That alone sets it apart from the "
            "macro recall.",
            references=(BRODERSEN,),
            worked=(Worked(r"\frac{@sum-seen-recall}{@seen} = @balanced"),),
        ),
        Formula(
            key="kappa",
            title="Cohen’s kappa",
            answers="How much of the agreement with the truth is more than chance would give?",
            latex=(
                r"\kappa = \frac{p_o - p_e}{1 - p_e}"
                r" = \frac{N \sum_{c} \text{TP}_c - \sum_{c} t_c\, s_c}"
                r"{N^{2} - \sum_{c} t_c\, s_c}",
            ),
            symbols="The observed agreement is the accuracy; the expected one follows from the "
            "number of images t of each class and the number s that were called so.",
            range="−1 to 1; 1 is full agreement and best, 0 is as by chance.",
            edge_cases="It is undefined (0/0) where all images are of one class and all are "
            "called so; then none is shown.",
            references=(COHEN,),
            worked=(
                Worked(
                    r"\kappa = \frac{@images \cdot @correct - @by-chance}"
                    r"{@images^{2} - @by-chance} = @kappa"
                ),
            ),
        ),
        Formula(
            key="matthews",
            title="Matthews correlation",
            answers="How strongly do predictions and truth go together, with every cell of the "
            "matrix counted?",
            latex=(
                r"\text{MCC} = \frac{N \sum_{c} \text{TP}_c - \sum_{c} t_c\, s_c}"
                r"{\sqrt{\left(N^{2} - \sum_{c} t_c^{2}\right)"
                r"\left(N^{2} - \sum_{c} s_c^{2}\right)}}",
            ),
            symbols="Class c has t images and was named s times. With two classes this is the "
            "ordinary correlation of two yes-or-no variables.",
            range="−1 to 1; 1 is best, 0 is no correlation. With more than two classes the lower "
            "end is between −1 and 0.",
            edge_cases="It is undefined (0/0) where the truth or the model knows one class only; "
            "then none is shown, while scikit-learn returns 0.",
            references=(GORODKIN,),
            worked=(
                Worked(
                    r"\frac{@images \cdot @correct - @by-chance}"
                    r"{\sqrt{\left(@images^{2} - @squares-true\right)"
                    r"\left(@images^{2} - @squares-said\right)}} = @matthews"
                ),
            ),
        ),
    ),
)
