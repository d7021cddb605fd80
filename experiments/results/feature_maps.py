"""Read and write what a run's layers make of a few images: `feature_maps.json` and its pictures."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.results.archives import npz_bytes, npz_names, read_npz
from experiments.results.errors import StoreError
from experiments.results.files import write_atomically
from experiments.results.record_files import read_named, read_stored, to_json, write_stored
from experiments.results.schema import FeatureMaps, StoredFile
from experiments.results.store import ExperimentStore

FEATURE_MAPS_FILE = "feature_maps.json"
FEATURE_MAPS_FOLDER = "feature_maps"
TOP_IMAGES_FILE = "top_images.npz"
ACTIVATION_FILE = "activation.webp"


def atlas_file(sample: int, layer: int) -> str:
    """Return the name of the atlas of a sample and a layer, by their places."""
    return f"image{sample}_layer{layer}.webp"


def has_feature_maps(store: ExperimentStore, run_id: str) -> bool:
    """Return whether a run has feature maps; their record is written after all their files."""
    return _record_path(store, run_id).is_file()


def write_picture(store: ExperimentStore, run_id: str, name: str, content: bytes) -> StoredFile:
    """Write a picture into the run's `feature_maps/` and return what the record says of it."""
    return write_stored(_folder(store, run_id) / name, content)


def write_top_images(
    store: ExperimentStore,
    run_id: str,
    layers: list[NDArray[np.int32]],
    names: Sequence[str],
    asked: Sequence[str],
) -> StoredFile:
    """Write which test images each channel responds to most.

    Args:
        store: The experiment.
        run_id: The run.
        layers: For each layer (C, k) int32, places in `test`, falling by the channel's peak.
        names: Of the layers: the record that goes with them may be written later.
        asked: Layers that the configuration named, if any; see `watched_layers`.
    """
    arrays: dict[str, NDArray[np.generic]] = {
        f"layer{place}": array for place, array in enumerate(layers)
    }
    arrays["names"] = np.array(names, dtype=np.str_)
    arrays["asked"] = np.array(asked, dtype=np.str_)
    return write_stored(_folder(store, run_id) / TOP_IMAGES_FILE, npz_bytes(arrays))


def watched_layers(store: ExperimentStore, run_id: str, asked: Sequence[str]) -> list[str] | None:
    """Return the layers that were chosen while a run was evaluated.

    Args:
        store: The experiment.
        run_id: The run.
        asked: Layers that the configuration names, if any.

    Returns:
        None if none were watched, or others were asked for.

    Raises:
        StoreError: If their file is damaged.
    """
    path = _folder(store, run_id) / TOP_IMAGES_FILE
    content = path.read_bytes() if path.is_file() else None
    if content is None or "asked" not in npz_names(content, path):
        return None
    arrays = read_npz(content, ["asked", "names"], path)
    names: list[str] = arrays["names"].tolist()
    return names if arrays["asked"].tolist() == list(asked) else None


def find_top_images(store: ExperimentStore, run_id: str, names: Sequence[str]) -> StoredFile | None:
    """Return the file of top images if the run wrote one, and for these very layers.

    Raises:
        StoreError: If it is no archive of this kind.
    """
    path = _folder(store, run_id) / TOP_IMAGES_FILE
    if not path.is_file():
        return None
    content = path.read_bytes()
    if read_npz(content, ["names"], path)["names"].tolist() != list(names):
        return None
    sha256 = hashlib.sha256(content).hexdigest()
    return StoredFile(name=path.name, size_bytes=len(content), sha256=sha256)


def remove_feature_maps(store: ExperimentStore, run_id: str) -> None:
    """Remove a run's maps, their record first; the top images stay, which only the run can make."""
    _record_path(store, run_id).unlink(missing_ok=True)
    for path in _folder(store, run_id).glob("*"):
        if path.name != TOP_IMAGES_FILE:
            path.unlink()


def write_feature_maps(store: ExperimentStore, record: FeatureMaps) -> None:
    """Write the record. Everything that it names must be written before."""
    write_atomically(_record_path(store, record.run_id), to_json(record))


def read_feature_maps(store: ExperimentStore, run_id: str) -> FeatureMaps:
    """Read the record.

    Raises:
        StoreError: If it is missing, damaged, of a newer schema, or of another run.
    """
    return read_named(_record_path(store, run_id), FeatureMaps, "run_id", run_id)


def read_picture(store: ExperimentStore, run_id: str, file: StoredFile) -> bytes:
    """Read a picture that the record names.

    Raises:
        StoreError: If it is missing or is not the one recorded.
    """
    path = _folder(store, run_id) / file.name
    return read_stored(path, file, "file", FEATURE_MAPS_FILE)


def read_top_images(store: ExperimentStore, record: FeatureMaps) -> list[NDArray[np.int32]]:
    """Read for each layer which test images each channel responds to most.

    Returns:
        (C, k) int32 arrays of places in `test`, falling by the channel's peak.

    Raises:
        StoreError: If there are none, or the file is missing, is not the one recorded, or lacks a
            layer.
    """
    if record.top_images is None:
        raise StoreError(f"run {record.run_id!r}: no top images: {record.absent['top_images']}")
    path = _folder(store, record.run_id) / record.top_images.name
    content = read_stored(path, record.top_images, "top_images", FEATURE_MAPS_FILE)
    names = [f"layer{place}" for place in range(len(record.layers))]
    arrays = read_npz(content, names, path)
    return [arrays[name] for name in names]


def _folder(store: ExperimentStore, run_id: str) -> Path:
    return store.run_folder(run_id) / FEATURE_MAPS_FOLDER


def _record_path(store: ExperimentStore, run_id: str) -> Path:
    return store.run_folder(run_id) / FEATURE_MAPS_FILE
