"""What each channel responds to most, against brute force."""

from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn
from torchvision.transforms.v2 import functional

from experiments.datasets import load_dataset
from experiments.examples import Examples
from experiments.experiment import run_experiment
from experiments.explain.peaks import N_TOP, TopImages, watch
from experiments.features import FrozenBackbone, cached_features_and_top_images, fastest
from experiments.models import build_backbone
from experiments.results.feature_maps import read_feature_maps, read_top_images
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_top_images_are_those_of_a_full_sort(batch_size):
    # Few values, as in ReLU's zeros: of equal peaks the earlier image comes first.
    peaks = RNG.integers(0, 6, (100, 12)).astype(np.float32)
    peaks[:, 3] = 0
    peaks[:, 4] = -RNG.random(100)
    top = TopImages(12, torch.device("cpu"))
    for part in torch.from_numpy(peaks).split(batch_size):
        top.add(part)
    expected = np.argsort(-peaks, axis=0, kind="stable")[:N_TOP].T
    np.testing.assert_array_equal(top.places(), expected)
    assert top.places().dtype == np.int32


def test_fewer_images_than_wanted_are_all_there():
    peaks = torch.tensor([[1.0, 3.0], [2.0, 1.0], [0.0, 2.0]])
    top = TopImages(2, torch.device("cpu"))
    top.add(peaks)
    assert top.places().tolist() == [[1, 0, 2], [0, 2, 1]]


@pytest.mark.parametrize(
    "name", ["test_resnet", "test_efficientnet", "test_convnext", "test_vit", "torchvision/swin_t"]
)
def test_a_watched_backbone_gives_its_own_features_and_is_traced(name):
    torch.manual_seed(0)
    backbone = build_backbone(name, 64, pretrained=False, weights_dir=None).eval()
    images = torch.randn(8, 3, 64, 64)
    watched = watch(backbone, images[:1], []).eval()
    with torch.inference_mode():
        expected = backbone(images)
        found = watched(images)
        n_features = expected.shape[1]
        assert torch.equal(found[:, :n_features], expected)
        graph = fastest(watched, images)
        assert isinstance(graph, torch.jit.ScriptModule)
        torch.testing.assert_close(graph(images[:3]), found[:3], atol=1e-3, rtol=1e-3)
    assert found.shape[1] == n_features + sum(watched.n_channels)


def test_what_cannot_be_watched_is_left_alone():
    assert watch(nn.Flatten(), torch.rand(1, 3, 8, 8), []) is None


class TestCached:
    IMAGES = torch.randn(20, 3, 32, 32, generator=torch.Generator().manual_seed(1))

    def compute(self, tmp_path, progress, asked=()):
        torch.manual_seed(0)
        backbone = build_backbone("test_resnet", 32, pretrained=False, weights_dir=None)
        watched = watch(backbone, self.IMAGES[:1], asked)
        examples = Examples(lambda places: self.IMAGES[places], torch.zeros(20), 8, "key")
        frozen = FrozenBackbone(backbone, watched)
        features, top = cached_features_and_top_images(frozen, examples, tmp_path, progress)
        return frozen, features.examples, top

    def test_the_second_time_both_come_from_the_cache(self, tmp_path, progress, monkeypatch):
        _, features, top = self.compute(tmp_path, progress)
        monkeypatch.setattr(FrozenBackbone, "with_peaks", None)
        _, again, top_again = self.compute(tmp_path, progress)
        everything = torch.arange(20)
        assert torch.equal(features.fetch(everything), again.fetch(everything))
        np.testing.assert_array_equal(top, top_again)

    def test_other_layers_miss_the_cache(self, tmp_path, progress):
        frozen, _, top = self.compute(tmp_path, progress)
        other, _, of_one = self.compute(tmp_path, progress, ["layer2"])
        assert len(top) == frozen.watched.n_peaks
        assert len(of_one) == other.watched.n_peaks == 48
        place = frozen.watched.names.index("layer2")
        np.testing.assert_array_equal(frozen.watched.by_layer(top)[place], of_one)


@pytest.mark.parametrize("strategy", ["scratch", "frozen"])
def test_a_run_stores_what_a_pass_of_its_own_finds(quick_config, tmp_path, around, strategy):
    """With the weights as they are stored, of all test images and all channels."""
    torch.manual_seed(9)
    fresh = build_backbone("test_resnet", 32, pretrained=False, weights_dir=None)
    safetensors.torch.save_file(fresh.state_dict(), tmp_path / "test_resnet.safetensors")
    around = replace(around, weights_dir=tmp_path)
    models = [quick_config.models[0].model_copy(update={"name": "test_resnet"})]
    config = quick_config.model_copy(update={"strategy": strategy, "models": models})
    store = ExperimentStore(tmp_path / "results" / "quick")
    (record,) = run_experiment(config, store, around, downloads=tmp_path)
    assert record.status == "finished", record.failure
    maps = read_feature_maps(store, record.run_id)
    state = safetensors.torch.load(store.read_weights(record))
    fresh.load_state_dict(
        {key[9:]: value for key, value in state.items() if key.startswith("backbone.")}
    )
    peaks = brute_force_peaks(fresh.eval(), [layer.name for layer in maps.layers], config, record)
    for places, of_layer in zip(read_top_images(store, maps), peaks, strict=True):
        assert places.shape == (of_layer.shape[1], N_TOP)
        assert all(len(set(row)) == N_TOP for row in places.tolist())
        found = np.take_along_axis(of_layer.T, places, axis=1)
        expected = -np.sort(-of_layer, axis=0)[:N_TOP].T
        # The very images may differ where rounding decides between equal peaks.
        np.testing.assert_allclose(found, expected, atol=1e-4)


def brute_force_peaks(backbone, names, config, record):
    sizes = record.preprocessing
    dataset = load_dataset(config.dataset, None)
    images = []
    for item in dataset.of_split(Split.TEST):
        pixels = torch.from_numpy(np.array(dataset.open(item))).permute(2, 0, 1)[None]
        # On whole numbers, as pixels are stored: in floats some would round to the next one.
        images.append(functional.resize(pixels, [32, 32], antialias=True) / 255)
    mean, std = (torch.tensor(values)[:, None, None] for values in (sizes.mean, sizes.std))
    outputs = {}
    for name in names:
        backbone.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: outputs.update({name: output.clone()})
        )
    with torch.inference_mode():
        backbone((torch.cat(images) - mean) / std)
    return [outputs[name].numpy().max(axis=(2, 3)) for name in names]
