"""A photograph of the experiment, convolved with two kernels, for pipeline/backbone.html."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from experiments.results.walkthrough import read_walkthrough_picture
from site_builder.lessons.edges import edge_pictures
from site_builder.pages.pipeline.page import Material
from site_builder.pages.pipeline.pictures import step_picture
from site_builder.pages.pipeline.values import Picture

_RIGHT, _DOWN = "assets/teaching/edges-right.webp", "assets/teaching/edges-down.webp"


@dataclass(frozen=True)
class EdgesPart:
    """A photograph, and what two kernels make of it.

    Attributes:
        photo: The photograph as the model is shown it.
        right: Where brightness rises or falls from left to right.
        down: Where it does from top to bottom.
    """

    photo: Picture
    right: Picture
    down: Picture


def edges(material: Material) -> EdgesPart | None:
    """Return the photograph and its edges; None where no photograph is stored."""
    model = material.first
    photo = model and step_picture(
        material.experiment.store, model, "crop", "A test image as the model is shown it"
    )
    if not photo:
        return None
    return EdgesPart(
        photo=photo,
        right=replace(photo, address=_RIGHT, alt="Its vertical edges, bright or dark on grey"),
        down=replace(photo, address=_DOWN, alt="Its horizontal edges, bright or dark on grey"),
    )


def edge_files(material: Material) -> Iterator[tuple[str, bytes]]:
    """Yield the two pictures of edges: path below the site's root, and content.

    Raises:
        StoreError: If the photograph is missing or damaged.
    """
    model = material.first
    stored = model.walkthrough.step("crop").picture if model and model.walkthrough else None
    if model is None or stored is None:
        return
    store = material.experiment.store
    right, down = edge_pictures(read_walkthrough_picture(store, model.run.run_id, stored))
    yield _RIGHT, right
    yield _DOWN, down
