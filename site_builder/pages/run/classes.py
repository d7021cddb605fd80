"""The classes of one run, hardest first."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from site_builder import addresses, formatting
from site_builder.loading import Run
from site_builder.pages.run.scores import Value, rate
from site_builder.scores import Score

MAX_CLASSES = 100
"""Classes in the page; the others come with a shard when they are asked for."""


@dataclass(frozen=True)
class ClassCell:
    """A number of a class, and what it is sorted by; that is empty where it is missing."""

    value: Value
    order: str


@dataclass(frozen=True)
class ClassRow:
    """A class.

    Attributes:
        target: Its index.
        name: Its name.
        address: Its page, from the site's root.
        cells: Recall, precision and F1.
        images: How many it has.
        images_address: Where they are, from the site's root; empty where they are not known.
        taken_for: The class that its images were most often taken for, and how often; empty where
            there is none, or none is known.
    """

    target: int
    name: str
    address: str
    cells: tuple[ClassCell, ...]
    images: ClassCell
    images_address: str
    taken_for: str


@dataclass(frozen=True)
class ClassTable:
    """The classes, lowest recall first; equal ones by falling number of images.

    Attributes:
        rows: The first `MAX_CLASSES`.
        summary: How many there are, and how many of them are shown.
        whole: The same when all of them are shown.
        shard: Name of the data shard with the others; empty where there are none.
        rest: What the button says that fetches them.
    """

    rows: tuple[ClassRow, ...]
    summary: str
    whole: str
    shard: str
    rest: str


def class_table(run: Run, names: list[str]) -> ClassTable:
    """Return the hardest classes of a run."""
    n_classes = len(names)
    more = n_classes > MAX_CLASSES
    summary = whole = f"All {formatting.count(n_classes)} classes, lowest recall first."
    if more:
        shown = formatting.count(MAX_CLASSES)
        total = formatting.count(n_classes)
        summary = f"The {shown} of {total} classes with the lowest recall."
    return ClassTable(
        rows=_rows(run, names, 0, MAX_CLASSES),
        summary=summary,
        whole=whole,
        shard=shard_name(run) if more else "",
        rest=f"Show all {formatting.count(n_classes)} classes" if more else "",
    )


def shard_name(run: Run) -> str:
    """Return the name of the shard with the classes that are not in the page."""
    return f"classes/{run.run_id}"


def other_classes(run: Run, names: list[str]) -> list[list[object]]:
    """Return the classes that are not in the page.

    Returns:
        For each its index; the text, order and interval of each number, or why there is none, the
        number of its images last; and what it was most often taken for.
    """
    return [
        [
            row.target,
            [
                [cell.value.text, cell.order, cell.value.reason or cell.value.interval]
                for cell in (*row.cells, row.images)
            ],
            row.taken_for,
        ]
        for row in _rows(run, names, MAX_CLASSES, len(names))
    ]


def _rows(run: Run, names: list[str], first: int, last: int) -> tuple[ClassRow, ...]:
    scores = run.scores.classes
    # A class without images has no recall and comes last.
    recall = np.where(scores.support > 0, scores.recall, 2.0)
    order = np.lexsort((-scores.support, recall))[first:last]
    return tuple(_row(run, names, int(target)) for target in order)


def _row(run: Run, names: list[str], target: int) -> ClassRow:
    known = run.predictions is not None
    most = most_taken_for(run, target)
    return ClassRow(
        target=target,
        name=names[target],
        address=addresses.class_page(target),
        cells=score_cells(run, target),
        images=count_cell(int(run.counts.support[target])),
        images_address=addresses.images_of_class(target, run.run_id) if known else "",
        taken_for=f"{names[most[0]]} ({formatting.count(most[1])})" if most else "",
    )


def score_cells(run: Run, target: int) -> tuple[ClassCell, ClassCell, ClassCell]:
    """Return recall, precision and F1 of a class."""
    scores = run.scores
    return (
        _cell(scores.recall_of(target)),
        _cell(scores.precision_of(target)),
        _cell(scores.f1_of(target)),
    )


def most_taken_for(run: Run, target: int) -> tuple[int, int] | None:
    """Return the class that a class was most often taken for, and how often; None for never.

    None too where that is not known.
    """
    if run.most_taken_for is None:
        return None
    other, n = (int(found[target]) for found in run.most_taken_for)
    return (other, n) if n else None


@cache
def count_cell(n: int) -> ClassCell:
    """Return a number of images."""
    return ClassCell(Value(formatting.count(n)), formatting.sort_key(n))


@cache
def _cell(score: Score) -> ClassCell:
    """Write a score; the same few come up again and again, over many runs and classes."""
    if score.value is None:
        return ClassCell(Value(formatting.MISSING, reason=score.reason), "")
    return ClassCell(rate(score.value, score.interval), formatting.sort_key(score.value))
