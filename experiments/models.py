"""Backbones and heads: timm models by name, with weights from the hub, a folder, or none."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import huggingface_hub
import timm
import torch
from huggingface_hub.constants import ENDPOINT
from safetensors import SafetensorError
from timm.data.config import resolve_data_config
from torch import Tensor, nn

from experiments.config import nearest
from experiments.results.errors import ConfigError, DataError

HUB_WEIGHTS_FILE = "model.safetensors"
HUB_TIMEOUT_S = 10


class Classifier(nn.Module):
    """A backbone that ends in pooled features, and a head that turns them into logits.

    Args:
        backbone: (N, 3, H, W) float to (N, F) float.
        n_classes: C, the number of logits.
        input_px: H = W, for finding F.
    """

    def __init__(self, backbone: nn.Module, n_classes: int, input_px: int) -> None:
        super().__init__()
        self.backbone = backbone
        with torch.inference_mode():
            n_features = backbone.eval()(torch.zeros(1, 3, input_px, input_px)).shape[1]
        self.head = nn.Linear(n_features, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits, (N, C) float, of normalised images, (N, 3, H, W) float."""
        logits: Tensor = self.head(self.backbone(images))
        return logits


def check_names(names: Iterable[str]) -> None:
    """Refuse a model that timm does not have.

    Raises:
        ConfigError: Names the model and the nearest one that exists.
    """
    for name in names:
        if not timm.is_model(name):
            raise ConfigError(
                f"models: timm has no model {name!r}{nearest(name, timm.list_models())}"
            )


def data_config(name: str) -> dict[str, Any]:
    """Return what timm says a model wants to be fed: input size, interpolation, crop, mean, std."""
    pretrained = timm.get_pretrained_cfg(name)
    config: dict[str, Any] = resolve_data_config(
        pretrained_cfg=pretrained.to_dict() if pretrained else {}
    )
    return config


def build_backbone(
    name: str, input_px: int, *, pretrained: bool, weights_dir: Path | None
) -> nn.Module:
    """Make a timm model that ends in its pooled features.

    Args:
        name: timm's name of the model.
        input_px: Side of the square input; models of a fixed input size are made for it.
        pretrained: Whether to load ImageNet weights.
        weights_dir: Folder of `<name>.safetensors` files, asked before the hub.

    Raises:
        DataError: If the weights cannot be read.
    """
    options: dict[str, Any] = {}
    file = _local_weights(name, weights_dir)
    if pretrained and file is not None:
        options["pretrained_cfg_overlay"] = {"file": str(file)}
    try:
        backbone: nn.Module = timm.create_model(
            name, pretrained=pretrained, num_classes=0, **options
        )
    except (RuntimeError, OSError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(
            f"{file or name}: cannot be loaded as weights of {name}: {reason}"
        ) from None
    resize = getattr(backbone, "set_input_size", None)
    if resize is not None:
        resize(img_size=(input_px, input_px))
    return backbone


def weights_source(name: str, weights_dir: Path | None) -> str:
    """Say where a pretrained model's weights come from, without naming a folder of this machine."""
    file = _local_weights(name, weights_dir)
    if file is not None:
        return f"file {file.name}"
    return f"hub {_hub_repository(name)}"


def missing_weights(names: Iterable[str], weights_dir: Path | None) -> list[str]:
    """Return the models whose weights are not in the folder, not cached, and out of reach."""
    wanted = [name for name in names if _local_weights(name, weights_dir) is None]
    uncached = [name for name in wanted if not _is_cached(name)]
    return uncached if uncached and not _hub_answers() else []


def _local_weights(name: str, weights_dir: Path | None) -> Path | None:
    if weights_dir is None:
        return None
    file = weights_dir / f"{name}.safetensors"
    return file if file.is_file() else None


def _is_cached(name: str) -> bool:
    repository = _hub_repository(name)
    return repository is not None and isinstance(
        huggingface_hub.try_to_load_from_cache(repository, HUB_WEIGHTS_FILE), str
    )


def _hub_repository(name: str) -> str | None:
    pretrained = timm.get_pretrained_cfg(name)
    return pretrained.hf_hub_id if pretrained else None


def _hub_answers() -> bool:
    """Ask once: the hub's own client retries for the better part of a minute per model."""
    try:
        huggingface_hub.get_session().head(ENDPOINT, timeout=HUB_TIMEOUT_S)
    except Exception:  # any transport's own error means the same here
        return False
    return True
