"""Read and write one experiment's folder; `docs/results-schema.md` describes what lies in it.

Files are written whole or not at all. A run's `run.json` is written after everything it names, so
a run that has one is complete. Nothing is ever unpickled.
"""

import csv
import hashlib
import io
import json
import shutil
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from experiments.results.errors import StoreError
from experiments.results.files import sha256_of, write_atomically
from experiments.results.predictions import Predictions
from experiments.results.schema import (
    SCHEMA_VERSION,
    ExperimentRecord,
    Record,
    RunRecord,
    Sample,
    Split,
    StoredFile,
)

R = TypeVar("R", bound=Record)

EXPERIMENT_FILE = "experiment.json"
SAMPLES_FILE = "samples.csv"
RUN_FILE = "run.json"
PREDICTIONS_FILE = "predictions.npz"
EVALUATED_SPLITS = (Split.VAL, Split.TEST)
# A fixed member date: the same predictions are the same bytes, whenever they are written.
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_ARRAYS = tuple(Predictions.__dataclass_fields__)
_COLUMNS = list(Sample.model_fields)


class ExperimentStore:
    """The folder `results/<experiment>/`.

    Args:
        folder: The folder; it need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return self.folder.name

    def exists(self) -> bool:
        """Return whether an experiment has been written here."""
        return (self.folder / EXPERIMENT_FILE).is_file()

    def run_folder(self, run_id: str) -> Path:
        """Return the folder of a run, written or not."""
        return self.folder / "runs" / run_id

    def has_run(self, run_id: str) -> bool:
        """Return whether a run is complete, whether it finished or failed."""
        return (self.run_folder(run_id) / RUN_FILE).is_file()

    def write_experiment(self, record: ExperimentRecord, samples: Iterable[Sample]) -> None:
        """Write `experiment.json` and, before it, `samples.csv`."""
        text = io.StringIO(newline="")
        # Every text is quoted: before Python 3.13 a lone carriage return is not, and ends the row.
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        writer.writeheader()
        writer.writerows(sample.model_dump() for sample in samples)
        write_atomically(self.folder / SAMPLES_FILE, text.getvalue().encode())
        write_atomically(self.folder / EXPERIMENT_FILE, _to_json(record))

    def read_experiment(self) -> ExperimentRecord:
        """Read `experiment.json`.

        Raises:
            StoreError: If it is missing, damaged, or of a newer schema.
        """
        return _read_json(self.folder / EXPERIMENT_FILE, ExperimentRecord)

    def read_samples(self) -> list[Sample]:
        """Read `samples.csv` in the order it was written.

        Raises:
            StoreError: If it is missing, lacks rows, or a row is not a sample or repeats one; names
                the row.
        """
        path = self.folder / SAMPLES_FILE
        samples: list[Sample] = []
        seen: set[str] = set()
        try:
            with path.open(encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file, strict=True)
                if reader.fieldnames != _COLUMNS:
                    raise StoreError(f"{path}, line 1, columns: must be {', '.join(_COLUMNS)}")
                for row in reader:
                    sample = Sample.model_validate(row)
                    if sample.sample_id in seen:
                        raise StoreError(
                            f"{path}, line {reader.line_num}, sample_id: {sample.sample_id!r} is "
                            "there twice; remove one or run the experiment again with --force"
                        )
                    seen.add(sample.sample_id)
                    samples.append(sample)
        except ValidationError as error:
            raise StoreError(f"{path}, line {reader.line_num}, {_first_problem(error)}") from None
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise StoreError(f"{path}: cannot be read: {error}") from None
        self._refuse_missing(samples)
        return samples

    def _refuse_missing(self, samples: list[Sample]) -> None:
        """Refuse a `samples.csv` that was cut between two rows."""
        counts = Counter(sample.split for sample in samples)
        splits = self.read_experiment().splits
        for split in EVALUATED_SPLITS:
            if counts[split] != splits[split].n_images:
                raise StoreError(
                    f"{self.folder / SAMPLES_FILE}: has {counts[split]} images of {split}, but "
                    f"{EXPERIMENT_FILE} says {splits[split].n_images}; one of them was cut short "
                    "or edited. Restore it or run again with --force"
                )

    def read_run(self, run_id: str) -> RunRecord:
        """Read a run's record.

        Raises:
            StoreError: If it is missing, damaged, of a newer schema, or of another run.
        """
        path = self.run_folder(run_id) / RUN_FILE
        record = _read_json(path, RunRecord)
        if record.run_id != run_id:
            raise StoreError(
                f"{path}, run_id: is {record.run_id!r} but the folder is {run_id!r}; rename one"
            )
        return record

    def write_run(self, record: RunRecord) -> None:
        """Write a run's record. Everything that it names must be written before."""
        write_atomically(self.run_folder(record.run_id) / RUN_FILE, _to_json(record))

    def remove_run(self, run_id: str, *, keep: str | None = None) -> None:
        """Remove a run: its record first, so that no reader sees a run that is half gone.

        Args:
            run_id: The run.
            keep: Name of a file that stays; what a crash left behind goes as well.
        """
        folder = self.run_folder(run_id)
        (folder / RUN_FILE).unlink(missing_ok=True)
        if keep is None or not (folder / keep).is_file():
            shutil.rmtree(folder, ignore_errors=True)
            return
        for path in folder.iterdir():
            if path.name != keep:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    @property
    def thumbnails_folder(self) -> Path:
        """The folder of pictures shared by all runs."""
        return self.folder / "thumbnails"

    def write_thumbnails(self, name: str, content: bytes) -> StoredFile:
        """Write a picture of images and return what the record says of it."""
        return _write_file(self.thumbnails_folder / name, content)

    def write_file(self, run_id: str, name: str, content: bytes) -> StoredFile:
        """Write a file beside a run's record and return what the record says of it."""
        return _write_file(self.run_folder(run_id) / name, content)

    def write_predictions(
        self, run_id: str, predictions: Mapping[Split, Predictions]
    ) -> StoredFile:
        """Write `predictions.npz`: the arrays of `Predictions` under `<split>_<array>`."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for split, of_split in predictions.items():
                for name in _ARRAYS:
                    member = io.BytesIO()
                    np.lib.format.write_array(member, getattr(of_split, name), allow_pickle=False)
                    info = zipfile.ZipInfo(f"{split}_{name}.npy", date_time=_ZIP_EPOCH)
                    archive.writestr(info, member.getvalue(), zipfile.ZIP_DEFLATED)
        return self.write_file(run_id, PREDICTIONS_FILE, content.getvalue())

    def read_predictions(self, record: RunRecord, split: Split) -> Predictions:
        """Read what a finished run said about one split.

        Raises:
            StoreError: If the file is missing, is not the one recorded, or lacks an array.
        """
        if record.predictions is None:
            raise StoreError(f"run {record.run_id!r} has no predictions: {record.failure}")
        path = self.run_folder(record.run_id) / record.predictions.name
        try:
            _refuse_damage(path, sha256_of(path), record.predictions, "predictions")
            with zipfile.ZipFile(path) as archive:
                return Predictions(
                    **{name: _read_array(archive, f"{split}_{name}.npy") for name in _ARRAYS}
                )
        except KeyError as error:
            raise StoreError(f"{path}: an array is missing: {error.args[0]}") from None
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise StoreError(f"{path}: cannot be read: {error}") from None

    def read_weights(self, record: RunRecord) -> bytes:
        """Read the trained weights of a finished run, in the safetensors format.

        Raises:
            StoreError: If there are none, or the file is missing or is not the one recorded.
        """
        if record.weights is None:
            raise StoreError(f"run {record.run_id!r} has no weights: {record.absent['weights']}")
        path = self.run_folder(record.run_id) / record.weights.name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
        _refuse_damage(path, hashlib.sha256(content).hexdigest(), record.weights, "weights")
        return content


def _refuse_damage(path: Path, sha256: str, recorded: StoredFile, field: str) -> None:
    if sha256 != recorded.sha256:
        raise StoreError(
            f"{path}: its content is not what run.json recorded (field {field}.sha256); the file "
            "is damaged or was edited. Restore it or run again with --force"
        )


def _write_file(path: Path, content: bytes) -> StoredFile:
    write_atomically(path, content)
    return StoredFile(name=path.name, size_bytes=len(content), sha256=sha256_of(path))


def _read_array(archive: zipfile.ZipFile, member: str) -> NDArray[Any]:
    with archive.open(member) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _to_json(record: Record) -> bytes:
    return record.model_dump_json(indent=1).encode() + b"\n"


def _read_json(path: Path, kind: type[R]) -> R:
    try:
        content: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise StoreError(
            f"{path}: not JSON ({error}); it was cut short or edited. Restore it or run again with "
            "--force"
        ) from None
    if not isinstance(content, dict) or "schema_version" not in content:
        raise StoreError(f"{path}, schema_version: missing; this is not a record of bakeoff's")
    version = content["schema_version"]
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: was written with schema version {version}, but this bakeoff reads versions "
            f"up to {SCHEMA_VERSION}; install a newer bakeoff to read it"
        )
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise StoreError(f"{path}, {_first_problem(error)}") from None


def _first_problem(error: ValidationError) -> str:
    """Return the first validation error as `field: what is wrong`."""
    problem = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in problem["loc"])
    return f"{field}: {problem['msg']}" if field else problem["msg"]
