"""Two commands at once on one store and one cache."""

import json
import subprocess
from collections import Counter

from experiments.results.feature_maps import has_feature_maps
from experiments.results.store import EVALUATED_SPLITS, ExperimentStore
from tests.test_build import ENVIRONMENT, QUICK, command

AUGMENTATIONS = ["none", "standard", "strong"]
RUNS = [f"test_vit-{augmentation}" for augmentation in AUGMENTATIONS]


def test_two_commands_at_once_do_each_run_once_and_as_one_alone(tmp_path):
    quick = tmp_path / "quick.toml"
    one_model = QUICK.removesuffix('[[models]]\nname = "test_efficientnet"\n')
    quick.write_text(f"augmentations = {json.dumps(AUGMENTATIONS)}\n{one_model}")

    def start(name):
        words = ["--results", tmp_path / name, "--experiment", quick]
        return subprocess.Popen(
            command(*words, "--run-experiments", "--no-site"),
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )

    def end(process):
        with process:
            said = process.communicate(timeout=300)[1]
        assert process.returncode == 0, said
        return said.splitlines()

    said = [end(process) for process in [start("shared"), start("shared")]]
    end(start("alone"))
    shared, alone = (ExperimentStore(tmp_path / name / "quick") for name in ("shared", "alone"))
    lines = [line for of_one in said for line in of_one]
    done = Counter(line.split()[0] for line in lines if "  stored; best epoch 1" in line)
    assert done == dict.fromkeys(RUNS, 1), "\n".join(lines)
    assert shared.read_experiment() == alone.read_experiment()
    assert shared.read_samples() == alone.read_samples()
    for run_id in RUNS:
        ours, theirs = shared.read_run(run_id), alone.read_run(run_id)
        assert ours.status == "finished"
        assert ours.predictions == theirs.predictions
        assert ours.weights == theirs.weights
        # Which checks their digests.
        shared.read_weights(ours)
        for split in EVALUATED_SPLITS:
            shared.read_predictions(ours, split)
        assert has_feature_maps(shared, run_id)
    assert list((tmp_path / "shared").rglob("*.unfinished")) == []
    cached = [
        {path.name for path in (tmp_path / name / ".cache").iterdir()}
        for name in ("shared", "alone")
    ]
    assert cached[0] == cached[1]
