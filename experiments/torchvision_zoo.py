"""torchvision's classification models, known by names such as `torchvision/resnet50`."""

import re
from typing import Any

from torch import Tensor, nn
from torchvision import models as torchvision_models
from torchvision.models.vision_transformer import interpolate_embeddings

PREFIX = "torchvision/"
# Families made for one input size, and their own word for it.
_SIZE_OPTIONS = {
    "torchvision.models.vision_transformer": "image_size",
    "torchvision.models.maxvit": "input_size",
}
# Families with auxiliary classifiers, which their pretrained weights hold and nothing here uses.
_AUXILIARY = {
    "torchvision.models.googlenet": ("aux1.", "aux2."),
    "torchvision.models.inception": ("AuxLogits.",),
}
_N_CLASSES = 1000
# Before 0.4, torchvision named DenseNet's layers "norm.1", which is "norm1" now.
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")


def names() -> list[str]:
    """Return the names of all models, as an experiment's configuration writes them."""
    return [PREFIX + name for name in torchvision_models.list_models(module=torchvision_models)]


def is_name(name: str) -> bool:
    """Return whether a model's name asks for torchvision, which may or may not have it."""
    return name.startswith(PREFIX)


def weights_enum(name: str) -> Any:
    """Return torchvision's best weights of a model: `url`, `transforms`, `get_state_dict`."""
    return torchvision_models.get_model_weights(name.removeprefix(PREFIX)).DEFAULT


def data_config(name: str) -> dict[str, Any]:
    """Return what the model's weights want to be fed, in the words of timm's data config."""
    transform = weights_enum(name).transforms()
    (input_px,), (resize_px,) = transform.crop_size, transform.resize_size
    return {
        "input_size": (3, input_px, input_px),
        "crop_pct": input_px / resize_px,
        "crop_mode": "center",
        "interpolation": transform.interpolation.value,
        "mean": tuple(transform.mean),
        "std": tuple(transform.std),
    }


def build_backbone(name: str, input_px: int, state: dict[str, Tensor] | None) -> nn.Module:
    """Make a model that ends in its pooled features: the last layer, its classifier, is taken out.

    Args:
        name: Name with the prefix.
        input_px: Side of the square input; models of a fixed input size are made for it.
        state: Weights; random ones where it is None.

    Raises:
        RuntimeError: torch's own, naming the keys that differ from the model's.
    """
    builder = torchvision_models.get_model_builder(name.removeprefix(PREFIX))
    family = builder.__module__
    options: dict[str, Any] = {}
    if option := _SIZE_OPTIONS.get(family):
        options[option] = input_px if option == "image_size" else (input_px, input_px)
    if family in _AUXILIARY:
        # Only torchvision's own weights were trained on inputs normalised in another way.
        options |= {"aux_logits": False, "init_weights": state is None}
        options["transform_input"] = state is not None
    backbone: nn.Module = builder(weights=None, **options)
    classifier = _classifier_name(backbone)
    backbone.set_submodule(classifier, nn.Identity())
    if state is not None:
        unused = (f"{classifier}.", *_AUXILIARY.get(family, ()))
        kept = {key: value for key, value in state.items() if not key.startswith(unused)}
        backbone.load_state_dict(_translated(kept, family, input_px, backbone))
    return backbone


def _classifier_name(model: nn.Module) -> str:
    """Return the last layer that makes one output per class; a convolution in SqueezeNet."""
    outputs: dict[str, int | None] = {
        name: getattr(layer, "out_features", getattr(layer, "out_channels", None))
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
    }
    return next(name for name in reversed(outputs) if outputs[name] == _N_CLASSES)


def _translated(
    state: dict[str, Tensor], family: str, input_px: int, model: Any
) -> dict[str, Tensor]:
    """Return the weights under today's names, positions resampled for the input size."""
    if family.endswith(".densenet"):
        return {_OLD_DENSENET.sub(r"\1\2", key): value for key, value in state.items()}
    if family.endswith(".vision_transformer") and "encoder.pos_embedding" in state:
        resampled: dict[str, Tensor] = interpolate_embeddings(input_px, model.patch_size, state)
        return resampled
    return state
