"""What runs of one network have in common: how fast it is.

Runs that differ only in their training end as the same network, so that their times for a
prediction differ by nothing but the noise of the timer. Compared by them, one run would fall into
a budget and its twin out of it.
"""

from collections.abc import Iterable, Mapping
from statistics import median

from experiments.results.schema import Cost, RunRecord

TIMES = (
    "latency_ms", "latency_p95_ms", "throughput_per_s", "cpu_latency_ms", "cpu_throughput_per_s"
)  # fmt: skip
"""Costs of a network, whatever its weights, that are measured with noise."""

_Network = tuple[object, ...]


def network_costs(records: Iterable[RunRecord]) -> dict[str, Cost | None]:
    """Return what each run costs, by its id, with one number for each network.

    Each of `TIMES` is the median over the runs of the same model, head and input size that were
    timed on the same hardware. A time that a run did not measure stays missing.

    Args:
        records: Finished runs. One made elsewhere is a network of its own.
    """
    found = list(records)
    runs: dict[_Network, list[Cost]] = {}
    for record in found:
        if record.cost:
            runs.setdefault(_network(record), []).append(record.cost)
    medians = {network: _medians(costs) for network, costs in runs.items()}
    return {
        record.run_id: _with_times(record.cost, medians[_network(record)]) if record.cost else None
        for record in found
    }


def _network(record: RunRecord) -> _Network:
    config, made = record.config, record.provenance
    if config is None or made is None or record.cost is None:
        return (record.run_id,)
    fed = record.preprocessing.input_size if record.preprocessing else None
    hardware = (made.cpu, made.n_threads, made.gpu, record.cost.device)
    return (config.model, config.head, fed, *hardware)


def _medians(costs: list[Cost]) -> dict[str, float]:
    measured = {
        name: [value for cost in costs if (value := getattr(cost, name)) is not None]
        for name in TIMES
    }
    return {name: median(values) for name, values in measured.items() if values}


def _with_times(cost: Cost, medians: Mapping[str, float]) -> Cost:
    known = {name: time for name, time in medians.items() if getattr(cost, name) is not None}
    return cost.model_copy(update=known)
