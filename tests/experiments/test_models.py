import pytest
import torch
from torch import nn
from torchvision import models as torchvision_models

from experiments import models, torchvision_zoo
from experiments.cost import count_flops, count_parameters, measure_latency
from experiments.heads import build_head
from experiments.results.errors import ConfigError
from experiments.results.schema import PreprocessingConfig
from experiments.transforms import resolve_preprocessing


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("resnet5O", "resnet50"),
        ("resnet50.a1_in1", "resnet50.a1_in1k"),
        ("torchvision/resnet5O", "torchvision/resnet50"),
        ("torchvison/resnet50", "torchvision/resnet50"),
    ],
)
def test_an_unknown_model_suggests_the_nearest(wrong, nearest):
    with pytest.raises(ConfigError, match=f"no model {wrong!r}; did you mean {nearest!r}"):
        models.check_names(["resnet18", "torchvision/vit_b_16", "resnet50.a1_in1k", wrong])


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_convnext", "test_byobnet"])
def test_a_classifier_finds_its_feature_size(name):
    backbone = models.build_backbone(name, 32, pretrained=False, weights_dir=None)
    model = models.Classifier(backbone, 7, 32)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


@pytest.mark.parametrize(
    ("head", "layers"),
    [
        ("linear", [(20, 5)]),
        ("mlp", [(20, 512), "relu", 0.5, (512, 5)]),
        ("deep", [(20, 1024), "relu", 0.3, (1024, 512), "relu", 0.3, (512, 5)]),
    ],
)
def test_heads_are_built_as_described(head, layers):
    def describe(layer):
        if isinstance(layer, nn.Linear):
            return (layer.in_features, layer.out_features)
        return layer.p if isinstance(layer, nn.Dropout) else type(layer).__name__.lower()

    built = build_head(head, 20, 5)
    assert [describe(layer) for layer in built.modules() if not list(layer.children())] == layers
    assert built(torch.zeros(3, 20)).shape == (3, 5)


def test_a_run_gets_the_head_and_the_strategy_it_asks_for(quick_config):
    (run,) = quick_config.model_copy(update={"head": "deep"}).runs().values()
    model = models.build_classifier(run, 7, 32, None)
    assert [layer.out_features for layer in model.head if isinstance(layer, nn.Linear)] == [
        1024,
        512,
        7,
    ]


def test_torchvisions_preprocessing_is_that_of_its_weights():
    for name in torchvision_zoo.names():
        transform = torchvision_models.get_model_weights(name.split("/")[1]).DEFAULT.transforms()
        ours = resolve_preprocessing(models.data_config(name), PreprocessingConfig())
        assert [ours.input_size] == transform.crop_size, name
        assert [ours.resize_size] == transform.resize_size, name
        assert ours.interpolation == transform.interpolation.value, name
        assert (list(ours.mean), list(ours.std)) == (transform.mean, transform.std), name


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
