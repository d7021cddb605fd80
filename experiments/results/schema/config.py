"""What a run is asked to do."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from experiments.results.schema.base import RGB, Fraction, NonNegative, Positive, Record

Strategy = Literal["frozen", "partial", "full", "progressive", "scratch"]
Head = Literal["linear", "mlp", "deep"]
Augmentation = Literal["none", "standard", "strong"]


class TrainingConfig(Record):
    """How a model learns."""

    optimizer: Literal["adam", "adamw", "sgd"] = Field("adam", description="Update rule.")
    momentum: Fraction = Field(
        0.9, description="Momentum of `sgd`; the other rules have moments of their own."
    )
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
        5,
        description="Epochs without improvement before stopping; null never stops early. Under "
        "`progressive` counted from the epoch that frees the last stage.",
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
        2,
        description="Epochs between the stages that `progressive` frees; the head comes first. "
        "Until the last one that `max_epochs` has room for, patience does not end training.",
    )


CropMode = Literal["center", "squash"]
"""timm's names: `center` keeps the shape and crops the centre, `squash` squeezes."""


class PreprocessingConfig(Record):
    """What to feed a model; a null takes the value from the model's own data config."""

    input_size: PositiveInt | None = Field(None, description="Side of the square input, px.")
    crop_fraction: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="Share of the resized image that the centre crop keeps."
    )
    crop_mode: CropMode | None = Field(
        None, description="How an image of any shape becomes a square."
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
