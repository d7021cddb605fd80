"""The pictures of the test images: which files the site has, and what the browser is told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from experiments.results.schema import Thumbnails
from experiments.results.store import ExperimentStore
from site_builder.explorer.images import Images


@dataclass(frozen=True)
class Thumbnail:
    """A cell of a sheet of thumbnails, as `thumbnail` of `static/js/image-card.js` finds it.

    Attributes:
        address: Address of the sheet from the site's root.
        view: What is seen of the sheet: corner, width and height, px, as SVG has it.
        width: Width of the sheet, px.
        height: Height of the sheet, px.
    """

    address: str
    view: str
    width: int
    height: int


def thumbnail(
    thumbnails: Thumbnails, target: int, rank: int, support: int, *, tiny: bool
) -> Thumbnail:
    """Find the thumbnail of a test image.

    Args:
        thumbnails: The sheets.
        target: Class of the image.
        rank: Its place there.
        support: Test images of the class.
        tiny: As `fit_into_a_cell`.
    """
    cell, columns, cells = thumbnails.cell_px, thumbnails.n_columns, thumbnails.n_cells
    part, place = divmod(rank, cells)
    row, column = divmod(place, columns)
    n_rows = -(-min(cells, support - part * cells) // columns)
    # Smoothed, the outermost half pixel is mixed with that of the neighbours.
    edge = 0.0 if tiny else 0.5
    corner, side = (column * cell + edge, row * cell + edge), cell - 2 * edge
    return Thumbnail(
        address=_sheet(target, part),
        view=" ".join(f"{px:g}" for px in (*corner, side, side)),
        width=columns * cell,
        height=n_rows * cell,
    )


def fit_into_a_cell(images: Images, thumbnails: Thumbnails) -> bool:
    """Return whether all images are so small that their thumbnails are the images themselves."""
    longest_px = images.samples.longest_px
    return bool(((longest_px > 0) & (longest_px <= thumbnails.cell_px)).all())


def _sheet(target: int, part: int) -> str:
    return f"assets/thumbnails/{target}-{part}.webp"


def sheet_files(thumbnails: Thumbnails, store: ExperimentStore) -> Iterator[tuple[str, bytes]]:
    """Yield the sheets of thumbnails: path below the site's root, and content."""
    part, before = 0, -1
    for sheet in thumbnails.sheets:
        part = part + 1 if sheet.target == before else 0
        before = sheet.target
        yield _sheet(sheet.target, part), store.read_thumbnails(sheet.file)


def preview_files(images: Images, previews: Mapping[int, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the larger pictures, given by place in the test split, in the same way."""
    for place, content in previews.items():
        yield f"assets/previews/{images.targets[place]}-{images.ranks[place]}.webp", content


def picture_facts(
    images: Images, thumbnails: Thumbnails, previews: Mapping[int, bytes]
) -> dict[str, object]:
    """Return how the browser finds the picture of an image.

    Returns:
        `cell`: side of a cell, px; `columns`: cells in a row of a sheet; `cells`: cells of a full
        sheet; `previews`: whether there are larger pictures; `without`: the images without one;
        `tiny`: whether all images fit into a cell.
    """
    without = [place for place in range(len(images)) if place not in previews] if previews else []
    return {
        "cell": thumbnails.cell_px,
        "columns": thumbnails.n_columns,
        "cells": thumbnails.n_cells,
        "previews": bool(previews),
        "without": [f"{images.targets[place]}.{images.ranks[place]}" for place in without],
        "tiny": fit_into_a_cell(images, thumbnails),
    }
