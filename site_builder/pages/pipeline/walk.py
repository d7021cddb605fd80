"""What a tensor is after each step of the pipeline, in words."""

import math
from dataclasses import dataclass

import numpy as np

from experiments.results.schema import Step, WalkStep
from site_builder import formatting
from site_builder.architectures.networks import IMPORTED
from site_builder.lessons.arithmetic import n_features
from site_builder.pages.pipeline.page import Model

STEP_NAMES: dict[Step, str] = {
    "photo": "Photograph, decoded",
    "resize": "Resized",
    "crop": "Cropped",
    "tensor": "Scaled to [0, 1]",
    "normalise": "Normalised",
    "features": "Features",
    "pool": "Pooled",
    "logits": "Logits",
    "probabilities": "Probabilities",
}
NO_WALKTHROUGH = "no image was followed through it yet"


@dataclass(frozen=True)
class Shapes:
    """Shapes of what one image becomes, as text; a dash where it is not known.

    Attributes:
        input: What the model is fed.
        features: What its backbone makes of it.
        pooled: What its head is given.
        logits: What its head makes of that.
    """

    input: str
    features: str
    pooled: str
    logits: str


def why_not_walked(model: Model) -> str:
    """Return why there is no walkthrough of a model; empty if there is one."""
    if model.walkthrough:
        return ""
    return IMPORTED if model.run.record.origin == "imported" else NO_WALKTHROUGH


def why_no_layers(model: Model) -> str:
    """Return why the layers of a model are not known, a sentence; only asked where they are not."""
    if model.run.record.origin == "imported":
        return f"The layers of this model are not known: {IMPORTED}."
    return "The layers of this model are not stored yet; running the experiment again adds them."


def shapes(model: Model, n_classes: int) -> Shapes:
    """Return the shapes of an image in a model, by what is stored of it.

    Without a walkthrough they are those of its preprocessing and its recorded layers.
    """
    if model.walkthrough:
        names: tuple[Step, ...] = ("normalise", "features", "pool", "logits")
        return Shapes(*(formatting.shape(model.walkthrough.step(name).shape) for name in names))
    fed, made_of = model.run.record.preprocessing, model.architecture
    return Shapes(
        input=formatting.shape((3, fed.input_size, fed.input_size)) if fed else formatting.MISSING,
        features=_features(model),
        pooled=formatting.shape((n_features(made_of),)) if made_of else formatting.MISSING,
        logits=formatting.count(n_classes),
    )


def step_row(step: WalkStep) -> tuple[str, ...]:
    """Return a step as cells: name, axes, shape, type, four statistics, and memory."""
    values = step.values
    statistics = (values.minimum, values.maximum, values.mean, values.std)
    return (
        STEP_NAMES[step.name],
        " × ".join(step.axes),
        formatting.shape(step.shape),
        step.dtype,
        *map(formatting.value, statistics),
        formatting.size(size_bytes(step)),
    )


def size_bytes(step: WalkStep) -> int:
    """Return how much memory a tensor takes, bytes."""
    return math.prod(step.shape) * np.dtype(step.dtype).itemsize


def _features(model: Model) -> str:
    """Return the shape of what the backbone's last stage makes, or the last layer mapped."""
    stages = model.architecture.stages if model.architecture else []
    # The last stage is the head, whatever it is called.
    backbone = [stage.shape for stage in stages[:-1]]
    mapped = [layer.shape for layer in model.maps.layers] if model.maps else []
    found = backbone or mapped
    return formatting.shape(found[-1]) if found else formatting.MISSING
