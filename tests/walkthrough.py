"""A made-up image followed through the runs of a made-up store; its numbers agree as real ones do.

The photograph is one colour, and each cell of the augmentations one grey, so that a test can tell
them. Probabilities are those of the stored predictions.
"""

import io
import math
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.results.predictions import Predictions
from experiments.results.schema import (
    STEPS,
    AugmentationConfig,
    AugmentationGallery,
    ExplainedSample,
    PixelStatistics,
    ShownTransform,
    Split,
    Statistics,
    Step,
    StoredFile,
    Teaching,
    Transform,
    WalkStep,
    Walkthrough,
)
from experiments.results.store import ExperimentStore
from experiments.results.teaching import write_augmentations, write_teaching
from experiments.results.walkthrough import write_walkthrough, write_walkthrough_picture
from tests.feature_maps import add_feature_maps, tiles
from tests.pictures import write_illustrated_store

PHOTO_SIZE = (48, 40)
FEATURES = (12, 4, 4)
# That of the last made-up feature maps.
FEATURES_LAYER = "blocks.2"
CELL_PX = 16
N_DRAWS = 6
# Flips are configured away; whether an image becomes grey is all that is random there.
DRAWS: dict[Transform, int] = {
    "crop": N_DRAWS,
    "flip": 0,
    "brightness": N_DRAWS,
    "contrast": N_DRAWS,
    "saturation": N_DRAWS,
    "rotation": N_DRAWS,
    "grey": 1,
    "standard": N_DRAWS,
    "strong": N_DRAWS,
}
_AXES: dict[int, list[str]] = {
    1: ["values"],
    3: ["channels", "height", "width"],
}


def write_walked_store(folder: Path) -> ExperimentStore:
    """Write a store with pictures of the images, feature maps and walkthroughs."""
    store = write_illustrated_store(folder)
    add_feature_maps(store)
    add_walkthroughs(store)
    return store


def add_walkthroughs(store: ExperimentStore) -> None:
    """Follow one test image through every run, and draw its augmentations.

    It is the first chosen for its class, as feature maps have it, or else the first test image.
    """
    record = store.read_experiment()
    if not record.explained:
        first = next(s.sample_id for s in store.read_samples() if s.split == Split.TEST)
        explained = [ExplainedSample(sample_id=first, why="class")]
        changes = {"explained": explained}
        record = record.model_copy(update=changes)
        store.write_experiment(record, store.read_samples())
    sample_id = next(s.sample_id for s in record.explained if s.why == "class")
    for seed, run_id in enumerate(record.run_ids):
        add_walkthrough(store, run_id, sample_id, seed)
    add_teaching(store, sample_id)


def add_walkthrough(store: ExperimentStore, run_id: str, sample_id: str, seed: int) -> None:
    """Follow a test image through one run; every fourth run has a class token."""
    said = store.read_predictions(store.read_run(run_id), Split.TEST)
    place = said.sample_ids.tolist().index(sample_id)
    tensors = _tensors(said, place, seed)
    pooling: Literal["mean", "class token"] = "class token" if seed % 4 == 3 else "mean"
    assert said.top_probabilities is not None
    write_walkthrough(
        store,
        Walkthrough(
            run_id=run_id,
            sample_id=sample_id,
            steps=[_step(store, run_id, name, tensors[name]) for name in STEPS],
            features_layer=FEATURES_LAYER,
            pooling=pooling,
            pooled=[float(f"{value:.4g}") for value in tensors["pool"]],
            classes=said.top_classes[place].tolist(),
            logits=tensors["logits"].tolist(),
            probabilities=said.top_probabilities[place].tolist(),
            difference=0.0,
        ),
    )


def add_teaching(store: ExperimentStore, sample_id: str) -> None:
    """Write what explains the images: colours of no image in particular, and grey cells."""
    sheet, cell_px, n_columns = _sheet(store)
    place, shown = 1, []
    for name, n_cells in DRAWS.items():
        shown.append(ShownTransform(name=name, first_cell=place, n_cells=n_cells))
        place += n_cells
    gallery = AugmentationGallery(
        sample_id=sample_id,
        model="alpha",
        parameters=AugmentationConfig(flip_probability=0),
        seed=0,
        sheet=sheet,
        cell_px=cell_px,
        n_columns=n_columns,
        transforms=shown,
    )
    pixels = PixelStatistics(
        n_images=60,
        n_pixels=61_440,
        mean=(0.48, 0.45, 0.4),
        std=(0.27, 0.26, 0.25),
        mean_of_stds=(0.22, 0.21, 0.2),
    )
    write_teaching(
        store,
        Teaching(experiment=store.name, pixels=pixels, gallery=gallery, source_sha256="0" * 64),
    )


def grey_of_cell(place: int) -> int:
    """Return the grey of a cell of the augmentations, in [0, 255]."""
    return (30 + 7 * place) % 256


def _tensors(said: Predictions, place: int, seed: int) -> dict[Step, NDArray[np.generic]]:
    """Return what the image is after each step; the photograph is the same for all runs."""
    width, height = PHOTO_SIZE
    photo = np.random.default_rng(0).integers(0, 256, (3, height, width), dtype=np.uint8)
    side = 32
    resized = photo[:, :side, : side + 6]
    cropped = resized[:, :, 3 : 3 + side]
    unit = cropped.astype(np.float32) / 255
    features = np.random.default_rng(seed + 1).normal(size=FEATURES).astype(np.float32)
    assert said.top_probabilities is not None
    probabilities = said.top_probabilities[place].astype(np.float64)
    logits = np.log(np.maximum(probabilities, 1e-30)) + 3 + seed
    return {
        "photo": photo,
        "resize": resized,
        "crop": cropped,
        "tensor": unit,
        "normalise": (unit - 0.5) / 0.5,
        "features": features,
        "pool": features.mean(axis=(1, 2)),
        "logits": logits.astype(np.float32),
        "probabilities": probabilities.astype(np.float32),
    }


def _step(store: ExperimentStore, run_id: str, name: Step, tensor: NDArray[np.generic]) -> WalkStep:
    picture = _picture(store, run_id, name, tensor)
    coloured = tensor.ndim == 3 and name != "features"
    return WalkStep(
        name=name,
        shape=list(tensor.shape),
        axes=_AXES[tensor.ndim],
        dtype=tensor.dtype.name,
        values=_statistics(tensor),
        colours=[_statistics(channel) for channel in tensor] if coloured else [],
        picture=picture,
        absent={} if picture else {"picture": "its values are no picture"},
    )


def _statistics(tensor: NDArray[np.generic]) -> Statistics:
    values = tensor.astype(np.float64)
    return Statistics(
        minimum=values.min(), maximum=values.max(), mean=values.mean(), std=values.std()
    )


def _picture(
    store: ExperimentStore, run_id: str, name: Step, tensor: NDArray[np.generic]
) -> StoredFile | None:
    if name not in ("photo", "resize", "crop", "normalise"):
        return None
    if name == "normalise":
        content = tiles([60, 120, 180], tensor.shape[1], 3)
    else:
        _, height, width = tensor.shape
        content = _webp(Image.new("RGB", (width, height), (200, 120, 40)))
    return write_walkthrough_picture(store, run_id, name, content)


def _sheet(store: ExperimentStore) -> tuple[StoredFile, int, int]:
    n_cells = 1 + sum(DRAWS.values())
    greys = [grey_of_cell(place) for place in range(n_cells)]
    n_columns = math.ceil(math.sqrt(n_cells))
    return write_augmentations(store, tiles(greys, CELL_PX, n_columns)), CELL_PX, n_columns


def _webp(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "WEBP", lossless=True)
    return content.getvalue()
