"""What explains an experiment's images: colours of the training set, and augmentations."""

import hashlib
import json

from experiments import models
from experiments.config import ExperimentConfig
from experiments.datasets import ImageDataset, ImageItem
from experiments.explain.augmentations import N_DRAWS, SEED, draw_gallery
from experiments.explain.pixel_statistics import pixel_statistics
from experiments.results.errors import StoreError
from experiments.results.schema import AugmentationGallery, Preprocessing, Split, Teaching
from experiments.results.store import ExperimentStore
from experiments.results.teaching import (
    has_teaching,
    read_augmentations,
    read_teaching,
    write_augmentations,
    write_teaching,
)
from experiments.surroundings import Surroundings
from experiments.transforms import resolve_preprocessing

# Raise this when the same images would give other numbers or pictures than before.
_FORMAT = 1


def make_teaching(
    config: ExperimentConfig,
    dataset: ImageDataset,
    store: ExperimentStore,
    sample_id: str,
    around: Surroundings,
) -> None:
    """Store what explains the images; where that is there already, of the same, it stays.

    Args:
        config: The experiment; the photograph is prepared for its first model.
        dataset: Its images.
        store: Where it goes.
        sample_id: The test image that augmentations are shown on.
        around: Cache and progress.

    Raises:
        BakeoffError: If an image cannot be decoded.
    """
    model = config.models[0].name
    sizes = resolve_preprocessing(models.data_config(model), config.preprocessing)
    item = next(i for i in dataset.of_split(Split.TEST) if i.sample_id == sample_id)
    source = _source(config, dataset, item, sizes)
    if _is_made(store, source):
        return
    content, cell_px, transforms = draw_gallery(dataset.open(item), sizes, config.augmentation)
    write_teaching(
        store,
        Teaching(
            experiment=store.name,
            pixels=pixel_statistics(dataset, around.cache, around.progress),
            gallery=AugmentationGallery(
                sample_id=sample_id,
                model=model,
                parameters=config.augmentation,
                seed=SEED,
                sheet=write_augmentations(store, content),
                cell_px=cell_px,
                n_columns=N_DRAWS,
                transforms=transforms,
            ),
            source_sha256=source,
        ),
    )


def _source(
    config: ExperimentConfig, dataset: ImageDataset, item: ImageItem, sizes: Preprocessing
) -> str:
    """Return a digest of all that the numbers and pictures follow from."""
    training = [item.sha256 for item in dataset.of_split(Split.TRAIN)]
    parameters = [config.augmentation.model_dump(), sizes.model_dump(), config.models[0].name]
    content = json.dumps([_FORMAT, training, item.sample_id, item.sha256, *parameters])
    return hashlib.sha256(content.encode()).hexdigest()


def _is_made(store: ExperimentStore, source: str) -> bool:
    if not has_teaching(store):
        return False
    try:
        record = read_teaching(store)
        read_augmentations(store, record.gallery.sheet)
    except StoreError:
        return False
    return record.source_sha256 == source
