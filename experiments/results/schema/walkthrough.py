"""One test image followed through one model, from the photograph to the probabilities."""

from typing import Literal, Self, get_args

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from experiments.results.schema.base import (
    SCHEMA_VERSION,
    Fraction,
    NonNegative,
    PartialRecord,
    Record,
    RunId,
    SchemaVersion,
    StoredFile,
)

Step = Literal[
    "photo",
    "resize",
    "crop",
    "tensor",
    "normalise",
    "features",
    "pool",
    "logits",
    "probabilities",
]
STEPS: tuple[Step, ...] = get_args(Step)


class Statistics(Record):
    """Numbers of all values of a tensor."""

    minimum: float = Field(description="Least value.")
    maximum: float = Field(description="Greatest value.")
    mean: float = Field(description="Mean.")
    std: NonNegative = Field(description="Standard deviation over all values.")


class WalkStep(PartialRecord):
    """What an image is after one step; of one image, without the axis of the batch."""

    name: Step = Field(description="The step.")
    shape: list[PositiveInt] = Field(min_length=1, description="Lengths of its axes.")
    axes: list[str] = Field(
        min_length=1, description="What each axis is, such as `channels` or `height`."
    )
    dtype: str = Field(description="Type of its numbers, such as `uint8` or `float32`.")
    values: Statistics = Field(description="Numbers of all its values.")
    colours: list[Statistics] = Field(
        [], description="The same of red, green and blue; empty where these are no colours."
    )
    picture: StoredFile | None = Field(
        description="How it looks, WebP, in the run's `walkthrough/`; of `normalise` three grey "
        "tiles side by side, red, green and blue, each from its least value, black, to its "
        "greatest, white."
    )

    @model_validator(mode="after")
    def _axes_are_named(self) -> Self:
        if len(self.axes) != len(self.shape):
            raise ValueError("axes: one name for each number of shape")
        if self.colours and len(self.colours) != 3:
            raise ValueError("colours: red, green and blue, or none")
        return self


class Walkthrough(Record):
    """One test image in one model: `walkthrough.json` beside a run's record."""

    schema_version: SchemaVersion = Field(SCHEMA_VERSION, description="Version of this schema.")
    run_id: RunId = Field(description="Name of the run.")
    sample_id: str = Field(description="The test image, the same for all runs.")
    steps: list[WalkStep] = Field(description="From `photo` to `probabilities`, each once.")
    features_layer: str = Field(
        description="Layer of the backbone that `features` are the output of: the last that has a "
        "place for each part of the image; named as in `feature_maps.json`."
    )
    pooling: Literal["mean", "class token", "other"] = Field(
        description="What makes the pooled vector of these features, as found by comparing them; "
        "`other` where more layers follow."
    )
    pooled: list[float] = Field(
        min_length=1, description="The pooled vector, input of the head, to 4 digits."
    )
    classes: list[NonNegativeInt] = Field(
        min_length=1,
        description="Indices of classes, the most probable first: all up to 100, else 20.",
    )
    logits: list[float] = Field(description="The logit of each of `classes`.")
    probabilities: list[Fraction] = Field(
        description="The probability of each of `classes`: the softmax of all logits."
    )
    difference: Fraction = Field(
        description="Greatest difference of these probabilities from those in `predictions.npz`, "
        "which were computed in a batch, on a GPU in bfloat16."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if tuple(step.name for step in self.steps) != STEPS:
            raise ValueError(f"steps: must be {', '.join(STEPS)}")
        if not len(self.classes) == len(self.logits) == len(self.probabilities):
            raise ValueError("logits, probabilities: one for each of classes")
        return self

    def step(self, name: Step) -> WalkStep:
        """Return what the image is after a step."""
        return self.steps[STEPS.index(name)]
