"""What runs need from outside their configuration."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch

from experiments.progress import Progress


@dataclass(frozen=True)
class Surroundings:
    """What a run needs from outside its configuration.

    Attributes:
        device: Where models run.
        cache: Folder for decoded images; may be deleted at any time.
        weights_dir: Folder of pretrained weights, asked before the hub.
        progress: Told what happens.
        now: Returns the time, UTC.
        layers: Those that the experiment names for its feature maps; a spread where there are none.
    """

    device: torch.device
    cache: Path
    weights_dir: Path | None
    progress: Progress
    now: Callable[[], datetime]
    layers: tuple[str, ...] = ()


def utc_now() -> datetime:
    """Return the time, UTC; a function of its own, so that it can be sent to another process."""
    return datetime.now(UTC)
