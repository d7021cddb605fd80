"""classes/index.html: all classes, hardest first."""

from dataclasses import dataclass

import numpy as np

from experiments.results.schema import Split
from site_builder import addresses, formatting
from site_builder.pages.classes.material import Material
from site_builder.pages.run.classes import ClassCell, count_cell
from site_builder.pages.run.scores import Value, rate
from site_builder.pages.site import Site, site_context
from site_builder.scores import NO_IMAGE

ADDRESS = addresses.CLASSES


@dataclass(frozen=True)
class ListedClass:
    """A class.

    Attributes:
        target: Its index.
        name: Its name.
        address: Its page, from the site's root.
        superclass: Its superclass; empty where there are none.
        images: Test images.
        recalls: Mean, lowest and highest recall over the runs.
        never: Images that all runs get wrong.
        taken_for: The class that its images were most often taken for, and the share of the
            predictions; empty where there is none, or none is known.
    """

    target: int
    name: str
    address: str
    superclass: str
    images: ClassCell
    recalls: tuple[ClassCell, ...]
    never: ClassCell
    taken_for: str


@dataclass(frozen=True)
class ClassesContext:
    """What `pages/classes.html` shows.

    Attributes:
        site: The frame of the page.
        summary: How many classes there are, and what the order is; sentences.
        superclasses: Whether they have superclasses.
        partly: Which runs count where images do, a sentence; empty where all do.
        many: Whether they are so many that a reader wants to look for one.
        classes: All of them, lowest mean recall first; equal ones by falling number of images.
    """

    site: Site
    summary: str
    superclasses: bool
    partly: str
    many: bool
    classes: tuple[ListedClass, ...]


MANY = 12
"""Classes that are seen at a glance."""


def classes_context(material: Material) -> ClassesContext:
    """Return what the page of all classes shows."""
    record = material.experiment.record
    n_classes = len(record.class_names)
    return ClassesContext(
        site=site_context(material.experiment, ADDRESS),
        summary=_summary(material),
        superclasses=record.superclasses is not None,
        partly=material.partly,
        many=n_classes > MANY,
        classes=tuple(_listed(material, target) for target in order(material)),
    )


def order(material: Material) -> list[int]:
    """Return the classes, lowest mean recall first; those without images last."""
    support = np.array(material.experiment.record.splits[Split.TEST].class_counts)
    places: list[int] = np.lexsort((-support, material.mean_recall)).tolist()
    return places


def most_taken(material: Material, target: int) -> tuple[int, int, float] | None:
    """Return what a class is most often taken for, over all runs.

    Returns:
        The other class, how often, and the share of all predictions for images of the class; None
        where that never happens or is not known.
    """
    if material.taken is None or material.experiment.confusion is None:
        return None
    other, n = (int(found[target]) for found in material.taken)
    return (other, n, n / int(material.experiment.confusion[target].sum())) if n else None


def _summary(material: Material) -> str:
    n_classes = formatting.count_of(material.experiment.n_classes, "class", "classes")
    if not material.runs:
        return f"{n_classes}; no run has finished."
    if len(material.runs) == 1:
        return f"{n_classes}, lowest recall of the one run first."
    n_runs = formatting.count_of(len(material.runs), "run")
    return f"{n_classes}, lowest mean recall of {n_runs} first."


def _listed(material: Material, target: int) -> ListedClass:
    record = material.experiment.record
    most = most_taken(material, target)
    return ListedClass(
        target=target,
        name=record.class_names[target],
        address=addresses.class_page(target),
        superclass=record.superclasses[target] if record.superclasses else "",
        images=count_cell(record.splits[Split.TEST].class_counts[target]),
        recalls=_recalls(material, target),
        never=_never(material, target),
        taken_for=f"{record.class_names[most[0]]} ({formatting.percent(most[2])})" if most else "",
    )


def _recalls(material: Material, target: int) -> tuple[ClassCell, ...]:
    saw = material.saw(target)
    if not len(saw):
        why = NO_IMAGE if material.runs else "no run has finished"
        return (ClassCell(Value(formatting.MISSING, reason=why), ""),) * 3
    of_run = material.recalls[:, target]
    values = (material.mean_recall[target], of_run[saw[0]], of_run[saw[-1]])
    return tuple(ClassCell(rate(float(x)), formatting.sort_key(float(x))) for x in values)


def _never(material: Material, target: int) -> ClassCell:
    if not material.images.answers:
        return ClassCell(Value(formatting.MISSING), "")
    return count_cell(int(material.n_all_wrong[target]))
