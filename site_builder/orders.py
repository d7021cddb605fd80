"""Orders of the classes in a confusion matrix that do not depend on the run."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from experiments.results.schema import Split
from site_builder.loading import Experiment

MAX_OPTIMAL = 400
"""Up to this many classes the leaves of the tree are ordered optimally. The time grows with the
cube of the classes: 0.02 s for 200, 4.5 s for 1,000."""


def class_orders(experiment: Experiment) -> dict[str, object]:
    """Return the orders, each a list of class indices from first to last.

    Returns:
        `alphabetical`: by name, ignoring case; `support`: most test images first; `clustered`: as
        `clustered`, over all runs together; `superclass`: by superclass, those in the order in
        which they first appear; `superclasses`: their names in that order; `superclass_of`: for
        each class the index of its superclass. What there is nothing to make from is empty.
    """
    record = experiment.record
    names = list(dict.fromkeys(record.superclasses or ()))
    of = [names.index(name) for name in record.superclasses or ()]
    return {
        "alphabetical": _sorted([name.casefold() for name in record.class_names]),
        "support": _sorted([-n for n in record.splits[Split.TEST].class_counts]),
        "clustered": [] if experiment.confusion is None else clustered(experiment.confusion),
        "superclass": _sorted(of),
        "superclasses": names,
        "superclass_of": of,
    }


def clustered(matrix: NDArray[np.int64]) -> list[int]:
    """Order classes so that those which are taken for each other are neighbours.

    Average linkage of 1 - (the mean of the two classes' rates of being taken for the other), with
    the leaves ordered so that neighbours are closest.

    Args:
        matrix: (C, C) int64 confusion matrix, rows are targets; C at least 2.

    Returns:
        Every class index once.

    Source:
        Bar-Joseph, Gifford and Jaakkola (2001), Fast optimal leaf ordering for hierarchical
        clustering. Bioinformatics 17.
    """
    rates = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    distances = 1 - (rates + rates.T) / 2
    np.fill_diagonal(distances, 0)
    condensed = squareform(distances, checks=False)
    tree = linkage(condensed, "average", optimal_ordering=len(matrix) <= MAX_OPTIMAL)
    order: list[int] = leaves_list(tree).tolist()
    return order


def _sorted(keys: Sequence[str] | Sequence[int]) -> list[int]:
    """Return the places of the keys in rising order; equal ones keep theirs."""
    return sorted(range(len(keys)), key=keys.__getitem__)
