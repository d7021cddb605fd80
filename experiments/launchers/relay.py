"""What happens in another process, shown where a person looks."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from experiments.progress import Progress, Step
from experiments.results.schema import Epoch, RunRecord

Event = tuple[str, tuple[Any, ...]]
"""The name of what happened, and its arguments."""

# An image or an epoch may take a millisecond, and sending as long.
_EVERY_S = 0.2


class Relay:
    """A `Progress` that sends each event to where it is shown.

    Args:
        send: Takes an event.
    """

    def __init__(self, send: Callable[[Event], None]) -> None:
        self._send = send
        self._keys = itertools.count()

    def say(self, message: str) -> None:
        """Send the message."""
        self._send(("say", (message,)))

    def run_started(self, run_id: str, place: int, n_runs: int, max_epochs: int) -> None:
        """Send which run starts."""
        self._send(("run_started", (run_id, place, n_runs, max_epochs)))

    def epoch_finished(self, run_id: str, epoch: Epoch) -> None:
        """Send the epoch."""
        self._send(("epoch_finished", (run_id, epoch)))

    def run_finished(self, record: RunRecord) -> None:
        """Send the record."""
        self._send(("run_finished", (record,)))

    @contextmanager
    def work(self, what: str, n_steps: int) -> Iterator[Step]:
        """Send how the work goes on, a few times a second."""
        key = next(self._keys)
        n_unsent, sent_at = 0, time.monotonic()

        def step(n_steps: int = 1) -> None:
            nonlocal n_unsent, sent_at
            n_unsent += n_steps
            if time.monotonic() - sent_at >= _EVERY_S:
                self._send(("work_advanced", (key, n_unsent)))
                n_unsent, sent_at = 0, time.monotonic()

        self._send(("work_started", (key, what, n_steps)))
        try:
            yield step
        finally:
            self._send(("work_ended", (key,)))


class Screen:
    """Shows what relays send, of any number of runs, on one progress.

    Of a run that was killed, something may arrive late; that is not shown.

    Args:
        progress: Where it is shown.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._going: set[str] = set()
        self._works: dict[tuple[str, int], tuple[AbstractContextManager[Step], Step]] = {}

    def show(self, run_id: str, event: Event) -> None:
        """Show an event of a run."""
        name, arguments = event
        if name == "run_started":
            # It may have been killed elsewhere.
            self.forget(run_id)
            self._going.add(run_id)
        if name == "epoch_finished" and run_id not in self._going:
            return
        if name == "work_started":
            key, what, n_steps = arguments
            work = self._progress.work(what, n_steps)
            self._works[run_id, key] = (work, work.__enter__())
        elif name == "work_advanced":
            key, n_steps = arguments
            if (run_id, key) in self._works:
                _, step = self._works[run_id, key]
                step(n_steps)
        elif name == "work_ended":
            self._end(run_id, *arguments)
        else:
            getattr(self._progress, name)(*arguments)

    def forget(self, run_id: str) -> None:
        """End what a run has not ended itself: its process may have been killed."""
        self._going.discard(run_id)
        for sender, key in list(self._works):
            if sender == run_id:
                self._end(sender, key)

    def _end(self, run_id: str, key: int) -> None:
        if (run_id, key) in self._works:
            work, _ = self._works.pop((run_id, key))
            work.__exit__(None, None, None)
