"""Class-activation maps: where in an image a model's evidence lies."""

import copy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from captum.attr import LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.evaluate import CPU_PART
from experiments.explain.grids import GridReader
from experiments.explain.layers import spread_layers
from experiments.explain.rollout import AttentionReader, roll_out
from experiments.models import Classifier


class NoActivationMapsError(Exception):
    """A model has no class-activation maps; the message is the reason in words."""


@dataclass(frozen=True)
class ActivationMapping:
    """Class-activation maps of some images.

    Attributes:
        maps: (N, h, w) float32, finite and at least 0, in no unit; each image has its own scale.
            A map is zero everywhere where nothing speaks for the class.
        method: How they were made.
        layer: Where in the backbone: the layer of Grad-CAM, the attentions of a rollout.
    """

    maps: NDArray[np.float32]
    method: Literal["grad-cam", "attention rollout"]
    layer: str

    @property
    def per_class(self) -> bool:
        """Whether a map is evidence for its class; else it is the same for every class."""
        return self.method == "grad-cam"


def activation_maps(model: Classifier, inputs: Tensor, classes: Tensor) -> ActivationMapping:
    """Map where in each image the evidence for a class lies.

    Grad-CAM on the last layer of the backbone that has a grid of positions: the sum of its
    channels, each weighted by the mean gradient of the class's logit, where it is positive. Source:
    Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based
    localization", ICCV 2017, equations 1 and 2. Where the head reads a transformer's class token,
    the patches of the last layer have no gradient: attention rollout (see `rollout`) shows what
    that token attended to instead. It is class-agnostic: `classes` plays no part in it.

    The model stays as it is, whatever its mode: a copy of it does the work, in float32.

    Args:
        model: On the device of the inputs.
        inputs: (N, 3, H, H) float32, normalised, N > 0.
        classes: (N,) int64, a class for each of them.

    Raises:
        NoActivationMapsError: If the model has no such maps, with the reason.
    """
    with torch.inference_mode(mode=False):
        # Copied here, tensors that were made in inference mode can take part in a gradient.
        images, targets = inputs.detach(), classes.to(inputs.device, copy=True)
        mine = copy.deepcopy(model).eval().requires_grad_(False)
        with torch.autocast(images.device.type, enabled=False):
            if _reads_class_token(mine.backbone):
                mapping = _rollout(mine, images)
            else:
                mapping = _grad_cam(mine, images, targets)
    if not np.isfinite(mapping.maps).all():
        raise NoActivationMapsError("the model computes values that are not finite")
    return mapping


def _grad_cam(model: Classifier, images: Tensor, targets: Tensor) -> ActivationMapping:
    layers = spread_layers(model.backbone, images[:1])
    if not layers:
        raise NoActivationMapsError("no layer of the backbone has a square grid of positions")
    read = GridReader(model.backbone)
    # Its output has the channels first, as captum wants them, whatever the layer's own has.
    grid = nn.Identity()

    def through_grid(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        return read.back(grid(read(output)), output)

    model.backbone.get_submodule(layers[-1]).register_forward_hook(through_grid)
    grad_cam = LayerGradCam(model, grid)
    parts = zip(images.split(CPU_PART), targets.split(CPU_PART), strict=True)
    signed = torch.cat([grad_cam.attribute(part, of_part).detach() for part, of_part in parts])
    if not signed.any():
        # As where a head reads class tokens alone: empty maps would say that nothing is evidence.
        raise NoActivationMapsError(f"no logit depends on the positions of {layers[-1]}")
    return ActivationMapping(signed.relu()[:, 0].cpu().numpy(), "grad-cam", layers[-1])


def _rollout(model: Classifier, images: Tensor) -> ActivationMapping:
    attention_of = AttentionReader(model.backbone)
    read = GridReader(model.backbone)
    maps = []
    for part in images.split(CPU_PART):
        weights = attention_of(part)
        if weights is None:
            raise NoActivationMapsError(
                "its attention is not between the same tokens everywhere"
                if attention_of.names
                else "no attention weights were found in it"
            )
        of_class_token = roll_out(weights)[:, 0]
        of_patches = read(of_class_token.unsqueeze(-1))
        if of_patches is None:
            raise NoActivationMapsError("its tokens are not on a square grid")
        maps.append(of_patches[:, 0])
    layer = f"{attention_of.names[0]} to {attention_of.names[-1]}"
    return ActivationMapping(torch.cat(maps).cpu().numpy(), "attention rollout", layer)


def _reads_class_token(backbone: nn.Module) -> bool:
    """Return whether the head reads a class token: always in torchvision, as told in timm."""
    tokens = (getattr(backbone, name, None) for name in ("cls_token", "class_token"))
    has_token = any(token is not None for token in tokens)
    return has_token and getattr(backbone, "global_pool", "token") == "token"
