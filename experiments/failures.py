"""What is stored of a run that failed."""

from datetime import datetime

from experiments.checkpoint import CHECKPOINT_FILE
from experiments.provenance import collect_provenance
from experiments.results.schema import Epoch, RunConfig, RunRecord
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings


def failure_of(error: BaseException) -> str:
    """Return what a record says of an error that ended its run."""
    return f"{type(error).__name__}: {error}"


def failed_record(
    run_id: str,
    config: RunConfig,
    store: ExperimentStore,
    around: Surroundings,
    why: str,
    history: list[Epoch],
    started_at: datetime | None = None,
) -> RunRecord:
    """Make the record of a run that failed.

    Args:
        run_id: The run.
        config: What it was to do.
        store: Where it goes.
        around: Device and clock.
        why: What happened, for people.
        history: The epochs before.
        started_at: When it began, UTC; now where that is not known.

    Returns:
        The record, which is not stored.
    """
    now = around.now()
    missing = ("preprocessing", "best_epoch", "cost", "predictions", "weights", "embedding")
    return RunRecord(
        absent=dict.fromkeys(missing, "the run failed"),
        run_id=run_id,
        experiment=store.name,
        status="failed",
        failure=why,
        config=config,
        preprocessing=None,
        history=history,
        best_epoch=None,
        stopped_early=False,
        cost=None,
        predictions=None,
        weights=None,
        embedding=None,
        provenance=collect_provenance(
            config, around.device, weights=None, started_at=started_at or now, finished_at=now
        ),
    )


def store_failure(record: RunRecord, store: ExperimentStore) -> RunRecord:
    """Store the record of a run that failed, keep what it can go on from, and return it."""
    store.remove_run(record.run_id, keep=CHECKPOINT_FILE)
    store.write_run(record)
    return record


def made_elsewhere(record: RunRecord) -> RunRecord:
    """Leave out of a failure which GPU the run had: that of this process may be another."""
    if record.provenance is None:
        return record
    absent = record.provenance.absent | {"gpu": "not known: the process of the run is gone"}
    provenance = record.provenance.model_copy(update={"gpu": None, "absent": absent})
    return record.model_copy(update={"provenance": provenance})
