"""The part of the summary that shows one image of each class, or of the first of many."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from experiments.results.schema import ExampleSheet
from site_builder import formatting
from site_builder.loading import Experiment

MAX_CLASSES = 60
"""Of more classes, only as many whole rows of the picture are shown as hold no more than these."""
LARGE_CELL_PX = 64
"""Below this side an example is shown enlarged, with its pixels as they are."""
_FIRST = "assets/examples-first.webp"
_QUALITY = 90


@dataclass(frozen=True)
class Example:
    """One class's cell of the picture of examples: its corner, px, and the class."""

    x: int
    y: int
    class_name: str


@dataclass(frozen=True)
class WholePicture:
    """The picture of all classes where only the first are shown: its address, and what is shown."""

    address: str
    shown: str
    size: str


@dataclass(frozen=True)
class Examples:
    """The picture of one image per class.

    Attributes:
        address: Address of the picture from the site's root.
        cell: Side of a cell, px.
        width: Width of the picture, px.
        height: Height of the picture, px.
        scale: `pixels` where cells are so small that they are shown enlarged, else `photos`.
        cells: The cells in class order.
        whole: The picture of all classes; None where this is it.
    """

    address: str
    cell: int
    width: int
    height: int
    scale: str
    cells: tuple[Example, ...]
    whole: WholePicture | None


def examples(sheet: ExampleSheet, class_names: list[str]) -> Examples:
    """Return what is shown of the picture of all classes."""
    n_rows = _n_rows(sheet, len(class_names))
    shown = class_names[: n_rows * sheet.n_columns]
    places = [divmod(index, sheet.n_columns) for index in range(len(shown))]
    more = len(shown) < len(class_names)
    return Examples(
        address=_FIRST if more else _address(sheet),
        cell=sheet.cell_px,
        width=sheet.n_columns * sheet.cell_px,
        height=n_rows * sheet.cell_px,
        scale="pixels" if sheet.cell_px < LARGE_CELL_PX else "photos",
        cells=tuple(
            Example(column * sheet.cell_px, row * sheet.cell_px, name)
            for (row, column), name in zip(places, shown, strict=True)
        ),
        whole=_whole(sheet, len(shown), len(class_names)) if more else None,
    )


def example_files(experiment: Experiment) -> Iterator[tuple[str, bytes]]:
    """Yield the picture of all classes, and that of the first where only those are shown."""
    sheet, content = experiment.record.examples, experiment.examples
    if sheet is None or content is None:
        return
    yield _address(sheet), content
    part = examples(sheet, experiment.record.class_names)
    if part.whole:
        yield part.address, _cropped(content, part.width, part.height)


def _address(sheet: ExampleSheet) -> str:
    return f"assets/{sheet.file.name}"


def _n_rows(sheet: ExampleSheet, n_classes: int) -> int:
    if n_classes > MAX_CLASSES:
        return max(MAX_CLASSES // sheet.n_columns, 1)
    return -(-n_classes // sheet.n_columns)


def _whole(sheet: ExampleSheet, n_shown: int, n_classes: int) -> WholePicture:
    shown = f"The first {formatting.count(n_shown)} of {formatting.count(n_classes)} classes."
    return WholePicture(_address(sheet), shown, formatting.size(sheet.file.size_bytes))


def _cropped(content: bytes, width: int, height: int) -> bytes:
    """Return the upper left part of a picture as WebP."""
    part = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.crop((0, 0, width, height)).save(part, "WEBP", quality=_QUALITY)
    return part.getvalue()
