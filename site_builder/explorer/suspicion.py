"""Tells apart the images that every run gets wrong: a label that may be wrong, or a hard image.

Wrong everywhere has two plain reasons. Where nearly all runs say the same other class and are sure
of it, they may be right and the label wrong; where they disagree or are unsure, the image may show
several classes, or none well. It is a suspicion: runs that learned from the same images share
their errors too. Only a person who looks at the image can tell.

The rule is one that a reader can check on the page: four in five of the runs, so that up to four
runs must all agree and one in five may err otherwise, and a mean probability of four in five, which
leaves one in five for all other classes together.
"""

import numpy as np
from numpy.typing import NDArray

from site_builder import formatting

AGREE_PERCENT = 80
"""So many of the runs, at least, say the same class where a label is suspected."""
SURE_PERMILLE = 800
"""And give it this probability, at least, on average."""
UNTOLD, HARD, LABEL = -1, 0, 1
"""What an image may be: not wrong everywhere or not to be told, hard or ambiguous, mislabelled."""


def suspicions(
    predicted: NDArray[np.int32], targets: NDArray[np.int64], permille: NDArray[np.int16]
) -> NDArray[np.int8]:
    """Tell what the images that every run gets wrong may be.

    The probability is the mean over the runs that say the class most runs say, as far as theirs are
    known. Where none of them is known, that the runs agree decides alone, and one run decides
    nothing.

    Args:
        predicted: (R, N) int32, the class that each run chose.
        targets: (N,) int64, the true classes.
        permille: (R, N) int16 in [0, 1000], probabilities of `predicted`; negative if not known.

    Returns:
        (N,) int8 of `UNTOLD`, `HARD` and `LABEL`.

    Example:
        >>> said = np.array([[1, 1, 1, 0], [1, 1, 2, 1]], np.int32)
        >>> sure = np.array([[900, 600, 900, 900], [700, 600, 900, 900]], np.int16)
        >>> suspicions(said, np.zeros(4, np.int64), sure).tolist()
        [1, 0, 0, -1]
    """
    n_runs, n_images = predicted.shape
    found = np.full(n_images, UNTOLD, np.int8)
    if not n_runs:
        return found
    wrong = np.flatnonzero((predicted != targets).all(axis=0))
    said, sure = predicted[:, wrong], permille[:, wrong]
    # The classes in order: a majority of four in five covers the middle one.
    agree = said == np.sort(said, axis=0)[n_runs // 2]
    known = agree & (sure >= 0)
    n_known = known.sum(axis=0)
    nearly_all = 100 * agree.sum(axis=0) >= AGREE_PERCENT * n_runs
    are_sure = np.where(known, sure, 0).sum(axis=0, dtype=np.int64) >= SURE_PERMILLE * n_known
    found[wrong] = np.where(nearly_all & are_sure, LABEL, HARD)
    if n_runs == 1:
        found[wrong[n_known == 0]] = UNTOLD
    return found


def rule(n_runs: int, n_unknown: int) -> str:
    """Say in words how images are told apart.

    Args:
        n_runs: How many runs there are.
        n_unknown: For how many of them no probabilities are known.

    Returns:
        Sentences; empty where nothing tells them apart.
    """
    known = n_runs > n_unknown
    if n_runs == 0 or (n_runs == 1 and not known):
        return ""
    sure = f"probability of at least {formatting.percent(SURE_PERMILLE / 1000, 0)}"
    if n_runs == 1:
        label, hard = f"the run gives another class a {sure}", "it is less sure"
    elif known:
        label, hard = f"{_who_say(n_runs)}, with a mean {sure}", "they disagree or are less sure"
    else:
        label, hard = _who_say(n_runs), "they disagree"
    unknown = " Runs without probabilities count by what they say alone." if n_unknown else ""
    return (
        f"The label may be wrong where {label}; the image is hard or ambiguous where {hard}."
        f"{unknown} This is a suspicion: look at the image."
    )


def _who_say(n_runs: int) -> str:
    n_agree = -(-AGREE_PERCENT * n_runs // 100)
    if n_agree < n_runs:
        runs = f"at least {formatting.count(n_agree)} of the {formatting.count(n_runs)} runs"
    else:
        runs = "both runs" if n_runs == 2 else f"all {formatting.count(n_runs)} runs"
    return f"{runs} say the same other class"
