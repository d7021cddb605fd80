"""What was imported, before it is held against an experiment."""

from dataclasses import dataclass, field
from typing import Literal

from experiments.results.counts import Counts
from experiments.results.predictions import Predictions

Kind = Literal["predictions", "confusion matrix", "classification report"]


@dataclass(frozen=True)
class Imported:
    """What a file says about the test images; either each of them, or how many.

    Attributes:
        class_names: Names of the classes, in the order of all indices.
        said: Predictions of every image, or counts.
        reported: Scores given with it, by name; fractions in [0, 1] where they are rates.
        kind: What it was.
    """

    class_names: tuple[str, ...]
    said: Predictions | Counts
    reported: dict[str, float] = field(default_factory=dict)
    kind: Kind = "predictions"
