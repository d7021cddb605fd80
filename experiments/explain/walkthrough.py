"""One test image through one run's model, step by step: one forward pass, numbers and pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import functional

from experiments.datasets import ImageDataset
from experiments.explain.atlases import rounded
from experiments.explain.grids import GridReader
from experiments.explain.layers import spread_layers
from experiments.explain.pictures import channels_picture, colour_picture
from experiments.explain.rebuild import require_same
from experiments.models import Classifier
from experiments.pixels import cropped, evaluated, resized
from experiments.results.errors import StoreError
from experiments.results.predictions import Predictions
from experiments.results.schema import (
    Preprocessing,
    RunRecord,
    Split,
    Statistics,
    Step,
    StoredFile,
    WalkStep,
    Walkthrough,
)
from experiments.results.store import ExperimentStore
from experiments.results.walkthrough import write_walkthrough, write_walkthrough_picture
from experiments.transforms import normalise, to_float, to_unit

_ROUNDING = 1e-4
_POOLED_DIGITS = 4

_INPUTS: tuple[Step, ...] = ("photo", "resize", "crop", "tensor", "normalise")
_AXES: dict[Step, list[str]] = {
    **{name: ["channels", "height", "width"] for name in _INPUTS},
    "pool": ["features"],
    "logits": ["classes"],
    "probabilities": ["classes"],
}
_PICTURES: dict[Step, Callable[[Tensor], bytes]] = {
    "photo": colour_picture,
    "resize": colour_picture,
    "crop": colour_picture,
    "normalise": channels_picture,
}
# Why the others have no picture.
_NO_PICTURE: dict[Step, str] = {
    "tensor": "it looks as before: its values are those of the pixels, divided by 255",
    "features": "its maps are among the run's feature maps",
    "pool": "its values have no place in the image",
    "logits": "its values have no place in the image",
    "probabilities": "its values have no place in the image",
}


@dataclass(frozen=True)
class _Pass:
    """What a forward pass made of one image; without the axis of the batch, on the CPU.

    Attributes:
        layer: Name of the last layer that has a grid of positions.
        features: Its output, as it is.
        maps: (C, h, h) float32, the same as maps.
        pooled: (F,) float32.
        logits: (C,) float32.
    """

    layer: str
    features: Tensor
    maps: Tensor
    pooled: Tensor
    logits: Tensor


def walk_run(
    record: RunRecord,
    model: Classifier,
    sample_id: str,
    dataset: ImageDataset,
    store: ExperimentStore,
    device: torch.device,
) -> None:
    """Follow a test image through a finished run's model; the record is written last.

    Args:
        record: The run.
        model: What it trained, as `rebuild_classifier` makes it, on the device.
        sample_id: The test image.
        dataset: Where it is read from.
        store: Has what the run said, and gets the walkthrough.
        device: Where the model runs.

    Raises:
        BakeoffError: If the model does not give the stored predictions, or none of its layers has
            a grid of positions.
    """
    if record.preprocessing is None:
        raise StoreError(f"run {record.run_id!r}: was not trained here")
    stored = store.read_predictions(record, Split.TEST)
    place = stored.sample_ids.tolist().index(sample_id)
    photo = functional.pil_to_tensor(dataset.open(dataset.of_split(Split.TEST)[place]))
    inputs = _prepare(photo, record.preprocessing)
    through = _forward(model, inputs["normalise"][None].to(device))
    probabilities = through.logits.double().softmax(dim=0).float()
    difference = require_same(probabilities[None].numpy(), record, stored, [place], device)
    classes = Predictions.from_logits(
        stored.sample_ids[[place]], stored.targets[[place]], through.logits[None].numpy()
    ).top_classes[0]
    outputs: dict[Step, Tensor] = {
        "features": through.features,
        "pool": through.pooled,
        "logits": through.logits,
        "probabilities": probabilities,
    }
    axes = _AXES | {"features": _feature_axes(through)}
    steps = [
        _described(name, axes[name], tensor, _draw(store, record.run_id, name, tensor))
        for name, tensor in (inputs | outputs).items()
    ]
    write_walkthrough(
        store,
        Walkthrough(
            run_id=record.run_id,
            sample_id=sample_id,
            steps=steps,
            features_layer=through.layer,
            pooling=_pooling(through),
            pooled=rounded(through.pooled.tolist(), _POOLED_DIGITS),
            classes=classes.tolist(),
            logits=through.logits[classes].tolist(),
            probabilities=probabilities[classes].tolist(),
            difference=difference,
        ),
    )


def _prepare(photo: Tensor, sizes: Preprocessing) -> dict[Step, Tensor]:
    """Return (3, H, W) tensors: a photograph of uint8, and what it is after each step."""
    geometry = evaluated(sizes)
    small = resized(photo, geometry)
    square = cropped(small, geometry)
    return {
        "photo": photo,
        "resize": small,
        "crop": square,
        "tensor": to_unit(square[None])[0],
        # As models are fed: scaled and normalised in one.
        "normalise": normalise(to_float(square[None]), sizes, white=255)[0],
    }


def _forward(model: Classifier, image: Tensor) -> _Pass:
    """Send one image, (1, 3, H, H) float32, through the model and keep what it is on the way."""
    spread = spread_layers(model.backbone, image)
    if not spread:
        raise StoreError("no layer of the model has a square grid of positions")
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        # A copy: what follows may change it in place.
        kept.append(output.detach().to("cpu", torch.float32, copy=True))

    handle = model.backbone.get_submodule(spread[-1]).register_forward_hook(keep)
    try:
        with torch.inference_mode():
            pooled = model.backbone(image)
            logits = model.head(pooled)
    finally:
        handle.remove()
    maps = GridReader(model.backbone)(kept[-1])
    if maps is None:
        raise StoreError(f"{spread[-1]}: its output has no square grid of positions")
    return _Pass(
        layer=spread[-1],
        features=kept[-1][0],
        maps=maps[0],
        pooled=pooled[0].float().cpu(),
        logits=logits[0].float().cpu(),
    )


def _feature_axes(through: _Pass) -> list[str]:
    if through.features.ndim == 2:
        return ["tokens", "features"]
    if through.features.shape == through.maps.shape:
        return ["channels", "height", "width"]
    return ["height", "width", "channels"]


def _pooling(through: _Pass) -> Literal["mean", "class token", "other"]:
    """Find what makes the pooled vector of the features by trying."""
    if _same(through.maps.mean(dim=(1, 2)), through.pooled):
        return "mean"
    if through.features.ndim == 2 and _same(through.features[0], through.pooled):
        return "class token"
    return "other"


def _same(tried: Tensor, pooled: Tensor) -> bool:
    if tried.shape != pooled.shape:
        return False
    return bool(((tried - pooled).abs() <= _ROUNDING * pooled.abs().max()).all())


def _draw(store: ExperimentStore, run_id: str, step: Step, tensor: Tensor) -> StoredFile | None:
    if step not in _PICTURES:
        return None
    return write_walkthrough_picture(store, run_id, step, _PICTURES[step](tensor))


def _described(name: Step, axes: list[str], tensor: Tensor, picture: StoredFile | None) -> WalkStep:
    return WalkStep(
        name=name,
        shape=list(tensor.shape),
        axes=axes,
        dtype=str(tensor.dtype).removeprefix("torch."),
        values=_statistics(tensor),
        colours=[_statistics(colour) for colour in tensor] if name in _INPUTS else [],
        picture=picture,
        absent={} if picture else {"picture": _NO_PICTURE[name]},
    )


def _statistics(tensor: Tensor) -> Statistics:
    values = tensor.double()
    numbers = [values.min(), values.max(), values.mean(), values.std(correction=0)]
    minimum, maximum, mean, std = rounded(number.item() for number in numbers)
    return Statistics(minimum=minimum, maximum=maximum, mean=mean, std=std)
