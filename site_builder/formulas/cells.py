"""A confusion matrix as one class sees it: true and false positives and negatives."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from site_builder import formatting

WHOLE = 15
"""Up to this many classes the matrix is shown as it is."""
KEPT = 6
"""Beyond, this many of the classes that the chosen one is most confused with keep their own row and
column; the others share one."""

LONG = 4
"""Names with more characters stand upright above their columns."""

Kind = Literal["tp", "fp", "fn", "tn"]


@dataclass(frozen=True)
class Cell:
    """Images of one row and one column: how many, and what they are to the chosen class."""

    count: str
    kind: Kind


@dataclass(frozen=True)
class Row:
    """A true class, or the others together, with its cells."""

    name: str
    chosen: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Cells:
    """The matrix; rows and columns have the same names in the same order.

    `static/js/formula-cells.js` makes the same for another class.
    """

    rows: tuple[Row, ...]

    @property
    def long(self) -> bool:
        """Whether a name is too long to stand above a narrow column."""
        return any(len(row.name) > LONG for row in self.rows)


def class_cells(matrix: NDArray[np.int64], target: int, names: list[str]) -> Cells:
    """Return a confusion matrix around one class.

    Args:
        matrix: (C, C) int64, rows are targets.
        target: Index of the class.
        names: Class names in order.
    """
    groups = _groups(matrix, target)
    sums = _summed(matrix, groups)
    place = groups.index([target])
    return Cells(
        tuple(
            Row(_name(group, names), row == place, _cells(sums[row], row, place))
            for row, group in enumerate(groups)
        )
    )


def _cells(counts: NDArray[np.int64], row: int, place: int) -> tuple[Cell, ...]:
    return tuple(
        Cell(formatting.count(n), _kind(row == place, column == place))
        for column, n in enumerate(counts.tolist())
    )


def _kind(is_class: bool, called_so: bool) -> Kind:
    if is_class:
        return "tp" if called_so else "fn"
    return "fp" if called_so else "tn"


def _groups(matrix: NDArray[np.int64], target: int) -> list[list[int]]:
    """Return the classes of each row: single ones, then those that share the last."""
    n_classes = len(matrix)
    if n_classes <= WHOLE:
        return [[index] for index in range(n_classes)]
    confused = matrix[target] + matrix[:, target]
    confused[target] = -1
    order = np.argsort(-confused, kind="stable")
    kept = [index for index in order[:KEPT].tolist() if confused[index]]
    shown = sorted([target, *kept])
    return [*([index] for index in shown), [i for i in range(n_classes) if i not in shown]]


def _summed(matrix: NDArray[np.int64], groups: list[list[int]]) -> NDArray[np.int64]:
    """Add up the rows and columns of each group."""
    of_rows = np.stack([matrix[group].sum(axis=0) for group in groups])
    return np.stack([of_rows[:, group].sum(axis=1) for group in groups], axis=1)


def _name(group: list[int], names: list[str]) -> str:
    return names[group[0]] if len(group) == 1 else f"{formatting.count(len(group))} others"
