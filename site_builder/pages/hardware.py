"""Where times were measured, from the records of the runs."""

from experiments.results.schema import RunRecord
from site_builder import formatting
from site_builder.loading import Experiment


def hardware(experiment: Experiment) -> tuple[str, ...]:
    """Return the machines of the finished runs in words, each once: times compare within one."""
    return tuple(dict.fromkeys(_machine(run.record) for run in experiment.runs))


def _machine(record: RunRecord) -> str:
    provenance = record.provenance
    if record.cost and record.cost.device == "cuda" and provenance.gpu:
        return provenance.gpu
    return f"{provenance.cpu}, {formatting.count_of(provenance.n_threads, 'thread')}"
