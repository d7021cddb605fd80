"""From decoded pixels to what a model is fed: the splits of a run as examples."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.datasets import ImageDataset
from experiments.examples import Examples
from experiments.pixels import Geometry, evaluated, load_pixels, pixels_key
from experiments.progress import Progress
from experiments.results.schema import Preprocessing, RunConfig, Split
from experiments.transforms import Augmentation, normalise, to_float, to_unit


@dataclass(frozen=True)
class Images:
    """A dataset's images as one run's model is fed with them.

    Attributes:
        dataset: Images and labels.
        preprocessing: What the model is fed.
        batch_size: Images in a batch.
        device: Where batches are made.
        cache: Folder for decoded images.
        progress: Told while images are decoded.
    """

    dataset: ImageDataset
    preprocessing: Preprocessing
    batch_size: int
    device: torch.device
    cache: Path
    progress: Progress

    def plain(self, split: Split) -> Examples:
        """Return a split as models see it without augmentation."""
        sizes = self.preprocessing
        geometry = evaluated(sizes)
        pixels = self._pixels(split, geometry)
        pixels_name = pixels_key(self.dataset.of_split(split), geometry)

        def fetch(places: Tensor) -> Tensor:
            return normalise(to_float(self._gather(pixels, places)), sizes, white=255)

        key = f"{pixels_name}, {sizes.model_dump_json()}"
        return Examples(fetch, self._targets(split), self.batch_size, key)

    def augmented(self, config: RunConfig, generator: torch.Generator) -> Examples:
        """Return the training split as the run's augmentation makes it, drawn from `generator`."""
        if config.augmentation == "none":
            return self.plain(Split.TRAIN)
        side = self.preprocessing.resize_size
        # Squashed, so that a random crop can reach every part of the image.
        geometry = Geometry("squash", side, side, self.preprocessing.interpolation)
        pixels = self._pixels(Split.TRAIN, geometry)
        items = self.dataset.of_split(Split.TRAIN)
        sizes = torch.tensor([(item.width_px, item.height_px) for item in items])
        augment = Augmentation(
            config.augmentation_parameters,
            strong=config.augmentation == "strong",
            crop_px=self.preprocessing.input_size,
            generator=generator,
        )

        def fetch(places: Tensor) -> Tensor:
            images = to_unit(self._gather(pixels, places))
            return normalise(augment(images, sizes[places]), self.preprocessing)

        return Examples(fetch, self._targets(Split.TRAIN), self.batch_size)

    def _pixels(self, split: Split, geometry: Geometry) -> NDArray[np.uint8]:
        items = self.dataset.of_split(split)
        return load_pixels(self.dataset, items, geometry, self.cache, self.progress)

    def _gather(self, pixels: NDArray[np.uint8], places: Tensor) -> Tensor:
        """Return (B, 3, H, W) uint8, channels last in memory as they are on disk."""
        return torch.from_numpy(pixels[places.numpy()]).to(self.device).permute(0, 3, 1, 2)

    def _targets(self, split: Split) -> Tensor:
        items = self.dataset.of_split(split)
        return torch.tensor([item.target for item in items], device=self.device)
