"""What an experiment stored: its images, its splits and its runs."""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, NonNegativeInt, PositiveInt, model_validator

from experiments.results.schema.base import (
    SCHEMA_VERSION,
    PartialRecord,
    Record,
    RunId,
    SchemaVersion,
    Sha256,
    Split,
    StoredFile,
)

# A table writes None as an empty cell.
SizePx = Annotated[PositiveInt | None, BeforeValidator(lambda cell: None if cell == "" else cell)]


class DatasetCard(PartialRecord):
    """What the images are."""

    name: str = Field(description="Name of the dataset for people.")
    description: str = Field(description="What the images show and how they were split.")
    licence: str = Field(description="Licence of the images.")
    source: str = Field(description="Where the images come from: a citation or an address.")
    n_unreadable: NonNegativeInt | None = Field(description="Images left out as unreadable.")


class UnreadableImage(Record):
    """An image that was left out."""

    path: str = Field(description="Path below the dataset's folder.")
    reason: str = Field(description="Why it could not be read.")


class SplitSummary(PartialRecord):
    """One split of the dataset."""

    n_images: PositiveInt = Field(description="Images in the split.")
    class_counts: list[NonNegativeInt] = Field(description="Images per class, in class order.")
    ids_sha256: Sha256 | None = Field(
        description="SHA-256 of the sorted sample ids, one a line; without it there are no samples."
    )

    @classmethod
    def of(cls, sample_ids: Iterable[str], targets: Iterable[int], n_classes: int) -> Self:
        """Summarise a split of N images by their N ids and N targets in [0, n_classes)."""
        counts = Counter(targets)
        lines = "".join(f"{sample_id}\n" for sample_id in sorted(sample_ids))
        return cls(
            n_images=counts.total(),
            class_counts=[counts[target] for target in range(n_classes)],
            ids_sha256=hashlib.sha256(lines.encode()).hexdigest(),
        )

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        if sum(self.class_counts) != self.n_images:
            raise ValueError("class_counts: must add up to n_images")
        return self


class ExampleSheet(Record):
    """One image of every class, as square cells of one picture in `thumbnails/`."""

    file: StoredFile = Field(description="The picture, WebP.")
    cell_px: PositiveInt = Field(description="Side of a cell, px.")
    n_columns: PositiveInt = Field(description="Cells in a row of the picture.")
    sample_ids: list[str] = Field(
        description="The image shown in each cell, row by row; empty for a class without one."
    )


class ThumbnailSheet(Record):
    """Some test images of one class, as square cells of one picture in `thumbnails/`."""

    file: StoredFile = Field(description="The picture, WebP.")
    target: NonNegativeInt = Field(description="Index of the class.")
    n_images: PositiveInt = Field(description="Cells that show an image; the others are empty.")


class Thumbnails(PartialRecord):
    """Small pictures of all test images.

    Which cell shows which image follows from the order of `samples.csv`: the images of a class fill
    its sheets one after the other, row by row.
    """

    sheets: list[ThumbnailSheet] = Field(description="By class, and within it by place.")
    cell_px: PositiveInt = Field(description="Side of a cell, px; the whole image is fitted in.")
    n_columns: PositiveInt = Field(description="Cells in a row of a sheet.")
    n_cells: PositiveInt = Field(description="Images on a sheet, but for the last of a class.")
    previews: StoredFile | None = Field(
        description="Zip archive of larger pictures: `<n>.webp` shows test image n, counted from 0."
    )
    source_sha256: Sha256 = Field(description="SHA-256 of all that the pictures were made from.")

    @model_validator(mode="after")
    def _sheets_are_full(self) -> Self:
        order = [sheet.target for sheet in self.sheets]
        if order != sorted(order):
            raise ValueError("sheets: must be in the order of the classes")
        for sheet, following in zip(self.sheets, [*order[1:], None], strict=True):
            full = sheet.n_images == self.n_cells
            if sheet.n_images > self.n_cells or (sheet.target == following and not full):
                raise ValueError(f"sheets: {sheet.file.name} does not have n_cells images")
        return self

    def places(self, targets: Iterable[int]) -> list[tuple[int, int]]:
        """Find the test images: for each the index of its sheet, and its cell there, from 0.

        Args:
            targets: Those of all test images, in the order of `samples.csv`.

        Raises:
            ValueError: If they are not those that the sheets were made of.
        """
        first: dict[int, int] = {}
        for index, sheet in enumerate(self.sheets):
            first.setdefault(sheet.target, index)
        seen: Counter[int] = Counter()
        places = []
        for target in targets:
            part, cell = divmod(seen[target], self.n_cells)
            seen[target] += 1
            places.append((first.get(target, 0) + part, cell))
        shown: Counter[int] = Counter()
        for sheet in self.sheets:
            shown[sheet.target] += sheet.n_images
        if shown != seen:
            raise ValueError("the thumbnails are not of these test images")
        return places


class ExplainedSample(Record):
    """A test image that is followed through the layers of every model."""

    sample_id: str = Field(description="The test image.")
    why: Literal["class", "mistake", "named"] = Field(
        description="Chosen for its class, because models got it wrong, or by the configuration."
    )


class ExperimentRecord(PartialRecord):
    """One question, one config, one dataset."""

    schema_version: SchemaVersion = Field(SCHEMA_VERSION, description="Version of this schema.")
    name: RunId = Field(description="Name of the experiment's folder.")
    title: str = Field(description="Title of the site.")
    question: str = Field(description="What the experiment asks, in a sentence.")
    dataset: DatasetCard = Field(description="What the images are.")
    class_names: list[str] = Field(min_length=2, description="Names of the classes, in order.")
    superclasses: list[str] | None = Field(
        description="For each class the group that it belongs to, such as cat or dog."
    )
    unreadable: list[UnreadableImage] = Field([], description="Images left out, with the reason.")
    splits: dict[Split, SplitSummary] = Field(description="Sizes and digests of the splits.")
    examples: ExampleSheet | None = Field(description="One image of every class, in class order.")
    thumbnails: Thumbnails | None = Field(
        None, description="Small pictures of all test images; from version 2 on."
    )
    explained: list[ExplainedSample] = Field(
        [], description="Test images that feature maps are made of; from version 3 on."
    )
    run_ids: list[RunId] = Field(description="The planned runs, in the order of the config.")
    config_toml: str = Field(
        "",
        description="The configuration as a TOML file, without folders; from version 3 on, empty "
        "where every run is imported.",
    )

    @model_validator(mode="after")
    def _config_is_toml(self) -> Self:
        try:
            tomllib.loads(self.config_toml)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"config_toml: not TOML: {error}") from None
        return self

    @model_validator(mode="after")
    def _lengths_agree(self) -> Self:
        if Split.TEST not in self.splits:
            raise ValueError(f"splits: {Split.TEST} is missing")
        for split, summary in self.splits.items():
            if len(summary.class_counts) != len(self.class_names):
                raise ValueError(f"splits.{split}.class_counts: one number per class")
        for field in ("class_names", "run_ids"):
            if len(set(values := getattr(self, field))) != len(values):
                raise ValueError(f"{field}: must not repeat")
        return self


class Sample(Record):
    """One image: a row of `samples.csv`; version 1 has neither training images nor digests."""

    sample_id: str = Field(min_length=1, description="Unique name of the image.")
    split: Split = Field(description="What the image is for.")
    target: NonNegativeInt = Field(description="Index of the true class.")
    path: str = Field(description="Path below the dataset's folder; empty if there is no file.")
    width_px: SizePx = Field(description="Width of the original image, px; empty if unknown.")
    height_px: SizePx = Field(description="Height of the original image, px; empty if unknown.")
    sha256: str = Field(
        "",
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of the encoded file, or of the pixels without one; may be empty.",
    )
    dhash: str = Field(
        "",
        pattern=r"^([0-9a-f]{16})?$",
        description="Difference hash of the upright image, alike for alike images; may be empty.",
    )
