import os
import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("kill_at_random.py")


def test_an_experiment_killed_at_random_moments_ends_as_if_it_had_not_been(image_folder):
    split = {"a": 3, "b": 3, "c": 3}
    folder = image_folder({"train": split, "val": split, "test": split}).parent
    result = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(SCRIPT.parents[2])},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    told = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)\b", result.stdout)}
    assert told["killed"] == 20
    # Some kills came while a run was training: it went on from a checkpoint.
    assert told["resumed"] > 0
