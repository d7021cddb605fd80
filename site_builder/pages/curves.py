"""curves.html: loss, accuracy and learning rate over the epochs, several runs over each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from experiments.results.schema import RunRecord
from site_builder import addresses, formatting
from site_builder.charts.chart import Chart
from site_builder.comparisons import Comparisons
from site_builder.curves.choices import ModelPicks, drawn_first, model_picks
from site_builder.curves.diagnoses import diagnoses_of
from site_builder.curves.drawing import MAX_DRAWN, charts, colour
from site_builder.curves.epochs import EpochText, epoch_text
from site_builder.curves.rules import Rule, rules
from site_builder.curves.series import Series, mean_key
from site_builder.curves.table import NO_HISTORY, failed_cells, learning_table
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.site import Site, site_context
from site_builder.tables import Cell, Column, Group

ADDRESS = addresses.CURVES


@dataclass(frozen=True)
class Drawn:
    """A series that is drawn first: its key, name and look, and its best epoch in words."""

    key: str
    name: RunName
    look: str
    best: EpochText


@dataclass(frozen=True)
class Diagnosed:
    """A diagnosis of a run.

    Attributes:
        name: The run.
        address: Its page, from the site's root.
        label: What the diagnosis is called.
        text: The numbers that it rests on.
    """

    name: RunName
    address: str
    label: str
    text: str


@dataclass(frozen=True)
class LearningRow:
    """A run, or the mean of runs that differ only in their seed.

    Attributes:
        key: Its series; empty where it has none.
        under: Id of the first of the runs whose mean it stands under; empty for the others.
        name: Its name.
        seeds: How many runs it is the mean of, in words; empty for a run.
        address: Page of the run, from the site's root; empty for a mean.
        cells: A cell for every column.
        diagnoses: What the rules call the run.
    """

    key: str
    under: str
    name: RunName
    seeds: str
    address: str
    cells: tuple[Cell, ...]
    diagnoses: tuple[str, ...]


@dataclass(frozen=True)
class Learning:
    """How every run learned, as a table; those that failed come last, and are in no file."""

    columns: tuple[Column, ...]
    rows: tuple[LearningRow, ...]
    has_files: bool


@dataclass(frozen=True)
class CurvesContext:
    """What `pages/curves.html` shows.

    Attributes:
        site: The frame of the page.
        summary: What is drawn first; a sentence, empty if nothing is.
        models: What can be picked.
        first: Keys of what is drawn first, apart by spaces.
        max_drawn: How many series can be drawn at once.
        charts: Loss, accuracy and learning rate over the epochs.
        drawn: What is in the charts.
        n_epochs: Epochs of the longest series that is drawn.
        seeds: What bands show; empty where nothing was repeated with other seeds.
        learning: The table of all runs that finished an epoch; None if there is none.
        diagnoses: What the rules found, best run first.
        rules: What the diagnoses mean.
        unknown: Runs of which no epoch is known: name and reason.
    """

    site: Site
    summary: str
    models: tuple[ModelPicks, ...]
    first: str
    max_drawn: str
    charts: tuple[Chart, ...]
    drawn: tuple[Drawn, ...]
    n_epochs: str
    seeds: str
    learning: Learning | None
    diagnoses: tuple[Diagnosed, ...]
    rules: tuple[Rule, ...]
    unknown: tuple[tuple[str, str], ...]


def curves_context(
    experiment: Experiment,
    names: dict[str, RunName],
    comparisons: Comparisons,
    series: tuple[Series, ...],
) -> CurvesContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        comparisons: Which finished runs differ only in their seed.
        series: All that can be drawn, the most accurate first.
    """
    drawn = drawn_first(series)
    return CurvesContext(
        site=site_context(experiment, ADDRESS),
        summary=_summary(series, drawn),
        models=model_picks(series, drawn),
        first=" ".join(each.key for each in drawn),
        max_drawn=str(MAX_DRAWN),
        charts=charts(drawn) if drawn else (),
        drawn=tuple(_drawn(each, place) for place, each in enumerate(drawn)),
        n_epochs=str(max((each.n_epochs for each in drawn), default=1)),
        seeds=_seeds(series),
        learning=_learning(experiment, names, comparisons) if experiment.runs or series else None,
        diagnoses=tuple(_diagnosed(experiment, names)),
        rules=rules(),
        unknown=tuple(_unknown(experiment, names)),
    )


def _summary(series: Sequence[Series], drawn: Sequence[Series]) -> str:
    if len(drawn) == len(series):
        return ""
    several = any(each.spreads for each in series)
    of = "runs and means over seeds" if several else "runs"
    n_drawn, n_all = formatting.word(len(drawn)), formatting.count(len(series))
    return f"Drawn are the {n_drawn} most accurate of {n_all} {of}."


def _drawn(series: Series, place: int) -> Drawn:
    return Drawn(series.key, series.name, colour(place), epoch_text(series, series.best))


def _seeds(series: Sequence[Series]) -> str:
    if not any(each.spreads for each in series):
        return ""
    return (
        "A mean over seeds has bands: mean ± standard deviation over the seeds in that epoch. It "
        "ends with the last epoch that all of them reached."
    )


def _learning(
    experiment: Experiment, names: dict[str, RunName], comparisons: Comparisons
) -> Learning:
    table = learning_table(comparisons, names)
    said = {run.run_id: _labels(experiment, run) for run in experiment.runs}
    rows = [row for group in table.groups for row in _rows(group, said)]
    failed = [_failed(record, names) for record in experiment.failed if record.history]
    return Learning(table.columns, (*rows, *failed), bool(experiment.runs))


def _rows(group: Group, said: Mapping[str, tuple[str, ...]]) -> Iterator[LearningRow]:
    if group.mean:
        yield LearningRow(mean_key(group.key), "", group.name, group.seeds, "", group.mean, ())
    for row in group.rows:
        yield LearningRow(
            key=row.run_id,
            under=group.key if group.mean else "",
            name=row.name,
            seeds="",
            address=addresses.run_page(row.run_id),
            cells=row.cells,
            diagnoses=said[row.run_id],
        )


def _failed(record: RunRecord, names: dict[str, RunName]) -> LearningRow:
    return LearningRow(
        key=record.run_id,
        under="",
        name=names[record.run_id],
        seeds="",
        address=addresses.run_page(record.run_id),
        cells=failed_cells(record),
        diagnoses=("Failed",),
    )


def _labels(experiment: Experiment, run: Run) -> tuple[str, ...]:
    return tuple(found.label for found in diagnoses_of(experiment, run))


def _diagnosed(experiment: Experiment, names: dict[str, RunName]) -> Iterator[Diagnosed]:
    for run in experiment.ranked:
        for found in diagnoses_of(experiment, run):
            address = addresses.run_page(run.run_id)
            yield Diagnosed(names[run.run_id], address, found.label, found.text)


def _unknown(experiment: Experiment, names: dict[str, RunName]) -> Iterator[tuple[str, str]]:
    for run in experiment.ranked:
        if not run.record.history:
            yield names[run.run_id].full, NO_HISTORY
    for record in experiment.failed:
        if not record.history:
            yield names[record.run_id].full, f"failed: {record.failure}"
    for run_id in experiment.missing:
        yield run_id, "has not been run yet"
