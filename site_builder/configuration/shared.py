"""Fields of many runs: those that all share, said once, and a table of those that differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from experiments.results.schema import RunRecord
from site_builder import formatting
from site_builder.naming import RunName, augmentation_name
from site_builder.pages.run.facts import Fact

Fields = Sequence[tuple[RunRecord, tuple[Fact, ...]]]
"""Runs, each with its fields."""

Cells = Mapping[str, str]
"""Values by the label of their field."""


@dataclass(frozen=True)
class Row:
    """What some runs have in common where others differ.

    Attributes:
        model: What tells them from the others, or a run's model.
        variant: The rest of a run's name; empty for more runs than one.
        run_id: The run, if it is a single one; else empty.
        values: A value for each column, a dash where there is none.
    """

    model: str
    variant: str
    run_id: str
    values: tuple[str, ...]


def split_fields(
    fields: Fields, names: Mapping[str, RunName]
) -> tuple[tuple[Fact, ...], tuple[Fact, ...], str, tuple[Row, ...]]:
    """Part the fields of runs into those that all share and those that differ.

    Args:
        fields: The runs and their fields.
        names: Run id to name.

    Returns:
        The shared fields; the others, without values; what a row of those is of, `Model`,
        `Augmentation` or `Run`; and the rows, none where nothing differs.
    """
    values = {record.run_id: {fact.label: fact.value for fact in found} for record, found in fields}
    known = {fact.label: fact for _, found in fields for fact in found}
    differing = [label for label in known if len({of.get(label) for of in values.values()}) > 1]
    shared = tuple(fact for label, fact in known.items() if label not in differing)
    if not differing:
        return shared, (), "", ()
    cells = {
        run_id: {label: of.get(label, formatting.MISSING) for label in differing}
        for run_id, of in values.items()
    }
    by, groups = _groups([record for record, _ in fields], cells, names)
    # What a row is of is its name, and need not be said again.
    columns = tuple(Fact(label, "", known[label].meaning) for label in differing if label != by)
    rows = tuple(Row(*group, tuple(of[column.label] for column in columns)) for group, of in groups)
    return shared, columns, by, rows


def _groups(
    records: list[RunRecord], cells: Mapping[str, Cells], names: Mapping[str, RunName]
) -> tuple[str, list[tuple[tuple[str, str, str], Cells]]]:
    """Group runs by augmentation or model where that decides all their cells, else not at all."""
    for by, name_of in _GROUPINGS:
        groups: dict[str, list[Cells]] = {}
        for record in records:
            groups.setdefault(name_of(record), []).append(cells[record.run_id])
        if all(found.count(found[0]) == len(found) for found in groups.values()):
            return by, [((name, "", ""), found[0]) for name, found in groups.items()]
    runs = [(record.run_id, names[record.run_id]) for record in records]
    return "Run", [((name.model, name.variant, key), cells[key]) for key, name in runs]


def _model(record: RunRecord) -> str:
    return record.config.label if record.config else record.label


def _augmentation(record: RunRecord) -> str:
    return augmentation_name(record.config.augmentation) if record.config else ""


_GROUPINGS: tuple[tuple[str, Callable[[RunRecord], str]], ...] = (
    ("Augmentation", _augmentation),
    ("Model", _model),
)
