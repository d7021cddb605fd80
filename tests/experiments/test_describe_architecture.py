"""What a model is made of: against torch's own counts, and against nets worked out by hand."""

import dataclasses
import io

import pytest
import torch
from rich.console import Console
from torch import nn

from experiments.architecture import describe_architecture
from experiments.architecture.missing import describe_missing
from experiments.cost import count_flops, count_parameters
from experiments.experiment import run_experiment
from experiments.models import Classifier
from experiments.progress import PlainProgress
from experiments.results.architecture import (
    ARCHITECTURE_FILE,
    channels_and_grid,
    has_architecture,
    read_architecture,
)
from experiments.results.store import ExperimentStore
from tests.experiments.test_architectures import (
    SIDES,
    SMALL_SIDE,
    TIMM,
    TORCHVISION,
    build,
    build_quickly,
)

IMAGE = torch.zeros(1, 3, 8, 8)


@pytest.fixture
def store(tmp_path):
    return ExperimentStore(tmp_path / "results" / "quick")


def run(config, store, around):
    return run_experiment(config, store, around, downloads=store.folder / "none")


@pytest.mark.parametrize("name", [*TIMM, *TORCHVISION])
def test_layers_add_up_to_what_torch_counts(name):
    side = SIDES.get(name, SMALL_SIDE)
    model, image = build_quickly(name, side), torch.zeros(1, 3, side, side)
    made_of = describe_architecture("run", model, image)
    assert made_of.n_parameters == count_parameters(model)
    assert made_of.flops == count_flops(model, image)
    assert made_of.traced_by == "torch.fx"
    assert made_of.stages[-1].name == "classifier head"
    assert {layer.stage for layer in made_of.layers} == set(range(len(made_of.stages)))
    assert not any(module._forward_hooks for module in model.modules())
    # A stage begins where the resolution falls, or all are alike.
    sides = [stage.shape[1] for stage in made_of.stages]
    assert sides == sorted(sides, reverse=True)


@pytest.mark.parametrize(
    ("name", "joins", "n_skips"),
    [
        # Blocks: 2 + 2 + 2 + 2.
        ("resnet18", {"add": 8}, 8),
        ("vgg11", {}, 0),
        # Two in each of 12 blocks: around the attention, and around the MLP.
        ("vit_tiny_patch16_224", {"add": 24}, 24),
        # In a block of n layers the k-th gets all k + 1 outputs before it, and the end all n + 1.
        # Of each the last is the way through: 1 + 2 + ... + n are left, for n = 6, 12, 24 and 16.
        ("densenet121", {"cat": 58}, 21 + 78 + 300 + 136),
        # Of four branches the outer three begin at the same fork.
        ("torchvision/googlenet", {"cat": 9}, 9),
        # One around the gate in each of 16 blocks, one around 9 of the blocks.
        ("efficientnet_b0", {"mul": 16, "add": 9}, 25),
    ],
)
def test_connections_are_those_of_the_papers(name, joins, n_skips):
    made_of = describe_architecture("run", build_quickly(name, 64), torch.zeros(1, 3, 64, 64))
    kinds = [layer.kind for layer in made_of.layers if layer.type == "join"]
    assert {kind: kinds.count(kind) for kind in kinds} == joins
    assert len(made_of.skips) == n_skips


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        (
            "resnet50",
            [(64, 112, 112), (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7)],
        ),
        (
            "vgg16",
            [(64, 224, 224), (128, 112, 112), (256, 56, 56), (512, 28, 28), (512, 14, 14),
             (4096, 1, 1)],
        ),
        ("swin_tiny_patch4_window7_224", [(96, 56, 56), (192, 28, 28), (384, 14, 14), (768, 7, 7)]),
        ("vit_tiny_patch16_224", [(192, 14, 14)] * 13),
        ("mixer_b16_224", [(768, 14, 14)] * 13),
        # Its last convolution comes after the pooling.
        (
            "mobilenetv3_large_100",
            [(16, 112, 112), (24, 56, 56), (40, 28, 28), (112, 14, 14), (960, 7, 7)],
        ),
    ],
)  # fmt: skip
def test_stages_have_the_shapes_of_the_papers(name, shapes):
    made_of = describe_architecture("run", build_quickly(name, 224), torch.zeros(1, 3, 224, 224))
    assert [stage.shape for stage in made_of.stages] == [*shapes, (37, 1, 1)]


class Shortcut(nn.Module):
    """A net with all that is hard: a shared layer, a dead one, functional work, a skip."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False)
        self.act = nn.ReLU(inplace=True)
        self.wide = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.down = nn.Conv2d(4, 6, 1, stride=2)
        self.position = nn.Parameter(torch.zeros(1, 6, 2, 2))
        self.projection = nn.Linear(6, 6)
        self.unused = nn.Linear(2, 2, bias=False)
        self.keep = nn.Identity()
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, images):
        stem = self.act(self.stem(images))
        out = self.keep(self.act(self.wide(stem)))
        out += stem
        out = (self.down(out) + self.position).flatten(2).transpose(1, 2)
        out = nn.functional.linear(out, self.projection.weight, self.projection.bias)
        return self.pool(out.transpose(1, 2).unflatten(2, (2, 2))).flatten(1)


def described(backbone):
    return describe_architecture("run", Classifier(backbone, 5, 8).eval(), IMAGE)


def test_a_small_net_is_as_worked_out_by_hand():
    made_of = described(Shortcut())
    found = [
        (layer.name, layer.type, layer.input_shape, layer.output_shape, layer.n_parameters,
         layer.flops)
        for layer in made_of.layers
    ]  # fmt: skip
    own = 6 * 2 * 2 + (6 * 6 + 6) + 2 * 2
    square = [4, 4, 4]
    assert found == [
        # What it computes itself, and what no call accounts for: 4 tokens times 6 x 6.
        ("backbone", "other", [3, 8, 8], [6], own, 2 * 4 * 6 * 6),
        ("backbone.stem", "convolution", [3, 8, 8], square, 4 * 3 * 9, 2 * 16 * 4 * 3 * 9),
        ("backbone.act", "activation", square, square, 0, 0),
        # In two groups, each number is the product of 2 x 9 weights.
        ("backbone.wide", "convolution", square, square, 4 * 2 * 9 + 4, 2 * 16 * 4 * 2 * 9),
        ("backbone.act", "activation", square, square, 0, 0),
        ("backbone.add", "join", square, square, 0, 0),
        ("backbone.down", "convolution", square, [6, 2, 2], 4 * 6 + 6, 2 * 4 * 6 * 4),
        ("backbone.pool", "pooling", [6, 2, 2], [6, 1, 1], 0, 0),
        ("head", "linear", [6], [5], 6 * 5 + 5, 2 * 6 * 5),
    ]
    assert [(skip.first, skip.join) for skip in made_of.skips] == [(3, 5)]
    stem, wide = made_of.layers[1], made_of.layers[3]
    assert (stem.kernel, stem.stride, stem.groups) == ((3, 3), (2, 2), 1)
    assert (wide.kernel, wide.stride, wide.groups) == ((3, 3), (1, 1), 2)
    assert (made_of.layers[2].kernel, made_of.layers[2].groups) == (None, None)


class Branches(nn.Module):
    """A projection on the shortcut, computed last, and a second one from the image itself."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.shortcut = nn.Conv2d(3, 3, 1)

    def forward(self, images):
        added = self.two(self.one(images)) + self.shortcut(images)
        return torch.cat([added, images], 1).mean((2, 3))


def test_a_branch_begins_where_it_left_the_way_through():
    made_of = described(Branches())
    names = [layer.name.removeprefix("backbone.") for layer in made_of.layers]
    assert names == ["one", "two", "shortcut", "add", "cat", "head"]
    assert [(skip.first, skip.join) for skip in made_of.skips] == [(0, 3), (0, 4)]


class Undecided(nn.Module):
    """Decides by the numbers that it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, images):
        out = self.conv(images)
        return (out + out.relu() if out.sum() > 0 else out).mean((2, 3))


def test_a_net_that_cannot_be_traced_has_layers_but_no_connections():
    made_of = described(Undecided())
    assert made_of.traced_by == "module tree"
    assert made_of.skips is None
    assert made_of.absent["skips"] == "torch.fx cannot trace it (TraceError)"
    assert [layer.name for layer in made_of.layers] == ["backbone.conv", "head"]
    assert made_of.n_parameters == 4 * 3 * 9 + 4 + 4 * 5 + 5


def test_describing_changes_nothing():
    model = build("test_resnet", 32)
    image = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        before = model(image)
        first = describe_architecture("run", model, image)
        assert torch.equal(model(image), before)
    assert describe_architecture("run", model, image) == first


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((64, 7, 7), (64, 7, 7)),
        ((7, 7, 64), (64, 7, 7)),
        ((7, 7, 7), (7, 7, 7)),
        ((1, 1, 64), (64, 1, 1)),
        ((196, 192), (192, 14, 14)),
        ((201, 192), (192, 14, 14)),
        ((64, 49, 96), (96, 56, 56)),
        ((512,), (512, 1, 1)),
    ],
)
def test_channels_and_positions_are_found_in_any_order(shape, expected):
    assert channels_and_grid(shape) == expected


def test_every_run_stores_it_and_older_runs_get_it_later(quick_config, store, around):
    (record,) = run(quick_config, store, around)
    made_of = read_architecture(store, record.run_id)
    assert (made_of.n_parameters, made_of.flops) == (record.cost.n_parameters, record.cost.flops)
    file = store.run_folder(record.run_id) / ARCHITECTURE_FILE
    content, run_file = file.read_bytes(), (store.run_folder(record.run_id) / "run.json")
    written_at = run_file.stat().st_mtime_ns
    file.unlink()
    assert run(quick_config, store, around) == []
    assert file.read_bytes() == content
    assert run_file.stat().st_mtime_ns == written_at


def test_a_run_that_cannot_be_rebuilt_stays_as_it_is(quick_config, store, around):
    (record,) = run(quick_config, store, around)
    folder = store.run_folder(record.run_id)
    (folder / ARCHITECTURE_FILE).unlink()
    (folder / record.weights.name).write_bytes(b"damaged")
    console = Console(file=io.StringIO(), width=1000)
    describe_missing(store, dataclasses.replace(around, progress=PlainProgress(console)))
    said = console.file.getvalue()
    assert f"no architecture of {record.run_id}: " in said
    assert "the file is damaged or was edited" in said
    assert not has_architecture(store, record.run_id)
    assert store.read_run(record.run_id) == record
