"""A run's model as the store has it: no ImageNet weights are asked for."""

from collections.abc import Sequence

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import nn

from experiments import models, torchvision_zoo
from experiments.results.errors import StoreError
from experiments.results.predictions import Predictions
from experiments.results.schema import RunRecord
from experiments.results.store import ExperimentStore

_BACKBONE = "backbone."
# Of one image alone and in a batch; computed in float32, both on a CPU, they differ by rounding.
_EXACT = 1e-3
# On a GPU, runs compute in bfloat16: their probabilities differ that much from those of float32.
_MOST_DIFFERENT = 0.1


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


def require_same(
    probabilities: NDArray[np.float32],
    record: RunRecord,
    predictions: Predictions,
    places: Sequence[int],
    device: torch.device,
) -> float:
    """Refuse to show another computation than the one that the run's results are of.

    Args:
        probabilities: (N, C) float32 in [0, 1], what the model gives now.
        record: The run.
        predictions: What it stored.
        places: N places of those images in `predictions`.
        device: Where the model runs now.

    Returns:
        The greatest difference from the stored probabilities, in [0, 1].

    Raises:
        StoreError: If that is more than rounding explains, or no probabilities are stored.
    """
    if predictions.top_probabilities is None:
        raise StoreError("the run has no probabilities")
    ours = np.take_along_axis(probabilities, predictions.top_classes[places], axis=1)
    difference = float(np.abs(ours - predictions.top_probabilities[places]).max())
    on_cpu = device.type == "cpu" and record.cost is not None and record.cost.device == "cpu"
    allowed = _EXACT if on_cpu else _MOST_DIFFERENT
    if not difference <= allowed:
        raise StoreError(
            f"the stored weights give probabilities that differ from the stored ones by "
            f"{difference:.2g}, more than {allowed:g}; --force does the run again"
        )
    return difference


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
