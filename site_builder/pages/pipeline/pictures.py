"""The pictures of the pipeline's pages: what an image looks like on its way through a model."""

import io
from collections.abc import Iterator

from PIL import Image

from experiments.results.feature_maps import atlas_file
from experiments.results.schema import MappedLayer, Step
from experiments.results.store import ExperimentStore
from experiments.results.teaching import read_augmentations
from experiments.results.walkthrough import read_walkthrough_picture
from site_builder.features.files import picture_address
from site_builder.pages.pipeline.page import Material, Model
from site_builder.pages.pipeline.values import Picture, enlarged

AUGMENTATIONS = "assets/teaching/augmentations.webp"
"""Address of the sheet of augmented images, from the site's root."""


def picture_files(material: Material) -> Iterator[tuple[str, bytes]]:
    """Yield the pictures of every walkthrough, and the sheet of augmented images.

    Raises:
        StoreError: If a picture is missing or damaged.
    """
    store = material.experiment.store
    for model in material.models:
        for step in model.walkthrough.steps if model.walkthrough else ():
            if step.picture:
                content = read_walkthrough_picture(store, model.run.run_id, step.picture)
                yield _address(model, step.picture.name), content
    if material.teaching:
        yield AUGMENTATIONS, read_augmentations(store, material.teaching.gallery.sheet)


def step_picture(store: ExperimentStore, model: Model, name: Step, alt: str) -> Picture | None:
    """Return how the image looks after a step; None where that is not stored.

    Raises:
        StoreError: If the picture is missing or damaged.
    """
    stored = model.walkthrough.step(name).picture if model.walkthrough else None
    if stored is None:
        return None
    content = read_walkthrough_picture(store, model.run.run_id, stored)
    with Image.open(io.BytesIO(content)) as image:
        return enlarged(_address(model, stored.name), *image.size, alt)


def mapped_layer(model: Model, layer: str) -> MappedLayer | None:
    """Return a layer of which there is a picture of the walkthrough's image; None if there is none.

    Args:
        model: The model.
        layer: Name of the layer, as in `feature_maps.json`.
    """
    if model.maps is None or model.walkthrough is None:
        return None
    if model.walkthrough.sample_id not in model.maps.samples:
        return None
    return next((mapped for mapped in model.maps.layers if mapped.name == layer), None)


def feature_map(model: Model, layer: str, alt: str) -> Picture | None:
    """Return what a layer makes of the image of the walkthrough; None where that is not stored.

    Args:
        model: The model.
        layer: Name of the layer, as in `feature_maps.json`.
        alt: What the picture shows.
    """
    mapped = mapped_layer(model, layer)
    if mapped is None or model.maps is None or model.walkthrough is None:
        return None
    sample = model.maps.samples.index(model.walkthrough.sample_id)
    name = atlas_file(sample, model.maps.layers.index(mapped))
    n_rows = -(-len(mapped.shown) // mapped.n_columns)
    width, height = mapped.n_columns * mapped.tile_px, n_rows * mapped.tile_px
    return enlarged(picture_address(model.run.run_id, name), width, height, alt)


def _address(model: Model, name: str) -> str:
    return f"assets/walkthrough/{model.run.run_id}/{name}"
