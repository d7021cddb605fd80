"""How the runs were trained and on what, read from their configurations and provenance."""

from collections.abc import Callable
from dataclasses import dataclass

from experiments.results.schema import Provenance, RunConfig, RunRecord
from site_builder import formatting
from site_builder.loading import Experiment
from site_builder.naming import strategy_name
from site_builder.pages.hardware import hardware


@dataclass(frozen=True)
class Setting:
    """A setting and its value in words; where runs differ, every value that occurs."""

    label: str
    value: str


_FROM_CONFIG: tuple[tuple[str, Callable[[RunConfig], str]], ...] = (
    ("What learns", lambda config: strategy_name(config.strategy)),
    ("Head", lambda config: config.head),
    ("Optimiser", lambda config: config.training.optimizer),
    ("Learning rate", lambda config: _learning_rate(config)),
    ("Weight decay", lambda config: formatting.setting(config.training.weight_decay)),
    ("Batch size", lambda config: formatting.count_of(config.training.batch_size, "image")),
    ("Epochs", lambda config: f"at most {formatting.count(config.training.max_epochs)}"),
    ("Early stopping", lambda config: _early_stopping(config)),
    ("Seed", lambda config: formatting.setting(config.seed)),
)

_COLOUR_CHANGES = ("brightness", "contrast", "saturation")


def settings(experiment: Experiment) -> tuple[Setting, ...]:
    """Return what finished runs have in common, and where they differ; empty without runs."""
    records = [run.record for run in experiment.runs]
    trained = [record for record in records if record.origin == "trained"]
    return (*_trained(experiment, trained), *_imported(len(records) - len(trained)))


def _trained(experiment: Experiment, records: list[RunRecord]) -> list[Setting]:
    if not records:
        return []
    configs = [record.config for record in records if record.config]
    found = [
        Setting(label, _values([read(config) for config in configs]))
        for label, read in _FROM_CONFIG
    ]
    found.append(Setting("Input", _values([_input(record) for record in records])))
    if texts := [_augmentation(config) for config in configs if config.augmentation != "none"]:
        found.append(Setting("Augmentation, where used", _values(texts)))
    found.append(Setting("Hardware", "; ".join(hardware(experiment.runs))))
    software = [_software(record.provenance) for record in records if record.provenance]
    return [*found, Setting("Software", _values(software))]


def _imported(n_runs: int) -> list[Setting]:
    if not n_runs:
        return []
    n = formatting.count_of(n_runs, "run")
    return [Setting("Imported", f"{n}, made elsewhere; how is not known")]


def _values(texts: list[str]) -> str:
    """Return the distinct texts in order of appearance."""
    return "; or ".join(dict.fromkeys(texts))


def _learning_rate(config: RunConfig) -> str:
    rate = formatting.setting(config.training.learning_rate)
    return f"{rate}, {config.training.schedule}"


def _early_stopping(config: RunConfig) -> str:
    training = config.training
    if training.patience is None:
        return "none"
    return (
        f"after {formatting.count_of(training.patience, 'epoch')} in which the validation loss "
        f"fell by less than {formatting.setting(training.min_delta)}"
        + (", once the last stage is freed" if config.strategy == "progressive" else "")
    )


def _input(record: RunRecord) -> str:
    preprocessing = record.preprocessing
    if preprocessing is None:
        return record.absent["preprocessing"]
    side = formatting.count(preprocessing.input_size)
    return f"{side} × {side}{formatting.NBSP}px, {preprocessing.interpolation}"


def _augmentation(config: RunConfig) -> str:
    """Name only what the parameters switch on."""
    parameters, strong = config.augmentation_parameters, config.augmentation == "strong"
    parts = []
    if parameters.min_scale < 1:
        parts.append(f"crops of at least {formatting.percent(parameters.min_scale, 0)} of the area")
    if parameters.flip_probability:
        chance = formatting.percent(parameters.flip_probability, 0)
        parts.append(f"horizontal flips with probability {chance}")
    if strong and parameters.rotation_degrees:
        parts.append(f"rotations up to {formatting.setting(parameters.rotation_degrees)}°")
    changes = [(name, getattr(parameters, name)) for name in _COLOUR_CHANGES]
    parts += [f"{name} ±{formatting.percent(change, 0)}" for name, change in changes if change]
    if strong and parameters.grey_probability:
        chance = formatting.percent(parameters.grey_probability, 0)
        parts.append(f"grey with probability {chance}")
    return ", ".join(parts) or "none"


def _software(provenance: Provenance) -> str:
    packages = [f"{name} {number}" for name, number in sorted(provenance.packages.items())]
    return ", ".join([f"Python {provenance.python}", *packages])
