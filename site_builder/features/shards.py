"""What the browser loads of feature maps: of a run what there is, and of a layer its numbers."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from experiments.results.feature_maps import read_top_images
from experiments.results.schema import ActivationMaps, FeatureMaps, MappedLayer
from experiments.results.store import ExperimentStore
from site_builder.explorer.images import Images
from site_builder.features.images import MappedImage
from site_builder.features.numbers import channel_texts
from site_builder.features.shapes import Step, steps


def run_shard(
    record: FeatureMaps,
    name: str,
    images: list[MappedImage],
    class_names: list[str],
    *,
    drawn: bool,
) -> dict[str, object]:
    """Return what there is of a run.

    Args:
        record: What is stored of it.
        name: The run's name.
        images: Those of `ids_of(record)`, in that order.
        class_names: Names of the classes, in order.
        drawn: Whether architectures.html shows its network.

    Returns:
        `name`; `drawn`; `layers`, as `_layer`; `images`, as `_image`; `samples`: how many of the
        images have feature maps, the first of them; `activation`, as `_activation`, or null;
        `noActivation` and `noTop`: why there is none, or no top images; empty where there are.
    """
    return {
        "name": name,
        "drawn": drawn,
        "layers": [
            _layer(layer, step)
            for layer, step in zip(record.layers, steps(record.layers), strict=True)
        ],
        "images": [_image(image) for image in images],
        "samples": len(record.samples),
        "activation": record.activation
        and _activation(record.activation, [image.sample_id for image in images], class_names),
        "noActivation": record.absent.get("activation", ""),
        "noTop": record.absent.get("top_images", ""),
    }


def layer_shards(
    record: FeatureMaps, store: ExperimentStore, images: Images
) -> Iterator[dict[str, object]]:
    """Yield for each layer the numbers of its channels, and what they respond to most.

    Yields:
        `numbers`: for each sample the texts of `channel_texts`, apart by spaces; `top`: for each
        channel shown class and place there of its top images, one after the other.
    """
    top = read_top_images(store, record) if record.top_images else None
    for place, layer in enumerate(record.layers):
        yield {
            "numbers": [
                {name: " ".join(texts) for name, texts in channel_texts(atlas.channels).items()}
                for atlas in record.atlases
                if atlas.layer == place
            ],
            "top": _names(top[place][layer.shown], images) if top else [],
        }


def _names(places: NDArray[np.int32], images: Images) -> list[list[int]]:
    if not ((places >= 0) & (places < len(images))).all():
        return []  # A check says so.
    names = np.stack([images.targets[places], images.ranks[places]], axis=2)
    flat: list[list[int]] = names.reshape(len(places), -1).tolist()
    return flat


def _layer(layer: MappedLayer, step: Step) -> dict[str, object]:
    """Return a layer's name, its shape in numbers and in words, and its atlases' layout."""
    return {
        "name": layer.name,
        "kind": layer.kind,
        "size": layer.shape,
        "shape": step.shape,
        "values": step.values,
        "grid": step.grid,
        "of": step.shown,
        "change": step.change,
        "shown": layer.shown,
        "tile": layer.tile_px,
        "columns": layer.n_columns,
    }


def _image(image: MappedImage) -> dict[str, object]:
    """Return an image, as `MappedImage` describes it; the crop in ten-thousandths."""
    return {
        "id": image.sample_id,
        "image": image.image,
        "target": image.target,
        "said": image.said,
        "right": image.right,
        "why": image.why,
        "size": image.size,
        "crop": image.crop and [round(share * 10_000) for share in image.crop],
    }


def _activation(
    activation: ActivationMaps, sample_ids: list[str], class_names: list[str]
) -> dict[str, object]:
    """Return what the maps are, and for each its image, whose class it is, and the class."""
    return {
        "method": activation.method,
        "layer": activation.layer,
        "size": activation.shape,
        "columns": activation.n_columns,
        "maps": [
            [sample_ids.index(one.sample_id), one.of, class_names[one.class_index]]
            for one in activation.maps
        ],
    }
