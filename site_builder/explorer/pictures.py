"""The pictures of the test images: which files the site has, and what the browser is told."""

from collections.abc import Iterator, Mapping

from experiments.results.schema import Thumbnails
from experiments.results.store import ExperimentStore
from site_builder.explorer.images import Images


def sheet_files(thumbnails: Thumbnails, store: ExperimentStore) -> Iterator[tuple[str, bytes]]:
    """Yield the sheets of thumbnails: path below the site's root, and content."""
    part, before = 0, -1
    for sheet in thumbnails.sheets:
        part = part + 1 if sheet.target == before else 0
        before = sheet.target
        yield f"assets/thumbnails/{sheet.target}-{part}.webp", store.read_thumbnails(sheet.file)


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
    longest_px = images.samples.longest_px
    return {
        "cell": thumbnails.cell_px,
        "columns": thumbnails.n_columns,
        "cells": thumbnails.n_cells,
        "previews": bool(previews),
        "without": [f"{images.targets[place]}.{images.ranks[place]}" for place in without],
        "tiny": bool(((longest_px > 0) & (longest_px <= thumbnails.cell_px)).all()),
    }
