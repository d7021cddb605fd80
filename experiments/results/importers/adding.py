"""Store imported results as a run of an experiment, which is made where there is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from experiments.lock import only_writer
from experiments.results.counts import Counts
from experiments.results.errors import (
    ConfigError,
    DataError,
    StoreError,
    first_problem,
    nearest,
)
from experiments.results.files import replacing_folder, sha256_of
from experiments.results.importers.imported import Imported
from experiments.results.importers.matching import (
    UNKNOWN,
    match_counts,
    match_predictions,
    new_experiment,
    samples_of,
    summary_of,
)
from experiments.results.importers.values import is_storable
from experiments.results.names import check_id, id_of
from experiments.results.predictions import Predictions
from experiments.results.reported import notes_on
from experiments.results.schema import (
    Cost,
    ExampleSheet,
    ExperimentRecord,
    ImportProvenance,
    RunRecord,
    Sample,
    Split,
    StoredFile,
    Thumbnails,
)
from experiments.results.store import ExperimentStore

_UNKNOWN_FIELDS = (
    "config", "preprocessing", "best_epoch", "stopped_early", "provenance", "weights", "embedding"
)  # fmt: skip
_MAX_COST = 1e18
"""No unit of a cost is so small: a typing error, and text that no column could hold."""
_NOT_MEASURED = "the run was imported without it"


@dataclass(frozen=True)
class Pictures:
    """The test images with all that their files tell, and small pictures of them."""

    samples: list[Sample]
    examples: ExampleSheet
    thumbnails: Thumbnails


@dataclass(frozen=True)
class NewRun:
    """What is said of a run beside its results.

    Attributes:
        name: Its name for people; its id follows from it.
        file: What was imported; None for arrays that came from no file.
        cost: Costs by the names of the fields of `Cost`.
        reported: Scores by name, to hold those against that the site computes.
    """

    name: str
    file: Path | None = None
    cost: Mapping[str, str | float] = field(default_factory=dict)
    reported: Mapping[str, float] = field(default_factory=dict)


def add_run(
    store: ExperimentStore,
    imported: Imported,
    new: NewRun,
    now: datetime,
    *,
    title: str = "",
    draw: Callable[[list[Sample], int], Pictures] | None = None,
    force: bool = False,
) -> RunRecord:
    """Store imported results.

    Args:
        store: The experiment to join, or to make.
        imported: The results.
        new: Name, costs and scores.
        now: When it was imported, UTC.
        title: Title of an experiment that is made; its name where it is empty.
        draw: Finds and draws the test images among the samples, of so many classes; called where
            the experiment has no pictures yet.
        force: Replace an imported run of the same id.

    Returns:
        The run as it is stored.

    Raises:
        ConfigError: If a name makes no id, or a cost makes no sense.
        DataError: If the results are on other images or of other classes than the experiment's.
        StoreError: If the run is there already, a link leads out of the experiment's folder, or
            another process writes to it.
    """
    check_id(store.name)
    run_id, described = id_of(new.name), _described(imported, new, now)
    for text in (new.name, title, *described["reported_metrics"]):
        _check_storable(text)
    store.refuse_links()
    with only_writer(store.folder, now):
        experiment, samples, said = _join(store, imported, new, title)
        _check_free(store, experiment, run_id, force=force)
        if draw and experiment.thumbnails is None:
            known = samples if samples is not None else store.read_samples()
            pictures = draw(known, len(experiment.class_names))
            samples = pictures.samples
            experiment = _with_pictures(experiment, pictures)
        with replacing_folder(store.run_folder(run_id)):
            run = RunRecord(
                run_id=run_id,
                experiment=store.name,
                status="finished",
                origin="imported",
                history=[],
                **dict.fromkeys(_UNKNOWN_FIELDS),
                **_write_results(store, run_id, said),
                **described,
                absent=_absent(said, imported, described["cost"]),
            )
            store.write_run(run)
        ids = [*experiment.run_ids, *({run_id} - set(experiment.run_ids))]
        store.write_experiment(experiment.model_copy(update={"run_ids": ids}), samples)
    return run


def _described(imported: Imported, new: NewRun, now: datetime) -> dict[str, Any]:
    """Return the fields of a run that need no store: they are refused before one is touched."""
    reported = _reported(imported, new)
    return {
        "label": new.name,
        "cost": _cost(new.cost),
        "reported_metrics": reported,
        "notes": notes_on(reported),
        "imported": _provenance(imported, new, now),
    }


def _check_storable(text: str) -> None:
    if not is_storable(text):
        raise ConfigError(f"{text!r}: is no text that a file can hold; write it in UTF-8")


def _join(
    store: ExperimentStore, imported: Imported, new: NewRun, title: str
) -> tuple[ExperimentRecord, list[Sample] | None, Predictions | Counts]:
    """Return the experiment, its samples where they change, and the results in their order."""
    said, origin = imported.said, str(new.file or "the predictions")
    if not store.exists():
        experiment = new_experiment(store.name, title or store.name, imported)
        return experiment, samples_of(said) if isinstance(said, Predictions) else [], said
    experiment = store.read_experiment()
    if tuple(experiment.class_names) != imported.class_names:
        raise DataError(
            f"{origin}: its classes are not those of experiment {experiment.name!r}, which are "
            f"{', '.join(map(repr, experiment.class_names[:5]))}, ...; import results on the same"
        )
    if isinstance(said, Counts):
        match_counts(origin, experiment, said.support.tolist())
        return experiment, None, said
    if experiment.splits[Split.TEST].ids_sha256 is None:
        summary = summary_of(imported)
        match_counts(origin, experiment, summary.class_counts)
        splits = experiment.splits | {Split.TEST: summary}
        return experiment.model_copy(update={"splits": splits}), samples_of(said), said
    stored = [sample for sample in store.iter_samples() if sample.split == Split.TEST]
    return experiment, None, match_predictions(origin, experiment, stored, said)


def _check_free(
    store: ExperimentStore, experiment: ExperimentRecord, run_id: str, *, force: bool
) -> None:
    if run_id not in experiment.run_ids:
        return
    if not store.has_run(run_id) or store.read_run(run_id).origin == "trained":
        raise StoreError(
            f"experiment {experiment.name!r} trains a run {run_id!r} itself; give the imported one "
            "another name"
        )
    if not force:
        raise StoreError(
            f"experiment {experiment.name!r} has a run {run_id!r} already; give this one another "
            "name, or --force (force=True) to replace it"
        )


def _with_pictures(experiment: ExperimentRecord, pictures: Pictures) -> ExperimentRecord:
    absent = {
        name: why
        for name, why in experiment.absent.items()
        if name not in ("examples", "thumbnails")
    }
    return experiment.model_copy(
        update={
            "examples": pictures.examples,
            "thumbnails": pictures.thumbnails,
            "absent": absent,
        }
    )


def _write_results(
    store: ExperimentStore, run_id: str, said: Predictions | Counts
) -> dict[str, StoredFile | None]:
    if isinstance(said, Counts):
        return {"predictions": None, "counts": store.write_counts(run_id, said)}
    return {"predictions": store.write_predictions(run_id, {Split.TEST: said}), "counts": None}


def _absent(said: Predictions | Counts, imported: Imported, cost: Cost | None) -> dict[str, str]:
    absent = dict.fromkeys(_UNKNOWN_FIELDS, UNKNOWN)
    if cost is None:
        absent["cost"] = "the run was imported without costs"
    if isinstance(said, Counts):
        return absent | {"predictions": f"only a {imported.kind} was imported"}
    return absent | {"counts": "the predictions tell more"}


def _reported(imported: Imported, new: NewRun) -> dict[str, float]:
    for name, value in new.reported.items():
        if (other := imported.reported.get(name, value)) != value:
            raise ConfigError(
                f"metric {name!r}: is {other:g} in {new.file} but {value:g} beside it"
            )
    return {**imported.reported, **new.reported}


def _provenance(imported: Imported, new: NewRun, now: datetime) -> ImportProvenance:
    reason = "given as arrays, not as a file"
    return ImportProvenance(
        kind=imported.kind,
        # A name that is not UTF-8 comes with halves of surrogate pairs, which JSON cannot hold.
        file=new.file.name.encode(errors="replace").decode() if new.file else None,
        file_sha256=sha256_of(new.file) if new.file else None,
        imported_at=now,
        bakeoff_version=version("bakeoff"),
        absent={} if new.file else {"file": reason, "file_sha256": reason},
    )


def _cost(values: Mapping[str, str | float]) -> Cost | None:
    """Return the costs that are given; the others are absent."""
    if not values:
        return None
    fields: Sequence[str] = [name for name in Cost.model_fields if name != "absent"]
    for name in values:
        if name not in fields:
            raise ConfigError(
                f"cost {name!r}: there is no such cost{nearest(name, fields)}; there are "
                f"{', '.join(fields)}"
            )
    missing = {name: None for name in fields if name not in values}
    absent = dict.fromkeys(missing, _NOT_MEASURED)
    try:
        cost = Cost.model_validate({**values, **missing, "absent": absent})
    except ValidationError as error:
        raise ConfigError(f"cost {first_problem(error)}") from None
    for name in values:
        if isinstance(value := getattr(cost, name), int | float) and value > _MAX_COST:
            raise ConfigError(f"cost {name}: has to be at most {_MAX_COST:g}")
    return cost
