"""Class-activation maps, against planted evidence and hand-written Grad-CAM and rollout."""

import re

import numpy as np
import pytest
import timm
import torch
from torch import nn
from torch.nn import functional
from torchvision.models import DenseNet, VisionTransformer

from experiments.explain.activation import NoActivationMapsError, activation_maps
from experiments.explain.rollout import AttentionReader
from experiments.models import Classifier
from tests.experiments.test_architectures import SMALL_SIDE, TIMM, TORCHVISION, build_quickly

N_CLASSES = 3
# Red, green and blue patches of the image: rows and columns, px.
PATCHES = [
    (slice(8, 24), slice(32, 56)),
    (slice(40, 56), slice(8, 24)),
    (slice(0, 8), slice(0, 16)),
]
CELL_PX = 8
# One of each family; at least two positions a side.
FAMILIES = {re.sub(r"\d+$", "", name): name for name in reversed([*TIMM, *TORCHVISION])}
SIDES = {"torchvision/maxvit_t": 224, "torchvision/inception_v3": 128}
# Positions a side, where a network does not lower the resolution to a 32nd of its input.
POSITIONS = {
    "vit_tiny_patch16_224": 4,
    "vit_small_patch16_224": 4,
    "mixer_b16_224": 4,
    "torchvision/alexnet": 3,
    "torchvision/inception_v3": 2,
    "torchvision/squeezenet1_0": 3,
    "torchvision/vit_b_16": 4,
}
WITH_CLASS_TOKEN = {"vit_tiny_patch16_224", "vit_small_patch16_224", "torchvision/vit_b_16"}


class Colours(nn.Module):
    """Channel k rises with colour k alone, in cells of 8 x 8 px."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, N_CLASSES, CELL_PX, stride=CELL_PX, bias=False)
        self.act = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(1)
        weights = (2 * torch.eye(N_CLASSES) - 1) / CELL_PX**2
        self.conv.weight.data = weights[:, :, None, None].expand(-1, -1, CELL_PX, CELL_PX).clone()

    def forward(self, images):
        return self.pool(self.act(self.conv(images))).flatten(1)


@pytest.fixture
def planted():
    """A model whose class k is colour k, which the other colours speak against."""
    model = Classifier(Colours(), N_CLASSES, SMALL_SIDE)
    model.head.weight.data = 1.5 * torch.eye(N_CLASSES) - 0.5
    return model.eval()


@pytest.fixture
def image():
    pixels = torch.zeros(3, SMALL_SIDE, SMALL_SIDE)
    for colour, (rows, columns) in enumerate(PATCHES):
        pixels[colour, rows, columns] = 1
    return pixels


def share_inside(of_map, patch):
    """Return the share of a map that lies within a patch."""
    rows, columns = (slice(side.start // CELL_PX, side.stop // CELL_PX) for side in patch)
    return of_map[rows, columns].sum() / of_map.sum()


def test_grad_cam_finds_the_planted_evidence_of_each_class(planted, image):
    found = activation_maps(planted, image.repeat(3, 1, 1, 1), torch.arange(3))
    assert (found.method, found.per_class) == ("grad-cam", True)
    assert found.maps.shape == (3, 8, 8)
    assert found.maps.dtype == np.float32
    for of_class, patch in zip(found.maps, PATCHES, strict=True):
        row, column = np.unravel_index(of_class.argmax(), of_class.shape)
        assert patch[0].start <= row * CELL_PX < patch[0].stop
        assert patch[1].start <= column * CELL_PX < patch[1].stop
        assert share_inside(of_class, patch) > 0.8
        assert of_class.min() >= 0


def test_the_map_follows_the_head(planted, image):
    """Maps that survive other weights are no explanation: Adebayo et al., NeurIPS 2018."""
    weights = planted.head.weight.data
    planted.head.weight.data = weights[[1, 0, 2]]
    (swapped,) = activation_maps(planted, image[None], torch.tensor([0])).maps
    assert share_inside(swapped, PATCHES[1]) > 0.8

    torch.manual_seed(0)
    planted.head.reset_parameters()
    (random,) = activation_maps(planted, image[None], torch.tensor([0])).maps
    assert share_inside(random, PATCHES[0]) < 0.8


def small_resnet():
    return timm.create_model("test_resnet", num_classes=0)


def small_swin():
    sizes = {"img_size": 64, "window_size": 4, "embed_dim": 16, "depths": (2, 2)}
    return timm.create_model(
        "swin_tiny_patch4_window7_224", num_classes=0, num_heads=(2, 2), **sizes
    )


def small_vit(**options):
    sizes = {"img_size": 64, "patch_size": 16, "embed_dim": 16, "depth": 3, "num_heads": 2}
    return timm.create_model("vit_tiny_patch16_224", num_classes=0, **sizes, **options)


def averaging_vit():
    return small_vit(global_pool="avg", reg_tokens=2)


def small_densenet():
    backbone = DenseNet(growth_rate=4, block_config=(2, 2), num_init_features=8)
    backbone.classifier = nn.Identity()
    return backbone


def resnet_parts(backbone):
    return backbone.forward_features, backbone.global_pool, lambda maps: maps


def swin_parts(backbone):
    return (
        backbone.forward_features,
        lambda maps: maps.mean(dim=(1, 2)),
        lambda maps: maps.permute(0, 3, 1, 2),
    )


def averaging_vit_parts(backbone):
    def grid(tokens):
        return tokens[:, 3:].reshape(len(tokens), 4, 4, -1).permute(0, 3, 1, 2)

    def first_part(images):
        tokens = backbone.forward_features(images)
        assert tokens.shape[1] == 1 + 2 + 16  # class token, registers, patches
        return tokens

    return first_part, lambda tokens: backbone.fc_norm(tokens[:, 3:].mean(dim=1)), grid


def densenet_parts(backbone):
    # DenseNet changes the output of its last layer in place.
    return backbone.features, lambda maps: functional.relu(maps).mean(dim=(2, 3)), lambda maps: maps


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (small_resnet, resnet_parts),
        (small_swin, swin_parts),
        (averaging_vit, averaging_vit_parts),
        (small_densenet, densenet_parts),
    ],
)
def test_grad_cam_equals_a_hand_written_one(make, parts):
    torch.manual_seed(0)
    # More images than go through the model at once.
    images, classes = torch.randn(10, 3, 64, 64), torch.arange(10) % N_CLASSES
    model = Classifier(make(), N_CLASSES, 64).eval()
    found = activation_maps(model, images, classes)

    first_part, pool, as_grid = parts(model.backbone)
    outputs = first_part(images).detach().requires_grad_()
    logits = model.head(pool(outputs))
    torch.testing.assert_close(logits, model(images))
    logits.gather(1, classes[:, None]).sum().backward()
    importance = as_grid(outputs.grad).mean(dim=(2, 3), keepdim=True)
    expected = (importance * as_grid(outputs.detach())).sum(dim=1).clamp(min=0)
    assert expected.any()
    np.testing.assert_allclose(found.maps, expected.numpy(), rtol=1e-4, atol=1e-7)
    assert found.method == "grad-cam"


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def attention_by_hand(tokens, weight, bias, n_heads):
    """Return (T, T) weights, averaged over heads, of (T, D) tokens: queries and keys first."""
    n_tokens, width = tokens.shape
    projected = (tokens @ weight.T + bias).reshape(n_tokens, 3, n_heads, width // n_heads)
    of_heads = [
        softmax(projected[:, 0, head] @ projected[:, 1, head].T / np.sqrt(width // n_heads))
        for head in range(n_heads)
    ]
    return np.mean(of_heads, axis=0)


def timm_projection(attention):
    return attention.qkv.weight, attention.qkv.bias


def torch_projection(attention):
    return attention.in_proj_weight, attention.in_proj_bias


def torchvision_vit():
    backbone = VisionTransformer(64, 16, num_layers=3, num_heads=2, hidden_dim=16, mlp_dim=32)
    backbone.heads = nn.Identity()
    return backbone


@pytest.mark.parametrize(
    ("make", "attentions", "projection", "n_prefix"),
    [
        (small_vit, lambda b: [block.attn for block in b.blocks], timm_projection, 1),
        (
            lambda: small_vit(reg_tokens=2),
            lambda b: [block.attn for block in b.blocks],
            timm_projection,
            3,
        ),
        (
            torchvision_vit,
            lambda b: [layer.self_attention for layer in b.encoder.layers],
            torch_projection,
            1,
        ),
    ],
)
def test_rollout_equals_one_by_hand(make, attentions, projection, n_prefix):
    torch.manual_seed(0)
    model = Classifier(make(), N_CLASSES, 64).eval()
    for parameter in model.backbone.parameters():
        if parameter.ndim == 2:
            nn.init.normal_(parameter, std=0.5)  # attention far from even
    images = torch.randn(2, 3, 64, 64)
    found = activation_maps(model, images, torch.tensor([0, 1]))

    tokens = []
    handles = [
        attention.register_forward_pre_hook(lambda _, inputs: tokens.append(inputs[0]))
        for attention in attentions(model.backbone)
    ]
    with torch.no_grad():
        model(images)
    for handle in handles:
        handle.remove()
    for image in range(2):
        rolled = np.eye(n_prefix + 16)
        for attention, inputs in zip(attentions(model.backbone), tokens, strict=True):
            weight, bias = (part.detach().double().numpy() for part in projection(attention))
            of_layer = attention_by_hand(inputs[image].double().numpy(), weight, bias, 2)
            rolled = (0.5 * of_layer + 0.5 * np.eye(len(rolled))) @ rolled
        expected = rolled[0, n_prefix:].reshape(4, 4)
        assert expected.std() > 0.1 * expected.mean()
        np.testing.assert_allclose(found.maps[image], expected, rtol=1e-4)
    assert (found.method, found.per_class) == ("attention rollout", False)
    others = activation_maps(model, images, torch.tensor([2, 2]))
    np.testing.assert_array_equal(others.maps, found.maps)


def randomised(model):
    """Give a model weights under which values neither vanish nor explode."""
    for parameter in model.parameters():
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 1
        nn.init.normal_(parameter, std=fan_in**-0.5)
    for name, buffer in model.named_buffers():
        if name.endswith("running_var"):
            buffer.fill_(1)
    return model


@pytest.mark.parametrize("name", FAMILIES.values())
def test_every_family_has_maps_of_its_last_resolution(name):
    torch.manual_seed(0)
    side = SIDES.get(name, SMALL_SIDE)
    model = randomised(build_quickly(name, side))
    found = activation_maps(model, torch.randn(2, 3, side, side), torch.tensor([0, 1]))
    n_positions = POSITIONS.get(name, side // 32)
    assert found.maps.shape == (2, n_positions, n_positions)
    assert (found.maps >= 0).all()
    assert found.per_class == (name not in WITH_CLASS_TOKEN)


def test_a_branch_within_a_block_is_no_layer():
    """At 32 px the last stage has one position; the projections in its first block have four."""
    torch.manual_seed(0)
    backbone = timm.create_model("test_byobnet", num_classes=0)
    model = Classifier(backbone, N_CLASSES, 32).eval()
    found = activation_maps(model, torch.randn(1, 3, 32, 32), torch.tensor([0]))
    assert found.layer == "stages.2"
    assert found.maps.shape == (1, 2, 2)


@pytest.mark.parametrize("make", [small_resnet, small_vit])
def test_the_model_stays_as_it_was(make):
    torch.manual_seed(0)
    model = Classifier(make(), N_CLASSES, 64).to(memory_format=torch.channels_last)
    images = torch.randn(3, 3, 64, 64).to(memory_format=torch.channels_last)
    model(images).sum().backward()
    model.backbone.requires_grad_(False)
    model.backbone.eval()
    model.head.train()

    def state():
        return {
            "values": {name: value.clone() for name, value in model.state_dict().items()},
            "gradients": {
                n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None
            },
            "learning": [parameter.requires_grad for parameter in model.parameters()],
            "modules": [
                (part.training, len(part._forward_hooks), getattr(part, "fused_attn", None))
                for part in model.modules()
            ],
            "logits": {"logits": model(images).detach()},
        }

    before = state()
    activation_maps(model, images, torch.tensor([0, 1, 2]))
    after = state()
    for exact in ("values", "gradients", "logits"):
        assert before[exact].keys() == after[exact].keys()
        for name, value in before[exact].items():
            assert torch.equal(value, after[exact][name]), name
    assert before["learning"] == after["learning"]
    assert before["modules"] == after["modules"]
    assert images.grad is None


@pytest.mark.parametrize("make", [small_resnet, small_vit])
def test_a_model_in_any_mode_will_do(make):
    torch.manual_seed(0)
    model = Classifier(make(), N_CLASSES, 64).eval()
    images, classes = torch.randn(2, 3, 64, 64), torch.tensor([0, 1])
    expected = activation_maps(model, images, classes).maps
    np.testing.assert_array_equal(activation_maps(model.train(), images, classes).maps, expected)
    with torch.inference_mode():
        torch.manual_seed(0)
        same = Classifier(make(), N_CLASSES, 64).eval()
        inputs = images.clone()
        assert next(same.parameters()).is_inference()
        found = activation_maps(same, inputs, classes.clone()).maps
    np.testing.assert_array_equal(found, expected)


def test_attention_that_does_not_roll_out_is_a_reason():
    sizes = {"img_size": 32, "embed_dim": 16, "depth": 2, "num_heads": 2}
    backbone = timm.create_model("cait_xxs24_224", num_classes=0, **sizes)
    model = Classifier(backbone, N_CLASSES, 32).eval()
    with pytest.raises(NoActivationMapsError, match="not between the same tokens"):
        activation_maps(model, torch.randn(1, 3, 32, 32), torch.tensor([0]))


def test_attention_that_cannot_be_read_is_another_reason():
    backbone = small_vit()
    for block in backbone.blocks:
        block.attn = Unattended()
    model = Classifier(backbone, N_CLASSES, 64).eval()
    with pytest.raises(NoActivationMapsError, match="no attention weights were found"):
        activation_maps(model, torch.randn(1, 3, 64, 64), torch.tensor([0]))


class Unattended(nn.Module):
    """Stands where timm has attention, whose masks it is given."""

    def forward(self, tokens, **_masks):
        return tokens


class Attention(nn.Module):
    """Attention with given weights, where timm has them."""

    def __init__(self, weights):
        super().__init__()
        self.attn_drop = nn.Identity()
        self.weights = weights

    def forward(self, _images):
        return self.attn_drop(self.weights)


@pytest.mark.parametrize(
    ("weights", "known"),
    [
        (torch.full((1, 2, 4, 4), 0.25), True),
        (torch.full((1, 2, 4, 4), 0.25) - torch.eye(4), False),
        (torch.full((1, 2, 1, 4), 0.25), False),
        (torch.full((1, 4, 4), 0.25), False),
    ],
)
def test_only_shares_of_the_same_tokens_are_attention_to_roll_out(weights, known):
    reader = AttentionReader(nn.Sequential(Attention(weights)))
    read = reader(torch.zeros(1, 3, 8, 8))
    assert reader.names == ["0"]
    if known:
        assert torch.equal(read[0], weights)
    else:
        assert read is None


class Blind(nn.Module):
    """Reads a token put before those of its only layer, and none of these."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, images):
        return functional.pad(self.conv(images), (1, 0, 1, 0))[:, :, 0, 0]


@pytest.mark.parametrize(
    ("backbone", "reason"),
    [
        (nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 4)), "no layer of the backbone"),
        (Blind(), "no logit depends on the positions of conv"),
    ],
)
def test_a_model_without_positions_is_a_reason(backbone, reason):
    model = Classifier(backbone, N_CLASSES, 16).eval()
    with pytest.raises(NoActivationMapsError, match=reason):
        activation_maps(model, torch.randn(1, 3, 16, 16), torch.tensor([0]))


def test_values_that_are_not_finite_are_a_reason(planted, image):
    planted.head.weight.data[0, 0] = torch.nan
    with pytest.raises(NoActivationMapsError, match="not finite"):
        activation_maps(planted, image[None], torch.tensor([0]))
