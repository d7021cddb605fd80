"""How each run does on one class."""

from dataclasses import dataclass

from site_builder import addresses, formatting
from site_builder.naming import RunName
from site_builder.pages.classes.material import Material, Named
from site_builder.pages.run.classes import ClassCell, most_taken_for, score_cells
from site_builder.pages.run.scores import Value

N_SHOWN = 30
"""Runs in the page; its file has all."""


@dataclass(frozen=True)
class Taken:
    """What a run took the class for most often.

    Attributes:
        name: The other class.
        n: How often, as text.
        address: The images in question, from the site's root; empty where they are not known.
    """

    name: str
    n: str
    address: str


@dataclass(frozen=True)
class RunRow:
    """A run on one class.

    Attributes:
        name: Its name.
        address: Its page, from the site's root.
        scores: Recall, precision and F1.
        right: How many images of the class it got right, of how many.
        taken: What it took the others for; None where there is none, or none is known.
    """

    name: RunName
    address: str
    scores: tuple[ClassCell, ...]
    right: ClassCell
    taken: Taken | None


@dataclass(frozen=True)
class RunsTable:
    """The best `N_SHOWN` runs on one class, in the order of their accuracy over all classes.

    Attributes:
        rows: One for each run.
        shown: Which of the runs these are; a sentence.
    """

    rows: tuple[RunRow, ...]
    shown: str


def runs_table(material: Material, target: int) -> RunsTable | None:
    """Return the runs on one class; None where no run has finished."""
    if not material.runs:
        return None
    shown = "All finished runs, the most accurate first."
    if len(material.runs) > N_SHOWN:
        n_runs = formatting.count_of(len(material.runs), "run")
        shown = (
            f"The {formatting.count(N_SHOWN)} most accurate of {n_runs}, the best first; "
            "the CSV file has all."
        )
    return RunsTable(
        rows=tuple(_row(material, each, target) for each in material.runs[:N_SHOWN]),
        shown=shown,
    )


def _row(material: Material, of: Named, target: int) -> RunRow:
    return RunRow(
        name=of.name,
        address=of.address,
        scores=score_cells(of.run, target),
        right=_right(int(of.run.counts.hits[target]), int(of.run.counts.support[target])),
        taken=_taken(material.experiment.record.class_names, of, target),
    )


def _right(n: int, n_images: int) -> ClassCell:
    if not n_images:
        return ClassCell(Value(formatting.MISSING), "")
    text = f"{formatting.count(n)} of {formatting.count(n_images)}"
    return ClassCell(Value(text), formatting.sort_key(n))


def _taken(class_names: list[str], of: Named, target: int) -> Taken | None:
    most = most_taken_for(of.run, target)
    if most is None:
        return None
    other, n = most
    images = addresses.images_of_cell(of.run.run_id, target, other) if of.known else ""
    return Taken(class_names[other], formatting.count(n), images)
