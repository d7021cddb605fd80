"""What a run trains and on what: the model, its images, or a frozen backbone's features of them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from experiments import models
from experiments.datasets import ImageDataset
from experiments.examples import Examples
from experiments.explain.peaks import Watched
from experiments.features import (
    FrozenBackbone,
    cached_features,
    cached_features_and_top_images,
)
from experiments.images import Images
from experiments.results.schema import Preprocessing, RunConfig, Split
from experiments.results.store import EVALUATED_SPLITS
from experiments.surroundings import Surroundings


def build_model(
    config: RunConfig, n_classes: int, preprocessing: Preprocessing, around: Surroundings
) -> models.Classifier:
    """Make the model, on the device, with its initial weights."""
    model = models.build_classifier(config, n_classes, preprocessing.input_size, around.weights_dir)
    model.to(around.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def read_images(
    config: RunConfig,
    dataset: ImageDataset,
    preprocessing: Preprocessing,
    generator: torch.Generator,
    around: Surroundings,
) -> dict[Split, Examples]:
    """Return every split as the model is fed with it, training images as they are augmented."""
    images = Images(
        dataset=dataset,
        preprocessing=preprocessing,
        batch_size=config.training.batch_size,
        device=around.device,
        cache=around.cache,
        progress=around.progress,
    )
    evaluated = {split: images.plain(split) for split in EVALUATED_SPLITS}
    return {Split.TRAIN: images.augmented(config, generator), **evaluated}


def what_learns(
    config: RunConfig,
    model: models.Classifier,
    images: dict[Split, Examples],
    around: Surroundings,
    watched: Watched | None,
) -> tuple[nn.Module, dict[Split, Examples], NDArray[np.int32] | None]:
    """Return the model and its images, or only its head and a frozen backbone's features.

    With the latter come the (P, k) top images, if layers are watched.
    """
    if config.strategy != "frozen":
        return model, images, None
    backbone = FrozenBackbone(model.backbone, watched, config.model)
    examples: dict[Split, Examples] = {
        # Where an image is always the same, so are its features: once through the backbone will do.
        split: of_split.mapped(backbone)
        if of_split.key is None
        else cached_features(backbone, of_split, around.cache, around.progress)
        for split, of_split in images.items()
        if split != Split.TEST
    }
    examples[Split.TEST], top_images = cached_features_and_top_images(
        backbone, images[Split.TEST], around.cache, around.progress
    )
    return model.head, examples, top_images
