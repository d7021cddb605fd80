"""The transforms of a run as torchvision code, made from what the store says the model was fed.

tests/site_builder/test_transforms_code.py runs this code, and compares what comes out with the
pixels that the engine makes.
"""

from collections.abc import Iterator

from experiments.results.schema import AugmentationConfig, Preprocessing
from site_builder import formatting
from site_builder.highlight import Code, highlight
from site_builder.pages.pipeline.page import Model

_IMPORTS = "import torch\nfrom torchvision.transforms import InterpolationMode, v2\n"
_FILTERS = {
    "nearest": "NEAREST_EXACT",  # what Pillow calls nearest
    "bilinear": "BILINEAR",
    "bicubic": "BICUBIC",
}


def evaluation_code(fed: Preprocessing) -> str:
    """Return what an image goes through in validation and test."""
    return _composed(
        "prepare",
        f"v2.Resize({fed.resize_size}, interpolation={_interpolation(fed)}),",
        f"v2.CenterCrop({fed.input_size}),",
        *_as_numbers(fed),
    )


def training_code(fed: Preprocessing, changes: AugmentationConfig, *, strong: bool) -> str:
    """Return what an image goes through in training, drawn anew each time.

    The engine draws from the same ranges, but computes crop, flip and rotation as one resampling of
    a batch, and changes brightness, contrast and saturation in this order.
    """
    return _composed("augment", *_changes(fed, changes, strong=strong), *_as_numbers(fed))


def evaluation_transforms(models: tuple[Model, ...]) -> tuple[Code, ...]:
    """Return the transforms that models are evaluated with, each once, the best model's first."""
    names: dict[str, list[str]] = {}
    for model in models:
        if (fed := model.run.record.preprocessing) is not None:
            names.setdefault(evaluation_code(fed), []).append(model.name.model)
    return tuple(_titled(code, of, "Evaluation") for code, of in names.items())


def training_transforms(models: tuple[Model, ...]) -> tuple[Code, ...]:
    """Return the transforms that models are trained with where these augment, each once."""
    names: dict[str, list[str]] = {}
    for model in models:
        fed, config = model.run.record.preprocessing, model.run.record.config
        if fed is None or config is None or config.augmentation == "none":
            continue
        strong = config.augmentation == "strong"
        code = training_code(fed, config.augmentation_parameters, strong=strong)
        names.setdefault(code, []).append(model.name.model)
    return tuple(_titled(code, of, "Training") for code, of in names.items())


def _titled(code: str, names: list[str], what: str) -> Code:
    models = formatting.listing(list(dict.fromkeys(names)))
    return Code(f"{what}: {models}", highlight(code, "python"))


def _composed(name: str, *steps: str) -> str:
    inside = "".join(f"        {step}\n" for step in ("v2.ToImage(),", *steps))
    return f"{_IMPORTS}\n{name} = v2.Compose(\n    [\n{inside}    ]\n)"


def _as_numbers(fed: Preprocessing) -> tuple[str, str]:
    mean, std = (_list(values) for values in (fed.mean, fed.std))
    return "v2.ToDtype(torch.float32, scale=True),", f"v2.Normalize(mean={mean}, std={std}),"


def _changes(fed: Preprocessing, of: AugmentationConfig, *, strong: bool) -> Iterator[str]:
    """Yield each change that these parameters make."""
    scale = f"scale=({of.min_scale}, 1.0)"
    yield f"v2.RandomResizedCrop({fed.input_size}, {scale}, ratio=(3 / 4, 4 / 3)),"
    if of.flip_probability:
        yield f"v2.RandomHorizontalFlip({of.flip_probability}),"
    if strong and of.rotation_degrees:
        yield f"v2.RandomRotation({of.rotation_degrees}, InterpolationMode.BILINEAR),"
    colours = [
        f"{name}={strength}"
        for name in ("brightness", "contrast", "saturation")
        if (strength := getattr(of, name))
    ]
    if colours:
        yield f"v2.ColorJitter({', '.join(colours)}),"
    if strong and of.grey_probability:
        yield f"v2.RandomGrayscale({of.grey_probability}),"


def _interpolation(fed: Preprocessing) -> str:
    return f"InterpolationMode.{_FILTERS[fed.interpolation]}"


def _list(values: tuple[float, ...]) -> str:
    return f"[{', '.join(map(repr, values))}]"
