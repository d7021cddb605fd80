from pathlib import Path

import pytest

from experiments.config import CONFIGS_FOLDER, load_config, shipped_experiments
from experiments.results.errors import ConfigError

DIGITS = (CONFIGS_FOLDER / "digits.toml").read_text()


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


def test_shipped_configurations_are_valid_and_named_after_their_files():
    assert [load_config(name).name for name in shipped_experiments()] == ["digits", "oxford-pets"]


def test_oxford_pets_is_the_reference_experiment():
    config = load_config("oxford-pets")
    training = config.training
    assert [model.name for model in config.models] == [
        "vgg16",
        "resnet50",
        "mobilenetv3_large_100",
        "efficientnet_b3",
        "legacy_xception",
    ]
    assert (config.strategy, config.augmentations) == ("frozen", ["none", "standard"])
    assert (training.optimizer, training.learning_rate, training.batch_size) == ("adam", 1e-3, 32)
    assert (training.max_epochs, training.patience, training.min_delta) == (40, 5, 0.001)


def test_every_model_augmentation_and_seed_is_a_run(tmp_path):
    text = DIGITS.replace("seeds = [0]", "seeds = [0, 7]")
    runs = load_config(write(tmp_path, text)).runs(["test_vit"])
    assert {name: (run.augmentation, run.seed) for name, run in runs.items()} == {
        "test_vit-none": ("none", 0),
        "test_vit-none-seed7": ("none", 7),
        "test_vit-standard": ("standard", 0),
        "test_vit-standard-seed7": ("standard", 7),
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("batch_size", "batchsize"),
            "training.batchsize: unknown key; did you mean 'batch_size'?",
        ),
        (
            ("val_fraction", "val_fractoin"),
            "dataset.val_fractoin: unknown key; did you mean 'val_fraction'?",
        ),
        (("max_epochs = 12", "max_epochs = 0"), "training.max_epochs: Input should be greater"),
        (('source = "digits"', 'source = "digit"'), "dataset: Input tag 'digit' found"),
        (('name = "digits"', 'name = "../digits"'), "name: String should match pattern"),
        (("[dataset]", "[dataset"), "not TOML"),
        (('name = "test_vit"', 'name = "test_resnet"'), "models: the same one is there twice"),
        (('name = "test_vit"', 'name = "Test_ResNet"'), "models: the same one is there twice"),
    ],
)
def test_a_wrong_file_is_refused_by_file_key_and_fix(tmp_path, change, message):
    text = DIGITS.replace(*change)
    assert text != DIGITS
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert path in str(caught.value)
    assert message in str(caught.value)


def test_an_unknown_experiment_suggests_the_nearest():
    with pytest.raises(ConfigError, match="no experiment 'digit'; did you mean 'digits'"):
        load_config("digit")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_config(str(tmp_path / "nowhere.toml"))


def test_a_model_outside_the_experiment_suggests_the_nearest():
    with pytest.raises(ConfigError, match=r"'test_resnt' is not in .*did you mean 'test_resnet'"):
        load_config("digits").runs(["test_resnt"])


def test_runs_are_chosen_by_their_ids():
    config = load_config("digits")
    assert list(config.runs(run_ids=["test_resnet-none"])) == ["test_resnet-none"]
    with pytest.raises(ConfigError, match=r"--runs: 'test_resnet' is not in .*; it has test_"):
        config.runs(run_ids=["test_resnet"])
    with pytest.raises(ConfigError, match=r"--runs: 'test_resnet-none' is not in"):
        config.runs(["test_vit"], ["test_resnet-none"])


def test_folders_are_relative_to_the_file(tmp_path):
    text = DIGITS.replace(
        'source = "digits"', 'source = "folder"\ndata_dir = "photos"\ntitle = "x"'
    ).replace("test_fraction = 0.25", "")
    config = load_config(write(tmp_path, 'weights_dir = "w"\n' + text))
    assert config.weights_dir == tmp_path / "w"
    assert config.dataset.data_dir == tmp_path / "photos"
