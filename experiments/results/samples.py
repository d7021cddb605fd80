"""`samples.csv`: one row for every image; there may be a million, so they are read one by one."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path

from pydantic import ValidationError

from experiments.results.errors import StoreError, first_problem
from experiments.results.files import write_atomically
from experiments.results.schema import ExperimentRecord, Sample, Split

_COLUMNS = list(Sample.model_fields)
# Version 1 had neither training images nor digests.
_FIRST_COLUMNS = [name for name in _COLUMNS if name not in ("sha256", "dhash")]


def write_samples(path: Path, samples: Iterable[Sample]) -> None:
    """Write samples in their order."""
    content = io.BytesIO()
    text = io.TextIOWrapper(content, encoding="utf-8", newline="")
    # Every text is quoted: before Python 3.13 a lone carriage return is not, and ends the row.
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(_COLUMNS)
    writer.writerows(map(attrgetter(*_COLUMNS), samples))
    text.flush()
    write_atomically(path, content.getvalue())


def iter_samples(path: Path, record: ExperimentRecord) -> Iterator[Sample]:
    """Yield the samples in the order in which they were written.

    Args:
        path: Where `samples.csv` lies.
        record: The experiment's record, which says how many there are.

    Raises:
        StoreError: If the file is missing, lacks rows, or a row is not a sample or repeats one of
            its split; names the row.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if reader.fieldnames not in (_COLUMNS, _FIRST_COLUMNS):
                raise StoreError(f"{path}, line 1, columns: must be {', '.join(_COLUMNS)}")
            yield from _checked(reader, path, record)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from None


def _checked(
    reader: "csv.DictReader[str]", path: Path, record: ExperimentRecord
) -> Iterator[Sample]:
    seen: defaultdict[Split, set[str]] = defaultdict(set)
    for row in reader:
        try:
            sample = Sample.model_validate(row)
        except ValidationError as error:
            raise StoreError(f"{path}, line {reader.line_num}, {first_problem(error)}") from None
        of_split = seen[sample.split]
        if sample.sample_id in of_split:
            raise StoreError(
                f"{path}, line {reader.line_num}, sample_id: {sample.sample_id!r} is there twice "
                f"in {sample.split}; remove one or run the experiment again with --force"
            )
        of_split.add(sample.sample_id)
        yield sample
    _refuse_missing(Counter({split: len(ids) for split, ids in seen.items()}), path, record)


def _refuse_missing(counts: Counter[Split], path: Path, record: ExperimentRecord) -> None:
    """Refuse a file that was cut between two rows."""
    for split, summary in record.splits.items():
        if split == Split.TRAIN and record.schema_version == 1:
            continue
        # An import may tell how many images there are, but not which.
        expected = 0 if summary.ids_sha256 is None else summary.n_images
        if counts[split] != expected:
            raise StoreError(
                f"{path}: has {counts[split]} images of {split}, but experiment.json says "
                f"{expected}; one of them was cut short or edited. Restore it or run again with "
                "--force"
            )
