"""Running experiments: the only part of the command that needs torch."""

import argparse
import os
from functools import partial
from pathlib import Path

from rich.console import Console

from experiments.config import ExperimentConfig
from experiments.results.errors import ConfigError
from experiments.results.store import ExperimentStore


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
        from experiments.launchers import in_processes, on_ray
        from experiments.progress import show_progress
        from experiments.surroundings import Surroundings, utc_now
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"--run-experiments needs {error.name}, which is not installed; "
            "install the extra: pip install 'bakeoff[train]'"
        ) from None
    on_cluster = arguments.launcher == "ray"
    if arguments.device == "cuda" and not on_cluster and not torch.cuda.is_available():
        raise ConfigError("--device cuda: torch finds no GPU here; use --device cpu or auto")
    use_gpu = arguments.device != "cpu" and torch.cuda.is_available()
    if arguments.data_dir is not None:
        if not hasattr(config.dataset, "data_dir"):
            raise ConfigError(f"--data-dir: experiment {config.name!r} brings its own data")
        dataset = config.dataset.model_copy(update={"data_dir": arguments.data_dir})
        config = config.model_copy(update={"dataset": dataset})
    resources = config.resources
    if on_cluster:
        if arguments.device == "cpu":
            resources = resources.model_copy(update={"num_gpus": 0})
        launch = partial(on_ray, resources=resources, address=arguments.ray_address)
    else:
        launch = partial(in_processes, num_cpus=resources.num_cpus)
    with show_progress(console) as progress:
        records = run_experiment(
            config,
            store,
            Surroundings(
                device=torch.device("cuda" if use_gpu else "cpu"),
                cache=arguments.results / ".cache",
                weights_dir=arguments.weights_dir or config.weights_dir,
                progress=progress,
                now=utc_now,
            ),
            downloads=downloads_folder(),
            only_models=arguments.models,
            only_runs=arguments.runs,
            force=arguments.force,
            launch=launch,
        )
    return sum(record.status == "failed" for record in records)


def downloads_folder() -> Path:
    """Return the user's cache folder for downloaded datasets."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "bakeoff"
