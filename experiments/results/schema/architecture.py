"""What one model is made of."""

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from experiments.results.schema.base import (
    SCHEMA_VERSION,
    PartialRecord,
    Record,
    RunId,
    SchemaVersion,
)

LayerType = Literal[
    "convolution",
    "linear",
    "attention",
    "normalisation",
    "activation",
    "pooling",
    "join",
    "other",
]


class ModelStage(Record):
    """Consecutive layers: what fine-tuning frees at once, or the head."""

    name: str = Field(
        description="Where it is in the backbone, such as `layer4`; or `classifier head`."
    )
    shape: tuple[PositiveInt, PositiveInt, PositiveInt] = Field(
        description="Channels, height and width of its output for one image, before any pooling "
        "to a single position; tokens as the square grid that they come from."
    )


class Layer(Record):
    """One use of a module that has no layers inside, that owns parameters, or that computes itself.

    A layer that is used twice is listed twice, its parameters with the first use. Where branches
    meet, that operation is a layer too.
    """

    name: str = Field(description="Where it is in the model, such as `backbone.layer1.0.conv1`.")
    kind: str = Field(description="Class of the module, or name of the operation.")
    type: LayerType = Field(description="What kind of layer that is.")
    stage: NonNegativeInt = Field(description="Place of its stage in `stages`.")
    kernel: tuple[PositiveInt, PositiveInt] | None = Field(
        description="Height and width of its window; null for a layer without one."
    )
    stride: tuple[PositiveInt, PositiveInt] | None = Field(
        description="Steps of that window; null for a layer without one."
    )
    groups: PositiveInt | None = Field(
        description="Groups of a convolution; null for any other layer."
    )
    input_shape: list[NonNegativeInt] = Field(
        description="Shape of the first tensor that it gets for one image; empty if there is none."
    )
    output_shape: list[NonNegativeInt] = Field(
        description="Shape of the first tensor that it gives for one image."
    )
    n_parameters: NonNegativeInt = Field(
        description="Its own parameters, and those of modules inside it that are never called."
    )
    flops: NonNegativeInt = Field(
        description="Floating-point operations of its own for one image; 2 per multiply-add."
    )


class SkipConnection(Record):
    """A branch that goes around some of the layers."""

    first: NonNegativeInt = Field(description="Place in `layers` of the first one gone around.")
    join: PositiveInt = Field(description="Place of the layer where the branches meet.")


class Architecture(PartialRecord):
    """What one model is made of: `architecture.json` beside a run's record.

    The layers' parameters and operations add up to those of the run's `cost`.
    """

    schema_version: SchemaVersion = Field(SCHEMA_VERSION, description="Version of this schema.")
    run_id: RunId = Field(description="Name of the run.")
    input_shape: tuple[PositiveInt, PositiveInt, PositiveInt] = Field(
        description="Channels, height and width of the image."
    )
    traced_by: Literal["torch.fx", "module tree"] = Field(
        description="How connections were found; with the module tree they are not."
    )
    stages: list[ModelStage] = Field(min_length=1, description="From input to output.")
    layers: list[Layer] = Field(min_length=1, description="In the order of their use.")
    skips: list[SkipConnection] | None = Field(
        description="Branches around layers, by the layer where they end."
    )

    @model_validator(mode="after")
    def _places_exist(self) -> Self:
        if any(layer.stage >= len(self.stages) for layer in self.layers):
            raise ValueError("layers: a stage beyond the last")
        for skip in self.skips or []:
            if not skip.first < skip.join < len(self.layers):
                raise ValueError("skips: first must come before join, and join be a layer")
        return self

    @property
    def n_parameters(self) -> int:
        """Parameters of all layers."""
        return sum(layer.n_parameters for layer in self.layers)

    @property
    def flops(self) -> int:
        """Floating-point operations of all layers."""
        return sum(layer.flops for layer in self.layers)
