"""What the layers of one model make of a few test images."""

from typing import Literal, Self

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


class MappedLayer(Record):
    """A layer whose output was kept as pictures, one tile of an atlas for each channel shown."""

    name: str = Field(description="Where it is in the backbone, such as `layer1` or `blocks.2`.")
    kind: str = Field(description="Class of the module.")
    shape: tuple[PositiveInt, PositiveInt, PositiveInt] = Field(
        description="Channels, height and width of its output for one image."
    )
    from_tokens: bool = Field(description="Whether height and width are the grid of its tokens.")
    dtype: str = Field(description="Type of its numbers, such as `float32`.")
    shown: list[NonNegativeInt] = Field(
        min_length=1,
        description="Channels in the atlases, tile by tile: all, or the 64 of highest variance.",
    )
    tile_px: PositiveInt = Field(description="Side of a tile, px.")
    n_columns: PositiveInt = Field(description="Tiles in a row of an atlas.")


class ChannelNumbers(Record):
    """Numbers of the channels shown in one atlas; every list has one entry for each, in order."""

    low: list[float] = Field(description="Value that is drawn black: a low percentile.")
    high: list[float] = Field(description="Value that is drawn white: a high percentile.")
    minimum: list[float] = Field(description="Least value.")
    maximum: list[float] = Field(description="Greatest value.")
    mean: list[float] = Field(description="Mean over all positions.")
    variance: list[NonNegative] = Field(description="Variance over all positions.")
    zeros: list[Fraction] = Field(description="Share of positions that are exactly zero.")
    similarity: list[float | None] = Field(
        description="Correlation, in [-1, 1], with the class-activation map of the predicted "
        "class; null where either is flat, or there is no such map."
    )

    @model_validator(mode="after")
    def _lengths_agree(self) -> Self:
        if len({len(getattr(self, name)) for name in type(self).model_fields}) != 1:
            raise ValueError("low, high, ...: one number for each channel shown")
        return self


class Atlas(Record):
    """What one layer made of one image: its channels as tiles of one grey picture."""

    sample: NonNegativeInt = Field(description="Place of the image in `samples`.")
    layer: NonNegativeInt = Field(description="Place of the layer in `layers`.")
    file: StoredFile = Field(description="The picture, WebP, in the run's `feature_maps/`.")
    channels: ChannelNumbers = Field(description="Numbers of its channels.")


class ActivationMap(Record):
    """Where in an image the evidence for a class lies."""

    sample_id: str = Field(description="The test image.")
    class_index: NonNegativeInt = Field(
        description="Index of the class that it is evidence for; of a rollout, the predicted one."
    )
    of: Literal["prediction", "target"] = Field(
        description="Which class that is; `prediction` where it is both."
    )


class ActivationMaps(Record):
    """Class-activation maps, as tiles of one grey picture; black is none, white the most."""

    method: Literal["grad-cam", "attention rollout"] = Field(
        description="How they were made; a rollout shows what the model attended to, whatever the "
        "class: there is one for each image."
    )
    layer: str = Field(description="Layer that they were made from.")
    shape: tuple[PositiveInt, PositiveInt] = Field(description="Height and width of a map, px.")
    n_columns: PositiveInt = Field(description="Maps in a row of the picture.")
    file: StoredFile = Field(description="The picture, lossless WebP, in `feature_maps/`.")
    maps: list[ActivationMap] = Field(
        description="The maps, row by row: of the samples, then of the most confident mistakes."
    )


class FeatureMaps(PartialRecord):
    """What one model sees: `feature_maps.json` beside a run's record."""

    schema_version: SchemaVersion = Field(SCHEMA_VERSION, description="Version of this schema.")
    run_id: RunId = Field(description="Name of the run.")
    samples: list[str] = Field(description="Ids of the test images that went through the model.")
    asked_layers: list[str] = Field(
        [], description="Layers that the configuration named; empty where they were spread."
    )
    layers: list[MappedLayer] = Field(description="From input to output.")
    atlases: list[Atlas] = Field(description="One for every image and layer, by image.")
    top_images: StoredFile | None = Field(
        description="NumPy archive: which test images each channel responds to most."
    )
    activation: ActivationMaps | None = Field(
        description="Where the evidence for a class lies, on samples and confident mistakes."
    )

    @model_validator(mode="after")
    def _every_atlas_is_there(self) -> Self:
        places = [(atlas.sample, atlas.layer) for atlas in self.atlases]
        n_samples, n_layers = len(self.samples), len(self.layers)
        if places != [(s, layer) for s in range(n_samples) for layer in range(n_layers)]:
            raise ValueError("atlases: one for every image and layer, by image")
        for atlas in self.atlases:
            if len(atlas.channels.mean) != len(self.layers[atlas.layer].shown):
                raise ValueError(f"atlases: {atlas.file.name} has not the channels shown")
        return self
