"""The records of the result store: every field with its unit and one line of help.

`docs/results-schema.md` is generated from this module. Unknown keys are refused, NaN and infinity
are refused, and a nullable field that is null says why in `absent`. When a field is added, removed
or changes its meaning, raise `SCHEMA_VERSION` and add a line to `SCHEMA_HISTORY`.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

SCHEMA_VERSION = 1
SCHEMA_HISTORY = {
    1: "First version: experiments, runs, samples, predictions for val and test, cost, provenance.",
}

RUN_ID_PATTERN = r"^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$"

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
RunId = Annotated[str, Field(pattern=RUN_ID_PATTERN, max_length=100)]
SchemaVersion = Annotated[int, Field(ge=1, le=SCHEMA_VERSION)]
RGB = tuple[float, float, float]


Strategy = Literal["frozen", "partial", "full", "progressive", "scratch"]
Head = Literal["linear", "mlp", "deep"]
Augmentation = Literal["none", "standard", "strong"]


class Split(StrEnum):
    """Models learn on `train`, are selected on `val` and reported on `test`."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Record(BaseModel):
    """Anything that is stored: immutable, complete, free of NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def digest(self) -> str:
        """Return the SHA-256 of this record's JSON, as 64 hexadecimal digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class PartialRecord(Record):
    """A record some of whose values may be missing, each with the reason."""

    absent: dict[str, str] = Field(
        default_factory=dict, description="Why a field is null: field name to reason."
    )

    @model_validator(mode="after")
    def _every_null_has_a_reason(self) -> Self:
        null = {name for name in type(self).model_fields if getattr(self, name) is None}
        if unexplained := sorted(null - self.absent.keys()):
            raise ValueError(f"{', '.join(unexplained)}: null without a reason in 'absent'")
        if wrong := sorted(self.absent.keys() - null):
            raise ValueError(f"{', '.join(wrong)}: a reason in 'absent' but not null")
        return self


class TrainingConfig(Record):
    """How a model learns."""

    optimizer: Literal["adam", "adamw", "sgd"] = Field("adam", description="Update rule.")
    learning_rate: Positive = Field(1e-3, description="Peak step size of the optimiser.")
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="How the learning rate changes over the epochs."
    )
    warmup_epochs: NonNegativeInt = Field(
        0, description="Epochs over which the learning rate rises to its peak."
    )
    backbone_rate: Fraction = Field(
        0.1,
        description="Learning rate of the backbone as a share of the head's; not for `scratch`.",
    )
    label_smoothing: Fraction = Field(
        0.0, description="Share of each target spread over all classes, in training."
    )
    clip_norm: Positive | None = Field(
        None, description="Largest norm of the gradient; null never clips."
    )
    weight_decay: NonNegative = Field(0.0, description="Weight decay of the optimiser.")
    batch_size: PositiveInt = Field(32, description="Images per training step.")
    max_epochs: PositiveInt = Field(40, description="Upper bound on passes over the training set.")
    patience: PositiveInt | None = Field(
        5, description="Epochs without improvement before stopping; null never stops early."
    )
    min_delta: NonNegative = Field(
        0.001, description="Smallest fall of the validation loss that counts as improvement."
    )


class StrategyConfig(Record):
    """Parameters of the strategies that free a backbone part by part."""

    n_stages: PositiveInt = Field(
        1, description="Last stages of the backbone that learn under `partial`."
    )
    epochs_per_stage: PositiveInt = Field(
        2, description="Epochs between the stages that `progressive` frees; the head comes first."
    )


class PreprocessingConfig(Record):
    """What to feed a model; a null takes the value from the model's own data config."""

    input_size: PositiveInt | None = Field(None, description="Side of the square input, px.")
    crop_fraction: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Share of the resized image that the centre crop keeps."
    )
    interpolation: Literal["nearest", "bilinear", "bicubic"] | None = Field(
        None, description="How pixels are resampled."
    )
    mean: RGB | None = Field(None, description="Per-channel mean of pixels in [0, 1].")
    std: RGB | None = Field(None, description="Per-channel deviation of pixels in [0, 1].")


class AugmentationConfig(Record):
    """Parameters of the augmentations; training images only.

    `standard` crops, flips and changes colours; `strong` also rotates and drops colours.
    """

    min_scale: Annotated[float, Field(gt=0, le=1)] = Field(
        0.6, description="Smallest share of the image's area that a random crop keeps."
    )
    flip_probability: Fraction = Field(0.5, description="Chance of a horizontal flip.")
    brightness: NonNegative = Field(0.2, description="Largest relative change of brightness.")
    contrast: NonNegative = Field(0.2, description="Largest relative change of contrast.")
    saturation: NonNegative = Field(0.2, description="Largest relative change of saturation.")
    rotation_degrees: NonNegative = Field(
        15.0, description="Largest random rotation, degrees; `strong` only."
    )
    grey_probability: Fraction = Field(
        0.1, description="Chance of losing all colour; `strong` only."
    )


class RunConfig(Record):
    """One run: one model, one variant, one seed."""

    model: str = Field(description="timm's own name, or `torchvision/` and torchvision's.")
    label: str = Field(description="Name of the model for people.")
    strategy: Strategy = Field(
        description="What learns: the head alone, the last stages, everything, or from scratch."
    )
    head: Head = Field("linear", description="Classifier on the pooled features.")
    augmentation: Augmentation = Field(description="Changes to training images.")
    seed: NonNegativeInt = Field(0, description="Seed of weights, batches and augmentation.")
    training: TrainingConfig = Field(description="How the model learns.")
    preprocessing: PreprocessingConfig = Field(description="Overrides of the model's data config.")
    augmentation_parameters: AugmentationConfig = Field(description="Used when not `none`.")
    strategy_parameters: StrategyConfig = Field(description="Used by `partial` and `progressive`.")


class Preprocessing(Record):
    """What the model was fed, after its data config and the overrides."""

    input_size: PositiveInt = Field(description="Side of the square input, px.")
    resize_size: PositiveInt = Field(description="Shorter side before the centre crop, px.")
    interpolation: str = Field(description="How pixels were resampled.")
    mean: RGB = Field(description="Per-channel mean subtracted from pixels in [0, 1].")
    std: RGB = Field(description="Per-channel deviation that pixels were divided by.")


class Epoch(Record):
    """One pass over the training set."""

    epoch: PositiveInt = Field(description="Number of the epoch, from 1.")
    train_loss: NonNegative = Field(description="Mean cross-entropy over training images, nats.")
    train_accuracy: Fraction = Field(description="Accuracy on training images as augmented.")
    val_loss: NonNegative = Field(description="Mean cross-entropy on `val`, nats.")
    val_accuracy: Fraction = Field(description="Accuracy on `val`.")
    learning_rate: NonNegative = Field(description="Learning rate in this epoch.")
    duration_s: Positive = Field(description="Training and validating this epoch, seconds.")


class Cost(PartialRecord):
    """What the model costs, measured on the named hardware."""

    n_parameters: PositiveInt | None = Field(description="Parameters, head included.")
    n_trained_parameters: NonNegativeInt | None = Field(description="Parameters that learned.")
    flops: PositiveInt | None = Field(
        description="Floating-point operations of one image's forward pass; 2 per multiply-add."
    )
    size_bytes: PositiveInt | None = Field(description="The weights as a safetensors file, bytes.")
    train_time_s: Positive | None = Field(description="Training, validation included, seconds.")
    reading_time_s: NonNegative | None = Field(
        description="Decoding images before training, seconds; little where they were cached."
    )
    features_time_s: NonNegative | None = Field(
        description="Computing a frozen backbone's features before training, seconds."
    )
    evaluation_time_s: Positive | None = Field(
        description="Predicting `val` and `test` after training, seconds."
    )
    latency_ms: Positive | None = Field(
        description="One image through the model, median, milliseconds."
    )
    latency_p95_ms: Positive | None = Field(
        description="One image through the model, 95th percentile, milliseconds."
    )
    latency_repeats: PositiveInt | None = Field(description="Timed forward passes.")
    device: str | None = Field(description="Where time was measured: `cpu` or `cuda`.")
    throughput_per_s: Positive | None = Field(
        description="Images a second in batches of `throughput_batch_size`."
    )
    throughput_batch_size: PositiveInt | None = Field(description="Batch of the throughput.")
    cpu_latency_ms: Positive | None = Field(
        description="One image through the model on the CPU, median, milliseconds."
    )
    cpu_throughput_per_s: Positive | None = Field(
        description="Images a second on the CPU in batches of `throughput_batch_size`."
    )
    peak_memory_bytes: PositiveInt | None = Field(
        description="Most memory in use: on the GPU for `cuda`, of the whole process for `cpu`."
    )


class Provenance(PartialRecord):
    """Where a result comes from."""

    started_at: datetime = Field(description="Start of the run, UTC.")
    finished_at: datetime = Field(description="End of the run, UTC.")
    config_sha256: Sha256 = Field(description="SHA-256 of the run's configuration as JSON.")
    bakeoff_version: str = Field(description="Version of this package.")
    commit: str | None = Field(description="Git commit of the source, `+` if it was changed.")
    python: str = Field(description="Python version.")
    platform: str = Field(description="Operating system and architecture.")
    packages: dict[str, str] = Field(description="Versions of the packages that matter.")
    cpu: str = Field(description="Processor model.")
    n_threads: PositiveInt = Field(description="Threads used by torch on the CPU.")
    gpu: str | None = Field(description="Accelerator model.")
    weights: str | None = Field(description="Where the initial weights came from.")


class StoredFile(Record):
    """A file beside the record, guarded against silent damage."""

    name: str = Field(
        pattern=r"^[a-z0-9_]+\.[a-z0-9]+$", description="Name of the file in its folder."
    )
    size_bytes: PositiveInt = Field(description="Length, bytes.")
    sha256: Sha256 = Field(description="SHA-256 of the content.")


class Unfreezing(Record):
    """A part of the backbone that began to learn during the run."""

    epoch: PositiveInt = Field(description="First epoch in which it learned.")
    stage: str = Field(description="Name of the stage.")


class RunRecord(PartialRecord):
    """What one run stored. Written last: a run without `run.json` has not finished."""

    schema_version: SchemaVersion = Field(SCHEMA_VERSION, description="Version of this schema.")
    run_id: RunId = Field(description="Name of the run's folder.")
    experiment: RunId = Field(description="Name of the experiment.")
    status: Literal["finished", "failed"] = Field(description="How the run ended.")
    failure: str = Field("", description="What went wrong, where status is `failed`.")
    config: RunConfig = Field(description="What was asked for.")
    preprocessing: Preprocessing | None = Field(description="What the model was fed.")
    history: list[Epoch] = Field(description="One entry per epoch, in order.")
    best_epoch: PositiveInt | None = Field(
        description="Epoch of the lowest validation loss, whose weights were kept."
    )
    unfreezings: list[Unfreezing] = Field(
        [], description="When parts of the backbone began to learn, under `progressive`."
    )
    notes: list[str] = Field(
        [], description="What a reader must know, such as a batch halved for lack of memory."
    )
    stopped_early: bool = Field(description="Whether patience ran out before the last epoch.")
    cost: Cost | None = Field(description="What the model costs.")
    predictions: StoredFile | None = Field(description="What the model said about every image.")
    weights: StoredFile | None = Field(description="The trained weights.")
    provenance: Provenance = Field(description="Where the result comes from.")

    @model_validator(mode="after")
    def _status_agrees(self) -> Self:
        if self.status == "finished" and self.predictions is None:
            raise ValueError("predictions: a finished run has predictions")
        if (self.status == "failed") != bool(self.failure):
            raise ValueError("failure: given exactly when status is 'failed'")
        if [entry.epoch for entry in self.history] != list(range(1, len(self.history) + 1)):
            raise ValueError("history: epochs must count 1, 2, 3, ...")
        if self.best_epoch is not None and self.best_epoch > len(self.history):
            raise ValueError("best_epoch: beyond the last epoch of the history")
        return self


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


class SplitSummary(Record):
    """One split of the dataset."""

    n_images: PositiveInt = Field(description="Images in the split.")
    class_counts: list[NonNegativeInt] = Field(description="Images per class, in class order.")
    ids_sha256: Sha256 = Field(description="SHA-256 of the sorted sample ids, one a line.")

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
    sample_ids: list[str] = Field(description="The image shown in each cell, row by row.")


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
    run_ids: list[RunId] = Field(description="The planned runs, in the order of the config.")

    @model_validator(mode="after")
    def _lengths_agree(self) -> Self:
        for split in (Split.VAL, Split.TEST):
            if split not in self.splits:
                raise ValueError(f"splits: {split} is missing")
        for split, summary in self.splits.items():
            if len(summary.class_counts) != len(self.class_names):
                raise ValueError(f"splits.{split}.class_counts: one number per class")
        for field in ("class_names", "run_ids"):
            if len(set(values := getattr(self, field))) != len(values):
                raise ValueError(f"{field}: must not repeat")
        return self


class Sample(Record):
    """One evaluated image: a row of `samples.csv`."""

    sample_id: str = Field(min_length=1, description="Unique name of the image.")
    split: Split = Field(description="`val` or `test`.")
    target: NonNegativeInt = Field(description="Index of the true class.")
    path: str = Field(description="Path below the dataset's folder; empty if there is no file.")
    width_px: PositiveInt = Field(description="Width of the original image, px.")
    height_px: PositiveInt = Field(description="Height of the original image, px.")
