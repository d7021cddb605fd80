"""From a stored experiment to a site: load, check, make the files, swap them in."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from plotly.offline import get_plotlyjs

from experiments.results.errors import BakeoffError
from experiments.results.store import ExperimentStore
from site_builder import SOURCE, addresses, matrices, orders, payloads
from site_builder.checks import warnings_of
from site_builder.comparisons import Comparisons, compare_runs
from site_builder.explorer.files import explorer_files
from site_builder.explorer.images import images_of
from site_builder.gate import Gate
from site_builder.loading import Experiment, load
from site_builder.naming import RunName, run_names
from site_builder.output import check_output, write_site
from site_builder.pages import compare, errors, index
from site_builder.pages.run import classes as run_classes
from site_builder.pages.run import page as run_page
from site_builder.render import render
from site_builder.tables.exports import class_files, matrix_files, runs_files
from site_builder.tables.pairs import pairs
from site_builder.tradeoffs import Tradeoff, plotly_figure, tradeoffs


def build_site(
    store: ExperimentStore,
    output: Path,
    *,
    strict: bool = False,
    allow_inconsistent: bool = False,
) -> list[str]:
    """Build the site of an experiment, or leave the old one as it was.

    Args:
        store: The experiment to show.
        output: Folder of the site; must be new, empty, or a site made by this function.
        strict: Treat it as an error that a planned run cannot be shown.
        allow_inconsistent: Build the site although checks fail, and show them on every page.

    Returns:
        One line for every planned run that the site cannot show, and for every check that failed or
        found something worth a note.

    Raises:
        OutputError: If `output` holds anything else, or cannot be written.
        StoreError: If the store is damaged.
        InconsistentError: If a check fails, and that is not allowed.
        BakeoffError: If `strict` and a run is missing.
    """
    check_output(output)
    experiment = load(store)
    warnings = warnings_of(experiment)
    if strict and warnings:
        raise BakeoffError("--strict: " + "; ".join(warnings))
    gate = Gate(experiment, allow_inconsistent=allow_inconsistent)
    files = site_files(gate.experiment)
    write_site(output, files, lambda folder: gate.last_files(folder, site_files))
    return warnings + gate.remarks


def site_files(experiment: Experiment) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the site: path below its root, and content.

    The same experiment always gives the same bytes: there is no clock in them.
    """
    names = run_names(experiment)
    _draw_intervals(experiment)
    comparisons, charts = compare_runs(experiment), tradeoffs(experiment, names)
    summary = index.index_context(experiment, names, comparisons)
    yield index.ADDRESS, render("pages/index.html", summary)
    context = compare.compare_context(experiment, names, comparisons, charts)
    yield compare.ADDRESS, render("pages/compare.html", context)
    yield from _run_pages(experiment, names, comparisons)
    yield from _errors(experiment, names)
    yield from _static_files()
    if experiment.record.examples and experiment.examples:
        yield f"assets/{experiment.record.examples.file.name}", experiment.examples
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
        yield "assets/plotly.min.js", get_plotlyjs().encode()
    for name, content in runs_files(comparisons, names):
        yield f"exports/{name}", content


def _errors(experiment: Experiment, names: dict[str, RunName]) -> Iterator[tuple[str, bytes]]:
    """Yield errors.html, and the images and lists that it fetches when asked."""
    images = images_of(experiment)
    context = errors.errors_context(experiment, names, images)
    yield errors.ADDRESS, render("pages/errors.html", context)
    yield from explorer_files(experiment, names, images)


def _run_pages(
    experiment: Experiment, names: dict[str, RunName], comparisons: Comparisons
) -> Iterator[tuple[str, bytes]]:
    """Yield a page for every stored run, its tables, and the classes that it fetches."""
    for record in run_page.page_order(experiment):
        context = run_page.run_context(experiment, names, comparisons, record)
        yield addresses.run_page(record.run_id), render("pages/run.html", context)
    for run in experiment.runs:
        for name, content in class_files(run, experiment.record.class_names):
            yield f"exports/{name}", content
        # A larger one would take megabytes a run; `build.py --export` writes it.
        if experiment.n_classes <= run_classes.MAX_CLASSES:
            for name, content in matrix_files(run, experiment.record.class_names):
                yield f"exports/{name}", content
    if experiment.n_classes > run_classes.MAX_CLASSES:
        for run in experiment.runs:
            others = run_classes.other_classes(run, experiment.record.class_names)
            yield payloads.shard(run_classes.shard_name(run), others)


def _static_files() -> Iterator[tuple[str, bytes]]:
    """Yield the stylesheets and scripts as they are."""
    folder = SOURCE / "static"
    for path in sorted(folder.rglob("*.*")):
        yield f"assets/{path.relative_to(folder).as_posix()}", path.read_bytes()
