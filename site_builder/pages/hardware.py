"""Where times were measured, from the records of the runs."""

from collections.abc import Callable, Iterable

from experiments.results.schema import RunRecord
from site_builder import formatting
from site_builder.loading import Run

_UNNAMED = "hardware that the import does not name"


def hardware(runs: Iterable[Run]) -> tuple[str, ...]:
    """Return the machines of finished runs in words, each once: times compare within one.

    Imported runs without costs are left out, since nothing of theirs was measured.
    """
    return tuple(dict.fromkeys(map(machine, _timed(runs))))


def processor(record: RunRecord) -> str:
    """Return where the times on the CPU of a run were measured, in words."""
    if record.provenance is None:
        return _UNNAMED
    threads = formatting.count_of(record.provenance.n_threads, "thread")
    return f"{record.provenance.cpu}, {threads}"


def machine(record: RunRecord) -> str:
    """Return where the times of a run were measured, in words."""
    provenance = record.provenance
    if provenance and record.cost and record.cost.device == "cuda" and provenance.gpu:
        return provenance.gpu
    return processor(record)


def comparable(runs: Iterable[Run], where: Callable[[RunRecord], str] = machine) -> bool:
    """Return whether the times of finished runs were all measured on one machine.

    Nothing is known of the machine behind an import, which is therefore one of its own.

    Args:
        runs: The runs.
        where: `machine`, or `processor` for times on the CPU.
    """
    known = {where(each) if each.provenance else each.run_id for each in _timed(runs)}
    return len(known) <= 1


def _timed(runs: Iterable[Run]) -> list[RunRecord]:
    return [run.record for run in runs if run.record.provenance or run.cost]
