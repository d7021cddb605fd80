"""What one run stored."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from experiments.results.schema.base import (
    RGB,
    SCHEMA_VERSION,
    Fraction,
    NonNegative,
    PartialRecord,
    Positive,
    Record,
    RunId,
    SchemaVersion,
    Sha256,
    StoredFile,
)
from experiments.results.schema.config import CropMode, RunConfig

# Why a run that was trained here has none of what imports have.
_NOT_IMPORTED = {"counts": "the predictions tell more", "imported": "it was trained here"}


class Preprocessing(Record):
    """What the model was fed, after its data config and the overrides."""

    input_size: PositiveInt = Field(description="Side of the square input, px.")
    resize_size: PositiveInt = Field(
        description="Side before the centre crop, px: the shorter one, or both under `squash`."
    )
    crop_mode: CropMode = Field(
        "center",
        description="`center` resizes the shorter side, `squash` both.",
    )
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
    layer_macs: PositiveInt | None = Field(
        None,
        description="Multiply-adds of its convolutions and linear layers, counted from their "
        "shapes, to hold `flops` against; from version 2 on.",
    )
    size_bytes: PositiveInt | None = Field(description="The weights as a safetensors file, bytes.")
    train_time_s: Positive | None = Field(description="Training, validation included, seconds.")
    reading_time_s: NonNegative | None = Field(
        description="Decoding images before training, seconds: what this run waited for, little "
        "where an earlier one had decoded them. No sum counts it."
    )
    features_time_s: NonNegative | None = Field(
        description="Computing a frozen backbone's features before training, seconds: in this "
        "run or, where they came from the cache, in the one that computed them, which `notes` say. "
        "With finding the images that channels respond to most, which took 1.8 to 3.4 % where it "
        "was measured. Before version 4 only what this run waited for."
    )
    evaluation_time_s: Positive | None = Field(
        description="Predicting `val` and `test` after training, seconds; a frozen backbone's "
        "features are not in it. Finding the images that channels respond to most is, "
        "as in `features_time_s`."
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
        description="Most memory in use during the run: on the GPU for `cuda`, of the whole "
        "process for `cpu`; with what finding the images that channels respond to most takes."
    )

    @model_validator(mode="before")
    @classmethod
    def _one_count_is_enough(cls, values: Any) -> Any:
        """Give the reason where there is no second count, as in version 1."""
        if not isinstance(values, dict) or values.get("layer_macs") is not None:
            return values
        return {**values, "absent": {"layer_macs": "not counted"} | values.get("absent", {})}


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


class ImportProvenance(PartialRecord):
    """Where a result comes from that was made elsewhere."""

    kind: Literal["predictions", "confusion matrix", "classification report"] = Field(
        description="What was imported."
    )
    file: str | None = Field(description="Name of the imported file, without its folder.")
    file_sha256: Sha256 | None = Field(description="SHA-256 of the imported file.")
    imported_at: datetime = Field(description="When it was imported, UTC.")
    bakeoff_version: str = Field(description="Version of this package.")


class StoredEmbedding(Record):
    """A map of the test images: alike features lie near each other."""

    file: StoredFile = Field(description="Where the images lie, a NumPy archive.")
    n_images: PositiveInt = Field(
        description="Images on the map: all of `test`, or a choice stratified by class."
    )
    n_features: PositiveInt = Field(description="Pooled features of an image, the head's input.")
    n_components: PositiveInt = Field(description="Principal components kept of the features.")
    perplexity: Positive = Field(description="Perplexity of the t-SNE on the components.")


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
    origin: Literal["trained", "imported"] = Field(
        "trained", description="Whether bakeoff trained the model, or was told the results."
    )
    label: str = Field(
        "", description="Name for people of an imported run; `config` has that of a trained one."
    )
    config: RunConfig | None = Field(description="What was asked for.")
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
    stopped_early: bool | None = Field(
        description="Whether patience ran out before the last epoch."
    )
    cost: Cost | None = Field(description="What the model costs.")
    predictions: StoredFile | None = Field(description="What the model said about every image.")
    counts: StoredFile | None = Field(
        None, description="What an imported run may have instead: how many images, not which."
    )
    reported_metrics: dict[str, float] = Field(
        {},
        description="Scores given with an import, to hold those against that the site computes.",
    )
    weights: StoredFile | None = Field(description="The trained weights.")
    embedding: StoredEmbedding | None = Field(
        None, description="A map of the test images by their features; from version 2 on."
    )
    provenance: Provenance | None = Field(description="Where the result comes from.")
    imported: ImportProvenance | None = Field(
        None, description="Where the result comes from if it was made elsewhere."
    )

    @model_validator(mode="before")
    @classmethod
    def _trained_runs_have_no_import(cls, values: Any) -> Any:
        """Give the reasons why a run that was trained here lacks what imports have."""
        if not isinstance(values, dict) or values.get("origin") == "imported":
            return values
        absent = values.get("absent", {})
        reasons = {
            field: why
            for field, why in _NOT_IMPORTED.items()
            if values.get(field) is None and field not in absent
        }
        return {**values, "absent": absent | reasons}

    @model_validator(mode="after")
    def _origin_agrees(self) -> Self:
        imported = self.origin == "imported"
        for field in ("config", "provenance"):
            if imported != (getattr(self, field) is None):
                raise ValueError(f"{field}: null exactly when origin is 'imported'")
        for field in ("label", "imported"):
            if imported != bool(getattr(self, field)):
                raise ValueError(f"{field}: given exactly when origin is 'imported'")
        if not imported and self.counts:
            raise ValueError("counts: only for an imported run")
        return self

    @model_validator(mode="after")
    def _status_agrees(self) -> Self:
        if self.status == "finished" and (self.predictions is None) == (self.counts is None):
            raise ValueError("predictions: a finished run has predictions, or counts instead")
        if (self.status == "failed") != bool(self.failure):
            raise ValueError("failure: given exactly when status is 'failed'")
        if [entry.epoch for entry in self.history] != list(range(1, len(self.history) + 1)):
            raise ValueError("history: epochs must count 1, 2, 3, ...")
        if self.best_epoch is not None and self.best_epoch > len(self.history):
            raise ValueError("best_epoch: beyond the last epoch of the history")
        return self
