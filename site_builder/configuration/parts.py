"""What a run was asked to do and where it ran, field by field, in the parts that pages show."""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.results.schema import (
    PreprocessingConfig,
    Record,
    RunRecord,
)
from site_builder import formatting, references
from site_builder.naming import augmentation_name, strategy_name
from site_builder.pages.run.facts import Fact, facts
from site_builder.references import Reference

WITHOUT_BACKBONE_RATE = ("frozen", "scratch")
"""Strategies in which no pretrained backbone learns at a rate of its own."""
# What uses which parameters, as the schema says.
_STAGES = {"partial": "n_stages", "progressive": "epochs_per_stage"}
_STRONG_ONLY = ("rotation_degrees", "grey_probability")


@dataclass(frozen=True)
class Part:
    """Fields that belong together.

    Attributes:
        key: Its place on the page.
        title: Its heading.
        intro: What the fields are about.
        references: Where to read more about that.
        source: Field of the run's record that they come from; where it is null there are none.
        read: The fields of a run.
    """

    key: str
    title: str
    intro: str
    references: tuple[Reference, ...]
    source: str
    read: Callable[[RunRecord], tuple[Fact, ...]]


def _network(record: RunRecord) -> tuple[Fact, ...]:
    (model,) = _only(record.config, "model")
    named = Fact("Model name", model.value, model.meaning)
    weights, size = _only(record.provenance, "weights"), _only(record.cost, "n_parameters")
    return (named, *weights, *size, *_only(record.config, "head"))


def _learning(record: RunRecord) -> tuple[Fact, ...]:
    config = record.config
    if config is None:
        return ()
    (strategy,) = _only(config, "strategy")
    named = Fact(strategy.label, strategy_name(config.strategy), strategy.meaning)
    stages = _only(config.strategy_parameters, _STAGES.get(config.strategy, ""))
    trained = _only(record.cost, "n_trained_parameters")
    return (named, *trained, *_only(config, "seed"), *stages)


def _training(record: RunRecord) -> tuple[Fact, ...]:
    config = record.config
    if config is None:
        return ()
    unused = ["backbone_rate"] if config.strategy in WITHOUT_BACKBONE_RATE else []
    if config.training.optimizer != "sgd":
        unused.append("momentum")
    return _all(config.training, *unused)


def _preprocessing(record: RunRecord) -> tuple[Fact, ...]:
    if record.config is None or record.preprocessing is None:
        return ()
    asked = record.config.preprocessing
    fields = [name for name in PreprocessingConfig.model_fields if getattr(asked, name) is not None]
    labels = [fact.label.lower() for fact in _only(asked, *fields)]
    text = formatting.listing(labels) if labels else "nothing"
    overrides = Fact("Set by the configuration", text, "What is not, the model itself asks for.")
    return (*_all(record.preprocessing), overrides)


def _augmentation(record: RunRecord) -> tuple[Fact, ...]:
    config = record.config
    if config is None:
        return ()
    (kind,) = _only(config, "augmentation")
    named = Fact(kind.label, augmentation_name(config.augmentation), kind.meaning)
    if config.augmentation == "none":
        return (named,)
    unused = _STRONG_ONLY if config.augmentation == "standard" else ()
    return (named, *_all(config.augmentation_parameters, *unused))


def _hardware(record: RunRecord) -> tuple[Fact, ...]:
    timing = ("device", "latency_repeats", "throughput_batch_size")
    machine = ("cpu", "n_threads", "gpu", "platform")
    return (*_only(record.provenance, *machine), *_only(record.cost, *timing))


def _software(record: RunRecord) -> tuple[Fact, ...]:
    provenance = record.provenance
    if provenance is None:
        return ()
    packages = [Fact(name, version, "") for name, version in sorted(provenance.packages.items())]
    return (*_only(provenance, "commit", "bakeoff_version", "python"), *packages)


PARTS: tuple[Part, ...] = (
    Part(
        "networks",
        "Networks",
        "A network is a backbone, which turns an image into features, and a head, which turns "
        "features into one number for each class.",
        (references.KORNBLITH,),
        "config",
        _network,
    ),
    Part(
        "strategy",
        "What learns",
        "A pretrained backbone can be used as it is, or learn further, in part or as a whole. The "
        "strategy says which.",
        (references.YOSINSKI, references.KORNBLITH),
        "config",
        _learning,
    ),
    Part(
        "training",
        "Hyperparameters",
        "Training lowers the mean cross-entropy of the training images. The weights that are kept "
        "are those of the epoch with the lowest validation loss.",
        (references.BOOK_OPTIMISATION, references.PRECHELT),
        "config",
        _training,
    ),
    Part(
        "preprocessing",
        "Preprocessing",
        "An image is resized until its shorter side has the resize size, a square of the input "
        "size is cut out of its centre, and from each channel, scaled to values from 0 to 1, a "
        "mean is subtracted before it is divided by a deviation. Pretrained weights expect the "
        "values that they were trained with.",
        (references.TORCHVISION_NORMALISE,),
        "preprocessing",
        _preprocessing,
    ),
    Part(
        "augmentation",
        "Augmentation",
        "Random changes to training images, drawn anew in every epoch; validation and test images "
        "are never changed. The standard ones are crops, flips and changes of colour; the strong "
        "ones rotate as well, and drop colours.",
        (references.SHORTEN,),
        "config",
        _augmentation,
    ),
    Part(
        "hardware",
        "Hardware",
        "Times compare within one machine only.",
        (references.MLPERF,),
        "provenance",
        _hardware,
    ),
    Part(
        "software",
        "Software",
        "The same seed draws the same numbers again where versions and hardware are the same.",
        (references.PYTORCH_RANDOM,),
        "provenance",
        _software,
    ),
)


def _all(record: Record | None, *unused: str) -> tuple[Fact, ...]:
    """Return the fields of a record but for some; none of a record that is missing."""
    return facts(record, without=unused) if record else ()


def _only(record: Record | None, *names: str) -> tuple[Fact, ...]:
    """Return some fields of a record, in their order there; none of a record that is missing."""
    return _all(record, *(set(type(record).model_fields) - {*names})) if record else ()
