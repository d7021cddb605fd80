"""JSON files: a confusion matrix or a classification report."""

import json
from pathlib import Path
from typing import Any

from experiments.results.errors import DataError
from experiments.results.importers.imported import Imported
from experiments.results.importers.labels import ClassNames
from experiments.results.importers.matrices import of_json
from experiments.results.importers.reports import of_report


def read_json(file: Path, known: ClassNames | None) -> Imported:
    """Read a confusion matrix or scikit-learn's classification report.

    Raises:
        DataError: If the file is not JSON, holds NaN or one key twice, or makes no sense.
    """
    content = _content(file)
    if isinstance(content, list) or (isinstance(content, dict) and "confusion" in content):
        return of_json(file, content, known)
    if isinstance(content, dict) and any(_is_entry(entry) for entry in content.values()):
        return of_report(file, content, known)
    raise DataError(
        f"{file}: holds neither 'confusion', a confusion matrix, nor what scikit-learn's "
        "classification_report(output_dict=True) returns"
    )


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and "support" in entry


def _content(file: Path) -> Any:
    try:
        return json.loads(
            file.read_bytes().decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: not JSON: {error}") from None


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what would otherwise be overwritten without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name in found if [key for key, _ in pairs].count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return found
