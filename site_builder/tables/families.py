"""Which family of architectures a model belongs to, by its name."""

import re

from experiments.results.schema import RunConfig

MADE_ELSEWHERE = "made elsewhere"
"""The family of a run that was imported: nothing is known of its model."""

# timm's marks for where a model's weights or code come from; they name no architecture.
_MARKS = re.compile(r"^(tf_|legacy_|test_|ese_|wide_)+")
_STEM = re.compile(r"[a-z]+")


def family(config: RunConfig | None) -> str:
    """Return the family of a run's model: the word that timm's names of its members begin with.

    Args:
        config: What was asked for; None of a run made elsewhere.
    """
    return MADE_ELSEWHERE if config is None else family_of_model(config.model)


def family_of_model(model: str) -> str:
    """Return the family that a model's name tells.

    Example:
        >>> [family_of_model(name) for name in ("resnet50.a1_in1k", "mobilenetv3_large_100")]
        ['resnet', 'mobilenet']
        >>> [family_of_model(name) for name in ("torchvision/vgg16_bn", "tf_efficientnet_b0")]
        ['vgg', 'efficientnet']
    """
    architecture = model.rpartition("/")[2].partition(".")[0].lower()
    stem = _STEM.match(_MARKS.sub("", architecture))
    if stem is None:
        return architecture
    numbered = architecture.find(stem[0]) + len(stem[0])
    versioned = stem[0].endswith("v") and architecture[numbered : numbered + 1].isdigit()
    return stem[0].removesuffix("v") if versioned else stem[0]
