"""The part of a page that shows confusion matrices: `partials/matrix.html`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from site_builder import addresses, formatting, matrices, payloads
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName

MAX_TABLE_CLASSES = 60
"""Up to this many classes the matrix is also a table; beyond, a table tells nobody anything."""
CLASS_LIMITS = (20, 40)
"""How many of the most confused classes can be shown on their own."""


@dataclass(frozen=True)
class Pair:
    """Two classes of which one is taken for the other.

    Attributes:
        target: Name of the true class.
        prediction: Name of the class that it is taken for.
        count: Images.
        of_target: Share of the images of the true class.
        of_prediction: Share of the images that were given the wrong class.
        address: Where the images are, from the site's root; empty where it is not known which.
    """

    target: str
    prediction: str
    count: str
    of_target: str
    of_prediction: str
    address: str


@dataclass(frozen=True)
class MatrixRow:
    """A row of the confusion matrix: the class and its counts in class order."""

    target: str
    counts: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """Something to choose: its value in the address, and its text."""

    value: str
    text: str


@dataclass(frozen=True)
class Matrix:
    """The confusion matrix of the run that is shown first.

    Attributes:
        run_id: The run.
        name: Its name.
        page: Address of its page, from the site's root.
        facts: Its headline numbers, label and text.
        absent: Why it has no matrix; empty where it has one.
        pairs: Its most confused pairs.
        n_classes: Classes, as text.
        classes: Class names in order, where the matrix is a table too; else empty.
        rows: The matrix as a table; empty where there are too many classes for one.
        runs: Runs that it can be compared with, itself among them.
        orders: Orders of the classes.
        limits: How many classes can be shown, the first being what is shown at first.
    """

    run_id: str
    name: RunName
    page: str
    facts: tuple[tuple[str, str], ...]
    absent: str
    pairs: tuple[Pair, ...]
    n_classes: str
    classes: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    runs: tuple[Choice, ...]
    orders: tuple[Choice, ...]
    limits: tuple[Choice, ...]


def matrix_part(experiment: Experiment, names: dict[str, RunName], run: Run) -> Matrix:
    """Return the part of the page for a run.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        run: The run that is shown first; the reader can choose another to compare it with.
    """
    classes = experiment.record.class_names
    matrix = run.matrix
    as_table = len(classes) <= MAX_TABLE_CLASSES
    return Matrix(
        run_id=run.run_id,
        name=names[run.run_id],
        page=addresses.run_page(run.run_id),
        facts=tuple(payloads.facts(run)),
        absent=matrices.absent(run),
        pairs=() if matrix is None else _pairs(run, matrix, classes),
        n_classes=formatting.count(len(classes)),
        classes=tuple(classes) if as_table else (),
        rows=_rows(matrix, classes) if as_table and matrix is not None else (),
        runs=_runs(experiment, names),
        orders=_orders(experiment),
        limits=_limits(len(classes)),
    )


def _pairs(run: Run, matrix: NDArray[np.int64], classes: list[str]) -> tuple[Pair, ...]:
    return tuple(
        Pair(
            target=classes[pair.target],
            prediction=classes[pair.prediction],
            count=formatting.count(pair.n),
            of_target=formatting.share(pair.n, pair.support),
            of_prediction=formatting.share(pair.n, pair.n_predicted),
            address=addresses.images_of_cell(run.run_id, pair.target, pair.prediction)
            if run.predictions is not None
            else "",
        )
        for pair in matrices.confused_pairs(matrix)
    )


def _rows(matrix: NDArray[np.int64], classes: list[str]) -> tuple[MatrixRow, ...]:
    return tuple(
        MatrixRow(target, tuple(formatting.count(n) for n in counts))
        for target, counts in zip(classes, matrix.tolist(), strict=True)
    )


def _runs(experiment: Experiment, names: dict[str, RunName]) -> tuple[Choice, ...]:
    with_matrix = [run.run_id for run in experiment.ranked if run.matrix is not None]
    return tuple(Choice(run_id, names[run_id].full) for run_id in with_matrix)


def _orders(experiment: Experiment) -> tuple[Choice, ...]:
    orders = [
        Choice("given", "as given"),
        Choice("alphabetical", "alphabetical"),
        Choice("support", "by images"),
        Choice("accuracy", "by accuracy"),
        Choice("clustered", "clustered, over all runs"),
    ]
    if experiment.record.superclasses:
        orders.append(Choice("superclass", "by superclass"))
    return tuple(orders)


def _limits(n_classes: int) -> tuple[Choice, ...]:
    """Offer fewer classes where there are more; beyond a table's worth begin with fewer."""
    few = [
        Choice(str(n), f"{formatting.count(n)} most confused")
        for n in CLASS_LIMITS
        if n < n_classes
    ]
    every = Choice("all", f"all {formatting.count(n_classes)}")
    return (*reversed(few), every) if n_classes > MAX_TABLE_CLASSES else (every, *few)
