"""Results made elsewhere: predictions, confusion matrices and classification reports.

A file is read into an `Imported`, which is then held against an experiment and stored as a run.
"""

from pathlib import Path

from experiments.results.errors import DataError
from experiments.results.importers.arrays import read_arrays
from experiments.results.importers.imported import Imported
from experiments.results.importers.json_files import read_json
from experiments.results.importers.labels import ClassNames
from experiments.results.importers.matrices import is_matrix, read_csv_matrix
from experiments.results.importers.predictions import read_predictions

__all__ = ["ClassNames", "Imported", "read_import"]


def read_import(file: Path, known: ClassNames | None) -> Imported:
    """Read what a model said, from a file that tells by its suffix and its header what it holds.

    Args:
        file: Predictions (.csv, .parquet), arrays of logits or probabilities (.npz), a confusion
            matrix (.csv, .json), or scikit-learn's classification report (.json).
        known: The classes in their order; None takes them from the file.

    Raises:
        DataError: If the file cannot be read, or makes no sense; names the row and the field.
    """
    match file.suffix.lower():
        case ".csv":
            return (
                read_csv_matrix(file, known) if is_matrix(file) else read_predictions(file, known)
            )
        case ".parquet":
            return read_predictions(file, known)
        case ".npz":
            return read_arrays(file, known)
        case ".json":
            return read_json(file, known)
        case other:
            raise DataError(
                f"{file}: a {other or 'file without a suffix'} cannot be imported; it has to be "
                ".csv, .parquet, .npz or .json"
            )
