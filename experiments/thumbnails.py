"""Small pictures of the dataset, shared by all runs."""

import io

from PIL import Image

from experiments.datasets import ImageDataset
from experiments.results.schema import ExampleSheet, Split
from experiments.results.store import ExperimentStore

CELL_PX = 96
N_COLUMNS = 10
WEBP_QUALITY = 80


def write_example_sheet(dataset: ImageDataset, store: ExperimentStore) -> ExampleSheet:
    """Draw the first test image of every class into one picture and store it."""
    first = {item.target: item for item in reversed(dataset.of_split(Split.TEST))}
    chosen = [first[target] for target in sorted(first)]
    n_rows = -(-len(chosen) // N_COLUMNS)
    sheet = Image.new("RGB", (N_COLUMNS * CELL_PX, n_rows * CELL_PX))
    for place, item in enumerate(chosen):
        row, column = divmod(place, N_COLUMNS)
        sheet.paste(_thumbnail(dataset.open(item)), (column * CELL_PX, row * CELL_PX))
    encoded = io.BytesIO()
    sheet.save(encoded, "WEBP", quality=WEBP_QUALITY)
    return ExampleSheet(
        file=store.write_thumbnails("examples.webp", encoded.getvalue()),
        cell_px=CELL_PX,
        n_columns=N_COLUMNS,
        sample_ids=[item.sample_id for item in chosen],
    )


def _thumbnail(image: Image.Image) -> Image.Image:
    """Return the centre square, `CELL_PX` wide."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    # The pixels of a tiny image are what the model sees; blurring would show something else.
    filter_ = Image.Resampling.NEAREST if side < CELL_PX else Image.Resampling.BICUBIC
    return square.resize((CELL_PX, CELL_PX), filter_)
