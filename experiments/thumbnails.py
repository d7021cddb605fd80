"""Small pictures of the test images, shared by all runs; needs Pillow, but no torch.

Thumbnails lie on sheets, one class to a sheet, since a page shows one class or one cell of a
confusion matrix at a time. They show the whole image: what made a model err may be at its edge.
Previews are large enough to judge an error by.

Measured on photographs of pets, 437 x 384 px on average: a thumbnail takes 1.3 KB and a preview
8.3 KB, so that those of all 3,669 test images of Oxford-IIIT Pet take 35 MB.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice

from PIL import Image, ImageOps

from experiments.cores import n_cores
from experiments.progress import Progress
from experiments.results.errors import StoreError
from experiments.results.schema import ExampleSheet, StoredFile, Thumbnails, ThumbnailSheet
from experiments.results.store import ExperimentStore
from experiments.webp import encode_webp

# Beyond so many images the cells are small, and there are no previews.
MANY_IMAGES = 10_000
CELL_PX = 96
SMALL_CELL_PX = 64
N_COLUMNS = 10
# 130 KB of photographs: what a page loads to show one image of a class.
N_CELLS = 100
QUALITY = 75
PREVIEW_PX = 320
PREVIEW_QUALITY = 60

# Raise this when the same images would give other pictures than before.
_FORMAT = 1


@dataclass(frozen=True)
class Picture:
    """A test image.

    Attributes:
        sample_id: Its name.
        target: Index of its class.
        sha256: SHA-256 of the encoded file, which tells whether it is still the same.
        open: Decodes it as upright RGB; may be called in several threads.
    """

    sample_id: str
    target: int
    sha256: str
    open: Callable[[], Image.Image]


def write_thumbnails(
    pictures: Sequence[Picture], n_classes: int, store: ExperimentStore, progress: Progress
) -> tuple[ExampleSheet, Thumbnails]:
    """Store small pictures of all test images; where the store has them already, they stay.

    Args:
        pictures: All test images, in the order of `samples.csv`.
        n_classes: C; targets are in [0, C).
        store: Where the pictures go.
        progress: Told while images are decoded.

    Returns:
        The sheet of one image of every class, and the sheets of all images.

    Raises:
        DataError: If an image cannot be decoded; this is up to its `open`.
        DiskFullError: If there is no room for a file.
    """
    images = [(picture.sample_id, picture.target, picture.sha256) for picture in pictures]
    source = json.dumps([_FORMAT, n_classes, images])
    source_sha256 = hashlib.sha256(source.encode()).hexdigest()
    if stored := _stored(store, source_sha256):
        return stored
    store.remove_thumbnails()
    examples = _write_examples(pictures, n_classes, store)
    return examples, _write_all(pictures, store, progress, source_sha256)


def _stored(store: ExperimentStore, source_sha256: str) -> tuple[ExampleSheet, Thumbnails] | None:
    """Return what the store has if it was made from the same images and is undamaged."""
    record = store.read_experiment() if store.exists() else None
    if record is None or record.examples is None or record.thumbnails is None:
        return None
    if record.thumbnails.source_sha256 != source_sha256:
        return None
    files = [record.examples.file, *(sheet.file for sheet in record.thumbnails.sheets)]
    if record.thumbnails.previews:
        files.append(record.thumbnails.previews)
    try:
        for file in files:
            store.read_thumbnails(file)
    except StoreError:
        return None
    return record.examples, record.thumbnails


def _write_examples(
    pictures: Sequence[Picture], n_classes: int, store: ExperimentStore
) -> ExampleSheet:
    """Draw the centre of the first image of every class, in the order of the classes."""
    first = {picture.target: picture for picture in reversed(pictures)}
    chosen = [first.get(target) for target in range(n_classes)]
    cells = [_centre(picture.open()) if picture else None for picture in chosen]
    return ExampleSheet(
        file=_write_sheet(store, "examples.webp", cells, CELL_PX),
        cell_px=CELL_PX,
        n_columns=N_COLUMNS,
        sample_ids=[picture.sample_id if picture else "" for picture in chosen],
    )


def _write_all(
    pictures: Sequence[Picture], store: ExperimentStore, progress: Progress, source_sha256: str
) -> Thumbnails:
    many = len(pictures) > MANY_IMAGES
    cell_px = SMALL_CELL_PX if many else CELL_PX
    draw = partial(_draw, cell_px=cell_px, with_preview=not many)
    sheets, previews = _write_sheets(pictures, draw, store, progress, cell_px)
    reason = f"more than {MANY_IMAGES} images" if many else "no image is larger than its thumbnail"
    return Thumbnails(
        sheets=sheets,
        cell_px=cell_px,
        n_columns=N_COLUMNS,
        n_cells=N_CELLS,
        previews=store.write_previews(previews) if previews else None,
        source_sha256=source_sha256,
        absent={} if previews else {"previews": reason},
    )


def _write_sheets(
    pictures: Sequence[Picture],
    draw: Callable[[Image.Image], tuple[Image.Image, bytes | None]],
    store: ExperimentStore,
    progress: Progress,
    cell_px: int,
) -> tuple[list[ThumbnailSheet], dict[int, bytes]]:
    """Decode every image once, for its thumbnail and its preview; return the previews by place."""
    plan = list(_plan([picture.target for picture in pictures]))
    order = [place for _, _, places in plan for place in places]
    sheets: list[ThumbnailSheet] = []
    previews: dict[int, bytes] = {}
    with (
        progress.work("drawing thumbnails", len(pictures)) as step,
        ThreadPoolExecutor(n_cores()) as threads,
    ):
        drawn = threads.map(lambda place: draw(pictures[place].open()), order)
        for target, part, places in plan:
            cells = []
            for place, (cell, preview) in zip(places, islice(drawn, len(places)), strict=True):
                cells.append(cell)
                if preview:
                    previews[place] = preview
                step()
            file = _write_sheet(store, f"class_{target}_{part}.webp", cells, cell_px)
            sheets.append(ThumbnailSheet(file=file, target=target, n_images=len(cells)))
    return sheets, previews


def _plan(targets: Sequence[int]) -> Iterator[tuple[int, int, list[int]]]:
    """Yield for every sheet its class, its number within the class, and its images by place."""
    by_class = sorted(range(len(targets)), key=targets.__getitem__)
    for target, of_class in groupby(by_class, key=targets.__getitem__):
        part = 0
        while places := list(islice(of_class, N_CELLS)):
            yield target, part, places
            part += 1


def _draw(
    image: Image.Image, cell_px: int, *, with_preview: bool
) -> tuple[Image.Image, bytes | None]:
    """Return a thumbnail and, where it is wanted and shows more, a preview."""
    if max(image.size) <= cell_px or not with_preview:
        return _fitted(image, cell_px), None
    preview = _fitted(image, PREVIEW_PX) if max(image.size) > PREVIEW_PX else image
    return _fitted(preview, cell_px), encode_webp(preview, PREVIEW_QUALITY)


def _fitted(image: Image.Image, side_px: int) -> Image.Image:
    """Return the whole image, as large as fits into a square."""
    factor = side_px // max(image.size)
    if factor == 0:
        return ImageOps.contain(image, (side_px, side_px))
    # The pixels of a tiny image are what the model sees; blurring would show something else.
    size = (image.width * factor, image.height * factor)
    return image.resize(size, Image.Resampling.NEAREST)


def _centre(image: Image.Image) -> Image.Image:
    """Return the centre square, `CELL_PX` wide."""
    tiny = min(image.size) < CELL_PX
    filter_ = Image.Resampling.NEAREST if tiny else Image.Resampling.BICUBIC
    return ImageOps.fit(image, (CELL_PX, CELL_PX), filter_)


def _write_sheet(
    store: ExperimentStore, name: str, cells: Sequence[Image.Image | None], cell_px: int
) -> StoredFile:
    """Put each image into the middle of its cell, row by row; what is left over is transparent."""
    n_rows = -(-len(cells) // N_COLUMNS)
    sheet = Image.new("RGBA", (N_COLUMNS * cell_px, n_rows * cell_px))
    for place, cell in enumerate(cells):
        if cell:
            row, column = divmod(place, N_COLUMNS)
            left, top = (cell_px - cell.width) // 2, (cell_px - cell.height) // 2
            sheet.paste(cell, (column * cell_px + left, row * cell_px + top))
    return store.write_thumbnails(name, encode_webp(sheet, QUALITY))
