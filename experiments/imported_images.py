"""Images for results that were imported without any: found below a folder by the sample ids."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image

from experiments.cores import n_cores
from experiments.decoding import UnreadableError, check, decode
from experiments.progress import Progress
from experiments.results.errors import DataError
from experiments.results.importers.adding import Pictures
from experiments.results.schema import Sample, Split
from experiments.results.store import ExperimentStore
from experiments.thumbnails import Picture, write_thumbnails


def draw_images(
    folder: Path,
    samples: Sequence[Sample],
    n_classes: int,
    store: ExperimentStore,
    progress: Progress,
) -> Pictures:
    """Find the test images, look at them, and store small pictures of them.

    Args:
        folder: Holds the images, at any depth.
        samples: Those of all splits, in their order; only the test images are looked for.
        n_classes: C.
        store: Where the pictures go.
        progress: Told while images are decoded.

    Raises:
        DataError: If there are no sample ids, or an image is not found, ambiguous, or cannot be
            decoded; names the first.
    """
    tests = [sample for sample in samples if sample.split == Split.TEST]
    if not tests:
        raise DataError(f"--images {folder}: what was imported has no sample ids to find images by")
    files = _find(folder, [sample.sample_id for sample in tests])
    seen = _look_at_all(folder, tests, files, progress)
    pictures = [
        Picture(sample.sample_id, sample.target, sample.sha256, partial(_open, file))
        for sample, file in zip(seen, files, strict=True)
    ]
    examples, thumbnails = write_thumbnails(pictures, n_classes, store, progress)
    others = [sample for sample in samples if sample.split != Split.TEST]
    return Pictures([*others, *seen], examples, thumbnails)


def _find(folder: Path, sample_ids: Sequence[str]) -> list[Path]:
    """Return the file of each image.

    Ids are looked up among the files that there are, and no path is ever made from one.
    """
    if not folder.is_dir():
        raise DataError(f"--images {folder}: there is no such folder")
    names = _names(folder)
    found = []
    for sample_id in sample_ids:
        # Tables made on Windows have backslashes.
        wanted = sample_id.replace("\\", "/")
        files: list[Path] = next((known[wanted] for known in names if wanted in known), [])
        if len(files) != 1:
            what = "two files" if files else "no file"
            raise DataError(
                f"--images {folder}: there is {what} named {sample_id!r}; every sample_id has to "
                "be the path of an image below that folder, or the name of one, with or without "
                "its suffix"
            )
        found += files
    return found


def _names(folder: Path) -> list[dict[str, list[Path]]]:
    """Return the files below a folder by what they may be called, from most to least exact."""
    names: list[dict[str, list[Path]]] = [defaultdict(list) for _ in range(4)]
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        path = file.relative_to(folder)
        called = (path.as_posix(), path.with_suffix("").as_posix(), path.name, path.stem)
        for known, name in zip(names, called, strict=True):
            known[name].append(file)
    return names


def _look_at_all(
    folder: Path, samples: Sequence[Sample], files: Sequence[Path], progress: Progress
) -> list[Sample]:
    seen = []
    with (
        progress.work("looking at images", len(files)) as step,
        ThreadPoolExecutor(n_cores()) as threads,
    ):
        for sample in threads.map(partial(_look, folder), samples, files):
            seen.append(sample)
            step()
    return seen


def _look(folder: Path, sample: Sample, file: Path) -> Sample:
    """Return the sample with all that its file tells."""
    content = _read(file)
    try:
        look = check(content)
    except UnreadableError as error:
        raise _unreadable(file, error) from None
    sha256 = hashlib.sha256(content).hexdigest()
    path = file.relative_to(folder).as_posix()
    return sample.model_copy(update={"path": path, "sha256": sha256, **look._asdict()})


def _open(file: Path) -> Image.Image:
    try:
        return decode(_read(file))
    except UnreadableError as error:
        raise _unreadable(file, error) from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from None


def _unreadable(file: Path, error: UnreadableError) -> DataError:
    return DataError(f"{file}: {error}; mend the image, or leave it out of what is imported")
