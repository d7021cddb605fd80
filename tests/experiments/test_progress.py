"""What a terminal and a log show of a run."""

import io
import re
import time

from rich.console import Console

from experiments.progress import show_progress
from tests.made_up import made_up_run

RECORD = made_up_run("made-up", "resnet", "none", 0).model_copy(
    update={"status": "finished", "best_epoch": 2, "stopped_early": True}
)


# Bars are drawn ten times a second.
PATIENCE_S = 10


def text_of(screen: io.StringIO) -> str:
    """Return what was written, without colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())


def is_drawn(screen: io.StringIO, pattern: str) -> bool:
    """Whether something new that is written in a while matches."""
    n_old, deadline = len(text_of(screen)), time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if re.search(pattern, text_of(screen)[n_old:]):
            return True
        time.sleep(0.02)
    return False


def terminal(screen: io.StringIO) -> Console:
    return Console(file=screen, force_terminal=True, width=160, color_system=None)


def test_a_terminal_shows_steps_that_come_several_at_once():
    screen = io.StringIO()
    with show_progress(terminal(screen)) as progress:
        with progress.work("computing features", 5) as step:
            step(3)
            assert is_drawn(screen, "computing features .* 3/5 ")
            step()
            assert is_drawn(screen, "computing features .* 4/5 ")
        n_old = len(text_of(screen))
    # The bars as they are left.
    assert "computing features" not in text_of(screen)[n_old:]


def test_a_terminal_counts_the_epochs_of_a_run_that_stops_early():
    screen, run, first = io.StringIO(), RECORD.run_id, RECORD.history[0]
    with show_progress(terminal(screen)) as progress:
        progress.run_started(run, 1, 2, 5)
        progress.epoch_finished(run, first)
        assert is_drawn(screen, r"all epochs .* 1/10 ")
        assert is_drawn(screen, rf"\[1/2\] {run} .* 1/5 +loss 1\.000  val accuracy 60\.0 %")
        # Begun again in another process, it tells of its first epoch once more.
        progress.run_started(run, 1, 2, 5)
        progress.epoch_finished(run, first)
        assert is_drawn(screen, r"all epochs .* 1/10 ")
        progress.run_finished(RECORD)
        # The epochs that it did without are done as well.
        assert is_drawn(screen, r"all epochs .* 5/10 ")
        n_old = len(text_of(screen))
    assert f"{run}: stored; best epoch 2 of 3, stopped early, val accuracy 80.0 %" in text_of(
        screen
    )
    assert "[1/2]" not in text_of(screen)[n_old:]


def test_a_log_has_a_line_for_each_event():
    screen = io.StringIO()
    with show_progress(Console(file=screen, width=40)) as progress:
        progress.run_started(RECORD.run_id, 1, 2, 5)
        with progress.work("computing features", 5) as step:
            step(3)
        progress.epoch_finished(RECORD.run_id, RECORD.history[0])
        progress.run_finished(RECORD.model_copy(update={"status": "failed", "failure": "[no]"}))
    assert text_of(screen).splitlines() == [
        "[1/2] resnet-none, up to 5 epochs",
        "  computing features: 5",
        "  resnet-none  epoch   1  loss 1.000  val accuracy 60.0 %  1.5 s",
        "  resnet-none  FAILED: [no]",
    ]
