"""configuration.html: what was run, from the stored configuration and provenance of every run."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from experiments.results.schema import RunRecord
from site_builder import addresses, formatting
from site_builder.configuration import differences, planned
from site_builder.configuration.data import SplitRow, dataset_facts, split_rows
from site_builder.configuration.differences import Difference
from site_builder.configuration.method import Choice, Scores, choices, scores
from site_builder.configuration.views import PartView, imported_view, part_views
from site_builder.highlight import Code, highlight
from site_builder.loading import Experiment
from site_builder.naming import RunName
from site_builder.pages.compare import Unfinished, unfinished
from site_builder.pages.site import Site, site_context

ADDRESS = addresses.CONFIGURATION


@dataclass(frozen=True)
class StoredRun:
    """A stored run and what came of it, as text.

    Attributes:
        run_id: Name of its folder.
        name: Its name.
        state: `finished`, `failed` or `imported`.
        started: When it began, or was imported.
        epochs: How many it took, and which was kept.
        config_digest: SHA-256 of its configuration; a dash where there is none.
        weights_digest: SHA-256 of the weights that it ended with; a dash where none are stored.
    """

    run_id: str
    name: RunName
    state: str
    started: str
    epochs: str
    config_digest: str
    weights_digest: str


@dataclass(frozen=True)
class Compared:
    """Two runs side by side, and what they can be exchanged for.

    Attributes:
        shard: Name of the shard with the fields of all runs.
        runs: Id and name of every run that can be chosen.
        left_id: The run that is shown on the left.
        left: Its name.
        right_id: The run beside it.
        right: Its name.
        summary: How many fields differ.
        rows: Those fields.
    """

    shard: str
    runs: tuple[tuple[str, str], ...]
    left_id: str
    left: str
    right_id: str
    right: str
    summary: str
    rows: tuple[Difference, ...]


@dataclass(frozen=True)
class ConfigurationContext:
    """What `pages/configuration.html` shows.

    Attributes:
        site: The frame of the page.
        question: What the experiment asks.
        summary: How many runs there are, of what kind.
        dataset: What the images are, as label and value.
        splits: What they are for.
        parts: What trained runs were asked to do and where they ran; empty where none is stored.
        imported: Where imported runs come from; None where there are none.
        runs: All stored runs.
        unfinished: Planned runs that failed or have not been run.
        scores: What is computed from predictions.
        choices: What is set for that; empty where no run has finished.
        code: The experiment's configuration as a file; None where it is not stored.
        otherwise: Runs that were made with another configuration than that.
        compared: Two runs side by side; None where fewer than two are configured.
    """

    site: Site
    question: str
    summary: str
    dataset: tuple[tuple[str, str], ...]
    splits: tuple[SplitRow, ...]
    parts: tuple[PartView, ...]
    imported: PartView | None
    runs: tuple[StoredRun, ...]
    unfinished: tuple[Unfinished, ...]
    scores: tuple[Scores, ...]
    choices: tuple[Choice, ...]
    code: Code | None
    otherwise: tuple[str, ...]
    compared: Compared | None


def configuration_context(
    experiment: Experiment, names: dict[str, RunName]
) -> ConfigurationContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
    """
    record = experiment.record
    stored = listed_runs(experiment)
    trained = [run for run in stored if run.config]
    imported = [run for run in stored if run.imported]
    return ConfigurationContext(
        site=site_context(experiment, ADDRESS),
        question=record.question,
        summary=_summary(trained, imported),
        dataset=dataset_facts(record),
        splits=split_rows(record),
        parts=part_views(trained, names),
        imported=imported_view(imported, names),
        runs=tuple(_stored_run(run, names[run.run_id]) for run in stored),
        unfinished=unfinished(experiment, names),
        scores=scores(),
        choices=choices(experiment.runs) if experiment.runs else (),
        code=_code(record.name, record.config_toml),
        otherwise=_otherwise(trained, record.config_toml, names),
        compared=_compared(experiment, names),
    )


def listed_runs(experiment: Experiment) -> tuple[RunRecord, ...]:
    """Return all stored runs: those that finished, best first, then those that failed."""
    return (*(run.record for run in experiment.ranked), *experiment.failed)


def _summary(trained: list[RunRecord], imported: list[RunRecord]) -> str:
    models = {run.config.model for run in trained if run.config}
    said = []
    if trained:
        runs = formatting.count_of(len(trained), "run")
        said.append(f"{runs} of {formatting.count_of(len(models), 'model')}")
    if imported:
        said.append(f"{formatting.count_of(len(imported), 'imported run')}")
    return formatting.listing(said) if said else "no run yet"


def _stored_run(run: RunRecord, name: RunName) -> StoredRun:
    origin = run.provenance
    begun = origin.started_at if origin else run.imported.imported_at if run.imported else None
    return StoredRun(
        run_id=run.run_id,
        name=name,
        state="imported" if run.imported else run.status,
        started=formatting.moment(begun) if begun else formatting.MISSING,
        epochs=_epochs(run),
        config_digest=origin.config_sha256 if origin else formatting.MISSING,
        weights_digest=run.weights.sha256 if run.weights else formatting.MISSING,
    )


def _epochs(run: RunRecord) -> str:
    if not run.history:
        return formatting.MISSING
    took = formatting.count(len(run.history))
    if run.best_epoch is None:
        return took
    stopped = ", stopped early" if run.stopped_early else ""
    return f"{took}, best {formatting.count(run.best_epoch)}{stopped}"


def _code(name: str, config_toml: str) -> Code | None:
    if not config_toml:
        return None
    return Code(f"{name}.toml", highlight(config_toml.rstrip("\n"), "toml"))


def _otherwise(
    trained: list[RunRecord], config_toml: str, names: Mapping[str, RunName]
) -> tuple[str, ...]:
    if not config_toml:
        return ()
    config = tomllib.loads(config_toml)
    others = [run for run in trained if not planned.is_as_planned(run, config)]
    return tuple(names[run.run_id].full for run in others)


def _compared(experiment: Experiment, names: Mapping[str, RunName]) -> Compared | None:
    pair = differences.default_pair(experiment)
    if pair is None:
        return None
    left, right = pair
    rows = differences.differences(left, right)
    n_fields = formatting.count_of(len(differences.all_fields(pair)), "field")
    return Compared(
        shard=differences.SHARD,
        runs=tuple(
            (run.run_id, names[run.run_id].full) for run in differences.configured(experiment)
        ),
        left_id=left.run_id,
        left=names[left.run_id].full,
        right_id=right.run_id,
        right=names[right.run_id].full,
        summary=f"{formatting.count(len(rows))} of {n_fields} differ.",
        rows=rows,
    )
