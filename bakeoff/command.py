"""The stages of the command, and what known errors become."""

import argparse
import sys
from functools import partial
from pathlib import Path

from rich.console import Console

from bakeoff.arguments import DEFAULT_EXPERIMENT, parse_arguments
from bakeoff.training import run_missing
from experiments.config import ExperimentConfig, load_config, shipped_experiments
from experiments.results.errors import (
    BakeoffError,
    ConfigError,
    InconsistentError,
    StoreError,
    nearest,
)
from experiments.results.store import ExperimentStore
from site_builder import SOURCE
from site_builder.changes import check_older
from site_builder.exports.folder import export_tables
from site_builder.output import check_output
from site_builder.prepared import Prepared
from site_builder.publication import base_url
from site_builder.publish import BRANCH, check_repository, publish
from site_builder.serve import check_port, serve
from site_builder.several import build_sites
from site_builder.sizes import measure
from site_builder.summary import summary

EXIT_RUN_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INCONSISTENT = 3
EXIT_INTERRUPTED = 130


def entry_point() -> int:
    """Run the command with the words it was given; what `pip install` calls `bakeoff`."""
    return main(sys.argv[1:])


def main(words: list[str]) -> int:
    """Run the command and return its exit code."""
    arguments = parse_arguments(words)
    console = Console(stderr=True)
    try:
        return run(arguments, console)
    except BakeoffError as error:
        for line in str(error).splitlines():
            console.print(f"error: {line}", markup=False, highlight=False, soft_wrap=True)
        return EXIT_INCONSISTENT if isinstance(error, InconsistentError) else EXIT_BAD_INPUT
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        message = f"error: {error.filename}: {error.strerror}; name another folder"
        console.print(message, markup=False, highlight=False, soft_wrap=True)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        console.print(
            "Stopped. Every finished run is stored; the same command goes on with the others."
        )
        return EXIT_INTERRUPTED


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run experiments if asked to, build the site, publish and serve it if asked to."""
    address = base_url(arguments.base_url) if arguments.base_url else ""
    check_output(arguments.output)
    if arguments.serve is not None:
        check_port(arguments.serve)
    if arguments.publish is not None:
        check_repository(arguments.publish)
    if arguments.compare_with is not None:
        check_older(arguments.compare_with)
    n_failed = 0
    if arguments.run_experiments:
        config = find_config(arguments.experiment or DEFAULT_EXPERIMENT, arguments.results)
        store = ExperimentStore(arguments.results / config.name)
        n_failed = run_missing(arguments, config, store, console)
    if arguments.no_site:
        return EXIT_RUN_FAILED if n_failed else 0
    make(arguments, address, console)
    if arguments.publish is not None:
        publish(arguments.output, arguments.publish)
        _say(console, f"The site is pushed to branch {BRANCH} of {arguments.publish}")
    if arguments.serve is not None:
        serve(
            arguments.output,
            arguments.serve,
            console.print,
            partial(build_again, arguments, address, console),
            [arguments.results, SOURCE / "templates", SOURCE / "static"],
        )
    return EXIT_RUN_FAILED if n_failed else 0


def make(arguments: argparse.Namespace, address: str, console: Console) -> None:
    """Build the site and write its tables where they were asked for."""
    sites = build(arguments, address, console)
    if arguments.summary:
        sys.stdout.write("\n".join(summary(site.experiment) for site in sites))
    if arguments.export is not None:
        n_files = sum(_export(site, arguments.output, arguments.export) for site in sites)
        _say(console, f"{n_files} files are written to {arguments.export}")


def build(arguments: argparse.Namespace, address: str, console: Console) -> tuple[Prepared, ...]:
    """Build the site of the chosen experiments, tell what came of it, and return each."""
    sites = build_sites(
        find_stores(arguments.experiment, arguments.results),
        arguments.output,
        strict=arguments.strict,
        allow_inconsistent=arguments.allow_inconsistent,
        base_url=address,
        compare_with=arguments.compare_with,
    )
    for site in sites:
        for remark in site.remarks:
            _say(console, f"warning: {remark}")
    _say(console, f"The site is built: open {arguments.output / 'index.html'}")
    _say(console, str(measure(arguments.output)))
    return sites


def build_again(arguments: argparse.Namespace, address: str, console: Console) -> bool:
    """Build, and tell whether that could be done; where not, the old site stays."""
    try:
        build(arguments, address, console)
    except BakeoffError as error:
        _say(console, f"error: {error}; the site is as it was")
        return False
    except Exception as error:
        # A template that somebody is writing fails in whatever way Python does.
        _say(console, f"error: {type(error).__name__}: {error}; the site is as it was")
        return False
    return True


def _export(site: Prepared, output: Path, folder: Path) -> int:
    """Write every table, of several experiments each into a folder of its own; count the files."""
    experiment = site.experiment
    below = experiment.store.name if experiment.publication.among_others else ""
    return export_tables(experiment, output / below, folder / below)


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def find_config(experiment: str, results: Path) -> ExperimentConfig:
    """Return the configuration of an experiment that is to be run.

    Raises:
        ConfigError: If there is none, or it is wrong.
    """
    if experiment not in shipped_experiments() and experiment in stored_experiments(results):
        raise ConfigError(
            f"--experiment: {experiment!r} is stored in {results}, but its configuration does not "
            "come with bakeoff; give the path of its TOML file in place of its name"
        )
    return load_config(experiment)


def find_stores(experiment: str | None, results: Path) -> list[ExperimentStore]:
    """Return the store of an experiment, or every one of a folder where none is named.

    Raises:
        ConfigError: As `find_store`.
        StoreError: As `find_store`, or if there is none.
    """
    stored = stored_experiments(results)
    if experiment is None and stored:
        return [ExperimentStore(results / name) for name in stored]
    return [find_store(experiment or DEFAULT_EXPERIMENT, results)]


def stored_experiments(results: Path) -> list[str]:
    """Return the names of the experiments in a folder."""
    return sorted(path.parent.name for path in results.glob("*/experiment.json"))


def find_store(experiment: str, results: Path) -> ExperimentStore:
    """Return the store of an experiment given by name or by the path of its TOML file.

    Raises:
        ConfigError: If no experiment of that name is known or stored.
        StoreError: If it has not been run yet.
    """
    stored = stored_experiments(results)
    if experiment in stored:
        return ExperimentStore(results / experiment)
    if not experiment.endswith(".toml") and experiment not in (known := shipped_experiments()):
        raise ConfigError(
            f"--experiment: {experiment!r} is neither stored in {results} nor shipped"
            f"{nearest(experiment, [*stored, *known])}"
        )
    store = ExperimentStore(results / load_config(experiment).name)
    if not store.exists():
        raise StoreError(
            f"{store.folder}: holds no results yet; add --run-experiments to make them"
        )
    return store
