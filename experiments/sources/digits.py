"""scikit-learn's digits, which need no file and no network."""

import io
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from experiments.results.schema import DatasetCard, Split
from experiments.sources.listing import Entry, Listing


def list_digits() -> Listing:
    """List scikit-learn's digits; their files are PNGs made on the fly."""
    bunch = load_digits()
    # Stored as 0 to 16; scaled to the full range of eight bits.
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    places = {f"digit-{index:04d}": index for index in range(len(images))}
    return Listing(
        card=DatasetCard(
            name="Handwritten digits",
            description=(
                "Grey images of 8 × 8 pixels, digits by 13 writers: the test part of the UCI set."
            ),
            licence="CC BY 4.0",
            source="Alpaydin and Kaynak (1998), UCI Machine Learning Repository; from scikit-learn",
            n_unreadable=0,
        ),
        class_names=tuple(str(name) for name in bunch.target_names),
        entries=tuple(
            Entry(name, Split.TRAIN, int(bunch.target[place]), "") for name, place in places.items()
        ),
        read=partial(_read, images, places),
    )


def _read(images: NDArray[np.uint8], places: dict[str, int], entry: Entry) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(images[places[entry.sample_id]]).save(encoded, "PNG")
    return encoded.getvalue()
