"""Sources of images: which files there are, their classes and splits; nothing is read yet."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import URLError

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torchvision.datasets import OxfordIIITPet
from torchvision.datasets.folder import IMG_EXTENSIONS

from experiments.config import DigitsConfig, FolderConfig, OxfordPetsConfig
from experiments.results.errors import DataError
from experiments.results.schema import DatasetCard, Split

SPLIT_FOLDERS: Mapping[Split, tuple[str, ...]] = {
    Split.TRAIN: ("train",),
    Split.VAL: ("val", "validation", "valid"),
    Split.TEST: ("test",),
}


@dataclass(frozen=True)
class Entry:
    """One labelled image file.

    Attributes:
        sample_id: Unique within the dataset.
        split: The split it belongs to.
        target: Index of its class.
        path: Path below the dataset's folder, with forward slashes; empty if there is no file.
    """

    sample_id: str
    split: Split
    target: int
    path: str


@dataclass(frozen=True)
class Listing:
    """What a source offers.

    Attributes:
        card: What the images are.
        class_names: Names of the classes; targets index into it.
        entries: All images; those of a split are together, in a fixed order.
        read: Returns the encoded image file of an entry; may be called from several threads.
    """

    card: DatasetCard
    class_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    read: Callable[[Entry], bytes]


def list_digits(config: DigitsConfig) -> Listing:
    """List scikit-learn's digits; their files are PNGs made on the fly."""
    bunch = load_digits()
    # Stored as 0 to 16; scaled to the full range of eight bits.
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    places = {f"digit-{index:04d}": index for index in range(len(images))}
    targets = {name: int(bunch.target[place]) for name, place in places.items()}
    rest, test = _split_off(list(places), targets, config.test_fraction, config.split_seed)
    fraction = config.val_fraction / (1 - config.test_fraction)
    train, val = _split_off(rest, targets, fraction, config.split_seed)

    def read(entry: Entry) -> bytes:
        encoded = io.BytesIO()
        Image.fromarray(images[places[entry.sample_id]]).save(encoded, "PNG")
        return encoded.getvalue()

    return Listing(
        card=DatasetCard(
            name="Handwritten digits",
            description=(
                "Grey images of 8 × 8 pixels, digits by 13 writers: the test part of the UCI set. "
                "Split at random, stratified by class."
            ),
            licence="CC BY 4.0",
            source="Alpaydin and Kaynak (1998), UCI Machine Learning Repository; from scikit-learn",
            n_unreadable=0,
        ),
        class_names=tuple(str(name) for name in bunch.target_names),
        entries=tuple(
            Entry(name, split, targets[name], "")
            for split, of_split in ((Split.TRAIN, train), (Split.VAL, val), (Split.TEST, test))
            for name in sorted(of_split)
        ),
        read=read,
    )


def list_oxford_pets(config: OxfordPetsConfig, downloads: Path) -> Listing:
    """List the Oxford-IIIT Pet dataset, downloaded first where no folder is given.

    Raises:
        DataError: If it is not in its folder and cannot be downloaded.
    """
    root = config.data_dir or downloads
    parts = {}
    for part in ("trainval", "test"):
        try:
            # Looks before it downloads; a folder that the user named is not written to.
            parts[part] = OxfordIIITPet(str(root), part, download=config.data_dir is None)
        except (RuntimeError, URLError, OSError) as error:
            raise DataError(
                f"the Oxford-IIIT Pet dataset is missing: looked in {root / 'oxford-iiit-pet'} "
                f"({_reason(error)}). Set data_dir under [dataset], or pass --data-dir, to a "
                "folder that holds oxford-iiit-pet/images and oxford-iiit-pet/annotations"
            ) from None
    # torchvision offers paths and labels only one decoded image at a time in public.
    paths = {part: [Path(path) for path in data._images] for part, data in parts.items()}
    targets = {
        path.stem: target
        for part, data in parts.items()
        for path, target in zip(paths[part], data._labels, strict=True)
    }
    names = [path.stem for path in paths["trainval"]]
    train, val = _split_off(names, targets, config.val_fraction, config.split_seed)
    return Listing(
        card=DatasetCard(
            name="Oxford-IIIT Pet",
            description=(
                "Photographs of 37 breeds of cats and dogs. The official test split is the test "
                "split; val is carved out of trainval at random, stratified by class."
            ),
            licence="CC BY-SA 4.0",
            source="Parkhi, Vedaldi, Zisserman and Jawahar (2012), Cats and Dogs, CVPR",
            n_unreadable=0,
        ),
        class_names=tuple(parts["trainval"].classes),
        entries=tuple(
            Entry(name, split, targets[name], f"images/{name}.jpg")
            for split, of_split in (
                (Split.TRAIN, train),
                (Split.VAL, val),
                (Split.TEST, [path.stem for path in paths["test"]]),
            )
            for name in sorted(of_split)
        ),
        read=lambda entry: (root / "oxford-iiit-pet" / entry.path).read_bytes(),
    )


def list_folder(config: FolderConfig) -> Listing:
    """List a folder of splits of class folders.

    Raises:
        DataError: If a folder is missing or empty, or splits differ in their classes.
    """
    root = config.data_dir
    if root is None or not root.is_dir():
        raise DataError(
            f"the images of {config.title!r} are missing: looked in {root or 'no folder'}. Set "
            "data_dir under [dataset], or pass --data-dir, to a folder with train/ and test/"
        )
    folders = {split: _split_folder(root, split) for split in Split}
    for split in (Split.TRAIN, Split.TEST):
        if folders[split] is None:
            raise DataError(f"{root}: there is no folder {split}/ in it")
    found = {split: _images_by_class(folder) for split, folder in folders.items() if folder}
    class_names = tuple(sorted(found[Split.TRAIN]))
    for split, by_class in found.items():
        if unknown := sorted(by_class.keys() ^ set(class_names)):
            raise DataError(
                f"{folders[split]}: class {unknown[0]!r} is in only one of train/ and "
                f"{split}/; every split needs a folder for each class"
            )
    entries = [
        Entry(name := path.relative_to(root).as_posix(), split, target, name)
        for split, by_class in found.items()
        for target, class_name in enumerate(class_names)
        for path in by_class[class_name]
    ]
    if Split.VAL not in found:
        entries = _carve_val(entries, config)
    return Listing(
        card=DatasetCard(
            name=config.title,
            description=config.description,
            licence=config.licence,
            source=config.origin,
            n_unreadable=0,
        ),
        class_names=class_names,
        entries=tuple(entries),
        read=lambda entry: (root / entry.path).read_bytes(),
    )


def _split_folder(root: Path, split: Split) -> Path | None:
    present = [root / name for name in SPLIT_FOLDERS[split] if (root / name).is_dir()]
    return present[0] if present else None


def _images_by_class(folder: Path) -> dict[str, list[Path]]:
    """Return the image files of each class folder, both in alphabetical order."""
    by_class = {
        entry.name: sorted(
            file
            for file in entry.iterdir()
            if file.suffix.lower() in IMG_EXTENSIONS and not file.name.startswith(".")
        )
        for entry in sorted(folder.iterdir())
        if entry.is_dir() and not entry.name.startswith(".")
    }
    for name, files in by_class.items():
        if not files:
            raise DataError(f"{folder / name}: the folder of a class holds no image")
    return by_class


def _carve_val(entries: list[Entry], config: FolderConfig) -> list[Entry]:
    targets = {entry.sample_id: entry.target for entry in entries if entry.split == Split.TRAIN}
    _, val = _split_off(list(targets), targets, config.val_fraction, config.split_seed)
    held_out = set(val)
    moved = [replace(i, split=Split.VAL) if i.sample_id in held_out else i for i in entries]
    return sorted(moved, key=lambda entry: list(Split).index(entry.split))


def _split_off(
    names: list[str], targets: Mapping[str, int], fraction: float, seed: int
) -> tuple[list[str], list[str]]:
    """Split names at random in two, with the classes in equal shares."""
    try:
        kept, held_out = train_test_split(
            names, test_size=fraction, random_state=seed, stratify=[targets[n] for n in names]
        )
    except ValueError as error:
        raise DataError(
            f"a share of {fraction:g} of {len(names)} images cannot be held out: {error}"
        ) from None
    return kept, held_out


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(reason).splitlines()[0]
