"""Any classification dataset that torchvision has, by torchvision's own name."""

import inspect
import io
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import URLError

from torchvision import datasets

from experiments.config import TorchvisionConfig
from experiments.results.errors import ConfigError, DataError, nearest
from experiments.results.schema import DatasetCard, Split
from experiments.sources.listing import Entry, Listing, reason_of

_Parts = Mapping[Split, Mapping[str, Any]]
_BY_FLAG: _Parts = {Split.TRAIN: {"train": True}, Split.TEST: {"train": False}}


def _named(train: str, test: str, val: str | None = None) -> _Parts:
    names = {Split.TRAIN: train, Split.VAL: val, Split.TEST: test}
    return {split: {"split": name} for split, name in names.items() if name}


# Which arguments make which split. Where torchvision has no labelled `test`, its `val` is what the
# literature reports on, and is the test split here.
DATASETS: Mapping[str, _Parts] = {
    "CIFAR10": _BY_FLAG,
    "CIFAR100": _BY_FLAG,
    "CLEVRClassification": _named("train", "val"),
    "Caltech101": {Split.TRAIN: {}},
    "Caltech256": {Split.TRAIN: {}},
    "Country211": _named("train", "test", "valid"),
    "DTD": _named("train", "test", "val"),
    "EMNIST": {split: {"split": "balanced", **flag} for split, flag in _BY_FLAG.items()},
    "EuroSAT": {Split.TRAIN: {}},
    "FGVCAircraft": _named("train", "test", "val"),
    "FashionMNIST": _BY_FLAG,
    "Flowers102": _named("train", "test", "val"),
    "Food101": _named("train", "test"),
    "GTSRB": _named("train", "test"),
    "ImageNet": _named("train", "val"),
    "Imagenette": _named("train", "val"),
    "KMNIST": _BY_FLAG,
    "MNIST": _BY_FLAG,
    "OxfordIIITPet": _named("trainval", "test"),
    "Places365": _named("train-standard", "val"),
    "RenderedSST2": _named("train", "test", "val"),
    "SEMEION": {Split.TRAIN: {}},
    "STL10": _named("train", "test"),
    "SUN397": {Split.TRAIN: {}},
    "SVHN": _named("train", "test"),
    "StanfordCars": _named("train", "test"),
    "USPS": _BY_FLAG,
}
# Where the classes keep what they offer in public only one decoded image at a time.
_PAIR_FIELDS = ("_samples", "samples", "imgs")
_FILE_FIELDS = ("_image_files", "_images")
_LABEL_FIELDS = ("_labels", "targets", "labels", "y")
_CLASS_FIELDS = ("classes", "categories")


def list_torchvision(config: TorchvisionConfig, downloads: Path) -> Listing:
    """List a dataset of torchvision, downloaded first where no folder is given.

    Files are read as they are; what torchvision keeps in memory becomes a PNG when it is read.

    Raises:
        ConfigError: If torchvision has no classification dataset of that name.
        DataError: If it is not in its folder and cannot be downloaded.
    """
    if config.dataset not in DATASETS:
        raise ConfigError(
            f"dataset.dataset: {config.dataset!r} is not a classification dataset of torchvision"
            f"{nearest(config.dataset, DATASETS)}; there are {', '.join(DATASETS)}"
        )
    root = config.data_dir or downloads
    parts = {
        split: _part(config, root, arguments)
        for split, arguments in DATASETS[config.dataset].items()
    }
    places: dict[str, tuple[Split, int]] = {}
    entries = []
    for split, data in parts.items():
        files, labels = _index(data)
        for index, label in enumerate(labels):
            path = Path(os.path.relpath(files[index], root)).as_posix() if files else ""
            sample_id = path or f"{split}-{index:07d}"
            places[sample_id] = (split, index)
            entries.append(Entry(sample_id, split, int(label), path))

    read = partial(_read, root, parts, places)
    return _listing(config, entries, _class_names(parts[Split.TRAIN]), read)


def _read(
    root: Path, parts: Mapping[Split, Any], places: Mapping[str, tuple[Split, int]], entry: Entry
) -> bytes:
    if entry.path:
        return (root / entry.path).read_bytes()
    split, index = places[entry.sample_id]
    encoded = io.BytesIO()
    parts[split][index][0].save(encoded, "PNG")
    return encoded.getvalue()


def _listing(
    config: TorchvisionConfig,
    entries: list[Entry],
    names: Sequence[str] | None,
    read: Callable[[Entry], bytes],
) -> Listing:
    """Return the listing without the classes that no image has, such as EMNIST's `N/A`."""
    used = sorted({entry.target for entry in entries})
    targets = {target: place for place, target in enumerate(used)}
    return Listing(
        card=DatasetCard(
            name=config.dataset,
            description=f"The dataset {config.dataset} as torchvision has it.",
            licence=config.licence,
            source=f"torchvision.datasets.{config.dataset}",
            n_unreadable=0,
        ),
        class_names=_told_apart([names[target] if names else str(target) for target in used]),
        entries=tuple(
            Entry(entry.sample_id, entry.split, targets[entry.target], entry.path)
            for entry in entries
        ),
        read=read,
    )


def _part(config: TorchvisionConfig, root: Path, arguments: Mapping[str, Any]) -> Any:
    make = getattr(datasets, config.dataset)
    parameters = inspect.signature(make).parameters
    # Subclasses such as EMNIST hand `download` on in **kwargs; ImageNet cannot be downloaded.
    takes_download = "download" in parameters or config.dataset == "EMNIST"
    # A folder that the user named is not written to.
    download = {"download": config.data_dir is None} if takes_download else {}
    try:
        return make(str(root), **arguments, **download)
    except (RuntimeError, URLError, OSError) as error:
        raise DataError(
            f"the dataset {config.dataset} is missing: looked in {root} ({reason_of(error)}). Set "
            "data_dir under [dataset], or pass --data-dir, to the folder that torchvision calls "
            "its root"
        ) from None


def _index(data: Any) -> tuple[Sequence[str | Path], Sequence[int]]:
    """Return the image files and their labels; no files where the images are in memory."""
    for field in _PAIR_FIELDS:
        if pairs := getattr(data, field, None):
            return [path for path, _ in pairs], [label for _, label in pairs]
    labels = next(getattr(data, field) for field in _LABEL_FIELDS if hasattr(data, field))
    for field in _FILE_FIELDS:
        if hasattr(data, field):
            return getattr(data, field), labels
    return [], labels


def _class_names(data: Any) -> list[str] | None:
    for field in _CLASS_FIELDS:
        if names := getattr(data, field, None):
            # ImageNet's classes are tuples of synonyms.
            return [name if isinstance(name, str) else str(name[0]) for name in names]
    return None


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Number the names that occur twice, such as ImageNet's two kinds of crane."""
    often = Counter(names)
    seen: Counter[str] = Counter()
    told_apart = []
    for name in names:
        seen[name] += 1
        told_apart.append(f"{name} ({seen[name]})" if often[name] > 1 else name)
    return tuple(told_apart)
