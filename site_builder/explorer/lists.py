"""Which images each view lists, and in which order; equal ones in the order of `samples.csv`.

Probabilities count in whole permille: the browser, which orders the images of a class or of two
runs by itself, knows no more of them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.results.metrics.ranking import surest_mistakes
from site_builder.explorer.images import Images

N_LISTED = 300
"""Images that the site has of a view of all classes, or of a superclass."""


@dataclass(frozen=True, eq=False)
class Listed:
    """The images of one view.

    Attributes:
        ordered: (n,) int64, all of them, by their place in the test split.
    """

    ordered: NDArray[np.int64]

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.ordered)

    @property
    def places(self) -> NDArray[np.int64]:
        """(at most N_LISTED,) int64, the first of them."""
        return self.ordered[:N_LISTED]

    def among(self, chosen: NDArray[np.bool_]) -> "Listed":
        """Return those of them that are among the chosen: (N,) bool, of all test images."""
        return Listed(self.ordered[chosen[self.ordered]])


def confident_mistakes(images: Images, index: int) -> Listed:
    """List what run `index` gets wrong, by falling confidence; in order if that is not known."""
    return Listed(surest_mistakes(images.right[index], images.answers[index].permille[:, 0]))


def lowest_margins(images: Images, index: int) -> Listed | None:
    """List all images by how far run `index` is from another class; None if that is not known."""
    said = images.answers[index]
    if said.no_margin:
        return None
    return _listed(np.ones(len(images), bool), said.permille[:, 0] - said.permille[:, 1])


def only_right(images: Images, index: int) -> Listed | None:
    """List what run `index` alone gets right, by falling confidence; None for a run alone."""
    if len(images.answers) < 2:
        return None
    alone = images.right[index] & (images.n_right == 1)
    return _listed(alone, -images.answers[index].permille[:, 0])


def all_wrong(images: Images) -> Listed:
    """List what every run gets wrong, by falling mean confidence."""
    return _listed(images.n_right == 0, -images.mistaken_permille)


def suspected(images: Images, suspicion: int) -> Listed:
    """List those of them that are `LABEL` or `HARD`, in the same order."""
    return all_wrong(images).among(images.suspicions == suspicion)


def disagreements(images: Images) -> Listed | None:
    """List what runs give different classes, the least agreed first; None for a run alone."""
    n_runs = len(images.answers)
    if n_runs < 2:
        return None
    _, n_votes = images.votes
    return _listed(n_votes < n_runs, n_votes)


def hardest_by_class(images: Images) -> NDArray[np.int64]:
    """Order all images by class, and within it by how many runs are wrong, the most first.

    Equal ones by falling mean confidence of the runs that are wrong, as `all_wrong`.

    Returns:
        (N,) int64, places in the test split; a class has the same part of it as of
        `images.by_class`.
    """
    return np.lexsort((-images.mistaken_permille, images.n_right, images.targets))


def _listed(chosen: NDArray[np.bool_], key: NDArray[np.number]) -> Listed:
    places = np.flatnonzero(chosen)
    return Listed(places[np.argsort(key[places], kind="stable")])
