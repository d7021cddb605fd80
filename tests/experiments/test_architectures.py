"""Every family of models, built for real and divided into stages."""

import pytest
import torch

from experiments.cost import count_parameters
from experiments.models import Classifier, build_backbone
from experiments.stages import backbone_stages

N_CLASSES = 37
SIDES = {"torchvision/maxvit_t": 224, "torchvision/inception_v3": 96}
SMALL_SIDE = 64
# Computes its widths with tensors: it has to be made in memory.
NOT_ON_META = {"torchvision/regnet_y_400mf"}
TIMM = [
    *(f"resnet{depth}" for depth in (18, 34, 50, 101, 152)),
    *(f"efficientnet_b{size}" for size in range(8)),
    "tf_efficientnetv2_s",
    "efficientnet_lite0",
    "mobilenetv2_100",
    "mobilenetv3_large_100",
    "mobilenetv3_small_100",
    "vgg11",
    "vgg16",
    "densenet121",
    "legacy_xception",
    "convnext_tiny",
    "regnetx_002",
    "regnety_004",
    "vit_tiny_patch16_224",
    "vit_small_patch16_224",
    "swin_tiny_patch4_window7_224",
    "mixer_b16_224",
]
TORCHVISION = [
    f"torchvision/{name}"
    for name in (
        "alexnet",
        "convnext_tiny",
        "densenet121",
        "efficientnet_b0",
        "efficientnet_v2_s",
        "googlenet",
        "inception_v3",
        "maxvit_t",
        "mnasnet0_5",
        "mobilenet_v2",
        "mobilenet_v3_small",
        "regnet_y_400mf",
        "resnet18",
        "shufflenet_v2_x0_5",
        "squeezenet1_0",
        "swin_t",
        "swin_v2_t",
        "vgg11",
        "vit_b_16",
    )
]


def build(name, side):
    backbone = build_backbone(name, side, pretrained=False, weights_dir=None)
    return Classifier(backbone, N_CLASSES, side).eval()


def build_quickly(name, side):
    """Build a model with constant weights: random ones take most of the time."""
    if name in NOT_ON_META:
        return build(name, side)
    with torch.device("meta"):
        model = build(name, side)
    model.to_empty(device="cpu")
    for tensor in (*model.parameters(), *model.buffers()):
        # Also a valid index, for Swin's tables of relative positions.
        tensor.detach().zero_()
    return model


@pytest.mark.parametrize("name", [*TIMM, *TORCHVISION])
def test_a_model_turns_an_image_into_logits_and_has_stages(name):
    side = SIDES.get(name, SMALL_SIDE)
    model = build_quickly(name, side)
    with torch.inference_mode():
        logits = model(torch.rand(1, 3, side, side))
    assert logits.shape == (1, N_CLASSES)
    assert logits.isfinite().all()

    stages = backbone_stages(model.backbone)
    assert len(stages) >= 3
    modules = [module for stage in stages for module in stage.modules]
    of_stages = [id(p) for module in modules for p in module.parameters()]
    assert len(of_stages) == len(set(of_stages))
    of_backbone = {id(p): p.numel() for p in model.backbone.parameters()}
    held = sum(of_backbone[parameter] for parameter in of_stages)
    assert held > 0.99 * sum(of_backbone.values())


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("resnet50", ["conv1 to bn1", "layer1", "layer2", "layer3", "layer4"]),
        # The last block of the smallest one holds most parameters, and stays whole.
        ("test_resnet", ["conv1 to bn1", "layer1", "layer2", "layer3", "layer4"]),
        ("convnext_tiny", ["stem to stages.0", "stages.1", "stages.2", "stages.3 to head"]),
        (
            "vit_tiny_patch16_224",
            ["patch_embed", *(f"blocks.{i}" for i in range(11)), "blocks.11 to norm"],
        ),
        (
            "swin_tiny_patch4_window7_224",
            ["patch_embed to layers.0", "layers.1", "layers.2", "layers.3 to norm"],
        ),
        # Between pooling layers, and the two wide layers at the end.
        (
            "torchvision/vgg11",
            [
                "features.0",
                "features.3",
                "features.6 to features.8",
                "features.11 to features.13",
                "features.16 to features.18",
                "classifier",
            ],
        ),
        (
            "torchvision/swin_t",
            [
                "features.0 to features.1",
                "features.2 to features.3",
                "features.4 to features.5",
                "features.6 to norm",
            ],
        ),
    ],
)
def test_stages_begin_where_the_resolution_falls_or_are_blocks(name, stages):
    with torch.device("meta"):
        backbone = build_backbone(name, SMALL_SIDE, pretrained=False, weights_dir=None)
    assert [stage.name for stage in backbone_stages(backbone)] == stages


@pytest.mark.parametrize(
    ("name", "n_parameters"),
    [
        ("vgg16", 134_412_133),
        ("resnet50", 23_583_845),
        ("mobilenetv3_large_100", 4_249_429),
        ("efficientnet_b3", 10_753_101),
        ("legacy_xception", 20_882_765),
        ("torchvision/vgg16", 134_412_133),
        ("torchvision/resnet50", 23_583_845),
    ],
)
def test_parameters_are_as_published(name, n_parameters):
    with torch.device("meta"):
        assert count_parameters(build(name, 224)) == n_parameters


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "torchvision/vit_b_16"])
def test_a_model_of_fixed_size_is_made_for_the_input(name):
    with torch.device("meta"):
        model = build(name, 96)
        assert model(torch.zeros(2, 3, 96, 96)).shape == (2, N_CLASSES)
        with pytest.raises(AssertionError):
            model(torch.zeros(2, 3, 64, 64))
