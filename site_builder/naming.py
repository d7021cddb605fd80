"""What runs are called: the model for people, and whatever tells runs of one model apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.results.schema import RunConfig, RunRecord
from site_builder.comparisons import SeedGroup
from site_builder.loading import Experiment

_AUGMENTATION = {"none": "no augmentation", "standard": "augmented", "strong": "strongly augmented"}
_STRATEGY = {
    "frozen": "frozen backbone",
    "partial": "last stages trained",
    "full": "fine-tuned",
    "progressive": "freed stage by stage",
    "scratch": "from scratch",
}


@dataclass(frozen=True)
class RunName:
    """A run's name in two parts.

    Attributes:
        model: Name of the model for people.
        variant: What tells it from other runs of the model: `augmented, seed 1`.
    """

    model: str
    variant: str

    @property
    def full(self) -> str:
        """The name in running text: `VGG16, no augmentation`."""
        return f"{self.model}, {self.variant}"


def run_names(experiment: Experiment) -> dict[str, RunName]:
    """Name every stored run, finished or failed: run id to name; no two are the same."""
    records = [*(run.record for run in experiment.runs), *experiment.failed]
    configs = [record.config for record in records if record.config]
    strategies = len({config.strategy for config in configs})
    seeds = len({config.seed for config in configs})
    names = {record.run_id: _name(record, strategies > 1, seeds > 1) for record in records}
    taken = list(names.values())
    return {
        run_id: name if taken.count(name) == 1 else RunName(name.model, f"{name.variant}, {run_id}")
        for run_id, name in names.items()
    }


def group_name(group: SeedGroup, names: Mapping[str, RunName]) -> RunName:
    """Return the name of runs that differ only in their seed: a single run's own, else without it.

    Args:
        group: The runs.
        names: Run id to name.
    """
    name, config = names[group.run.run_id], group.run.record.config
    if config is None or len(group.runs) == 1:
        return name
    return without_seed(name, config.seed)


def without_seed(name: RunName, seed: int) -> RunName:
    """Return a run's name as it stands for all seeds."""
    return RunName(name.model, name.variant.replace(f", seed {seed}", ""))


def strategy_name(strategy: str) -> str:
    """Return a strategy in words."""
    return _STRATEGY[strategy]


def augmentation_name(augmentation: str) -> str:
    """Return an augmentation in words."""
    return _AUGMENTATION[augmentation]


def _name(record: RunRecord, with_strategy: bool, with_seed: bool) -> RunName:
    if record.config is None:
        return RunName(record.label, "imported")
    return RunName(record.config.label, _variant(record.config, with_strategy, with_seed))


def _variant(config: RunConfig, with_strategy: bool, with_seed: bool) -> str:
    parts = [augmentation_name(config.augmentation)]
    if with_strategy:
        parts.append(_STRATEGY[config.strategy])
    if with_seed:
        parts.append(f"seed {config.seed}")
    return ", ".join(parts)
