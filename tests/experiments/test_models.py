import pytest
import safetensors.torch
import timm
import torch
from torch import nn

from experiments import models
from experiments.cost import count_flops, count_parameters, measure_latency
from experiments.results.errors import ConfigError, DataError

TINY = "test_efficientnet"


def save_weights(folder, name=TINY, **changes):
    state = timm.create_model(name).state_dict()
    state.update(changes)
    safetensors.torch.save_file(state, folder / f"{name}.safetensors")
    return state


def build(folder, name=TINY):
    return models.build_backbone(name, 64, pretrained=True, weights_dir=folder)


def test_an_unknown_model_suggests_the_nearest():
    with pytest.raises(ConfigError, match="no model 'resnet5O'; did you mean 'resnet50'"):
        models.check_names(["resnet18", "resnet5O"])


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_convnext", "test_byobnet"])
def test_a_classifier_finds_its_feature_size(name):
    backbone = models.build_backbone(name, 32, pretrained=False, weights_dir=None)
    model = models.Classifier(backbone, 7, 32)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


def test_pretrained_weights_come_from_the_folder(tmp_path):
    state = save_weights(tmp_path)
    loaded = build(tmp_path).state_dict()
    assert all(torch.equal(value, state[name]) for name, value in loaded.items())
    assert models.weights_source(TINY, tmp_path) == f"file {TINY}.safetensors"


def test_weights_of_another_shape_name_the_file(tmp_path):
    save_weights(tmp_path, **{"conv_stem.weight": torch.zeros(3, 3, 3, 3)})
    with pytest.raises(DataError, match=rf"{TINY}\.safetensors: cannot be loaded"):
        build(tmp_path)


def test_a_truncated_file_is_named(tmp_path):
    save_weights(tmp_path)
    file = tmp_path / f"{TINY}.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(DataError, match=rf"{TINY}\.safetensors: cannot be loaded"):
        build(tmp_path)


def test_weights_in_the_folder_are_not_missing(tmp_path):
    save_weights(tmp_path)
    assert models.missing_weights([TINY], tmp_path) == []


def test_weights_out_of_reach_are_missing(tmp_path, monkeypatch):
    # Port 9 on this machine: nothing answers there.
    monkeypatch.setattr(models, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert models.missing_weights(["resnet50"], tmp_path) == ["resnet50"]


def test_flops_are_two_per_multiply_add():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 8 * 8, 10))
    by_hand = 2 * (3 * 3 * 3 * 4 * 8 * 8) + 2 * (4 * 8 * 8 * 10)
    assert count_flops(model, torch.zeros(1, 3, 8, 8)) == by_hand


def test_parameters_are_counted_without_buffers():
    assert count_parameters(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))) == 3 * 4 + 4 + 2 * 4


def test_latency_grows_with_the_work():
    image = torch.zeros(1, 3, 64, 64)
    light = measure_latency(nn.Conv2d(3, 4, 1), image)
    heavy = measure_latency(nn.Sequential(nn.Conv2d(3, 64, 7), nn.Conv2d(64, 64, 7)), image)
    assert 0 < light.median_ms <= light.p95_ms
    assert heavy.median_ms > light.median_ms
    assert light.n_repeats == 100
