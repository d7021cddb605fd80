"""What the teaching pages say of models, strategies, heads and snippets, against the real ones."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import timm
import torch
from torch import nn

from experiments.architecture import describe_architecture
from experiments.config import load_config
from experiments.heads import build_head
from experiments.models import Classifier, build_backbone
from experiments.results.heads import n_head_parameters
from experiments.results.schema import (
    AugmentationConfig,
    Head,
    PreprocessingConfig,
    RunConfig,
    Strategy,
    StrategyConfig,
    TrainingConfig,
)
from experiments.stages import backbone_stages
from experiments.strategies import learning_modules
from site_builder.highlight import SNIPPETS
from site_builder.lessons import separable
from site_builder.lessons.arithmetic import (
    first_block,
    first_convolution,
    layer_sum,
    n_biases,
    n_features,
)
from site_builder.lessons.families import FAMILIES
from site_builder.lessons.mistakes import mistakes, printed
from site_builder.lessons.strategies import n_learning

SIDE = 64
MODELS = {
    # The block that is taken for the first one, where there is one.
    "resnet18": "layer1.0",
    "mobilenetv2_100": "blocks.0.0",
    "tf_mobilenetv3_small_100": "blocks.0.0",
    "regnetx_002": "s1.b1",
    "densenet121": "features.denseblock1.denselayer1",
    "legacy_xception": "block1.rep.0",
    "convnext_atto": "stages.0.blocks.0",
    "test_vit": "blocks.0",
    "vgg11": None,
}
SETTINGS = 'name = "mine"\ntitle = "Mine"\nquestion = "Which?"\n{}\n[dataset]\nsource = "digits"\n'
MODEL = '[[models]]\nname = "resnet18"\n'


def build(name: str) -> tuple[Classifier, torch.Tensor]:
    """Build a model with weights of zero: to draw random ones takes most of the time."""
    with torch.device("meta"):
        backbone = build_backbone(name, SIDE, pretrained=False, weights_dir=None)
        model = Classifier(backbone, 37, SIDE).eval()
    model.to_empty(device="cpu")
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.detach().zero_()
    return model, torch.zeros(1, 3, SIDE, SIDE)


def weights_of(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("family", FAMILIES, ids=[family.name for family in FAMILIES])
def test_the_parameters_of_families(family) -> None:
    for name, n_parameters in family.sizes:
        with torch.device("meta"):
            model = timm.create_model(name)
        assert weights_of(model) == n_parameters, name
        assert family.has(name)


@pytest.mark.parametrize("name", MODELS)
def test_parameters_are_worked_out(name: str) -> None:
    model, image = build(name)
    made_of = describe_architecture("run", model, image)
    modules = dict(model.named_modules())
    for layer in made_of.layers:
        module = modules.get(layer.name)
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            assert n_biases(layer) == (0 if module.bias is None else module.bias.numel())
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
            assert n_biases(layer) == 0
    assert n_features(made_of) == model.backbone(image).shape[1]
    first = first_convolution(made_of)
    assert first is not None
    assert layer_sum(first).terms
    assert modules[first.name] is next(m for m in model.modules() if isinstance(m, nn.Conv2d))
    block = first_block(made_of)
    assert (block and block.name) == MODELS[name]
    if block:
        part = model.backbone.get_submodule(block.name)
        assert block.total == f"{weights_of(part):,}"
        assert sum(int(row.result.replace(",", "")) for row in block.sums) == weights_of(part)


@pytest.mark.parametrize("name", ["mobilenetv2_100", "legacy_xception", "convnext_atto"])
def test_separable_convolutions(name: str) -> None:
    model, image = build(name)
    pair = separable.first_pair(describe_architecture("run", model, image))
    assert pair is not None
    depthwise = model.get_submodule(pair.depthwise.name)
    pointwise = model.get_submodule(pair.pointwise.name)
    assert isinstance(depthwise, nn.Conv2d)
    assert depthwise.groups == depthwise.in_channels == depthwise.out_channels
    assert pair.n_weights == depthwise.weight.numel() + pointwise.weight.numel()
    plain = nn.Conv2d(depthwise.in_channels, pair.n_out, depthwise.kernel_size)
    assert pair.n_plain == plain.weight.numel()
    height, width = pair.kernel
    share = 1 / pair.n_out + 1 / (height * width)
    assert pair.n_weights / pair.n_plain == pytest.approx(share)


def test_a_network_without_separable_convolutions() -> None:
    model, image = build("resnet18")
    assert separable.first_pair(describe_architecture("run", model, image)) is None


@pytest.mark.parametrize("strategy", get_args(Strategy))
@pytest.mark.parametrize("name", ["test_resnet", "mobilenetv2_100", "test_vit"])
def test_how_many_parameters_learn(name: str, strategy: Strategy) -> None:
    model, image = build(name)
    made_of = describe_architecture("run", model, image)
    for n_stages in (1, 3, len(backbone_stages(model.backbone))):
        config = RunConfig(
            model=name,
            label=name,
            strategy=strategy,
            augmentation="none",
            training=TrainingConfig(),
            preprocessing=PreprocessingConfig(),
            augmentation_parameters=AugmentationConfig(),
            strategy_parameters=StrategyConfig(n_stages=n_stages),
        )
        learning = sum(weights_of(module) for module, _ in learning_modules(model, config, 1))
        assert n_learning(made_of, strategy, n_stages) == learning


@pytest.mark.parametrize("head", get_args(Head))
def test_how_many_parameters_a_head_has(head: Head) -> None:
    for n_features_, n_classes in ((96, 3), (1280, 37)):
        built = build_head(head, n_features_, n_classes)
        assert n_head_parameters(head, n_features_, n_classes) == weights_of(built)


@pytest.mark.parametrize("strategy", get_args(Strategy))
def test_the_configuration_of_a_strategy(strategy: Strategy, tmp_path: Path) -> None:
    snippet = (SNIPPETS / f"strategy_{strategy}.toml").read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(SETTINGS.format(snippet) + MODEL, encoding="utf-8")
    config = load_config(str(file))
    assert config.strategy == strategy
    given = re.findall(r"^\w+", snippet, re.MULTILINE)
    set_ = {*config.model_fields_set, *config.training.model_fields_set}
    assert set(given) <= set_ | config.stages.model_fields_set


def run_snippet(name: str) -> str:
    return subprocess.run(
        [sys.executable, SNIPPETS / f"{name}.py"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_what_the_snippet_on_shapes_prints() -> None:
    assert run_snippet("shapes") == printed("shapes")


def test_what_the_snippet_on_mistakes_prints() -> None:
    """Another version of PyTorch may say it in other words, but of the same numbers."""
    version, *lines = run_snippet("mistakes").splitlines()
    written, *expected = printed("mistakes").splitlines()
    if version.rpartition(".")[0] == written.rpartition(".")[0]:
        assert lines == expected
    else:
        assert [re.findall(r"\d+", line) for line in lines] == [
            re.findall(r"\d+", line) for line in expected
        ]
    assert mistakes().version == written
