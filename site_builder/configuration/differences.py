"""Where the configurations of two runs differ, field by field.

`static/js/configuration-pair.js` compares any two runs in the same way, from what `shard` gives.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.results.schema import RunRecord
from site_builder import formatting
from site_builder.configuration.parts import PARTS
from site_builder.loading import Experiment

SHARD = "configuration"


@dataclass(frozen=True)
class Difference:
    """A field that two runs have different values of; a dash where one has none."""

    part: str
    label: str
    left: str
    right: str


def fields_of(record: RunRecord) -> dict[tuple[str, str], str]:
    """Return every field of a run: title of its part and label, to value as text."""
    return {(part.title, fact.label): fact.value for part in PARTS for fact in part.read(record)}


def differences(left: RunRecord, right: RunRecord) -> tuple[Difference, ...]:
    """Return the fields that two runs have different values of, part by part."""
    one, other = fields_of(left), fields_of(right)
    pairs = [
        (field, one.get(field, formatting.MISSING), other.get(field, formatting.MISSING))
        for field in all_fields((left, right))
    ]
    return tuple(Difference(*field, a, b) for field, a, b in pairs if a != b)


def all_fields(records: Iterable[RunRecord]) -> tuple[tuple[str, str], ...]:
    """Return the fields that any of the runs has, in the order of the parts."""
    titles = [part.title for part in PARTS]
    found = dict.fromkeys(field for record in records for field in fields_of(record))
    return tuple(sorted(found, key=lambda field: titles.index(field[0])))


def default_pair(experiment: Experiment) -> tuple[RunRecord, RunRecord] | None:
    """Return the best trained run and the best one of another strategy, if there is one.

    Where all runs have one strategy, the second is the next best run; failed runs come last. None
    where fewer than two runs are configured.
    """
    records = configured(experiment)
    if len(records) < 2:
        return None
    first, *rest = records
    other = next((run for run in rest if _strategy(run) != _strategy(first)), rest[0])
    return first, other


def configured(experiment: Experiment) -> list[RunRecord]:
    """Return the runs whose configuration is stored, by falling accuracy, failed ones last."""
    stored = [*(run.record for run in experiment.ranked), *experiment.failed]
    return [record for record in stored if record.config]


def shard(experiment: Experiment) -> dict[str, object]:
    """Return what the browser loads to compare any two runs whose configuration is stored.

    Returns:
        `fields`: part and label of each; `runs`: run id to one text for each field, null where the
        run has none.
    """
    records = configured(experiment)
    fields = all_fields(records)
    values = {record.run_id: fields_of(record) for record in records}
    return {
        "fields": fields,
        "runs": {run_id: [of.get(field) for field in fields] for run_id, of in values.items()},
    }


def _strategy(record: RunRecord) -> str:
    return record.config.strategy if record.config else ""
