"""From a stored experiment to a site: load, check, make the files, swap them in."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from experiments.results.schema import FeatureMaps
from experiments.results.store import ExperimentStore
from site_builder import SOURCE, addresses, matrices, orders, payloads
from site_builder.architectures.layers import layer_files, layers_shard
from site_builder.architectures.mapped import layer_links
from site_builder.architectures.networks import networks
from site_builder.comparisons import Comparisons, compare_runs
from site_builder.configuration import differences
from site_builder.curves.epochs import series_file
from site_builder.curves.series import all_series
from site_builder.explorer.agreement import agreement
from site_builder.explorer.files import explorer_files
from site_builder.explorer.images import Images, images_of
from site_builder.exports.changes import changes_files
from site_builder.exports.curves import diagnoses_files
from site_builder.exports.errors import errors_files
from site_builder.exports.experiment import configuration_files, pipeline_tables
from site_builder.exports.run import run_files
from site_builder.exports.runs import runs_files
from site_builder.exports.texts import left_out_files
from site_builder.features.files import feature_files
from site_builder.features.stored import feature_maps
from site_builder.formulas import numbers
from site_builder.loading import Experiment
from site_builder.naming import RunName, run_names
from site_builder.output import Files, check_output, write_site
from site_builder.pages import (
    architectures,
    compare,
    configuration,
    curves,
    errors,
    formulas,
    index,
    not_found,
)
from site_builder.pages import feature_maps as feature_maps_page
from site_builder.pages.classes.files import classes_files
from site_builder.pages.examples import example_files
from site_builder.pages.pipeline.files import material_of, pipeline_files
from site_builder.pages.run import classes as run_classes
from site_builder.pages.run import page as run_page
from site_builder.plotly_script import plotly_script
from site_builder.prepared import Prepared
from site_builder.preview import preview
from site_builder.publication import HOST_FILES, Publication, sitemap
from site_builder.render import render
from site_builder.tables.pairs import pairs
from site_builder.tradeoffs import Tradeoff, plotly_figure, tradeoffs


def build_site(
    store: ExperimentStore,
    output: Path,
    *,
    strict: bool = False,
    allow_inconsistent: bool = False,
    base_url: str = "",
    compare_with: Path | None = None,
) -> Prepared:
    """Build the site of an experiment, or leave the old one as it was.

    Args:
        store: The experiment to show.
        output: Folder of the site; must be new, empty, or a site made by this function.
        strict: Treat it as an error that a planned run cannot be shown.
        allow_inconsistent: Build the site although checks fail, and show them on every page.
        base_url: Address where the site's folder will be, with a slash at the end; empty where it
            is not known.
        compare_with: Folder of older results; the summary page tells what changed since.

    Returns:
        What the site shows, and what is to be said of it.

    Raises:
        OutputError: If `output` holds anything else, or cannot be written.
        StoreError: If the store is damaged.
        InconsistentError: If a check fails, and that is not allowed.
        BakeoffError: If `strict` and a run is missing.
    """
    check_output(output)
    site = Prepared.of(
        store,
        Publication(base_url),
        site_files,
        strict=strict,
        allow_inconsistent=allow_inconsistent,
        compare_with=compare_with,
    )

    def last_files(folder: Path) -> Files:
        yield from site.last_files(folder)
        yield from sitemap(base_url, folder)

    write_site(output, site.files(), last_files)
    return site


def site_files(experiment: Experiment) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the site: path below its root, and content.

    The same experiment always gives the same bytes: there is no clock in them.
    """
    names = run_names(experiment)
    _draw_intervals(experiment)
    comparisons, charts = compare_runs(experiment), tradeoffs(experiment, names)
    summary = index.index_context(experiment, names, comparisons)
    yield index.ADDRESS, render("pages/index.html", summary)
    yield from changes_files(experiment, summary.changes)
    yield from left_out_files(experiment.record.unreadable)
    context = compare.compare_context(experiment, names, comparisons, charts)
    yield compare.ADDRESS, render("pages/compare.html", context)
    maps = feature_maps(experiment)
    yield from _run_pages(experiment, names, comparisons, maps)
    images = images_of(experiment)
    yield from _errors(experiment, names, images)
    yield from classes_files(experiment, names, images)
    yield from _feature_maps(experiment, names, images, maps)
    yield from _architectures(experiment, names, maps)
    yield from _curves(experiment, names, comparisons)
    yield from _pipeline(experiment, names, comparisons, maps)
    yield from _formulas(experiment, names, comparisons)
    yield from _configuration(experiment, names)
    lost = not_found.not_found_context(summary.site, experiment.publication.path)
    yield not_found.ADDRESS, render("pages/404.html", lost)
    yield preview(experiment, names)
    yield from HOST_FILES
    yield from _static_files()
    yield from example_files(experiment)
    yield payloads.shard("classes", payloads.classes(experiment))
    yield payloads.shard("orders", orders.class_orders(experiment))
    for run in experiment.runs:
        yield payloads.shard(f"matrix/{run.run_id}", matrices.matrix(run, names[run.run_id]))
    if experiment.runs:
        yield from _comparisons(comparisons, names, charts)


def _draw_intervals(experiment: Experiment) -> None:
    """Draw the bootstrap resamples, a quarter of a large build, on all cores at once."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda run: run.scores.bootstrap, experiment.runs))


def _comparisons(
    comparisons: Comparisons, names: dict[str, RunName], charts: tuple[Tradeoff, ...]
) -> Iterator[tuple[str, bytes]]:
    """Yield what compare.html fetches when asked: runs side by side, charts, tables as files."""
    for run in (*comparisons.tested, *comparisons.untested):
        yield payloads.shard(f"pairs/{run.run_id}", pairs(run, comparisons))
    for chart in charts:
        yield payloads.shard(f"figures/{chart.name}", plotly_figure(chart))
    if charts:
        yield "assets/plotly.min.js", plotly_script()
    yield from runs_files(comparisons, names)


def _errors(
    experiment: Experiment, names: dict[str, RunName], images: Images
) -> Iterator[tuple[str, bytes]]:
    """Yield errors.html, its tables, and the images and lists that it fetches when asked."""
    alike = agreement(images, experiment.n_classes) if len(images.answers) > 1 else None
    context = errors.errors_context(experiment, names, images, alike)
    yield errors.ADDRESS, render("pages/errors.html", context)
    yield from errors_files(experiment, names, images, alike, context)
    yield from explorer_files(experiment, names, images)


def _feature_maps(
    experiment: Experiment,
    names: dict[str, RunName],
    images: Images,
    maps: dict[str, FeatureMaps],
) -> Iterator[tuple[str, bytes]]:
    """Yield feature-maps.html, and the pictures and numbers that it fetches when asked."""
    context = feature_maps_page.feature_maps_context(experiment, names, images, maps)
    yield feature_maps_page.ADDRESS, render("pages/feature-maps.html", context)
    yield from feature_files(experiment, names, images, maps)


def _architectures(
    experiment: Experiment, names: dict[str, RunName], maps: dict[str, FeatureMaps]
) -> Iterator[tuple[str, bytes]]:
    """Yield architectures.html, and the layers of each network as files and as fetched."""
    shown = networks(experiment, names)
    context = architectures.architectures_context(experiment, names, shown, maps)
    yield architectures.ADDRESS, render("pages/architectures.html", context)
    for network in shown:
        yield from layer_files(network)
        if architectures.are_fetched(shown):
            yield layers_shard(network, layer_links(network, maps))


def _curves(
    experiment: Experiment, names: dict[str, RunName], comparisons: Comparisons
) -> Iterator[tuple[str, bytes]]:
    """Yield curves.html, its diagnoses as files, and the epochs fetched when a run is picked."""
    series = all_series(experiment, names, comparisons)
    context = curves.curves_context(experiment, names, comparisons, series)
    yield curves.ADDRESS, render("pages/curves.html", context)
    yield from diagnoses_files(experiment, names)
    yield from map(series_file, series)


def _pipeline(
    experiment: Experiment,
    names: dict[str, RunName],
    comparisons: Comparisons,
    maps: dict[str, FeatureMaps],
) -> Iterator[tuple[str, bytes]]:
    """Yield the pages of the pipeline, what they fetch, and their tables."""
    material = material_of(experiment, names, comparisons, maps)
    yield from pipeline_files(material)
    yield from pipeline_tables(material)


def _formulas(
    experiment: Experiment, names: dict[str, RunName], comparisons: Comparisons
) -> Iterator[tuple[str, bytes]]:
    """Yield formulas.html, and the numbers that it fetches when another run is chosen."""
    context = formulas.formulas_context(experiment, names, comparisons)
    yield formulas.ADDRESS, render("pages/formulas.html", context)
    for run in experiment.runs:
        yield payloads.shard(
            f"formulas/{run.run_id}", numbers.shard(experiment, run, comparisons, names)
        )


def _configuration(
    experiment: Experiment, names: dict[str, RunName]
) -> Iterator[tuple[str, bytes]]:
    """Yield configuration.html, and the fields that it fetches to compare other runs."""
    context = configuration.configuration_context(experiment, names)
    yield configuration.ADDRESS, render("pages/configuration.html", context)
    stored = configuration.listed_runs(experiment)
    yield from configuration_files(experiment.record, stored, names, context)
    if context.compared:
        yield payloads.shard(differences.SHARD, differences.shard(experiment))


def _run_pages(
    experiment: Experiment,
    names: dict[str, RunName],
    comparisons: Comparisons,
    maps: dict[str, FeatureMaps],
) -> Iterator[tuple[str, bytes]]:
    """Yield a page for every stored run, its tables, and the classes that it fetches."""
    for record in run_page.page_order(experiment):
        context = run_page.run_context(experiment, names, comparisons, maps, record)
        yield addresses.run_page(record.run_id), render("pages/run.html", context)
        yield from run_files(experiment, record, context)
    if experiment.n_classes > run_classes.MAX_CLASSES:
        for run in experiment.runs:
            others = run_classes.other_classes(run, experiment.record.class_names)
            yield payloads.shard(run_classes.shard_name(run), others)


def _static_files() -> Iterator[tuple[str, bytes]]:
    """Yield the stylesheets and scripts as they are."""
    folder = SOURCE / "static"
    for path in sorted(folder.rglob("*.*")):
        yield f"assets/{path.relative_to(folder).as_posix()}", path.read_bytes()
