"""What a run trains and on what: the model, its images, or a frozen backbone's features of them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from experiments import models
from experiments.datasets import ImageDataset
from experiments.examples import Examples
from experiments.explain.peaks import Watched
from experiments.features import (
    Features,
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


@dataclass(frozen=True)
class Prepared:
    """What is trained, and on what.

    Attributes:
        learner: The model, or only its head.
        examples: Its inputs by split: images, or a frozen backbone's features of them.
        top_images: (P, k) int32, places in `test` of what each watched channel responds to most,
            where features were computed and layers are watched.
        backbone: The frozen one, which augmented images still go through; None where there is none.
        features: Those that are computed once.
    """

    learner: nn.Module
    examples: dict[Split, Examples]
    top_images: NDArray[np.int32] | None
    backbone: FrozenBackbone | None
    features: dict[Split, Features]

    @property
    def features_time_s(self) -> float | None:
        """What computing the features took, in this run or in the one that cached them, seconds.

        None where the model learns from images.
        """
        if self.backbone is None:
            return None
        return sum(features.computing_s for features in self.features.values())

    @property
    def notes(self) -> list[str]:
        """What a reader must know of how features came to be, up to now."""
        notes = self.backbone.parts.notes if self.backbone else []
        cached = [str(split) for split, features in self.features.items() if features.was_cached]
        if not cached:
            return notes
        what = ", ".join(cached)
        return [*notes, f"features of {what} were cached; their time is what computing them took"]


def what_learns(
    config: RunConfig,
    model: models.Classifier,
    images: dict[Split, Examples],
    around: Surroundings,
    watched: Watched | None,
) -> Prepared:
    """Return the model and its images, or only its head and a frozen backbone's features."""
    if config.strategy != "frozen":
        return Prepared(model, images, None, None, {})
    backbone = FrozenBackbone(model.backbone, watched, config.model)
    known: dict[Split, Features] = {
        split: cached_features(backbone, of_split, around.cache, around.progress)
        for split, of_split in images.items()
        # Where an image is always the same, so are its features: once through the backbone will do.
        if split != Split.TEST and of_split.key is not None
    }
    known[Split.TEST], top_images = cached_features_and_top_images(
        backbone, images[Split.TEST], around.cache, around.progress
    )
    examples = {
        split: known[split].examples if split in known else of_split.mapped(backbone)
        for split, of_split in images.items()
    }
    return Prepared(model.head, examples, top_images, backbone, known)
