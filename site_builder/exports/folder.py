"""Every table of an experiment as a file in a folder."""

from itertools import chain
from pathlib import Path

from experiments.results.errors import OutputError
from experiments.results.files import write_atomically
from site_builder.exports.files import Files
from site_builder.exports.run import matrix_files
from site_builder.loading import Experiment
from site_builder.pages.run.classes import MAX_CLASSES


def export_tables(experiment: Experiment, site: Path, folder: Path) -> int:
    """Write every table as CSV and as LaTeX.

    These are the files that the site's pages link to, and the confusion matrices that are too
    large for a site. Files of the same names are replaced, others in the folder are left alone.

    Args:
        experiment: What the site was made from.
        site: Where it lies.
        folder: Where the files go; it is made.

    Returns:
        How many files were written.

    Raises:
        OutputError: If the folder cannot be written.
    """
    n_files = 0
    try:
        # One by one: a thousand classes make megabytes a matrix.
        for name, content in chain(_of_the_site(site), _large_matrices(experiment)):
            write_atomically(folder / name.removeprefix("exports/"), content)
            n_files += 1
    except OSError as error:
        raise OutputError(f"--export {folder}: cannot be written: {error}") from None
    return n_files


def _of_the_site(site: Path) -> Files:
    for path in sorted((site / "exports").rglob("*.*")):
        yield path.relative_to(site).as_posix(), path.read_bytes()


def _large_matrices(experiment: Experiment) -> Files:
    if experiment.n_classes > MAX_CLASSES:
        for run in experiment.runs:
            yield from matrix_files(run, experiment.record.class_names)
