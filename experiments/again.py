"""A run that is done again, beside what it replaces: that stays until the new one is complete."""

from experiments.checkpoint import CHECKPOINT_FILE
from experiments.datasets import ImageDataset
from experiments.results.files import replacing_folder
from experiments.results.schema import RunConfig, RunRecord
from experiments.results.store import ExperimentStore
from experiments.runner import discard_checkpoint, run_and_store
from experiments.surroundings import Surroundings

_FOLDER = ".again"


def run_again(
    run_id: str,
    config: RunConfig,
    dataset: ImageDataset,
    store: ExperimentStore,
    around: Surroundings,
) -> RunRecord:
    """Do a run that is stored once more; where it fails, what is stored stays.

    Returns:
        The new record; one that failed is not stored.
    """
    record = run_and_store(run_id, config, dataset, _beside(store), around)
    settle(run_id, store)
    if record.status == "failed":
        say_kept(run_id, around)
    return record


def say_kept(run_id: str, around: Surroundings) -> None:
    """Say that a run is there in spite of the failure to do it again."""
    around.progress.say(f"note: {run_id} stays as it was stored before")


def settle(run_id: str, store: ExperimentStore) -> None:
    """Put a run that was done again in the place of the one before; drop it if it failed.

    A process may have been killed just before it did so.
    """
    beside = _beside(store)
    if not beside.has_run(run_id):
        return
    if beside.read_run(run_id).status == "failed":
        beside.remove_run(run_id)
        return
    discard_checkpoint(run_id, beside)
    with replacing_folder(store.run_folder(run_id)):
        beside.run_folder(run_id).rename(store.run_folder(run_id))


def is_begun(run_id: str, store: ExperimentStore) -> bool:
    """Return whether doing a run again was interrupted, and can go on."""
    return (_beside(store).run_folder(run_id) / CHECKPOINT_FILE).is_file()


def forget(run_id: str, store: ExperimentStore) -> None:
    """Remove what there is of a run that was being done again."""
    _beside(store).remove_run(run_id)


def _beside(store: ExperimentStore) -> ExperimentStore:
    # Records name their experiment, which is called as the folder is.
    return ExperimentStore(store.folder / _FOLDER / store.name)
