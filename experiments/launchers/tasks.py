"""One run as a piece of work that any process can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.again import run_again, say_kept, settle
from experiments.datasets import ImageDataset
from experiments.failures import failed_record, failure_of, made_elsewhere, store_failure
from experiments.lock import BusyError, only_runner
from experiments.results.errors import BakeoffError, DiskFullError
from experiments.results.files import is_out_of_room
from experiments.results.schema import Epoch, RunConfig, RunRecord
from experiments.results.store import ExperimentStore
from experiments.runner import run_and_store
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
        replaces: A finished record that is to be made again, and stays until it has been; any other
            that has finished stays.
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
    return alone(task, lambda: None if finished(task) else do(task, dataset))


def give_up(task: Task, why: str, history: Sequence[Epoch] = ()) -> RunRecord | None:
    """Store that a run failed whose process is gone, unless it has finished.

    Where that cannot be stored either, it is said: the other runs have to go on.

    Args:
        task: The run.
        why: What happened, for people.
        history: The epochs before.

    Returns:
        The record; None where another process does the run by now.

    Raises:
        DiskFullError: If there is no room for a file.
    """
    failed = failed_record(task.run_id, task.config, task.store, task.around, why, list(history))
    return _end_with(task, made_elsewhere(failed))


def _end_with(task: Task, failed: RunRecord) -> RunRecord | None:
    try:
        record = alone(task, lambda: finished(task) or fail(task, failed))
    except OSError as error:
        if is_out_of_room(error):
            raise DiskFullError(
                f"{task.store.folder}: no room ({error.strerror}); make room, then give the same "
                "command again: it goes on where it stopped"
            ) from None
        task.around.progress.say(f"note: that {task.run_id} failed cannot be stored: {error}")
        record = failed
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
    settle(task.run_id, task.store)
    if not task.store.has_run(task.run_id):
        return None
    record = task.store.read_run(task.run_id)
    return record if record.status == "finished" and record != task.replaces else None


def is_replacing(task: Task) -> bool:
    """Return whether the store still has the finished run that a task is to replace."""
    if task.replaces is None or not task.store.has_run(task.run_id):
        return False
    return task.store.read_run(task.run_id) == task.replaces


def do(task: Task, dataset: ImageDataset) -> RunRecord:
    """Do one run and store it; no other process may be doing it."""
    progress, max_epochs = task.around.progress, task.config.training.max_epochs
    progress.run_started(task.run_id, task.place, task.n_tasks, max_epochs)
    act = run_again if is_replacing(task) else run_and_store
    record = act(task.run_id, task.config, dataset, task.store, task.around)
    progress.run_finished(record)
    return record


def fail(task: Task, record: RunRecord) -> RunRecord:
    """Store that a run failed, unless the finished one that it was to replace is still there."""
    if not is_replacing(task):
        return store_failure(record, task.store)
    say_kept(task.run_id, task.around)
    return record


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
        why = failure_of(error)
        return _end_with(
            task, failed_record(task.run_id, task.config, task.store, task.around, why, [])
        )
