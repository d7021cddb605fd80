"""Means and deviations: those that models normalise by, and those of the training images."""

from dataclasses import dataclass

from experiments.results.schema import PixelStatistics, Preprocessing, RunConfig
from site_builder import formatting
from site_builder.pages.pipeline.page import Model

COLOURS = ("Red", "Green", "Blue")
OWN = "the model’s own data config"
OVERRIDDEN = "this experiment’s configuration"


@dataclass(frozen=True)
class TrainingPixels:
    """Mean and deviation of the training images' pixels, each colour a row.

    Attributes:
        images: How many images there are.
        pixels: How many pixels they have.
        rows: Colour, mean, deviation over all pixels, mean of the images' own deviations, and by
            how much that is less.
        worst: The largest of these differences.
    """

    images: str
    pixels: str
    rows: tuple[tuple[str, ...], ...]
    worst: str


def training_pixels(stored: PixelStatistics) -> TrainingPixels:
    """Return what is stored of the training images' pixels."""
    less = [
        1 - wrong / right if right else 0.0
        for right, wrong in zip(stored.std, stored.mean_of_stds, strict=True)
    ]
    columns = zip(COLOURS, stored.mean, stored.std, stored.mean_of_stds, less, strict=True)
    return TrainingPixels(
        images=formatting.count(stored.n_images),
        pixels=formatting.quantity(stored.n_pixels),
        rows=tuple(
            (colour, *map(formatting.value, (mean, right, wrong)), formatting.percent(share))
            for colour, mean, right, wrong, share in columns
        ),
        worst=formatting.percent(max(less)),
    )


def model_constants(models: tuple[Model, ...]) -> tuple[tuple[str, ...], ...]:
    """Return each model's constants once: model, timm's name, mean, deviation, where from."""
    found: dict[tuple[str, ...], None] = {}
    for model in models:
        fed, config = model.run.record.preprocessing, model.run.record.config
        if fed is None or config is None:
            continue
        source = source_of_constants(config)
        found[(model.name.model, config.model, numbers(fed.mean), numbers(fed.std), source)] = None
    return tuple(found)


def source_of_constants(config: RunConfig) -> str:
    """Return where a run's constants are from, in words."""
    asked = config.preprocessing
    return OWN if asked.mean is None and asked.std is None else OVERRIDDEN


def ends(fed: Preprocessing) -> tuple[tuple[str, ...], ...]:
    """Return a row for each colour: mean, deviation, and what black and white become."""
    return tuple(
        (
            colour,
            formatting.setting(mean),
            formatting.setting(std),
            formatting.value((0 - mean) / std),
            formatting.value((1 - mean) / std),
        )
        for colour, mean, std in zip(COLOURS, fed.mean, fed.std, strict=True)
    )


def as_fed(pixels: PixelStatistics, fed: Preprocessing) -> tuple[tuple[str, ...], ...]:
    """Return a row for each colour: mean and deviation of the training pixels once normalised."""
    columns = zip(COLOURS, pixels.mean, pixels.std, fed.mean, fed.std, strict=True)
    return tuple(
        (
            colour,
            formatting.value(round((mean - fed_mean) / fed_std, 12)),
            formatting.value(std / fed_std),
        )
        for colour, mean, std, fed_mean, fed_std in columns
    )


def numbers(values: tuple[float, ...]) -> str:
    """Return constants as a configuration has them: `0.485, 0.456, 0.406`."""
    return ", ".join(map(formatting.setting, values))
