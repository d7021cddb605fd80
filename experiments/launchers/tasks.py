"""One run as a piece of work that any process can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.datasets import ImageDataset
from experiments.lock import BusyError, only_runner
from experiments.results.errors import BakeoffError
from experiments.results.schema import Epoch, RunConfig, RunRecord
from experiments.results.store import ExperimentStore
from experiments.runner import failure_of, run_and_store, store_failure
from experiments.surroundings import Surroundings


@dataclass(frozen=True)
class Task:
    """One run, and what doing it needs beside the images.

    Attributes:
        run_id: The run.
        config: What to do.
        place: Which of the tasks it is, from 1.
        n_tasks: How many there are.
        store: Where its results go.
        around: Device, cache, progress, clock.
        replaces: A finished record that is to be made again; any other that has finished stays.
    """

    run_id: str
    config: RunConfig
    place: int
    n_tasks: int
    store: ExperimentStore
    around: Surroundings
    replaces: RunRecord | None = None


Launcher = Callable[[Sequence[Task], ImageDataset], list[RunRecord]]
"""Does tasks and returns, in their order, the records of those that it has done."""


def do_task(task: Task, dataset: ImageDataset) -> RunRecord | None:
    """Do one run and store it; None where another process does it, or has done it meanwhile.

    Raises:
        DiskFullError: If there is no room for a file.
    """
    return alone(task, lambda: None if finished(task) else _do(task, dataset))


def give_up(task: Task, why: str, history: Sequence[Epoch] = ()) -> RunRecord | None:
    """Store that a run failed whose process is gone, unless it has finished.

    Args:
        task: The run.
        why: What happened, for people.
        history: The epochs before.

    Returns:
        The stored record; None where another process does the run by now.
    """
    record = alone(task, lambda: finished(task) or _fail(task, why, list(history)))
    if record is not None:
        task.around.progress.run_finished(record)
    return record


def alone(task: Task, act: Callable[[], RunRecord | None]) -> RunRecord | None:
    """Act on a run that no other process is doing; say so and return None where one is."""
    try:
        with only_runner(task.store.folder, task.run_id, task.around.now()):
            return act()
    except BusyError as error:
        task.around.progress.say(f"note: {error}; it is left to that")
        return None


def finished(task: Task) -> RunRecord | None:
    """Return the record of a run that needs no doing, since it has finished."""
    if not task.store.has_run(task.run_id):
        return None
    record = task.store.read_run(task.run_id)
    return record if record.status == "finished" and record != task.replaces else None


def _do(task: Task, dataset: ImageDataset) -> RunRecord:
    progress, max_epochs = task.around.progress, task.config.training.max_epochs
    progress.run_started(task.run_id, task.place, task.n_tasks, max_epochs)
    record = run_and_store(task.run_id, task.config, dataset, task.store, task.around)
    progress.run_finished(record)
    return record


def _fail(task: Task, why: str, history: list[Epoch]) -> RunRecord:
    return store_failure(task.run_id, task.config, task.store, task.around, why, history)


def in_this_process(tasks: Sequence[Task], dataset: ImageDataset) -> list[RunRecord]:
    """Do the tasks one after the other, here."""
    records = (_do_or_give_up(task, dataset) for task in tasks)
    return [record for record in records if record is not None]


def _do_or_give_up(task: Task, dataset: ImageDataset) -> RunRecord | None:
    try:
        return do_task(task, dataset)
    except BakeoffError:
        raise
    except Exception as error:
        return give_up(task, failure_of(error))
