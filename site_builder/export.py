"""Every table of an experiment as a file in a folder."""

from pathlib import Path

from experiments.results.errors import OutputError
from experiments.results.files import write_atomically
from experiments.results.store import ExperimentStore
from site_builder.comparisons import compare_runs
from site_builder.loading import load
from site_builder.naming import run_names
from site_builder.tables.exports import all_files


def export_tables(store: ExperimentStore, folder: Path) -> int:
    """Write every table as CSV and as LaTeX; the list of all pairs of runs as CSV alone.

    Files of the same names are replaced, other files in the folder are left alone.

    Args:
        store: The experiment.
        folder: Where the files go; it is made.

    Returns:
        How many files were written.

    Raises:
        OutputError: If the folder cannot be written.
        StoreError: If the store is damaged.
    """
    experiment = load(store)
    n_files = 0
    try:
        for name, content in all_files(experiment, compare_runs(experiment), run_names(experiment)):
            write_atomically(folder / name, content)
            n_files += 1
    except OSError as error:
        raise OutputError(f"--export {folder}: cannot be written: {error}") from None
    return n_files
