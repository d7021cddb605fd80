"""Scores that may come with imported results, to be held against those that are computed."""

from collections.abc import Iterable

from experiments.results.errors import nearest

AVERAGES = ("macro", "weighted", "micro")
AVERAGED = ("precision", "recall", "f1")
KNOWN_SCORES = (
    "accuracy", "balanced_accuracy", "cohen_kappa", "matthews", "log_loss",
    *(f"{average}_{score}" for average in AVERAGES for score in AVERAGED),
)  # fmt: skip
"""Their names; rates are fractions in [0, 1]."""


def notes_on(names: Iterable[str]) -> list[str]:
    """Return a sentence for each score that is not known, and so is held against nothing."""
    return [
        f"The score {name!r} came with the import, but is held against nothing: the scores that "
        f"are computed are {', '.join(KNOWN_SCORES)}{nearest(name, KNOWN_SCORES)}"
        for name in names
        if name not in KNOWN_SCORES
    ]
