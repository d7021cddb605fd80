"""`python -m experiments import`: results made elsewhere become a run of an experiment."""

import argparse
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from experiments.results.errors import ConfigError
from experiments.results.importers import ClassNames, read_import
from experiments.results.names import check_id
from experiments.results.schema import RunRecord, Sample
from experiments.results.store import ExperimentStore

if TYPE_CHECKING:
    from experiments.progress import Progress
    from experiments.results.importers.adding import Pictures


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "import",
        help="add results made elsewhere to an experiment",
        description=(
            "Add what a model from elsewhere said about the test images to an experiment, which "
            "is made where there is none. docs/importing.md says how each kind of file looks."
        ),
    )
    _add_names(parser)
    _add_extras(parser)
    parser.add_argument(
        "--force", action="store_true", help="replace an imported run of the same name"
    )
    parser.set_defaults(command=run)


def _add_names(parser: argparse.ArgumentParser) -> None:
    """Add what is imported, and where it goes."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help=(
            "predictions (.csv, .parquet), logits or probabilities (.npz), a confusion matrix "
            "(.csv, .json) or scikit-learn's classification report (.json)"
        ),
    )
    parser.add_argument(
        "--experiment", required=True, metavar="NAME", help="the experiment to join, or to make"
    )
    parser.add_argument(
        "--run", required=True, dest="name", metavar="NAME", help="name of the run for people"
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="the result store (default: results)",
    )
    parser.add_argument(
        "--title", default="", help="title of an experiment that is made (default: its name)"
    )


def _add_extras(parser: argparse.ArgumentParser) -> None:
    """Add what may come with the results."""
    parser.add_argument(
        "--classes",
        type=Path,
        metavar="FILE",
        help="a text file with the name of a class on every line, in the order of their indices",
    )
    parser.add_argument(
        "--images",
        type=Path,
        metavar="DIR",
        help="where the images lie; a sample_id is a path below it or the name of a file",
    )
    parser.add_argument(
        "--cost",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a cost measured elsewhere, such as latency_ms=3.2; may be given several times",
    )
    parser.add_argument(
        "--metric",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a score reported elsewhere, such as accuracy=0.91, to hold against the site's",
    )


def run(arguments: argparse.Namespace, console: Console) -> None:
    """Import a file and say what came of it.

    Raises:
        BakeoffError: If anything does not fit; then the experiment is as it was.
    """
    # Only those who import wait for these.
    from experiments.progress import show_progress
    from experiments.results.importers.adding import NewRun, add_run

    check_id(arguments.experiment)
    store = ExperimentStore(arguments.results / arguments.experiment)
    new = NewRun(
        name=arguments.name,
        file=arguments.file,
        cost=_pairs("--cost", arguments.cost),
        reported=_numbers("--metric", arguments.metric),
    )
    imported = read_import(arguments.file, _known_classes(store, arguments.classes))
    drawn_before = store.exists() and store.read_experiment().thumbnails is not None
    with show_progress(console) as progress:
        record = add_run(
            store,
            imported,
            new,
            datetime.now(UTC),
            title=arguments.title,
            draw=partial(_draw, arguments.images, store, progress) if arguments.images else None,
            force=arguments.force,
        )
    if arguments.images and drawn_before:
        console.print("note: the experiment has pictures already; --images was not used")
    for line in _report(record, arguments.results):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _draw(
    folder: Path,
    store: ExperimentStore,
    progress: "Progress",
    samples: list[Sample],
    n_classes: int,
) -> "Pictures":
    from experiments.imported_images import draw_images

    return draw_images(folder, samples, n_classes, store, progress)


def _report(record: RunRecord, results: Path) -> Iterator[str]:
    yield f"Stored as run {record.run_id} of experiment {record.experiment}."
    if record.predictions is None:
        yield f"What it said of each image is not known: {record.absent['predictions']}."
    for note in record.notes:
        yield f"note: {note}"
    where = "" if results == Path("results") else f" --results {results}"
    yield f"Build the site: bakeoff --experiment {record.experiment}{where}"


def _known_classes(store: ExperimentStore, file: Path | None) -> ClassNames | None:
    """Return the classes of the experiment, or else of the file; None where there is neither."""
    listed = ClassNames.read(file) if file else None
    if not store.exists():
        return listed
    stored = ClassNames.of_store(store)
    if listed and listed.names != stored.names:
        raise ConfigError(
            f"--classes {file}: is not the list of {stored.origin}, in its order; correct it, or "
            "leave the option out"
        )
    return stored


def _pairs(option: str, words: Sequence[str]) -> dict[str, str]:
    """Split words such as `latency_ms=3.2`."""
    pairs: dict[str, str] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not (name and sign and value) or name in pairs:
            raise ConfigError(f"{option} {word}: has to be NAME=VALUE, each name once")
        pairs[name] = value
    return pairs


def _numbers(option: str, words: Sequence[str]) -> dict[str, float]:
    numbers = {}
    for name, value in _pairs(option, words).items():
        try:
            numbers[name] = float(value)
        except ValueError:
            numbers[name] = math.nan
        if not math.isfinite(numbers[name]):
            raise ConfigError(f"{option} {name}={value}: has to be a number")
    return numbers
