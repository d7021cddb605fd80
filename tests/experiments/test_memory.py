"""Memory does not grow with the number of runs. Processes of their own: their peaks are theirs."""

import json
import subprocess
import sys
from pathlib import Path

# A run's own predictions and weights take a few MiB; what is left over from each would add up.
SLACK_BYTES = 24 * 2**20


def memory_of(folder: Path, where: str, n_runs: int) -> dict:
    folder.mkdir()
    script = Path(__file__).with_name("memory_of_runs.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), where, str(n_runs)],
        check=True,
        stdout=subprocess.PIPE,
    )
    found: dict = json.loads(done.stdout)
    assert len(found["runs"]) == n_runs
    return found


def mib(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:.0f} MiB"


def test_in_one_process_the_peak_stays_where_the_second_run_left_it(tmp_path):
    peaks = memory_of(tmp_path / "here", "here", 6)["runs"]
    assert peaks[-1] - peaks[1] < SLACK_BYTES, [mib(peak) for peak in peaks]


def test_who_starts_the_processes_takes_no_more_for_more_of_them(tmp_path):
    few = memory_of(tmp_path / "few", "apart", 2)
    many = memory_of(tmp_path / "many", "apart", 5)
    assert many["own"] - few["own"] < SLACK_BYTES, [mib(found["own"]) for found in (few, many)]
    assert max(many["runs"]) - max(few["runs"]) < SLACK_BYTES
