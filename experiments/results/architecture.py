"""Read and write what a run's model is made of: `architecture.json`."""

import math
from collections.abc import Sequence
from pathlib import Path

from experiments.results.files import write_atomically
from experiments.results.record_files import read_named, to_json
from experiments.results.schema import Architecture
from experiments.results.store import ExperimentStore

ARCHITECTURE_FILE = "architecture.json"


def has_architecture(store: ExperimentStore, run_id: str) -> bool:
    """Return whether it is stored what a run's model is made of."""
    return _path(store, run_id).is_file()


def write_architecture(store: ExperimentStore, record: Architecture) -> None:
    """Write the record."""
    write_atomically(_path(store, record.run_id), to_json(record))


def read_architecture(store: ExperimentStore, run_id: str) -> Architecture:
    """Read the record.

    Raises:
        StoreError: If it is missing, damaged, of a newer schema, or of another run.
    """
    return read_named(_path(store, run_id), Architecture, "run_id", run_id)


def channels_and_grid(shape: Sequence[int]) -> tuple[int, int, int]:
    """Return channels, height and width of an activation, whatever the order of its axes.

    Images are square, so of three axes the two that are equal are height and width. Of two axes
    the first are tokens: those of a square grid, and a few before them such as the class token.
    More axes are windows of such tokens. A vector has one position.

    Args:
        shape: Without the batch; may be empty.

    Example:
        >>> channels_and_grid((64, 7, 7)), channels_and_grid((7, 7, 64))
        ((64, 7, 7), (64, 7, 7))
        >>> channels_and_grid((197, 192)), channels_and_grid((512,)), channels_and_grid((4, 49, 96))
        ((192, 14, 14), (512, 1, 1), (96, 14, 14))
    """
    if len(shape) == 3 and shape[1] == shape[2]:
        channels, height, width = shape
        return channels, height, width
    *positions, channels = shape or (1,)
    side = math.isqrt(math.prod(positions))
    return channels, side, side


def _path(store: ExperimentStore, run_id: str) -> Path:
    return store.run_folder(run_id) / ARCHITECTURE_FILE
