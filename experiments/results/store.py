"""Read and write one experiment's folder; `docs/results-schema.md` describes what lies in it.

Files are written whole or not at all. A run's `run.json` is written after everything it names, so
a run that has one is complete. Nothing is ever unpickled.
"""

import io
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from experiments.results.archives import npz_bytes, npz_names, read_npz, zip_bytes
from experiments.results.counts import Counts
from experiments.results.embedding import Embedding
from experiments.results.errors import StoreError
from experiments.results.files import write_atomically
from experiments.results.predictions import Predictions
from experiments.results.record_files import (
    read_json,
    read_named,
    read_stored,
    to_json,
    write_stored,
)
from experiments.results.samples import iter_samples, write_samples
from experiments.results.schema import (
    ExperimentRecord,
    RunRecord,
    Sample,
    Split,
    StoredFile,
    Thumbnails,
)

EXPERIMENT_FILE = "experiment.json"
SAMPLES_FILE = "samples.csv"
RUN_FILE = "run.json"
PREDICTIONS_FILE = "predictions.npz"
COUNTS_FILE = "counts.npz"
EMBEDDING_FILE = "embedding.npz"
PREVIEWS_FILE = "previews.zip"
EVALUATED_SPLITS = (Split.VAL, Split.TEST)
_ARRAYS = tuple(Predictions.__dataclass_fields__)
# What an import may not know.
_OPTIONAL_ARRAYS = {"top_probabilities", "target_probabilities", "target_ranks"}
_CLASS_COUNTS = ("support", "hits", "chosen")


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

    def refuse_links(self) -> None:
        """Refuse links that lead out of this folder: a store may come from anywhere.

        Raises:
            StoreError: Names the first of them.
        """
        folder = self.folder.resolve()
        for path in sorted(self.folder.rglob("*")):
            if path.is_symlink() and not path.resolve().is_relative_to(folder):
                raise StoreError(
                    f"{path}: is a link that leads out of the store; put what it leads to there"
                )

    def run_folder(self, run_id: str) -> Path:
        """Return the folder of a run, written or not."""
        return self.folder / "runs" / run_id

    def has_run(self, run_id: str) -> bool:
        """Return whether a run is complete, whether it finished or failed."""
        return (self.run_folder(run_id) / RUN_FILE).is_file()

    def write_experiment(self, record: ExperimentRecord, samples: Iterable[Sample] | None) -> None:
        """Write `experiment.json` and, before it, `samples.csv`; None leaves the samples as is."""
        # A record that cannot be written must not leave the samples without one.
        content = to_json(record)
        if samples is not None:
            write_samples(self.folder / SAMPLES_FILE, samples)
        write_atomically(self.folder / EXPERIMENT_FILE, content)

    def read_experiment(self) -> ExperimentRecord:
        """Read `experiment.json`.

        Raises:
            StoreError: If it is missing, damaged, or of a newer schema.
        """
        return read_json(self.folder / EXPERIMENT_FILE, ExperimentRecord)

    def iter_samples(self) -> Iterator[Sample]:
        """Read `samples.csv` row by row, in the order it was written.

        Raises:
            StoreError: If it is missing, lacks rows, or a row is not a sample or repeats one of its
                split; names the row.
        """
        return iter_samples(self.folder / SAMPLES_FILE, self.read_experiment())

    def read_samples(self) -> list[Sample]:
        """Read all of `samples.csv`.

        Raises:
            StoreError: As `iter_samples`.
        """
        return list(self.iter_samples())

    def read_run(self, run_id: str) -> RunRecord:
        """Read a run's record.

        Raises:
            StoreError: If it is missing, damaged, of a newer schema, or of another run.
        """
        return read_named(self.run_folder(run_id) / RUN_FILE, RunRecord, "run_id", run_id)

    def write_run(self, record: RunRecord) -> None:
        """Write a run's record. Everything that it names must be written before."""
        write_atomically(self.run_folder(record.run_id) / RUN_FILE, to_json(record))

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
        return write_stored(self.thumbnails_folder / name, content)

    def remove_thumbnails(self) -> None:
        """Remove all pictures that are shared by the runs."""
        shutil.rmtree(self.thumbnails_folder, ignore_errors=True)

    def write_previews(self, previews: Mapping[int, bytes]) -> StoredFile:
        """Write `previews.zip`: WebP pictures by the place of their image in `test`."""
        members = {f"{place}.webp": previews[place] for place in sorted(previews)}
        # The pictures are compressed already.
        return self.write_thumbnails(PREVIEWS_FILE, zip_bytes(members, zipfile.ZIP_STORED))

    def read_thumbnails(self, file: StoredFile, field: str = "thumbnails") -> bytes:
        """Read a picture of images.

        Args:
            file: What `experiment.json` says of it.
            field: Where it says so, for messages.

        Raises:
            StoreError: If the file is missing or is not the one recorded.
        """
        return read_stored(self.thumbnails_folder / file.name, file, field, EXPERIMENT_FILE)

    def read_previews(self, thumbnails: Thumbnails) -> Iterator[tuple[int, bytes]]:
        """Yield the place in `test`, from 0, and the WebP picture of every image that has one.

        Raises:
            StoreError: If the archive is missing or is not the one recorded.
        """
        if thumbnails.previews is None:
            return
        content = self.read_thumbnails(thumbnails.previews, "thumbnails.previews")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield int(Path(name).stem), archive.read(name)

    def write_file(self, run_id: str, name: str, content: bytes) -> StoredFile:
        """Write a file beside a run's record and return what the record says of it."""
        return write_stored(self.run_folder(run_id) / name, content)

    def write_predictions(
        self, run_id: str, predictions: Mapping[Split, Predictions]
    ) -> StoredFile:
        """Write `predictions.npz`: the arrays of `Predictions` under `<split>_<array>`."""
        arrays = {
            f"{split}_{name}": array
            for split, of_split in predictions.items()
            for name in _ARRAYS
            if (array := getattr(of_split, name)) is not None
        }
        return self.write_file(run_id, PREDICTIONS_FILE, npz_bytes(arrays))

    def read_predictions(self, record: RunRecord, split: Split) -> Predictions:
        """Read what a finished run said about one split.

        Raises:
            StoreError: If there are none, the file is missing, is not the one recorded, or lacks
                an array.
        """
        if record.predictions is None:
            why = record.failure or record.absent["predictions"]
            raise StoreError(f"run {record.run_id!r} has no predictions: {why}")
        path = self.run_folder(record.run_id) / record.predictions.name
        content = read_stored(path, record.predictions, "predictions", RUN_FILE)
        names = {name: f"{split}_{name}" for name in _ARRAYS}
        if record.origin == "imported":
            there = npz_names(content, path)
            names = {
                name: stored
                for name, stored in names.items()
                if stored in there or name not in _OPTIONAL_ARRAYS
            }
        arrays = read_npz(content, names.values(), path)
        found: dict[str, Any] = dict.fromkeys(_ARRAYS)
        found |= {name: arrays[stored] for name, stored in names.items()}
        return Predictions(**found)

    def add_predictions(
        self,
        *,
        run: str,
        sample_ids: ArrayLike,
        targets: ArrayLike,
        probabilities: ArrayLike | None = None,
        logits: ArrayLike | None = None,
        class_names: Sequence[str] | None = None,
        now: datetime | None = None,
        force: bool = False,
    ) -> RunRecord:
        """Store what a model from elsewhere said about the test images.

        An experiment that does not exist is made of these images and classes; one that does has to
        have the same, in any order.

        Args:
            run: Name of the run for people; its id follows from it.
            sample_ids: (N,) different texts.
            targets: (N,) true classes, as indices or names.
            probabilities: (N, C) in [0, 1]; each row adds up to 1.
            logits: (N, C), instead of the probabilities.
            class_names: C names; the experiment's, or else the numbers from 0, where it is None.
            now: When this is; the current time where it is None.
            force: Replace an imported run of the same name.

        Returns:
            The run as it is stored.

        Raises:
            BakeoffError: If an argument makes no sense, the images or classes are not those of the
                experiment, or the run is there already; names the array, the row and the fix.
        """
        # Only those who import wait for it; and it writes to this store.
        from experiments.results.importers.adding import NewRun, add_run
        from experiments.results.importers.arrays import from_arrays
        from experiments.results.importers.labels import ClassNames

        given = {
            "sample_ids": sample_ids,
            "targets": targets,
            "probabilities": probabilities,
            "logits": logits,
            "class_names": class_names,
        }
        arrays = {name: np.asarray(array) for name, array in given.items() if array is not None}
        known = ClassNames.of_store(self) if self.exists() else None
        imported = from_arrays(arrays, known, f"run {run!r}")
        return add_run(self, imported, NewRun(run), now or datetime.now(UTC), force=force)

    def write_counts(self, run_id: str, counts: Counts) -> StoredFile:
        """Write `counts.npz`: a confusion matrix, or else the three counts of every class."""
        if counts.confusion is not None:
            arrays = {"confusion": counts.confusion}
        else:
            arrays = {name: getattr(counts, name) for name in _CLASS_COUNTS}
        return self.write_file(run_id, COUNTS_FILE, npz_bytes(arrays))

    def read_counts(self, record: RunRecord) -> Counts:
        """Read the counts of an imported run that has no predictions.

        Raises:
            StoreError: If there are none, or the file is missing, is not the one recorded, or lacks
                an array.
        """
        if record.counts is None:
            raise StoreError(f"run {record.run_id!r} has no counts: {record.absent['counts']}")
        path = self.run_folder(record.run_id) / record.counts.name
        content = read_stored(path, record.counts, "counts", RUN_FILE)
        if "confusion" in npz_names(content, path):
            return Counts.of(**read_npz(content, ["confusion"], path))
        return Counts(**read_npz(content, _CLASS_COUNTS, path))

    def write_embedding(self, run_id: str, embedding: Embedding) -> StoredFile:
        """Write `embedding.npz`: the arrays of `Embedding` under their names."""
        return self.write_file(run_id, EMBEDDING_FILE, npz_bytes(vars(embedding)))

    def read_embedding(self, record: RunRecord) -> Embedding:
        """Read where a run's test images lie.

        Raises:
            StoreError: If there is no such map, or the file is missing, is not the one recorded, or
                lacks an array.
        """
        if record.embedding is None:
            why = record.absent["embedding"]
            raise StoreError(f"run {record.run_id!r} has no embedding: {why}")
        path = self.run_folder(record.run_id) / record.embedding.file.name
        content = read_stored(path, record.embedding.file, "embedding.file", RUN_FILE)
        return Embedding(**read_npz(content, Embedding.__dataclass_fields__, path))

    def read_weights(self, record: RunRecord) -> bytes:
        """Read the trained weights of a finished run, in the safetensors format.

        Raises:
            StoreError: If there are none, or the file is missing or is not the one recorded.
        """
        if record.weights is None:
            raise StoreError(f"run {record.run_id!r} has no weights: {record.absent['weights']}")
        path = self.run_folder(record.run_id) / record.weights.name
        return read_stored(path, record.weights, "weights", RUN_FILE)
