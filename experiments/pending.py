"""Which runs of an experiment are to be done."""

from experiments import again, models
from experiments.lock import BusyError, only_runner
from experiments.results.errors import StoreError
from experiments.results.schema import RunConfig, RunRecord
from experiments.results.store import ExperimentStore
from experiments.runner import discard_checkpoint
from experiments.surroundings import Surroundings
from experiments.transforms import resolve_preprocessing
from experiments.weights import weights_source


def runs_to_do(
    runs: dict[str, RunConfig], store: ExperimentStore, around: Surroundings, *, force: bool
) -> dict[str, RunRecord | None]:
    """Return the ids of the runs to do, each with the finished record that it replaces.

    What another process is doing, or what is out of reach, is among them: that is for whoever does
    them to say.
    """
    to_do: dict[str, RunRecord | None] = {}
    for run_id, run in runs.items():
        if not force and not store.has_run(run_id):
            to_do[run_id] = None
            continue
        try:
            with only_runner(store.folder, run_id, around.now()):
                stored = (_begin_anew if force else _finished)(run_id, store)
                is_done = not force and not again.is_begun(run_id, store)
        except (BusyError, OSError):
            stored, is_done = None, False
        if stored and is_done:
            _say_changes(stored, run, around)
        else:
            to_do[run_id] = stored
    return to_do


def _begin_anew(run_id: str, store: ExperimentStore) -> RunRecord | None:
    """Return the finished run that is to be done again, and remove what there is of any other."""
    again.forget(run_id, store)
    discard_checkpoint(run_id, store)
    stored = _readable(run_id, store)
    if stored is not None and stored.status == "finished":
        return stored
    store.remove_run(run_id)
    return None


def _finished(run_id: str, store: ExperimentStore) -> RunRecord | None:
    """Return the record of a run that has finished, and remove what a crash left behind."""
    again.settle(run_id, store)
    if not store.has_run(run_id) or (stored := store.read_run(run_id)).status == "failed":
        return None
    # A crash between the record and this leaves it behind.
    discard_checkpoint(run_id, store)
    return stored


def _say_changes(stored: RunRecord, run: RunConfig, around: Surroundings) -> None:
    """Say if a run was done with another configuration than it would be now."""
    if changed := _changed_setup(stored, run, around):
        around.progress.say(
            f"note: {stored.run_id} is stored as it was configured before, with another {changed}; "
            f"--runs {stored.run_id} --force does it again"
        )


def _readable(run_id: str, store: ExperimentStore) -> RunRecord | None:
    """Return the record of a run; None where there is none, or none that can be read."""
    try:
        return store.read_run(run_id)
    except StoreError:
        return None


def _changed_setup(stored: RunRecord, run: RunConfig, around: Surroundings) -> str:
    """Return in what a run would differ now if it was done again; empty if in nothing."""
    if stored.config != run:
        return "configuration"
    sizes = resolve_preprocessing(models.data_config(run.model), run.preprocessing)
    if stored.preprocessing not in (None, sizes):
        return "preprocessing"
    made_from = stored.provenance.weights if stored.provenance else None
    if made_from and made_from != weights_source(run.model, around.weights_dir):
        return f"file of weights ({made_from})"
    return ""
