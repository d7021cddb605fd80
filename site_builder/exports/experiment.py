"""What an experiment is made of as files: its images, its runs, and what its models are fed."""

from collections.abc import Mapping, Sequence

from experiments.results.schema import ExperimentRecord, PixelStatistics, RunRecord, Split
from site_builder.exports.files import Files, Records, table_files
from site_builder.lessons.strategies import STRATEGIES, n_learning, n_stages_freed
from site_builder.naming import RunName
from site_builder.pages.configuration import ConfigurationContext
from site_builder.pages.pipeline.constants import (
    COLOURS,
    model_constants,
    source_of_constants,
    training_pixels,
)
from site_builder.pages.pipeline.page import Material, Model


def configuration_files(
    record: ExperimentRecord,
    stored: Sequence[RunRecord],
    names: Mapping[str, RunName],
    page: ConfigurationContext,
) -> Files:
    """Yield the splits and the stored runs.

    Args:
        record: The experiment.
        stored: The runs that the page lists, in its order.
        names: Run id to name.
        page: The page that shows them.
    """
    splits: Records = [["split", "n_images", "smallest_class", "largest_class", "ids_sha256"]]
    for row in page.splits:
        of = record.splits[Split(row.name)]
        fewest, most = min(of.class_counts), max(of.class_counts)
        splits.append([row.name, of.n_images, fewest, most, of.ids_sha256])
    heading = ["Split", "Images", "Images of a class", "SHA-256 of the image ids"]
    rows = [[row.name, row.n_images, row.per_class, row.digest] for row in page.splits]
    yield from table_files("splits", splits, [heading, *rows])
    if stored:
        yield from _stored_runs(stored, names, page)


def pipeline_tables(material: Material) -> Files:
    """Yield images by class, colours of the training images, and what differs between models."""
    record = material.experiment.record
    splits = [split for split in Split if split in record.splits]
    by_class = zip(*(record.splits[split].class_counts for split in splits), strict=True)
    counts = [[name, *of, sum(of)] for name, of in zip(record.class_names, by_class, strict=True)]
    yield from table_files("class-counts", [["class", *splits, "all"], *counts])
    if material.teaching:
        yield from _pixels(material.teaching.pixels)
    if constants := model_constants(material.models):
        heading = ("Model", "Name", "Mean", "Deviation", "Where from")
        yield from table_files("constants", _constants(material.models), [heading, *constants])
    if material.models:
        yield from table_files("learning-parameters", _learning(material.models), n_texts=3)


def _stored_runs(
    stored: Sequence[RunRecord], names: Mapping[str, RunName], page: ConfigurationContext
) -> Files:
    records: Records = [
        ["run", "model", "variant", "state", "started_at", "n_epochs", "best_epoch",
         "config_sha256", "weights_sha256"]
    ]  # fmt: skip
    for run, row in zip(stored, page.runs, strict=True):
        name, made, came = names[run.run_id], run.provenance, run.imported
        begun = made.started_at if made else came.imported_at if came else None
        records.append(
            [run.run_id, name.model, name.variant, row.state,
             begun.isoformat() if begun else None, len(run.history), run.best_epoch,
             made.config_sha256 if made else None, run.weights.sha256 if run.weights else None]
        )  # fmt: skip
    heading = ["Run", "State", "Started, or imported", "Epochs", "SHA-256 of its configuration"]
    rows = [
        [row.name.full, row.state, row.started, row.epochs, row.config_digest, row.weights_digest]
        for row in page.runs
    ]
    shown = [[*heading, "SHA-256 of its trained weights"], *rows]
    yield from table_files("stored-runs", records, shown, n_texts=3)


def _pixels(stored: PixelStatistics) -> Files:
    columns = zip(COLOURS, stored.mean, stored.std, stored.mean_of_stds, strict=True)
    records: Records = [["channel", "mean", "std", "mean_of_image_stds"]]
    records += [[*numbers] for numbers in columns]
    heading = ["Channel", "Mean", "Deviation", "Mean of the images’ own deviations", "Too small by"]
    yield from table_files("pixels", records, [heading, *training_pixels(stored).rows])


def _constants(models: Sequence[Model]) -> Records:
    found: dict[tuple[str | float, ...], None] = {}
    for model in models:
        fed, config = model.run.record.preprocessing, model.run.record.config
        if fed and config:
            source = source_of_constants(config)
            found[(model.name.model, config.model, *fed.mean, *fed.std, source)] = None
    of_colours = [f"{what}_{colour.lower()}" for what in ("mean", "std") for colour in COLOURS]
    records: Records = [["model", "name", *of_colours, "source"]]
    records += [[*row] for row in found]
    return records


def _learning(models: Sequence[Model]) -> Records:
    records: Records = [["run", "model", "variant", *STRATEGIES]]
    for model in models:
        made_of, n_stages = model.architecture, n_stages_freed(model.run.record.config)
        learning = [
            n_learning(made_of, strategy, n_stages) if made_of else None for strategy in STRATEGIES
        ]
        records.append([model.run.run_id, model.name.model, model.name.variant, *learning])
    return records
