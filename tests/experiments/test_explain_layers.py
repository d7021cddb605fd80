"""Which layers are shown, and how their outputs are read as maps."""

import numpy as np
import pytest
import timm
import torch
from torch import nn

from experiments.explain.grids import GridReader
from experiments.explain.layers import (
    MAX_LAYERS,
    check_layers,
    choose_layers,
    kept_maps,
    spread_layers,
)
from experiments.models import build_backbone
from experiments.results.errors import ConfigError
from tests.experiments.test_architectures import (
    SIDES,
    SMALL_SIDE,
    TIMM,
    TORCHVISION,
    build_quickly,
)


def keep(backbone, names, images):
    with torch.inference_mode(), kept_maps(backbone, names) as kept:
        backbone(images)
    return kept


@pytest.mark.parametrize("name", [*TIMM, *TORCHVISION])
def test_every_architecture_has_a_spread_of_layers(name):
    side = SIDES.get(name, SMALL_SIDE)
    backbone = build_quickly(name, side).backbone
    image = torch.rand(2, 3, side, side)
    names = spread_layers(backbone, image[:1])
    assert 3 <= len(names) <= MAX_LAYERS
    outputs = {}
    for layer in names:
        backbone.get_submodule(layer).register_forward_hook(
            lambda _module, _inputs, output, layer=layer: outputs.update({layer: output.numel()})
        )
    kept = keep(backbone, names, image)
    assert list(kept) == names
    sides = [layer.maps.shape[2] for layer in kept.values()]
    assert sides == sorted(sides, reverse=True)
    for layer in kept.values():
        n_images, n_channels, height, width = layer.maps.shape
        assert (n_images, height) == (2, width)
        assert height > 1
        # Nothing was lost but a class token for each image.
        left_out = outputs[layer.name] - layer.maps.numel()
        has_class_token = layer.from_tokens and "vit" in name
        assert left_out == (2 * n_channels if has_class_token else 0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # The stem, normalised, and the four stages: its first convolution is not another layer.
        ("resnet50", "act1:32 layer1:16 layer2:8 layer3:4 layer4:2"),
        ("mobilenetv3_small_100", "bn1:32 blocks.0:16 blocks.1:8 blocks.3:4 blocks.5:2"),
        # Last comes the convolution after the blocks.
        ("mobilenetv2_100", "blocks.0:32 blocks.1:16 blocks.2:8 blocks.4:4 blocks.6:2 bn2:2"),
        ("convnext_tiny", "stem:16 stages.0:16 stages.1:8 stages.2:4 stages.3:2"),
        ("vit_tiny_patch16_224", "blocks.0:4 blocks.2:4 blocks.5:4 blocks.7:4 blocks.10:4 norm:4"),
        (
            "swin_tiny_patch4_window7_224",
            "patch_embed:16 layers.0:16 layers.1:8 layers.2:4 layers.3:2 norm:2",
        ),
        # Without timm's word for it, by stages; what pools to 7 x 7 is no layer.
        (
            "torchvision/vgg11",
            "features.1:64 features.4:32 features.9:16 features.14:8 features.19:4 features.20:2",
        ),
        ("torchvision/resnet18", "relu:32 layer1:16 layer2:8 layer3:4 layer4:2"),
    ],
)
def test_the_spread_is_the_first_the_stages_ends_and_the_last(name, expected):
    backbone = build_quickly(name, SMALL_SIDE).backbone
    image = torch.rand(1, 3, SMALL_SIDE, SMALL_SIDE)
    names = spread_layers(backbone, image)
    kept = keep(backbone, names, image)
    assert " ".join(f"{layer}:{kept[layer].maps.shape[2]}" for layer in names) == expected


@pytest.mark.parametrize(
    "name",
    ["test_resnet", "test_efficientnet", "test_convnext", "test_vit", "torchvision/resnet18"],
)
def test_hooks_do_not_change_predictions(name):
    torch.manual_seed(0)
    backbone = build_backbone(name, 96, pretrained=False, weights_dir=None).eval()
    images = torch.randn(3, 3, 96, 96)
    with torch.inference_mode():
        before = backbone(images)
        names = spread_layers(backbone, images[:1])
        with kept_maps(backbone, names):
            during = backbone(images)
        after = backbone(images)
    assert torch.equal(before, during)
    assert torch.equal(before, after)
    assert not any(module._forward_hooks for module in backbone.modules())


def test_the_type_of_values_is_that_of_the_layer():
    backbone = nn.Sequential(nn.Conv2d(3, 4, 3)).to(torch.bfloat16).eval()
    layer = keep(backbone, ["0"], torch.randn(1, 3, 8, 8, dtype=torch.bfloat16))["0"]
    assert (layer.dtype, layer.maps.dtype) == ("bfloat16", torch.float32)


def test_what_is_kept_is_not_changed_by_what_follows():
    """A ReLU that works in place changes the output of the layer before it."""
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True)).eval()
    images = torch.randn(1, 3, 8, 8)
    kept = keep(backbone, ["0"], images)
    expected = nn.functional.conv2d(images, backbone[0].weight, backbone[0].bias, padding=1)
    assert (expected < 0).any()
    torch.testing.assert_close(kept["0"].maps, expected)


class TestGrids:
    def test_tokens_lie_row_by_row_after_those_without_a_place(self):
        backbone = nn.Identity()
        backbone.num_prefix_tokens = 2
        # Token t of channel c is 10 t + c.
        tokens = 10 * torch.arange(11.0)[None, :, None] + torch.arange(3.0)
        maps = GridReader(backbone)(tokens)
        assert maps.shape == (1, 3, 3, 3)
        assert maps[0, 1].tolist() == [[21, 31, 41], [51, 61, 71], [81, 91, 101]]

    def test_a_vits_map_shows_where_in_the_image_something_is(self):
        torch.manual_seed(0)
        backbone = timm.create_model("vit_tiny_patch16_224", img_size=64, num_classes=0).eval()
        with torch.no_grad():
            backbone.pos_embed.zero_()
        image = torch.zeros(1, 3, 64, 64)
        image[:, :, 16:32, 48:64] = 5
        maps = keep(backbone, ["blocks.0"], image)["blocks.0"].maps[0]
        differs = (maps - maps[:, :1, :1]).abs().sum(dim=0).numpy()
        assert np.unravel_index(differs.argmax(), differs.shape) == (1, 3)

    def test_swins_channels_come_last(self):
        output = torch.arange(2 * 4 * 4 * 3.0).reshape(2, 4, 4, 3)
        maps = GridReader(nn.Identity())(output)
        assert maps.shape == (2, 3, 4, 4)
        assert maps[1, 2, 3, 0] == output[1, 3, 0, 2]

    def test_as_many_channels_as_positions_are_read_as_the_backbone_says(self):
        output = torch.rand(1, 4, 4, 4)
        assert torch.equal(GridReader(nn.Identity())(output), output)
        swin = nn.Identity()
        swin.output_fmt = "NHWC"
        assert torch.equal(GridReader(swin)(output), output.permute(0, 3, 1, 2))

    @pytest.mark.parametrize(
        ("output", "n_prefix"),
        [
            (torch.rand(2, 3, 4, 4), None),
            (torch.rand(2, 4, 4, 3), None),
            (torch.rand(2, 11, 3), 2),
            (torch.rand(2, 9, 3), None),
        ],
    )
    def test_maps_go_back_to_where_they_came_from(self, output, n_prefix):
        backbone = nn.Identity()
        backbone.num_prefix_tokens = n_prefix
        read = GridReader(backbone)
        doubled = read.back(2 * read(output), output)
        places = slice(n_prefix, None) if output.ndim == 3 else slice(None)
        assert torch.equal(doubled[:, places], 2 * output[:, places])
        assert torch.equal(doubled[:, : n_prefix or 0], output[:, : n_prefix or 0])

    @pytest.mark.parametrize(
        "output", [torch.rand(1, 5), torch.rand(1, 6, 1, 1), torch.rand(1, 4, 3, 5), (1, 2)]
    )
    def test_what_has_no_square_grid_is_no_map(self, output):
        assert GridReader(nn.Identity())(output) is None


class TestAskedLayers:
    @pytest.fixture
    def resnet(self):
        return timm.create_model("test_resnet", num_classes=0).eval()

    IMAGE = torch.rand(1, 3, 64, 64)

    def test_those_that_the_backbone_has_come_as_they_finish(self, resnet):
        asked = ["layer3", "blocks.1", "layer1.0"]
        assert choose_layers(resnet, self.IMAGE, asked) == ["layer1.0", "layer3"]

    def test_a_backbone_that_has_none_gets_a_spread(self, resnet):
        spread = spread_layers(resnet, self.IMAGE)
        assert choose_layers(resnet, self.IMAGE, ["blocks.1"]) == spread

    def test_a_layer_that_gives_no_maps_is_refused(self, resnet):
        with pytest.raises(ConfigError, match=r"'global_pool' gives no maps.* layer1, layer2"):
            choose_layers(resnet, self.IMAGE, ["layer1", "global_pool"])

    def test_an_unknown_layer_is_refused_with_the_nearest(self, resnet):
        with pytest.raises(ConfigError, match=r"no model has a module 'layer11'; did you mean"):
            check_layers(["layer1", "layer11"], dict(resnet.named_modules()))
