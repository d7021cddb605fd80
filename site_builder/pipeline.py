"""From a stored experiment to a site: load, check, make the files, swap them in."""

from collections.abc import Iterator
from pathlib import Path

from plotly.offline import get_plotlyjs

from experiments.results.errors import BakeoffError
from experiments.results.store import ExperimentStore
from site_builder import SOURCE, payloads
from site_builder.checks import check, warnings_of
from site_builder.figures import accuracy_latency, plotly_figure
from site_builder.loading import Experiment, load
from site_builder.naming import run_names
from site_builder.output import check_output, write_site
from site_builder.pages import compare, index
from site_builder.render import render


def build_site(store: ExperimentStore, output: Path, *, strict: bool = False) -> list[str]:
    """Build the site of an experiment, or leave the old one as it was.

    Args:
        store: The experiment to show.
        output: Folder of the site; must be new, empty, or a site made by this function.
        strict: Treat warnings as errors.

    Returns:
        One line for every planned run that the site cannot show.

    Raises:
        OutputError: If `output` holds anything else, or cannot be written.
        StoreError: If the store is damaged or its parts disagree.
        BakeoffError: If `strict` and there is a warning.
    """
    check_output(output)
    experiment = load(store)
    check(experiment)
    warnings = warnings_of(experiment)
    if strict and warnings:
        raise BakeoffError("--strict: " + "; ".join(warnings))
    write_site(output, site_files(experiment))
    return warnings


def site_files(experiment: Experiment) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the site: path below its root, and content.

    The same experiment always gives the same bytes: there is no clock in them.
    """
    names = run_names(experiment)
    scatter = accuracy_latency(experiment, names)
    yield index.ADDRESS, render("pages/index.html", index.index_context(experiment, names))
    context = compare.compare_context(experiment, names, scatter)
    yield compare.ADDRESS, render("pages/compare.html", context)
    yield from _static_files()
    if experiment.record.examples and experiment.examples:
        yield f"assets/{experiment.record.examples.file.name}", experiment.examples
    yield _shard("classes", payloads.classes(experiment))
    for run in experiment.runs:
        yield _shard(f"matrix/{run.run_id}", payloads.matrix(run, names[run.run_id]))
    if scatter:
        yield _shard(f"figures/{compare.FIGURE}", plotly_figure(scatter))
        yield "assets/plotly.min.js", get_plotlyjs().encode()


def _shard(name: str, value: object) -> tuple[str, bytes]:
    return f"data/{name}.js", payloads.script(name, value)


def _static_files() -> Iterator[tuple[str, bytes]]:
    """Yield the stylesheets and scripts as they are."""
    folder = SOURCE / "static"
    for path in sorted(folder.rglob("*.*")):
        yield f"assets/{path.relative_to(folder).as_posix()}", path.read_bytes()
