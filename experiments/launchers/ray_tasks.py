"""On a Ray cluster, or a Ray of this machine: one run a task."""

import hashlib
import logging
import os
import platform
import socket
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch

from experiments.checkpoint import CHECKPOINT_FILE
from experiments.config import ResourcesConfig
from experiments.datasets import ImageDataset
from experiments.failures import failure_of
from experiments.launchers.relay import Event, Relay, Screen
from experiments.launchers.tasks import (
    Task,
    alone,
    do,
    do_task,
    fail,
    finished,
    give_up,
    is_replacing,
)
from experiments.results.errors import BakeoffError, ConfigError
from experiments.results.files import replacing_folder, write_atomically
from experiments.results.schema import RunRecord
from experiments.results.store import RUN_FILE, ExperimentStore

# How often a run is tried again whose worker, or its host, has died.
_RETRIES = 3
_POLL_S = 0.2
_KNOCK_S = 10.0

Outcome = tuple[RunRecord | None, dict[str, bytes]]
"""The record, and the files of a run where its worker does not see the results folder."""


def on_ray(
    tasks: Sequence[Task],
    dataset: ImageDataset,
    *,
    resources: ResourcesConfig,
    address: str | None = None,
) -> list[RunRecord]:
    """Do each task as a task of Ray.

    Workers write to the results folder where they see it, and send their files back where not. A
    run whose worker dies is tried again, and goes on from its checkpoint.

    Args:
        tasks: What to do.
        dataset: The images; workers read files under the same paths.
        resources: What a run may use.
        address: Of a cluster; that in RAY_ADDRESS, or else a Ray of this machine, where it is None.

    Raises:
        ConfigError: If Ray is not installed, or no cluster answers.
        DiskFullError: If there is no room for a file.
    """
    if not tasks:
        return []
    ray = _connect(address)
    try:
        return _do_all(ray, tasks, dataset, resources)
    finally:
        ray.shutdown()


def _connect(address: str | None) -> Any:
    # Ray would tell its makers of each use, and write into the home folder that it does.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise ConfigError(
            "--launcher ray needs Ray, which is not installed: pip install 'bakeoff[train,ray]'"
        ) from None
    # Not one that somebody else has left running here, where none is named.
    where = address or os.environ.get("RAY_ADDRESS") or "local"
    options: dict[str, Any] = {"include_dashboard": False} if where == "local" else {}
    try:
        _knock(where)
        ray.init(where, log_to_driver=False, logging_level=logging.ERROR, **options)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"--ray-address {where}: no Ray answers there ({error}); where it asks for a token, "
            "set RAY_AUTH_MODE=token"
        ) from None
    return ray


def _knock(address: str) -> None:
    """Raise an OSError where nobody is at home: Ray itself would try for minutes."""
    place = urlsplit(address if "://" in address else f"//{address}")
    if place.port is not None:
        socket.create_connection((place.hostname or "", place.port), _KNOCK_S).close()


def _do_all(
    ray: Any, tasks: Sequence[Task], dataset: ImageDataset, resources: ResourcesConfig
) -> list[RunRecord]:
    from ray.util.queue import Queue

    store, around = tasks[0].store, tasks[0].around
    screen, events = Screen(around.progress), Queue(actor_options={"num_cpus": 0})
    n_cpus = resources.num_cpus or torch.get_num_threads()
    n_gpus = _gpus(ray, resources)
    _check_room(ray, n_cpus, n_gpus)
    work = ray.remote(num_cpus=n_cpus, num_gpus=n_gpus, max_retries=_RETRIES)(_work)
    device = torch.device("cuda" if n_gpus else "cpu")
    token, images = store.folder / f".{uuid.uuid4().hex}", ray.put(dataset)
    whose = _whose(store)
    write_atomically(token, b"")
    try:
        going = {
            work.remote(_sent(task, device, events), images, events, n_cpus, token, whose): task
            for task in tasks
        }
        records: dict[str, RunRecord | None] = {}
        while going:
            done, _ = ray.wait(list(going), num_returns=1, timeout=_POLL_S)
            _show_all(screen, events)
            for reference in done:
                task = going.pop(reference)
                records[task.run_id] = _take(ray, reference, task)
                screen.forget(task.run_id)
        _show_all(screen, events)
    finally:
        token.unlink(missing_ok=True)
    return [record for task in tasks if (record := records[task.run_id]) is not None]


def _gpus(ray: Any, resources: ResourcesConfig) -> float:
    if resources.num_gpus is not None:
        return resources.num_gpus
    return float(ray.cluster_resources().get("GPU", 0) > 0)


def _check_room(ray: Any, n_cpus: int, n_gpus: float) -> None:
    """Refuse runs that no host of the cluster has room for: they would wait for ever."""
    hosts = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(host.get("CPU", 0) >= n_cpus and host.get("GPU", 0) >= n_gpus for host in hosts):
        sizes = ", ".join(f"{h.get('CPU', 0):g} CPUs and {h.get('GPU', 0):g} GPUs" for h in hosts)
        raise ConfigError(
            f"resources: no host has the {n_cpus} CPUs and {n_gpus:g} GPUs of a run; there are "
            f"hosts of {sizes}. Set num_cpus and num_gpus under [resources]"
        )


def _sent(task: Task, device: torch.device, events: Any) -> Task:
    """Return a task that tells a queue of Ray, in place of a terminal, what happens."""
    relay = Relay(partial(_tell, events, task.run_id))
    return replace(task, around=replace(task.around, device=device, progress=relay))


def _tell(events: Any, run_id: str, event: Event) -> None:
    # Without waiting: Ray would lend the CPUs of a task that waits to the next one.
    events.actor.put_nowait.remote((run_id, event))


def _show_all(screen: Screen, events: Any) -> None:
    for run_id, event in events.get_nowait_batch(events.qsize()):
        screen.show(run_id, event)


def _whose(store: ExperimentStore) -> str:
    """Name a results folder where it is not seen: those of others may hold the same experiment."""
    where = f"{os.getuid()}@{platform.node()}:{store.folder.resolve()}"
    return hashlib.sha256(where.encode()).hexdigest()[:16]


def _work(
    task: Task, dataset: ImageDataset, events: Any, n_threads: int, token: Path, whose: str
) -> Outcome:
    """Do a task on a worker.

    Args:
        task: The run.
        dataset: The images.
        events: The queue that the task tells.
        n_threads: Threads to compute with.
        token: A file that is there where this host sees the results folder.
        whose: Names the results folder where it does not.
    """
    torch.set_num_threads(n_threads)
    sees_results = token.exists()
    outcome = (do_task(task, dataset), {}) if sees_results else _do_apart(task, dataset, whose)
    # It answers when all that was sent before has arrived.
    events.qsize()
    return outcome


def _do_apart(task: Task, dataset: ImageDataset, whose: str) -> Outcome:
    """Do a task on a host that does not see the results folder."""
    # A second try on this host finds the checkpoint. What one user makes, another cannot write to.
    folder = Path(tempfile.gettempdir()) / f"bakeoff-{os.getuid()}-{whose}" / task.store.name
    here = ExperimentStore(folder)
    around = replace(task.around, cache=folder / ".cache")
    apart = replace(task, store=here, around=around, replaces=None)
    files: dict[str, bytes] = {}

    def act() -> RunRecord:
        here.remove_run(task.run_id, keep=CHECKPOINT_FILE)
        record = do(apart, dataset)
        files.update(_files_in(here.run_folder(task.run_id)))
        here.remove_run(task.run_id, keep=CHECKPOINT_FILE)
        return record

    return alone(apart, act), files


def _files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _take(ray: Any, reference: Any, task: Task) -> RunRecord | None:
    """Return what became of a task, and store the files that it has sent."""
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, BakeoffError):
            raise error.cause from None
        return give_up(task, failure_of(error.cause))
    except ray.exceptions.RayError as error:
        why = f"its worker died {_RETRIES + 1} times: {str(error).splitlines()[0]}"
        return give_up(task, why)
    record, files = outcome
    if record is None or not files:
        return record
    return alone(task, lambda: None if finished(task) else _write(task, record, files))


def _write(task: Task, record: RunRecord, files: dict[str, bytes]) -> RunRecord:
    """Store a run's files, and its record after them; what it replaces stays until then."""
    if record.status == "failed" and is_replacing(task):
        return fail(task, record)
    folder = task.store.run_folder(task.run_id)
    with replacing_folder(folder):
        for name, content in files.items():
            if name != RUN_FILE:
                write_atomically(folder / name, content)
        task.store.write_run(record)
    return record
