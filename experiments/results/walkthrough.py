"""Read and write how one image goes through a run's model: `walkthrough.json` and its pictures."""

from pathlib import Path

from experiments.results.files import write_atomically
from experiments.results.record_files import read_named, read_stored, to_json, write_stored
from experiments.results.schema import StoredFile, Walkthrough
from experiments.results.store import ExperimentStore

WALKTHROUGH_FILE = "walkthrough.json"
WALKTHROUGH_FOLDER = "walkthrough"


def has_walkthrough(store: ExperimentStore, run_id: str) -> bool:
    """Return whether a run has a walkthrough; its record is written after its pictures."""
    return _record_path(store, run_id).is_file()


def write_walkthrough_picture(
    store: ExperimentStore, run_id: str, step: str, content: bytes
) -> StoredFile:
    """Write the picture of a step and return what the record says of it."""
    return write_stored(_folder(store, run_id) / f"{step}.webp", content)


def remove_walkthrough(store: ExperimentStore, run_id: str) -> None:
    """Remove a run's walkthrough, its record first."""
    _record_path(store, run_id).unlink(missing_ok=True)
    for path in _folder(store, run_id).glob("*"):
        path.unlink()


def write_walkthrough(store: ExperimentStore, record: Walkthrough) -> None:
    """Write the record. The pictures that it names must be written before."""
    write_atomically(_record_path(store, record.run_id), to_json(record))


def read_walkthrough(store: ExperimentStore, run_id: str) -> Walkthrough:
    """Read the record.

    Raises:
        StoreError: If it is missing, damaged, of a newer schema, or of another run.
    """
    return read_named(_record_path(store, run_id), Walkthrough, "run_id", run_id)


def read_walkthrough_picture(store: ExperimentStore, run_id: str, file: StoredFile) -> bytes:
    """Read a picture that the record names.

    Raises:
        StoreError: If it is missing or is not the one recorded.
    """
    return read_stored(_folder(store, run_id) / file.name, file, "picture", WALKTHROUGH_FILE)


def _folder(store: ExperimentStore, run_id: str) -> Path:
    return store.run_folder(run_id) / WALKTHROUGH_FOLDER


def _record_path(store: ExperimentStore, run_id: str) -> Path:
    return store.run_folder(run_id) / WALKTHROUGH_FILE
