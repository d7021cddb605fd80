"""One run's feature maps: one forward pass of its model, pictures and numbers.

Grad-CAM is the exception: it needs gradients, and sends the images through a copy of the model once
more.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.datasets import ImageDataset
from experiments.evaluate import CPU_PART
from experiments.explain.atlases import (
    channel_numbers,
    draw_atlas,
    drawn_range,
    n_columns,
    shown_channels,
    tile_px,
)
from experiments.explain.layers import LayerMaps, choose_layers, kept_maps
from experiments.explain.overlays import (
    Overlays,
    compute_overlays,
    confident_mistakes,
    write_overlays,
)
from experiments.explain.rebuild import require_same
from experiments.models import Classifier
from experiments.pixels import evaluated, square
from experiments.results.errors import StoreError
from experiments.results.feature_maps import (
    atlas_file,
    find_top_images,
    watched_layers,
    write_feature_maps,
    write_picture,
)
from experiments.results.predictions import Predictions
from experiments.results.schema import (
    Atlas,
    FeatureMaps,
    MappedLayer,
    Preprocessing,
    RunRecord,
    Split,
)
from experiments.results.store import ExperimentStore
from experiments.transforms import normalise, to_float

NO_TOP_IMAGES = "the test images went through the model without these layers being watched"


def explain_run(
    record: RunRecord,
    model: Classifier,
    sample_ids: Sequence[str],
    asked_layers: Sequence[str],
    dataset: ImageDataset,
    store: ExperimentStore,
    device: torch.device,
) -> None:
    """Make the feature maps of a finished run; their record is written last.

    Args:
        record: The run.
        model: What it trained, as `rebuild_classifier` makes it, on the device.
        sample_ids: Test images.
        asked_layers: What the configuration names, if anything.
        dataset: Where images are read from.
        store: Has what the run said, and gets its maps.
        device: Where the model runs.

    Raises:
        BakeoffError: If the model does not give the stored predictions, or a layer asked for gives
            no maps.
    """
    if record.preprocessing is None:
        raise StoreError(f"run {record.run_id!r}: was not trained here")
    predictions = store.read_predictions(record, Split.TEST)
    places = _places(predictions, sample_ids)
    places += confident_mistakes(predictions, set(sample_ids))
    inputs = _inputs(dataset, record.preprocessing, places).to(device)
    watched = watched_layers(store, record.run_id, asked_layers)
    names = watched or choose_layers(model.backbone, inputs[:1], asked_layers)
    layers, logits = _forward(model, inputs[: len(sample_ids)], names)
    probabilities = logits.double().softmax(dim=1).float().numpy()
    require_same(probabilities, record, predictions, places[: len(sample_ids)], device)
    overlays = compute_overlays(model, inputs, predictions, places)
    _store(record.run_id, sample_ids, asked_layers, layers, overlays, store)


def _places(predictions: Predictions, sample_ids: Sequence[str]) -> list[int]:
    place_of = {str(sample_id): place for place, sample_id in enumerate(predictions.sample_ids)}
    return [place_of[sample_id] for sample_id in sample_ids]


def _inputs(dataset: ImageDataset, sizes: Preprocessing, places: Sequence[int]) -> Tensor:
    """Return test images as the model was fed them, (N, 3, H, H) float32."""
    geometry = evaluated(sizes)
    items = dataset.of_split(Split.TEST)
    pixels = torch.stack([square(dataset.open(items[place]), geometry) for place in places])
    return normalise(to_float(pixels.permute(0, 3, 1, 2)), sizes, white=255)


def _forward(
    model: Classifier, inputs: Tensor, names: Sequence[str]
) -> tuple[list[LayerMaps], Tensor]:
    """Send each image through the model once; return what the layers made of them, and logits."""
    parts: list[list[LayerMaps]] = []
    logits = []
    for part in inputs.split(CPU_PART):
        with torch.inference_mode(), kept_maps(model.backbone, names) as kept:
            logits.append(model(part).cpu())
        parts.append(list(kept.values()))
    layers = [
        LayerMaps(
            name=of_parts[0].name,
            kind=of_parts[0].kind,
            from_tokens=of_parts[0].from_tokens,
            dtype=of_parts[0].dtype,
            maps=torch.cat([of_part.maps for of_part in of_parts]),
        )
        for of_parts in zip(*parts, strict=True)
    ]
    return layers, torch.cat(logits)


def _store(
    run_id: str,
    sample_ids: Sequence[str],
    asked_layers: Sequence[str],
    layers: Sequence[LayerMaps],
    overlays: Overlays | str,
    store: ExperimentStore,
) -> None:
    shown = [shown_channels(layer.maps) for layer in layers]
    atlases = [
        _write_atlas(store, run_id, sample, place, layer.maps[sample][shown[place]], overlay)
        for sample, sample_id in enumerate(sample_ids)
        for overlay in [None if isinstance(overlays, str) else overlays.of_prediction(sample_id)]
        for place, layer in enumerate(layers)
    ]
    absent = {}
    if isinstance(overlays, str):
        absent["activation"] = overlays
    if (top_images := find_top_images(store, run_id, [layer.name for layer in layers])) is None:
        absent["top_images"] = NO_TOP_IMAGES
    write_feature_maps(
        store,
        FeatureMaps(
            run_id=run_id,
            samples=list(sample_ids),
            asked_layers=list(asked_layers),
            layers=[
                _described(layer, channels) for layer, channels in zip(layers, shown, strict=True)
            ],
            atlases=atlases,
            top_images=top_images,
            activation=None
            if isinstance(overlays, str)
            else write_overlays(store, run_id, overlays),
            absent=absent,
        ),
    )


def _write_atlas(
    store: ExperimentStore,
    run_id: str,
    sample: int,
    layer: int,
    maps: Tensor,
    activation: NDArray[np.float32] | None,
) -> Atlas:
    low, high = drawn_range(maps)
    picture = draw_atlas(maps, low, high)
    return Atlas(
        sample=sample,
        layer=layer,
        file=write_picture(store, run_id, atlas_file(sample, layer), picture),
        channels=channel_numbers(maps, low, high, activation),
    )


def _described(layer: LayerMaps, channels: list[int]) -> MappedLayer:
    _, n_channels, height, width = layer.maps.shape
    return MappedLayer(
        name=layer.name,
        kind=layer.kind,
        shape=(n_channels, height, width),
        from_tokens=layer.from_tokens,
        dtype=layer.dtype,
        shown=channels,
        tile_px=tile_px(height),
        n_columns=n_columns(len(channels)),
    )
