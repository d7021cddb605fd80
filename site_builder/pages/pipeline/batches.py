"""What a model's input takes: memory of an image, of a batch, of the decoded images on disk."""

import math
from dataclasses import dataclass

from experiments.results.schema import Preprocessing, RunRecord, Split
from site_builder import formatting
from site_builder.loading import Experiment

N_CHANNELS = 3
FLOAT_BYTES = 4


@dataclass(frozen=True)
class Input:
    """A batch of what a model is fed.

    Attributes:
        side_px: Side of the square image, px.
        batch_size: Images in a batch of training.
    """

    side_px: int
    batch_size: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        return (N_CHANNELS, self.side_px, self.side_px)

    @property
    def n_numbers(self) -> int:
        """Numbers in an image."""
        return math.prod(self.shape)

    @property
    def image_bytes(self) -> int:
        """Memory of an image as float32, bytes."""
        return self.n_numbers * FLOAT_BYTES

    @property
    def batch_bytes(self) -> int:
        """Memory of a batch as float32, bytes."""
        return self.batch_size * self.image_bytes


def input_of(record: RunRecord) -> Input | None:
    """Return what a run's model was fed; None for a run that was not trained here."""
    if record.preprocessing is None or record.config is None:
        return None
    return Input(record.preprocessing.input_size, record.config.training.batch_size)


def cached_bytes(experiment: Experiment, record: RunRecord) -> int | None:
    """Return how much disk the decoded images of a run take, bytes; None where that is not known.

    A number a byte: of each image the square that the model is fed. For training with augmentation
    it is the whole image, squeezed into a square of the size before the crop, so that a random crop
    can reach every part.
    """
    sizes, config = record.preprocessing, record.config
    if sizes is None or config is None:
        return None
    return sum(
        summary.n_images
        * N_CHANNELS
        * _stored_side(sizes, config.augmentation != "none" and split == Split.TRAIN) ** 2
        for split, summary in experiment.record.splits.items()
    )


def _stored_side(sizes: Preprocessing, whole: bool) -> int:
    return sizes.resize_size if whole else sizes.input_size


def batches_sentence(n_images: int, batch_size: int) -> str:
    """Say how an epoch falls into batches, and what `drop_last` would leave out of it."""
    n_whole, rest = divmod(n_images, batch_size)
    images = formatting.count_of(n_images, "training image")
    size = formatting.count(batch_size)
    if not rest:
        whole = formatting.count_of(n_whole, "batch", "batches")
        return f"{images} are {whole} of {size}: none is smaller, drop_last would change nothing."
    if not n_whole:
        return f"{images} are one batch, smaller than {size}: drop_last would leave out all of it."
    left = formatting.count(rest)
    return (
        f"{images} are {formatting.count_of(n_whole, 'batch', 'batches')} of {size} and one of "
        f"{left}: drop_last would leave out {left}, others in every epoch."
    )
