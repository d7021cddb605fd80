"""Checks of the files that the records name."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from experiments.results.feature_maps import FEATURE_MAPS_FILE, FEATURE_MAPS_FOLDER
from experiments.results.files import sha256_of
from experiments.results.schema import StoredFile
from site_builder.checks.base import Check, Finding, Status, named
from site_builder.formatting import count, count_of, size
from site_builder.loading import Experiment


class StoredFiles(Check):
    """Every file that a record names is there, as it was written."""

    name = "Every stored file is there, unchanged"
    meaning = "Records name predictions, weights, pictures and maps with their SHA-256."

    def find(self, experiment: Experiment) -> Finding:
        """Read every file and digest it."""
        files = list(_files(experiment))
        # Digests are computed outside Python's lock, so a second core helps.
        with ThreadPoolExecutor() as threads:
            problems = [problem for problem in threads.map(_problem, files) if problem]
        if problems:
            found = f"{count(len(problems))} of {count_of(len(files), 'file')} missing or changed"
            return Finding(Status.FAILED, found, named(problems))
        if not files:
            return Finding(Status.NOT_POSSIBLE, "no record names a file")
        total = sum(recorded.size_bytes for _, _, recorded in files)
        return Finding(Status.PASSED, f"{count_of(len(files), 'file')}, {size(total)}")


class _Named(NamedTuple):
    """A file that a record names: where, in which field, and what it says."""

    path: Path
    field: str
    recorded: StoredFile


def _files(experiment: Experiment) -> Iterator[_Named]:
    """Find the files that the experiment and its runs name, wherever in their records."""
    store = experiment.store
    for field, recorded in _in_record("experiment.json", experiment.record):
        yield _Named(store.thumbnails_folder / recorded.name, field, recorded)
    for record in (*(run.record for run in experiment.runs), *experiment.failed):
        folder, where = store.run_folder(record.run_id), f"runs/{record.run_id}"
        for field, recorded in _in_record(f"{where}/run.json", record):
            yield _Named(folder / recorded.name, field, recorded)
        if maps := experiment.feature_maps.of(record.run_id):
            for field, recorded in _in_record(f"{where}/{FEATURE_MAPS_FILE}", maps):
                yield _Named(folder / FEATURE_MAPS_FOLDER / recorded.name, field, recorded)


def _in_record(where: str, value: object) -> Iterator[tuple[str, StoredFile]]:
    """Yield every description of a file inside a value, with the way there."""
    match value:
        case StoredFile():
            yield where, value
        case BaseModel():
            for name in type(value).model_fields:
                yield from _in_record(f"{where}, {name}", getattr(value, name))
        case list() | tuple():
            for place, item in enumerate(value):
                yield from _in_record(f"{where}.{place}", item)
        case dict():
            for key, item in value.items():
                yield from _in_record(f"{where}.{key}", item)


def _problem(file: _Named) -> str:
    """Return what is wrong with a file; empty if nothing is."""
    if not file.path.is_file():
        return f"{file.field}: {file.recorded.name} is missing"
    if sha256_of(file.path) != file.recorded.sha256:
        return f"{file.field}: the content of {file.recorded.name} is not what was recorded"
    return ""
