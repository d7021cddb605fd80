"""What a person sees while models train: bars on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from experiments.results.schema import Epoch, RunRecord


class Step(Protocol):
    """Told that so many steps of some work are done."""

    def __call__(self, n_steps: int = 1) -> None:
        """Count them."""


class Progress(Protocol):
    """Told by the engine what happens."""

    def say(self, message: str) -> None:
        """Show one line."""

    def run_started(self, run_id: str, place: int, n_runs: int, max_epochs: int) -> None:
        """Run number `place` (from 1) of `n_runs` starts."""

    def epoch_finished(self, run_id: str, epoch: Epoch) -> None:
        """One epoch of a run is over; several may be going on."""

    def run_finished(self, record: RunRecord) -> None:
        """A run is stored."""

    def work(self, what: str, n_steps: int) -> AbstractContextManager[Step]:
        """Show work other than training; what it yields is told of steps that are done."""


class PlainProgress:
    """One line per event, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, message: str) -> None:
        """Print the message."""
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    def run_started(self, run_id: str, place: int, n_runs: int, max_epochs: int) -> None:
        """Print which run starts."""
        self.say(f"[{place}/{n_runs}] {run_id}, up to {max_epochs} epochs")

    def epoch_finished(self, run_id: str, epoch: Epoch) -> None:
        """Print the epoch's figures."""
        figures = f"{_figures(epoch)}  {epoch.duration_s:.1f} s"
        self.say(f"  {run_id}  epoch {epoch.epoch:3d}  {figures}")

    def run_finished(self, record: RunRecord) -> None:
        """Print how the run ended."""
        self.say(f"  {record.run_id}  {_outcome(record)}")

    @contextmanager
    def work(self, what: str, n_steps: int) -> Iterator[Step]:
        """Print what is done, once."""
        self.say(f"  {what}: {n_steps}")
        yield ignore_steps


class LiveProgress:
    """Bars for all runs and for each that is going on, with its figures and the time left.

    The time left comes from the epochs done so far; early stopping can only shorten it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._all: TaskID | None = None
        self._runs: dict[str, TaskID] = {}

    def __enter__(self) -> "LiveProgress":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def say(self, message: str) -> None:
        """Print the message above the bars."""
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    def run_started(self, run_id: str, place: int, n_runs: int, max_epochs: int) -> None:
        """Show a bar for the run, counting its epochs."""
        if self._all is None:
            self._all = self._bars.add_task("all epochs", total=n_runs * max_epochs, figures="")
        # One that starts again elsewhere has its bar already.
        if run_id not in self._runs:
            self._runs[run_id] = self._bars.add_task(
                f"[{place}/{n_runs}] {run_id}", total=max_epochs, figures=""
            )

    def epoch_finished(self, run_id: str, epoch: Epoch) -> None:
        """Advance both bars."""
        self._advance(run_id, epoch.epoch)
        self._bars.update(self._runs[run_id], figures=_figures(epoch))

    def run_finished(self, record: RunRecord) -> None:
        """Replace the run's bar by a line."""
        if record.run_id in self._runs:
            self._advance(record.run_id)
            self._bars.remove_task(self._runs.pop(record.run_id))
        self.say(f"{record.run_id}: {_outcome(record)}")

    def _advance(self, run_id: str, n_epochs: int | None = None) -> None:
        """Count so many of a run's epochs, or all, as done, and what is new of them in all."""
        (bar,) = (task for task in self._bars.tasks if task.id == self._runs[run_id])
        done = bar.total if n_epochs is None else n_epochs
        if self._all is not None and done is not None:
            self._bars.advance(self._all, done - bar.completed)
        self._bars.update(bar.id, completed=done)

    @contextmanager
    def work(self, what: str, n_steps: int) -> Iterator[Step]:
        """Show a bar until the work is done."""
        task = self._bars.add_task(f"  {what}", total=n_steps, figures="")
        try:
            yield lambda n_steps=1: self._bars.advance(task, n_steps)
        finally:
            self._bars.remove_task(task)


@contextmanager
def show_progress(console: Console) -> Iterator[Progress]:
    """Yield bars where there is a terminal, plain lines where there is none."""
    if console.is_terminal:
        with LiveProgress(console) as live:
            yield live
    else:
        yield PlainProgress(console)


def ignore_steps(n_steps: int = 1) -> None:
    """Show nothing of them."""


def _figures(epoch: Epoch) -> str:
    return f"loss {epoch.train_loss:.3f}  val accuracy {100 * epoch.val_accuracy:.1f} %"


def _outcome(record: RunRecord) -> str:
    if record.status == "failed":
        return f"FAILED: {record.failure}"
    if record.best_epoch is None:
        return "stored"
    best = record.history[record.best_epoch - 1]
    early = ", stopped early" if record.stopped_early else ""
    return (
        f"stored; best epoch {best.epoch} of {len(record.history)}{early}, "
        f"val accuracy {100 * best.val_accuracy:.1f} %"
    )
