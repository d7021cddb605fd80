"""A run's model as the store has it: no ImageNet weights are asked for."""

import safetensors.torch
import torch
from torch import nn

from experiments import models, torchvision_zoo
from experiments.results.errors import StoreError
from experiments.results.schema import RunRecord
from experiments.results.store import ExperimentStore

_BACKBONE = "backbone."


def rebuild_classifier(
    store: ExperimentStore, record: RunRecord, n_classes: int, device: torch.device
) -> models.Classifier:
    """Make the model that a finished run trained, in eval mode, on the device.

    Raises:
        StoreError: If its weights are missing, damaged, or of another model.
    """
    if record.config is None or record.preprocessing is None:
        raise StoreError(f"run {record.run_id!r}: was not trained here")
    state = safetensors.torch.load(store.read_weights(record))
    side = record.preprocessing.input_size
    backbone = _backbone(record.config.model, record.config.strategy == "scratch", side, state)
    model = models.Classifier(backbone, n_classes, side, record.config.head)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise StoreError(f"run {record.run_id!r}: its weights do not fit: {error}") from None
    # As it was trained, so that it rounds in the same way.
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model.eval()


def _backbone(name: str, scratch: bool, side: int, state: dict[str, torch.Tensor]) -> nn.Module:
    if torchvision_zoo.is_name(name) and not scratch:
        # Inception and GoogLeNet normalise their input once more where they are given weights.
        mine = {
            key.removeprefix(_BACKBONE): value
            for key, value in state.items()
            if key.startswith(_BACKBONE)
        }
        return torchvision_zoo.build_backbone(name, side, mine)
    return models.build_backbone(name, side, pretrained=False, weights_dir=None)
