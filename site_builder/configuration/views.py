"""Fields of all runs as configuration.html shows them, part by part."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.results.schema import RunRecord
from site_builder.configuration.parts import PARTS, Part
from site_builder.configuration.shared import Fields, Row, split_fields
from site_builder.naming import RunName
from site_builder.pages.run.facts import Fact, facts
from site_builder.references import Reference

_TERMS = {
    "Augmentation": "augmentation",
    "Backbone rate": "backbone",
    "Batch size": "batch",
    "Head": "head",
    "Latency repeats": "latency",
    "Learning rate": "learning-rate",
    "Max epochs": "epoch",
    "Mean": "normalisation",
    "Parameters": "parameters",
    "Patience": "early-stopping",
    "Seed": "seed",
    "Throughput batch size": "throughput",
    "Trained parameters": "parameters",
    "Weight decay": "weight-decay",
}
"""Terms of the glossary, by the label of the field that they explain."""


@dataclass(frozen=True)
class Field:
    """A field of runs.

    Attributes:
        label: Its name.
        term: Its key in the glossary; empty where it has none.
        value: Its value, the same for all runs; empty where they differ.
        meaning: What it is.
    """

    label: str
    term: str
    value: str
    meaning: str


@dataclass(frozen=True)
class PartView:
    """Fields that belong together, of all runs.

    Attributes:
        key: Their place on the page.
        title: Their heading.
        intro: What they are about.
        references: Where to read more about that.
        shared: Those that are the same for all runs.
        columns: Those in which runs differ.
        by: What a row of those is of: `Model`, `Augmentation` or `Run`.
        rows: Their values; as few rows as tell all that differs.
        lacking: Runs without any, and why.
    """

    key: str
    title: str
    intro: str
    references: tuple[Reference, ...]
    shared: tuple[Field, ...]
    columns: tuple[Field, ...]
    by: str
    rows: tuple[Row, ...]
    lacking: tuple[tuple[str, str], ...]


_IMPORTED = Part(
    "imported",
    "Imported runs",
    "They were made elsewhere. How they were trained is not stored.",
    (),
    "imported",
    lambda run: facts(run.imported) if run.imported else (),
)


def part_views(trained: list[RunRecord], names: Mapping[str, RunName]) -> tuple[PartView, ...]:
    """Return what trained runs were asked to do and where they ran; nothing where there are none.

    Args:
        trained: Records of runs with a configuration, failed ones too.
        names: Run id to name.
    """
    return tuple(_trained(part, trained, names) for part in PARTS if trained)


def imported_view(imported: list[RunRecord], names: Mapping[str, RunName]) -> PartView | None:
    """Return where imported runs come from; None where there are none."""
    if not imported:
        return None
    fields = [(run, _IMPORTED.read(run)) for run in imported]
    return _view(_IMPORTED, fields, (), names)


def _trained(part: Part, trained: list[RunRecord], names: Mapping[str, RunName]) -> PartView:
    fields = [(run, found) for run in trained if (found := part.read(run))]
    lacking = tuple(
        (names[run.run_id].full, run.absent[part.source]) for run in trained if not part.read(run)
    )
    return _view(part, fields, lacking, names)


def _view(
    part: Part,
    fields: Fields,
    lacking: tuple[tuple[str, str], ...],
    names: Mapping[str, RunName],
) -> PartView:
    shared, columns, by, rows = split_fields(fields, names)
    return PartView(
        key=part.key,
        title=part.title,
        intro=part.intro,
        references=part.references,
        shared=tuple(map(_field, shared)),
        columns=tuple(map(_field, columns)),
        by=by,
        rows=rows,
        lacking=lacking,
    )


def _field(fact: Fact) -> Field:
    return Field(fact.label, _TERMS.get(fact.label, ""), fact.value, fact.meaning)
