"""On this machine: a process for each run, and a GPU for each process."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import torch

from experiments.datasets import ImageDataset
from experiments.failures import failure_of
from experiments.launchers.relay import Event, Relay, Screen
from experiments.launchers.tasks import Task, do_task, give_up
from experiments.results.errors import BakeoffError
from experiments.results.schema import Epoch, RunRecord

_VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass
class _Running:
    """A process and what it has told so far."""

    task: Task
    process: BaseProcess
    gpu: str | None
    history: list[Epoch] = field(default_factory=list)
    outcome: RunRecord | BakeoffError | None = None
    is_over: bool = False
    error: str | None = None


def in_processes(
    tasks: Sequence[Task], dataset: ImageDataset, num_cpus: int | None = None
) -> list[RunRecord]:
    """Do each task in a process of its own: one on each GPU at once, or one after the other.

    A process that is killed, as the system does where memory runs out, is one failed run.

    Args:
        tasks: What to do.
        dataset: The images.
        num_cpus: Threads of a process; as many as torch uses here where it is None.

    Raises:
        DiskFullError: If there is no room for a file; what else was running is stopped.
    """
    waiting = list(tasks)
    if not waiting:
        return []
    screen = Screen(waiting[0].around.progress)
    n_threads = num_cpus or torch.get_num_threads()
    free = _gpus(waiting[0].around.device)
    running: dict[Connection, _Running] = {}
    records: dict[str, RunRecord | None] = {}
    try:
        while waiting or running:
            while waiting and free:
                pipe, one = _start(waiting.pop(0), dataset, free.pop(0), n_threads)
                running[pipe] = one
            ready = wait(list(running))
            for pipe, one in [(pipe, one) for pipe, one in running.items() if pipe in ready]:
                if not _hear(pipe, one, screen):
                    records[one.task.run_id] = _end(one, screen)
                    free.append(running.pop(pipe).gpu)
    finally:
        for one in running.values():
            one.process.kill()
            one.process.join()
    return [record for task in tasks if (record := records[task.run_id]) is not None]


def _gpus(device: torch.device) -> list[str | None]:
    """Return the GPUs that processes may have, as the system names them; None stands for none."""
    if device.type != "cuda":
        return [None]
    if visible := os.environ.get(_VISIBLE):
        return list(visible.split(","))
    return [str(index) for index in range(torch.cuda.device_count())]


def _start(
    task: Task, dataset: ImageDataset, gpu: str | None, n_threads: int
) -> tuple[Connection, _Running]:
    context = _context()
    ours, theirs = context.Pipe(duplex=False)
    # A progress holds a terminal, which stays here.
    sent = replace(task, around=replace(task.around, progress=Relay(theirs.send)))
    process = context.Process(target=_work, args=(theirs, sent, dataset, gpu, n_threads))
    process.start()
    # Only the process holds its end now: the pipe ends with it.
    theirs.close()
    return ours, _Running(task, process, gpu)


def _context() -> Any:
    """Return what starts processes: copies of one that has imported torch, but not used it."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _work(
    pipe: Connection, task: Task, dataset: ImageDataset, gpu: str | None, n_threads: int
) -> None:
    """Do a task, and tell of it."""
    # Ctrl-C reaches all processes of a terminal; the one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if gpu is not None:
        # Before torch looks: it finds one GPU, its first.
        os.environ[_VISIBLE] = gpu
    torch.set_num_threads(n_threads)
    try:
        pipe.send(("over", (do_task(task, dataset),)))
    except BakeoffError as error:
        pipe.send(("over", (error,)))
    except Exception as error:
        pipe.send(("broken", (failure_of(error),)))


def _end_with_parent() -> None:
    """Stop at once where the process that started this one is gone, as it may be killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _hear(pipe: Connection, one: _Running, screen: Screen) -> bool:
    """Take one event from a process; return whether there may be more."""
    try:
        event: Event = pipe.recv()
    except (EOFError, OSError):
        # It has ended; an OSError says that it did so in the middle of a message.
        return False
    name, arguments = event
    if name == "over":
        (one.outcome,), one.is_over = arguments, True
    elif name == "broken":
        (one.error,) = arguments
    else:
        if name == "epoch_finished":
            one.history.append(arguments[1])
        elif name == "run_finished":
            # It is stored, whatever happens to the process now.
            (one.outcome,), one.is_over = arguments, True
        screen.show(one.task.run_id, event)
    return True


def _end(one: _Running, screen: Screen) -> RunRecord | None:
    """Return what became of a process that has ended."""
    one.process.join()
    screen.forget(one.task.run_id)
    if isinstance(one.outcome, BakeoffError):
        raise one.outcome
    return one.outcome if one.is_over else give_up(one.task, _cause(one), one.history)


def _cause(one: _Running) -> str:
    if one.error is not None:
        return one.error
    code = one.process.exitcode or 0
    if code == -signal.SIGKILL:
        return "its process was killed, as the system does where memory runs out"
    return f"its process ended with exit code {code}"
