"""A run's class-activation maps: on the samples, and on the mistakes it was surest of."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.explain.activation import ActivationMapping, NoActivationMapsError, activation_maps
from experiments.explain.atlases import n_columns, tiled, webp_lossless
from experiments.models import Classifier
from experiments.results.feature_maps import ACTIVATION_FILE, write_picture
from experiments.results.metrics.ranking import surest_mistakes
from experiments.results.predictions import Predictions
from experiments.results.schema import ActivationMap, ActivationMaps
from experiments.results.store import ExperimentStore

N_MISTAKES = 12


@dataclass(frozen=True)
class Overlays:
    """Class-activation maps of some images.

    Attributes:
        mapping: Their values, one for each entry of `wanted`.
        wanted: What each of them is of.
    """

    mapping: ActivationMapping
    wanted: list[ActivationMap]

    def of_prediction(self, sample_id: str) -> NDArray[np.float32]:
        """Return the (h, w) map of an image for its predicted class."""
        ids = [entry.sample_id for entry in self.wanted]
        # The predicted class comes first.
        found: NDArray[np.float32] = self.mapping.maps[ids.index(sample_id)]
        return found


def confident_mistakes(predictions: Predictions, besides: set[str]) -> list[int]:
    """Return places of the wrong images whose wrong class is most probable, the surest first.

    Args:
        predictions: With probabilities.
        besides: Ids of images that are left out.
    """
    if predictions.top_probabilities is None:
        return []
    right = predictions.predicted == predictions.targets
    mistakes = surest_mistakes(right, predictions.top_probabilities[:, 0]).tolist()
    others = [p for p in mistakes if str(predictions.sample_ids[p]) not in besides]
    return others[:N_MISTAKES]


def compute_overlays(
    model: Classifier, inputs: Tensor, predictions: Predictions, places: list[int]
) -> Overlays | str:
    """Map images for their predicted class and, where that is another, for their true one.

    Args:
        model: On the device of the inputs.
        inputs: (N, 3, H, H) float, normalised.
        predictions: Of the whole test split.
        places: N places in it.

    Returns:
        The maps, or why there are none: a run's other pictures are worth having without.
    """
    wanted: list[ActivationMap] = []
    rows: list[int] = []
    for row, place in enumerate(places):
        prediction, target = int(predictions.predicted[place]), int(predictions.targets[place])
        sample_id = str(predictions.sample_ids[place])
        wanted.append(ActivationMap(sample_id=sample_id, class_index=prediction, of="prediction"))
        rows.append(row)
        if prediction != target:
            wanted.append(ActivationMap(sample_id=sample_id, class_index=target, of="target"))
            rows.append(row)
    classes = torch.tensor([entry.class_index for entry in wanted], device=inputs.device)
    try:
        mapping = activation_maps(model, inputs[rows], classes)
    except NoActivationMapsError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if mapping.per_class:
        return Overlays(mapping, wanted)
    once = [row for row, entry in enumerate(wanted) if entry.of == "prediction"]
    mapping = ActivationMapping(mapping.maps[once], mapping.method, mapping.layer)
    return Overlays(mapping, [wanted[row] for row in once])


def write_overlays(store: ExperimentStore, run_id: str, overlays: Overlays) -> ActivationMaps:
    """Write the maps as one picture, each scaled by its own maximum, and return their record.

    Raises:
        DiskFullError: If there is no room for it.
    """
    maps = overlays.mapping.maps
    highest = maps.max(axis=(1, 2), keepdims=True)
    # A map without any evidence is black.
    scaled = np.divide(maps, highest, out=np.zeros_like(maps), where=highest > 0)
    columns = n_columns(len(maps))
    picture = webp_lossless(tiled(np.rint(255 * scaled).astype(np.uint8), columns))
    return ActivationMaps(
        method=overlays.mapping.method,
        layer=overlays.mapping.layer,
        shape=(maps.shape[1], maps.shape[2]),
        n_columns=columns,
        file=write_picture(store, run_id, ACTIVATION_FILE, picture),
        maps=overlays.wanted,
    )
