"""Families of backbones: what each brought, and how large its models are.

The parameters are those of timm's models with their classifier of 1,000 classes; the tests build
each model and count them again.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from site_builder import formatting, references
from site_builder.references import Reference

# What stands before the family in a name: where the model or its weights come from.
_ORIGINS = re.compile(r"^(torchvision/|legacy_|tf_|test_)*")


@dataclass(frozen=True)
class Family:
    """A family of backbones.

    Attributes:
        key: Its place on the page.
        name: Its name.
        year: Year of its paper.
        idea: What it brought.
        references: Its papers, the first one first.
        names: How the names of its models begin.
        sizes: Some of its models, by timm's name, and their parameters.
    """

    key: str
    name: str
    year: int
    idea: str
    references: tuple[Reference, ...]
    names: tuple[str, ...]
    sizes: tuple[tuple[str, int], ...]

    def has(self, model: str) -> bool:
        """Return whether a model is of this family, by its name in a configuration."""
        return _ORIGINS.sub("", model).startswith(self.names)


FAMILIES = (
    Family(
        "family-vgg", "VGG", 2015,
        "Nothing but 3 × 3 convolutions and pooling. Two of them see as much as one of 5 × 5, with "
        "fewer weights and one more activation between. Most of its parameters are in three large "
        "linear layers at the end.",
        (references.SIMONYAN,), ("vgg",),
        (("vgg11", 132_863_336), ("vgg16", 138_357_544), ("vgg19", 143_667_240)),
    ),
    Family(
        "family-resnet", "ResNet", 2016,
        "A block adds what it computes to what it was given. With this skip connection a block "
        "that is of no use can leave its input alone, and networks of over a hundred layers can be "
        "trained.",
        (references.HE_RESNET,), ("resnet", "resnext", "wide_resnet"),
        (("resnet18", 11_689_512), ("resnet50", 25_557_032), ("resnet152", 60_192_808)),
    ),
    Family(
        "family-densenet", "DenseNet", 2017,
        "Each layer of a block gets the outputs of all layers before it, side by side. Features "
        "are used again rather than computed again, so layers can be narrow.",
        (references.HUANG,), ("densenet",),
        (("densenet121", 7_978_856), ("densenet201", 20_013_928)),
    ),
    Family(
        "family-xception", "Xception", 2017,
        "Depthwise-separable convolutions throughout, with skip connections: first each channel by "
        "itself, then all channels at each pixel.",
        (references.CHOLLET,), ("xception",),
        (("legacy_xception", 22_855_952),),
    ),
    Family(
        "family-mobilenet", "MobileNet", 2017,
        "Made for phones. V1 is depthwise-separable; V2 widens inside its blocks and adds at their "
        "narrow ends; V3 was found by a search that measured latency, and weighs channels by "
        "squeeze-and-excitation.",
        (references.HOWARD_MOBILENET, references.SANDLER, references.HOWARD_MOBILENETV3),
        ("mobilenet",),
        (("mobilenetv1_100", 4_231_976), ("mobilenetv2_100", 3_504_872),
         ("mobilenetv3_small_100", 2_542_856), ("mobilenetv3_large_100", 5_483_032)),
    ),
    Family(
        "family-efficientnet", "EfficientNet", 2019,
        "One small network found by a search, then depth, width and image size enlarged together, "
        "at fixed proportions, from B0 to B7.",
        (references.TAN,), ("efficientnet",),
        (("efficientnet_b0", 5_288_548), ("efficientnet_b3", 12_233_232),
         ("efficientnet_b7", 66_347_960)),
    ),
    Family(
        "family-regnet", "RegNet", 2020,
        "Not one network but a rule: the width of the blocks rises along a straight line. Found by "
        "comparing whole populations of networks rather than single ones.",
        (references.RADOSAVOVIC,), ("regnet",),
        (("regnetx_002", 2_684_792), ("regnety_320", 145_046_770)),
    ),
    Family(
        "family-transformers", "ViT", 2021,
        "The image is cut into patches, and attention lets each patch look at every other, from "
        "the first block on. With little data it falls behind convolutions; with hundreds of "
        "millions of images it overtakes them.",
        (references.DOSOVITSKIY,), ("vit", "deit"),
        (("vit_tiny_patch16_224", 5_717_416), ("vit_base_patch16_224", 86_567_656),
         ("vit_large_patch16_224", 304_326_632)),
    ),
    Family(
        "family-swin", "Swin", 2021,
        "Attention inside small windows that shift from block to block, and patches that are "
        "merged on the way, so that stages shrink as those of a convolutional network do.",
        (references.LIU_SWIN,), ("swin",),
        (("swin_tiny_patch4_window7_224", 28_288_354),
         ("swin_large_patch4_window7_224", 196_532_476)),
    ),
    Family(
        "family-convnext", "ConvNeXt", 2022,
        "A ResNet brought up to date with the choices of transformers, 7 × 7 depthwise "
        "convolutions and layer normalisation among them; as accurate as Swin without attention.",
        (references.LIU_CONVNEXT,), ("convnext",),
        (("convnext_tiny", 28_589_128), ("convnext_large", 197_767_336)),
    ),
)  # fmt: skip
"""By year."""


@dataclass(frozen=True)
class FamilyPart:
    """A family as the page shows it.

    Attributes:
        key: Its place on the page.
        name: Its name.
        year: Year of its paper.
        idea: What it brought.
        references: Its papers.
        sizes: Some of its models and their parameters.
        here: Which of this experiment's models are of it; empty if none is.
    """

    key: str
    name: str
    year: str
    idea: str
    references: tuple[Reference, ...]
    sizes: tuple[tuple[str, str], ...]
    here: str


def family_parts(models: Iterable[tuple[str, str]]) -> tuple[FamilyPart, ...]:
    """Return the families, each with those of an experiment's models that are of it.

    Args:
        models: Name in the configuration and name for people of each model; may repeat.
    """
    known = list(dict.fromkeys(models))
    return tuple(
        FamilyPart(
            key=family.key,
            name=family.name,
            year=str(family.year),
            idea=family.idea,
            references=family.references,
            sizes=tuple((name, formatting.quantity(n)) for name, n in family.sizes),
            here=", ".join(label for name, label in known if family.has(name)),
        )
        for family in FAMILIES
    )


def other_models(models: Iterable[tuple[str, str]]) -> str:
    """Return the models of an experiment that are of none of the families; empty if all are."""
    known = dict.fromkeys(models)
    return ", ".join(
        label for name, label in known if not any(family.has(name) for family in FAMILIES)
    )
