"""What a class is taken for, and what is taken for it, all runs together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from site_builder import addresses, formatting
from site_builder.pages.classes.material import Material, Named

N_SHOWN = 8
"""Other classes that are named."""


@dataclass(frozen=True)
class ConfusedRow:
    """Another class that this one is confused with.

    Attributes:
        name: Its name.
        address: Its page, from the site's root.
        n: How often, over all runs.
        share: That as a share, in percent without the sign.
        run: The run that did so most often, and how often.
        images: Its images in question, from the site's root; empty where they are not known.
    """

    name: str
    address: str
    n: str
    share: str
    run: str
    images: str


@dataclass(frozen=True)
class Confused:
    """The other classes, the most frequent first.

    Attributes:
        rows: The first `N_SHOWN`.
        summary: How often it happens, and to how many classes; a sentence.
    """

    rows: tuple[ConfusedRow, ...]
    summary: str


def taken_for(material: Material, target: int) -> Confused | None:
    """Return what the class is called; None where no run tells."""
    total = material.experiment.confusion
    if total is None:
        return None
    what = f"for images of “{material.experiment.record.class_names[target]}”"
    wrong = ("names another class", "name another class")
    others = _most(total[target], target)
    return Confused(
        rows=_rows(material, [(target, other) for other in others], others, total[target]),
        summary=_summary(material, total[target], target, what, wrong),
    )


def taken_from(material: Material, target: int) -> Confused | None:
    """Return what else is called so; None where no run tells."""
    total = material.experiment.confusion
    if total is None:
        return None
    what = f"of “{material.experiment.record.class_names[target]}”"
    wrong = ("is of an image of another class", "are of images of other classes")
    others = _most(total[:, target], target)
    return Confused(
        rows=_rows(material, [(other, target) for other in others], others, total[:, target]),
        summary=_summary(material, total[:, target], target, what, wrong),
    )


def _most(counts: NDArray[np.int64], target: int) -> list[int]:
    """Return the classes with the largest counts but for one; equal ones in their order."""
    order = np.argsort(-counts, kind="stable")[: N_SHOWN + 1]
    found: list[int] = order[(counts[order] > 0) & (order != target)].tolist()
    return found[:N_SHOWN]


def _rows(
    material: Material,
    cells: list[tuple[int, int]],
    others: list[int],
    counts: NDArray[np.int64],
) -> tuple[ConfusedRow, ...]:
    """Return rows of other classes.

    Args:
        material: What the pages are made from.
        cells: Target and prediction of each row.
        others: Which of the two is the other class.
        counts: (C,) int64, how often that happens with each class, over all runs.
    """
    if not cells:
        return ()
    targets, chosen = np.array(cells).T
    matrices = [each.run.matrix for each in material.counted if each.run.matrix is not None]
    by_run = np.stack([matrix[targets, chosen] for matrix in matrices])
    # The first of those that did so equally often is the most accurate.
    worst, names = by_run.argmax(axis=0).tolist(), material.experiment.record.class_names
    return tuple(
        ConfusedRow(
            name=names[other],
            address=addresses.class_page(other),
            n=formatting.count(int(counts[other])),
            share=formatting.rate(float(counts[other] / counts.sum())),
            run=f"{of.name.full} ({formatting.count(int(n.max()))})",
            images=_images(of, cell),
        )
        for cell, other, of, n in zip(
            cells, others, (material.counted[at] for at in worst), by_run.T, strict=True
        )
    )


def _images(of: Named, cell: tuple[int, int]) -> str:
    return addresses.images_of_cell(of.run.run_id, *cell) if of.known else ""


def _summary(
    material: Material,
    counts: NDArray[np.int64],
    target: int,
    what: str,
    wrong: tuple[str, str],
) -> str:
    """Say how many predictions there are, how many of them are wrong, and how many ways.

    Args:
        material: What the pages are made from.
        counts: (C,) int64, the predictions by the other class, `target` itself being right.
        target: The class.
        what: Which predictions these are.
        wrong: What is said of one of them that is wrong, and of several.
    """
    n, n_wrong = int(counts.sum()), int(counts.sum() - counts[target])
    n_others = int((counts > 0).sum() - (counts[target] > 0))
    found = "none" if not n_wrong else formatting.count(n_wrong)
    more = ""
    if n_others > N_SHOWN:
        more = (
            f"; the {N_SHOWN} most frequent of {formatting.count_of(n_others, 'class', 'classes')}"
        )
    return (
        f"Of {formatting.count_of(n, 'prediction')} {what} in {_runs(material)}, "
        f"{found} {wrong[n_wrong > 1]}{more}."
    )


def _runs(material: Material) -> str:
    """Say which runs are counted."""
    n_counted, n_runs = len(material.counted), len(material.runs)
    if n_counted < n_runs:
        return f"the {n_counted} of {n_runs} runs whose confusion matrix is known"
    return {1: "the one run", 2: "both runs"}.get(n_runs, f"all {n_runs} runs")
