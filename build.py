"""Build the site of an experiment from stored results, running what is missing first if asked to.

python build.py                                  build the digits site from stored results
python build.py --run-experiments                run what is missing, then build
python build.py --experiment oxford-pets --run-experiments --serve
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from experiments.config import ExperimentConfig, load_config, shipped_experiments
from experiments.results.errors import (
    BakeoffError,
    ConfigError,
    InconsistentError,
    StoreError,
    nearest,
)
from experiments.results.store import ExperimentStore
from site_builder.exports.folder import export_tables
from site_builder.output import check_output
from site_builder.pipeline import build_site
from site_builder.serve import check_port, serve
from site_builder.sizes import measure

EXIT_RUN_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INCONSISTENT = 3
EXIT_INTERRUPTED = 130
DEFAULT_PORT = 8000


def parse_arguments(words: list[str]) -> argparse.Namespace:
    """Parse the command line; exits with code 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="build.py",
        description=(
            "Build the static site of an experiment from its stored results. With "
            "--run-experiments, train and evaluate first whatever the store does not hold yet."
        ),
        epilog=(
            "Exit codes: 0 done; 1 a run failed (the site says why); 2 the input is wrong, nothing "
            "was changed; 3 stored numbers that must agree do not, the site is as it was; 130 "
            "interrupted, the same command goes on where it stopped."
        ),
    )
    what = parser.add_argument_group("what")
    what.add_argument(
        "--experiment",
        default="digits",
        metavar="NAME_OR_TOML",
        help=(
            f"a shipped experiment ({', '.join(shipped_experiments())}), a stored one, or the path "
            "of a TOML file (default: digits)"
        ),
    )
    what.add_argument(
        "--run-experiments",
        action="store_true",
        help="run what is missing in the store before building; needs the extra 'train'",
    )
    what.add_argument(
        "--models",
        nargs="+",
        metavar="MODEL",
        help="run only these models of the experiment",
    )
    what.add_argument(
        "--runs",
        nargs="+",
        metavar="RUN",
        help="run only these of the experiment, by their ids: resnet18-none, resnet18-none-seed1",
    )
    what.add_argument(
        "--force",
        action="store_true",
        help="run again what is stored already, replacing it",
    )
    where = parser.add_argument_group("where")
    where.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="the result store (default: results)",
    )
    where.add_argument(
        "--output",
        type=Path,
        default=Path("site"),
        metavar="DIR",
        help="where the site goes; an older site there is replaced (default: site)",
    )
    where.add_argument(
        "--export",
        type=Path,
        metavar="DIR",
        help="also write every table to this folder, as CSV and LaTeX",
    )
    where.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where the dataset lies, instead of what the experiment says",
    )
    where.add_argument(
        "--weights-dir",
        type=Path,
        metavar="DIR",
        help="where <model>.safetensors files lie, instead of what the experiment says",
    )
    how = parser.add_argument_group("how")
    how.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="where models run; auto takes a GPU if there is one (default: auto)",
    )
    how.add_argument(
        "--serve",
        nargs="?",
        type=int,
        const=DEFAULT_PORT,
        metavar="PORT",
        help=f"serve the site on this machine after building it (default port: {DEFAULT_PORT})",
    )
    how.add_argument(
        "--strict",
        action="store_true",
        help="refuse to build a site that lacks a planned run",
    )
    how.add_argument(
        "--allow-inconsistent",
        action="store_true",
        help="build the site although numbers that must agree do not, and say so on every page",
    )
    arguments = parser.parse_args(words)
    if not arguments.run_experiments:
        for option in ("models", "runs", "force", "data_dir", "weights_dir"):
            if getattr(arguments, option):
                parser.error(f"--{option.replace('_', '-')} needs --run-experiments")
    return arguments


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
    """Run experiments if asked to, build the site, serve it if asked to."""
    check_output(arguments.output)
    if arguments.serve is not None:
        check_port(arguments.serve)
    n_failed = 0
    if arguments.run_experiments:
        config = find_config(arguments.experiment, arguments.results)
        store = ExperimentStore(arguments.results / config.name)
        n_failed = run_missing(arguments, config, store, console)
    else:
        store = find_store(arguments.experiment, arguments.results)
    warnings = build_site(
        store,
        arguments.output,
        strict=arguments.strict,
        allow_inconsistent=arguments.allow_inconsistent,
    )
    for warning in warnings:
        console.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    page = arguments.output / "index.html"
    for line in (f"The site is built: open {page}", str(measure(arguments.output))):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if arguments.export is not None:
        n_files = export_tables(store, arguments.output, arguments.export)
        written = f"{n_files} files are written to {arguments.export}"
        console.print(written, markup=False, highlight=False, soft_wrap=True)
    if arguments.serve is not None:
        serve(arguments.output, arguments.serve, console.print)
    return EXIT_RUN_FAILED if n_failed else 0


def find_config(experiment: str, results: Path) -> ExperimentConfig:
    """Return the configuration of an experiment that is to be run.

    Raises:
        ConfigError: If there is none, or it is wrong.
    """
    if experiment not in shipped_experiments() and ExperimentStore(results / experiment).exists():
        raise ConfigError(
            f"--experiment: {experiment!r} is stored in {results}, but its configuration does not "
            "come with bakeoff; give the path of its TOML file in place of its name"
        )
    return load_config(experiment)


def find_store(experiment: str, results: Path) -> ExperimentStore:
    """Return the store of an experiment given by name or by the path of its TOML file.

    Raises:
        ConfigError: If no experiment of that name is known or stored.
        StoreError: If it has not been run yet.
    """
    stored = sorted(path.parent.name for path in results.glob("*/experiment.json"))
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


def run_missing(
    arguments: argparse.Namespace,
    config: ExperimentConfig,
    store: ExperimentStore,
    console: Console,
) -> int:
    """Run what the store lacks and return how many runs failed.

    Raises:
        ConfigError: If the extra `train` is not installed, or the GPU asked for is not there.
    """
    try:
        import torch

        from experiments.experiment import run_experiment
        from experiments.progress import show_progress
        from experiments.surroundings import Surroundings
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--run-experiments needs {error.name}, which is not installed; "
            "install the extra: pip install '.[train]'"
        ) from None
    if arguments.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("--device cuda: torch finds no GPU here; use --device cpu or auto")
    use_gpu = arguments.device != "cpu" and torch.cuda.is_available()
    if arguments.data_dir is not None:
        if not hasattr(config.dataset, "data_dir"):
            raise ConfigError(f"--data-dir: experiment {config.name!r} brings its own data")
        dataset = config.dataset.model_copy(update={"data_dir": arguments.data_dir})
        config = config.model_copy(update={"dataset": dataset})
    with show_progress(console) as progress:
        records = run_experiment(
            config,
            store,
            Surroundings(
                device=torch.device("cuda" if use_gpu else "cpu"),
                cache=arguments.results / ".cache",
                weights_dir=arguments.weights_dir or config.weights_dir,
                progress=progress,
                now=lambda: datetime.now(UTC),
            ),
            downloads=downloads_folder(),
            only_models=arguments.models,
            only_runs=arguments.runs,
            force=arguments.force,
        )
    return sum(record.status == "failed" for record in records)


def downloads_folder() -> Path:
    """Return the user's cache folder for downloaded datasets."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "bakeoff"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
