"""Classifiers: timm and torchvision models by name, without their own classifier, and a head."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from timm.data.config import resolve_data_config
from torch import Tensor, nn

from experiments import torchvision_zoo, weights
from experiments.heads import build_head
from experiments.results.errors import ConfigError, nearest
from experiments.results.schema import Head, RunConfig


class Classifier(nn.Module):
    """A backbone that ends in pooled features, and a head that turns them into logits.

    Args:
        backbone: (N, 3, H, W) float to (N, F) float.
        n_classes: C, the number of logits.
        input_px: H = W, for finding F.
        head: Kind of the head.
    """

    def __init__(
        self, backbone: nn.Module, n_classes: int, input_px: int, head: Head = "linear"
    ) -> None:
        super().__init__()
        self.backbone = backbone
        device = next(backbone.parameters()).device
        with torch.inference_mode():
            features = backbone.eval()(torch.zeros(1, 3, input_px, input_px, device=device))
        self.head = build_head(head, features.shape[1], n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits, (N, C) float, of normalised images, (N, 3, H, W) float."""
        logits: Tensor = self.head(self.backbone(images))
        return logits


def check_names(names: Iterable[str]) -> None:
    """Refuse a model that neither timm nor torchvision has.

    Raises:
        ConfigError: Names the model and the nearest one that exists.
    """
    for name in names:
        if torchvision_zoo.is_name(name):
            if name not in (known := torchvision_zoo.names()):
                raise ConfigError(f"models: there is no model {name!r}{nearest(name, known)}")
        elif not _timm_has(name):
            known = [*timm.list_models(), *timm.list_pretrained(), *torchvision_zoo.names()]
            raise ConfigError(f"models: timm has no model {name!r}{nearest(name, known)}")


def _timm_has(name: str) -> bool:
    """Return whether timm has a model, and its tagged weights where the name has a tag."""
    return timm.is_model(name) and ("." not in name or name in timm.list_pretrained())


def data_config(name: str) -> dict[str, Any]:
    """Return what a model wants to be fed: input size, interpolation, crop, mean, std."""
    if torchvision_zoo.is_name(name):
        return torchvision_zoo.data_config(name)
    pretrained = timm.get_pretrained_cfg(name)
    config: dict[str, Any] = resolve_data_config(
        pretrained_cfg=pretrained.to_dict() if pretrained else {}
    )
    return config


def build_classifier(
    config: RunConfig, n_classes: int, input_px: int, weights_dir: Path | None
) -> Classifier:
    """Make a run's backbone and head; every strategy but `scratch` starts from ImageNet weights.

    Args:
        config: Names model, head and strategy.
        n_classes: Number of logits.
        input_px: Side of the square input.
        weights_dir: Folder of weight files, asked before the hub.

    Raises:
        DataError: If the weights cannot be read or do not fit.
    """
    backbone = build_backbone(
        config.model,
        input_px,
        pretrained=config.strategy != "scratch",
        weights_dir=weights_dir,
    )
    return Classifier(backbone, n_classes, input_px, config.head)


def build_backbone(
    name: str, input_px: int, *, pretrained: bool, weights_dir: Path | None
) -> nn.Module:
    """Make a model that ends in its pooled features.

    Args:
        name: timm's name of the model, or `torchvision/` and torchvision's.
        input_px: Side of the square input; models of a fixed input size are made for it.
        pretrained: Whether to load ImageNet weights.
        weights_dir: Folder of `<name>.safetensors` or `<name>.pth` files, asked before the hub.

    Raises:
        DataError: If the weights cannot be read or do not fit.
    """
    file = weights.local_file(name, weights_dir) if pretrained else None
    state = weights.read_state(file, name) if file else None
    try:
        if torchvision_zoo.is_name(name):
            if pretrained and state is None:
                state = torchvision_zoo.weights_enum(name).get_state_dict(progress=False)
            return torchvision_zoo.build_backbone(name, input_px, state)
        return _build_timm(name, input_px, pretrained=pretrained, state=state)
    except (RuntimeError, ValueError, OSError, SafetensorError) as error:
        if not pretrained:
            raise
        raise weights.mismatch(file, name, error) from None


def _build_timm(
    name: str, input_px: int, *, pretrained: bool, state: dict[str, Tensor] | None
) -> nn.Module:
    options: dict[str, Any] = {"num_classes": 0}
    known = timm.get_pretrained_cfg(name)
    fixed_size = known is not None and known.fixed_input_size
    if fixed_size:
        options["img_size"] = (input_px, input_px)
    if state is None:
        backbone: nn.Module = timm.create_model(name, pretrained=pretrained, **options)
    else:
        backbone = _load_timm(name, options, state)
    resize = getattr(backbone, "set_input_size", None)
    if resize is not None and not fixed_size:
        resize(img_size=(input_px, input_px))
    return backbone


def _load_timm(name: str, options: dict[str, Any], state: dict[str, Tensor]) -> nn.Module:
    """Make a timm model with these weights, through timm's own conversion of older formats.

    Raises:
        RuntimeError: torch's own, naming the keys that differ; a classifier may be there or not.
    """
    with torch.device("meta"):
        whole = timm.create_model(name, **{**options, "num_classes": 1})
        backbone = timm.create_model(name, **options)
    unused = whole.state_dict().keys() - backbone.state_dict().keys()
    kept = {key: value for key, value in state.items() if key not in unused}
    if not kept:
        raise RuntimeError("it holds nothing but a classifier")
    try:
        # Told that the weights have as many classes as the model, timm insists on every key.
        return _create_timm(name, options, kept, n_classes=0)
    except Exception as error:
        found = weights.Differences.from_error(error)
        if not found:
            # Weights of another model break timm's conversion: compare them as they are.
            backbone.load_state_dict(kept, assign=True)
        if found.missing or found.shapes or not set(found.unexpected) <= unused:
            raise
    # The classifier had another name before the conversion: told of classes, timm drops it.
    return _create_timm(name, options, kept, n_classes=1)


def _create_timm(
    name: str, options: dict[str, Any], state: dict[str, Tensor], n_classes: int
) -> nn.Module:
    overlay = {"num_classes": n_classes, "label_offset": 0, "custom_load": False}
    backbone: Any = timm.create_model(
        name,
        pretrained=True,
        pretrained_cfg_overlay={**overlay, "state_dict": state},
        **options,
    )
    # timm keeps what it was given beside the model: a second copy of all the weights.
    del backbone.pretrained_cfg["state_dict"]
    loaded: nn.Module = backbone
    return loaded
