"""From real photographs and real ImageNet weights to a site, as configured for development."""

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.config import load_config
from experiments.experiment import run_experiment
from experiments.results.metrics.confusion import confusion_matrix
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from experiments.results.teaching import read_teaching
from experiments.results.walkthrough import read_walkthrough
from site_builder.pipeline import build_site

CONFIGS = Path(__file__).parents[1] / "configs"
MODEL = "mobilenetv2_100"


@pytest.mark.realdata
def test_a_frozen_backbone_tells_breeds_apart(realdata, around, tmp_path):
    config = load_config(str(CONFIGS / "pets.toml"))
    dataset = config.dataset.model_copy(update={"data_dir": realdata / "datasets"})
    config = config.model_copy(
        update={
            "dataset": dataset,
            "augmentations": ["none"],
            "models": [model for model in config.models if model.name == MODEL],
        }
    )
    around = replace(around, weights_dir=realdata / "weights")
    store = ExperimentStore(tmp_path / "results" / config.name)
    (record,) = run_experiment(config, store, around, downloads=tmp_path)
    assert record.status == "finished", record.failure
    predictions = store.read_predictions(record, Split.TEST)
    matrix = confusion_matrix(predictions.targets, predictions.predicted, 37)
    # 222 photographs to learn 37 breeds from; by chance it would be 0.03.
    assert matrix.trace() / matrix.sum() > 0.8
    assert record.provenance.weights.startswith(f"file {MODEL}.safetensors")
    walk = read_walkthrough(store, record.run_id)
    assert walk.difference < 1e-5
    # MobileNetV2 averages 1,280 maps of 7 x 7 positions.
    assert (walk.pooling, len(walk.pooled)) == ("mean", 1280)
    assert walk.step("normalise").shape == [3, 224, 224]
    assert read_teaching(store).pixels.n_images == 222
    assert set(store.read_experiment().superclasses) == {"cat", "dog"}
    assert build_site(store, tmp_path / "site", strict=True).remarks == []
    assert "Abyssinian" in (tmp_path / "site" / "compare.html").read_text()


@pytest.mark.parametrize("name", ["pets", "clothing"])
def test_the_configurations_for_development_are_valid(name):
    config = load_config(str(CONFIGS / f"{name}.toml"))
    assert config.name == name
    assert MODEL in [model.name for model in config.models]
