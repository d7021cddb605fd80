"""What kind of layer a module is, and the window that it looks through."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from experiments.results.schema import LayerType

_TYPES: dict[str, LayerType] = {
    "torch.nn.modules.conv": "convolution",
    "torch.nn.modules.linear": "linear",
    "torch.nn.modules.batchnorm": "normalisation",
    "torch.nn.modules.instancenorm": "normalisation",
    "torch.nn.modules.normalization": "normalisation",
    "torch.nn.modules.activation": "activation",
    "timm.layers.activations": "activation",
    "torch.nn.modules.pooling": "pooling",
    "timm.layers.adaptive_avgmax_pool": "pooling",
}


def layer_type(module: nn.Module) -> LayerType:
    """Return what kind of layer a module is: by its name, or by where it or a base is defined."""
    cls = type(module)
    if "Attention" in cls.__name__ or "Attn" in cls.__name__:
        return "attention"
    return next((_TYPES[c.__module__] for c in cls.__mro__ if c.__module__ in _TYPES), "other")


def does_nothing(module: nn.Module) -> bool:
    """Return whether a module without others inside gives back what it gets, even in training."""
    if isinstance(module, nn.Dropout):
        return module.p == 0
    return isinstance(module, nn.Identity | nn.Sequential)


def window(module: nn.Module, name: str) -> tuple[int, int] | None:
    """Return `kernel_size` or `stride` of a module as height and width; None if it has none."""
    value: Any = getattr(module, name, None)
    sides = (value, value) if isinstance(value, int) else value
    if isinstance(sides, Sequence) and len(sides) == 2 and all(isinstance(s, int) for s in sides):
        return sides[0], sides[1]
    return None


def groups(module: nn.Module) -> int | None:
    """Return the groups of a convolution; None for any other module."""
    return module.groups if isinstance(module, nn.modules.conv._ConvNd) else None
