"""One run as a piece of work that any process can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.datasets import ImageDataset
from experiments.lock import BusyError, only_runner
from experiments.results.schema import RunConfig, RunRecord
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
        force: Do it again although it has finished.
    """

    run_id: str
    config: RunConfig
    place: int
    n_tasks: int
    store: ExperimentStore
    around: Surroundings
    force: bool = False


Launcher = Callable[[Sequence[Task], ImageDataset], list[RunRecord]]
"""Does tasks and returns, in their order, the records of those that it has done."""


def do_task(task: Task, dataset: ImageDataset) -> RunRecord | None:
    """Do one run and store it; None where another process does it, or has done it meanwhile.

    Raises:
        DiskFullError: If there is no room for a file.
    """
    store, around = task.store, task.around
    try:
        with only_runner(store.folder, task.run_id, around.now()):
            if task.force:
                store.remove_run(task.run_id)
            elif store.has_run(task.run_id) and store.read_run(task.run_id).status == "finished":
                return None
            max_epochs = task.config.training.max_epochs
            around.progress.run_started(task.run_id, task.place, task.n_tasks, max_epochs)
            record = run_and_store(task.run_id, task.config, dataset, store, around)
            around.progress.run_finished(record)
            return record
    except BusyError as error:
        around.progress.say(f"note: {error}; it is left to that")
        return None


def in_this_process(tasks: Sequence[Task], dataset: ImageDataset) -> list[RunRecord]:
    """Do the tasks one after the other, here."""
    records = (do_task(task, dataset) for task in tasks)
    return [record for record in records if record is not None]
