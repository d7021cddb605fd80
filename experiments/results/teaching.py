"""Read and write what explains an experiment's images: `teaching.json` and its picture."""

from pathlib import Path

from experiments.results.files import write_atomically
from experiments.results.record_files import read_named, read_stored, to_json, write_stored
from experiments.results.schema import StoredFile, Teaching
from experiments.results.store import ExperimentStore

TEACHING_FILE = "teaching.json"
TEACHING_FOLDER = "teaching"
AUGMENTATIONS_FILE = "augmentations.webp"


def has_teaching(store: ExperimentStore) -> bool:
    """Return whether there is such a record; it is written after the picture that it names."""
    return _record_path(store).is_file()


def write_augmentations(store: ExperimentStore, content: bytes) -> StoredFile:
    """Write the sheet of augmented images and return what the record says of it."""
    return write_stored(store.folder / TEACHING_FOLDER / AUGMENTATIONS_FILE, content)


def write_teaching(store: ExperimentStore, record: Teaching) -> None:
    """Write the record. The picture that it names must be written before."""
    write_atomically(_record_path(store), to_json(record))


def read_teaching(store: ExperimentStore) -> Teaching:
    """Read the record.

    Raises:
        StoreError: If it is missing, damaged, of a newer schema, or of another experiment.
    """
    return read_named(_record_path(store), Teaching, "experiment", store.name)


def read_augmentations(store: ExperimentStore, file: StoredFile) -> bytes:
    """Read the sheet of augmented images.

    Raises:
        StoreError: If it is missing or is not the one recorded.
    """
    path = store.folder / TEACHING_FOLDER / file.name
    return read_stored(path, file, "gallery.sheet", TEACHING_FILE)


def _record_path(store: ExperimentStore) -> Path:
    return store.folder / TEACHING_FILE
