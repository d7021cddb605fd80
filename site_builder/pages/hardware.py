"""Where times were measured, from the records of the runs."""

from collections.abc import Iterable

from experiments.results.schema import RunRecord
from site_builder import formatting
from site_builder.loading import Run


def hardware(runs: Iterable[Run]) -> tuple[str, ...]:
    """Return the machines of finished runs in words, each once: times compare within one.

    Imported runs without costs are left out, since nothing of theirs was measured.
    """
    timed = [run.record for run in runs if run.record.provenance or run.cost]
    return tuple(dict.fromkeys(map(machine, timed)))


def machine(record: RunRecord) -> str:
    """Return where the times of a run were measured, in words."""
    provenance = record.provenance
    if provenance is None:
        return "hardware that the import does not name"
    if record.cost and record.cost.device == "cuda" and provenance.gpu:
        return provenance.gpu
    return f"{provenance.cpu}, {formatting.count_of(provenance.n_threads, 'thread')}"
