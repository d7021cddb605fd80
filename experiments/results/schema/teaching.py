"""What the pages that explain show of an experiment's own images: `teaching.json`."""

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from experiments.results.schema.base import (
    RGB,
    SCHEMA_VERSION,
    Record,
    RunId,
    SchemaVersion,
    Sha256,
    StoredFile,
)
from experiments.results.schema.config import AugmentationConfig

Transform = Literal[
    "crop",
    "flip",
    "brightness",
    "contrast",
    "saturation",
    "rotation",
    "grey",
    "standard",
    "strong",
]


class PixelStatistics(Record):
    """Colours of the training images, as decoded, in [0, 1]: red, green, blue."""

    n_images: PositiveInt = Field(description="Training images.")
    n_pixels: PositiveInt = Field(description="Pixels of all of them.")
    mean: RGB = Field(description="Mean over all pixels.")
    std: RGB = Field(description="Standard deviation over all pixels.")
    mean_of_stds: RGB = Field(
        description="Mean of each image's own deviation: often taken for `std`, and too small, "
        "since it leaves out how images differ from one another."
    )


class ShownTransform(Record):
    """An augmentation, and which cells of the sheet show it."""

    name: Transform = Field(description="One change alone, or a whole augmentation.")
    first_cell: NonNegativeInt = Field(description="Place of its first cell, from 0.")
    n_cells: NonNegativeInt = Field(
        description="Cells, each drawn anew; 1 where nothing is random but whether it happens, "
        "which is then shown happening; 0 where it is configured to change nothing."
    )


class AugmentationGallery(Record):
    """A test image as augmentations change it, as square cells of one picture."""

    sample_id: str = Field(description="The test image.")
    model: str = Field(description="Model whose sizes the image was prepared for.")
    parameters: AugmentationConfig = Field(description="Of the augmentations.")
    seed: NonNegativeInt = Field(description="Of all draws, row by row.")
    sheet: StoredFile = Field(description="The picture, WebP, in `teaching/`.")
    cell_px: PositiveInt = Field(description="Side of a cell, px.")
    n_columns: PositiveInt = Field(description="Cells in a row of the sheet.")
    transforms: list[ShownTransform] = Field(
        description="What the cells show, row by row; cell 0 is the image without augmentation."
    )

    @model_validator(mode="after")
    def _cells_follow_each_other(self) -> Self:
        place = 1
        for transform in self.transforms:
            if transform.first_cell != place:
                raise ValueError(f"transforms: {transform.name} must begin at cell {place}")
            place += transform.n_cells
        return self


class Teaching(Record):
    """What explains an experiment's images and their augmentation."""

    schema_version: SchemaVersion = Field(SCHEMA_VERSION, description="Version of this schema.")
    experiment: RunId = Field(description="Name of the experiment.")
    pixels: PixelStatistics = Field(description="Colours of the training images.")
    gallery: AugmentationGallery = Field(description="What augmentations do to an image.")
    source_sha256: Sha256 = Field(description="SHA-256 of all that this was made from.")
