"""Which networks there are: runs of the same layers share one."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.results.schema import Architecture, RunRecord
from site_builder.loading import Experiment
from site_builder.naming import RunName

IMPORTED = "it was made elsewhere and came without its network"
"""Why nothing is known of the network of an imported run, wherever a page says so."""
NOT_RECORDED = "its layers are not recorded yet"


@dataclass(frozen=True)
class Network:
    """What one or more runs are made of.

    Attributes:
        key: Its name in addresses: the most accurate of its runs.
        name: Its name for people; no two have the same.
        run_ids: Its runs, most accurate first.
        made_of: What is stored, of the first of them.
    """

    key: str
    name: str
    run_ids: tuple[str, ...]
    made_of: Architecture


def networks(experiment: Experiment, names: Mapping[str, RunName]) -> tuple[Network, ...]:
    """Return the networks of all runs that recorded theirs, most accurate run first.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.

    Raises:
        StoreError: If a record is damaged.
    """
    stored = {
        run.run_id: made_of
        for run in experiment.ranked
        if (made_of := experiment.architectures.of(run.run_id))
    }
    alike: dict[tuple[str, str], list[str]] = {}
    for run_id, made_of in stored.items():
        content = made_of.model_copy(update={"run_id": ""}).digest()
        alike.setdefault((names[run_id].model, content), []).append(run_id)
    models = [model for model, _ in alike]
    return tuple(
        Network(
            key=run_ids[0],
            name=model if models.count(model) == 1 else f"{model} ({run_ids[0]})",
            run_ids=tuple(run_ids),
            made_of=stored[run_ids[0]],
        )
        for (model, _), run_ids in alike.items()
    )


def without_network(
    experiment: Experiment, shown: tuple[Network, ...]
) -> tuple[tuple[str, str], ...]:
    """Return the runs whose network is not known, id and reason, best first, failed ones last."""
    records = [*(run.record for run in experiment.ranked), *experiment.failed]
    known = {run_id for network in shown for run_id in network.run_ids}
    return tuple(
        (record.run_id, why_unknown(experiment, record))
        for record in records
        if record.run_id not in known
    )


def why_unknown(experiment: Experiment, record: RunRecord) -> str:
    """Return why the network of a run is not known; empty where it is."""
    if record.status == "failed":
        return "the run failed"
    if experiment.architectures.of(record.run_id):
        return ""
    return IMPORTED if record.origin == "imported" else NOT_RECORDED
