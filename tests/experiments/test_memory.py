"""Memory does not grow with the number of runs. A process of its own: its peak is the command's."""

import subprocess
import sys
from pathlib import Path

from experiments.results.store import ExperimentStore

ROOT = Path(__file__).parents[2]
N_RUNS = 6
# A run's own predictions and weights take a few MiB; what is left over from each would add up.
SLACK_BYTES = 24 * 2**20

CONFIG = f"""
name = "seeds"
title = "Seeds"
question = "Does memory grow?"
strategy = "scratch"
seeds = {list(range(N_RUNS))}
dataset = {{ source = "digits" }}
training = {{ batch_size = 64, max_epochs = 1 }}
preprocessing = {{ input_size = 32, crop_fraction = 1.0 }}
models = [{{ name = "test_resnet" }}]
"""


def test_the_peak_stays_where_the_second_run_left_it(tmp_path):
    path = tmp_path / "seeds.toml"
    path.write_text(CONFIG, encoding="utf-8")
    command = [sys.executable, str(ROOT / "build.py"), "--experiment", str(path), "--device", "cpu"]
    folders = ["--results", str(tmp_path / "results"), "--output", str(tmp_path / "site")]
    subprocess.run([*command, "--run-experiments", *folders], check=True, cwd=tmp_path)
    store = ExperimentStore(tmp_path / "results" / "seeds")
    runs = [store.read_run(run_id) for run_id in store.read_experiment().run_ids]
    assert len(runs) == N_RUNS
    peaks = [run.cost.peak_memory_bytes for run in runs]
    assert peaks[-1] - peaks[1] < SLACK_BYTES, [f"{peak / 2**20:.0f} MiB" for peak in peaks]
