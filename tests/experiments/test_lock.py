import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from filelock import Timeout

from experiments.lock import only_writer
from experiments.results.errors import StoreError

NOW = datetime(2025, 1, 1, tzinfo=UTC)
HOLD = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from experiments.lock import only_writer
with only_writer(Path(sys.argv[1]), datetime(2025, 1, 1, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_timeout_of_what_the_writer_does_stays_its_own(tmp_path):
    with pytest.raises(Timeout), only_writer(tmp_path, NOW):
        raise Timeout("another lock")
    with only_writer(tmp_path, NOW):
        pass


def test_a_second_writer_is_told_who_the_first_is(tmp_path, holder):
    with pytest.raises(StoreError) as caught, only_writer(tmp_path, NOW):
        pass
    assert f"process {holder.pid} on " in str(caught.value)
    assert "since 2025-01-01T00:00:00+00:00" in str(caught.value)


def test_a_killed_writer_holds_nothing(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with only_writer(tmp_path, NOW):
        pass


def test_a_writer_can_come_after_another(tmp_path):
    for _ in range(2):
        with only_writer(tmp_path, NOW):
            pass
