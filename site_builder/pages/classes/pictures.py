"""Test images of one class: what they look like, and what the runs make of them."""

from dataclasses import dataclass

import numpy as np

from site_builder import addresses, formatting
from site_builder.explorer.pictures import Thumbnail, thumbnail
from site_builder.pages.classes.material import Material

N_EXAMPLES = 8
"""Images that show what a class looks like: a row of a wide page."""
N_HARDEST = 16
"""Images that most runs get wrong."""


@dataclass(frozen=True)
class Picture:
    """A test image.

    Attributes:
        name: Its name.
        address: It and what each run said of it, from the site's root; empty where no run says.
        thumbnail: Its picture; None where there is none.
        said: How many runs are right or wrong; empty where no run says.
        called: What most of those that are wrong call it; empty where none is wrong.
    """

    name: str
    address: str
    thumbnail: Thumbnail | None
    said: str
    called: str


def example_pictures(material: Material, target: int) -> tuple[Picture, ...]:
    """Return the first images of a class; none where there are no pictures."""
    if material.experiment.record.thumbnails is None:
        return ()
    return _pictures(material, target, material.first(target, N_EXAMPLES).tolist())


def hardest_pictures(material: Material, target: int) -> tuple[Picture, ...]:
    """Return the images of a class that most runs get wrong."""
    return _pictures(material, target, material.hardest(target, N_HARDEST).tolist())


def _pictures(material: Material, target: int, places: list[int]) -> tuple[Picture, ...]:
    return tuple(_picture(material, target, place) for place in places)


def _picture(material: Material, target: int, place: int) -> Picture:
    images, sheets = material.images, material.experiment.record.thumbnails
    rank, support = int(images.ranks[place]), int(material.n_images[target])
    return Picture(
        name=images.samples.sample_ids[place],
        address=addresses.image(target, rank) if images.answers else "",
        thumbnail=thumbnail(sheets, target, rank, support, tiny=material.tiny) if sheets else None,
        said=_said(len(images.answers), int(images.n_right[place])),
        called=_called(material, target, place),
    )


def _said(n_runs: int, n_right: int) -> str:
    if n_runs < 2:
        return {(1, 0): "wrong", (1, 1): "right"}.get((n_runs, n_right), "")
    if n_right in (0, n_runs):
        both = "both" if n_runs == 2 else f"all {formatting.count(n_runs)}"
        return f"{'right' if n_right else 'wrong'} in {both} runs"
    n_wrong = formatting.count(n_runs - n_right)
    return f"wrong in {n_wrong} of {formatting.count_of(n_runs, 'run')}"


def _called(material: Material, target: int, place: int) -> str:
    said = material.images.predicted[:, place]
    wrong = said[said != target]
    if not len(wrong):
        return ""
    counts = np.bincount(wrong)
    most = int(counts.argmax())
    name = material.experiment.record.class_names[most]
    return name if len(material.images.answers) == 1 else f"{name} ({counts[most]})"
