"""What a trained model says about the images that it is selected and reported on."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from experiments.datasets import ImageDataset
from experiments.embedding import choose_images
from experiments.evaluate import Parts, compute_logits, compute_logits_and_features
from experiments.examples import Examples
from experiments.explain.peaks import TopImages, Watched
from experiments.models import Classifier
from experiments.results.predictions import Predictions
from experiments.results.schema import Split
from experiments.results.store import EVALUATED_SPLITS


@dataclass(frozen=True)
class Said:
    """What one model said.

    Attributes:
        predictions: Of `val` and `test`.
        samples: (n,) int32, places in `test` of the images that a map shows.
        features: (n, F) float32, theirs.
        top_images: (P, k) int32, places in `test` by the peaks of the channels that were watched;
            None where none were.
        notes: What a reader must know of how it was computed.
    """

    predictions: dict[Split, Predictions]
    samples: NDArray[np.int32]
    features: NDArray[np.float32]
    top_images: NDArray[np.int32] | None
    notes: list[str]


def predict_splits(
    dataset: ImageDataset,
    model: Classifier,
    learner: nn.Module,
    examples: dict[Split, Examples],
    watched: Watched | None,
) -> Said:
    """Send `val` and `test` through the model, each image once.

    Args:
        dataset: Names the images.
        model: Trained.
        learner: The model, or its head, where the examples are features.
        examples: Of both splits.
        watched: The model's backbone with the peaks of its layers; only asked for them where
            images go through it.
    """
    targets = {split: examples[split].targets.cpu().numpy() for split in EVALUATED_SPLITS}
    samples = choose_images(targets[Split.TEST])
    chosen = torch.zeros(len(targets[Split.TEST]), dtype=torch.bool)
    chosen[samples] = True
    backbone: nn.Module = nn.Identity() if learner is model.head else model.backbone
    top = None
    if watched and learner is model:
        backbone, top = watched, TopImages(watched.n_peaks, examples[Split.TEST].targets.device)
    parts = Parts()
    logits = {Split.VAL: compute_logits(learner, examples[Split.VAL], parts)}
    logits[Split.TEST], features = compute_logits_and_features(
        backbone, model.head, len(dataset.class_names), examples[Split.TEST], chosen, parts, top
    )
    predictions = {
        split: Predictions.from_logits(
            np.array([item.sample_id for item in dataset.of_split(split)]),
            targets[split],
            logits[split].cpu().numpy(),
        )
        for split in EVALUATED_SPLITS
    }
    top_images = top.places() if top else None
    return Said(predictions, samples, features.cpu().numpy(), top_images, parts.notes)
