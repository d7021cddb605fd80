"""Images in one folder per class, below the folders of the splits or all in one place."""

from collections.abc import Mapping
from pathlib import Path

from experiments.config import FolderConfig
from experiments.decoding import IMAGE_SUFFIXES
from experiments.results.errors import DataError
from experiments.results.schema import DatasetCard, Split
from experiments.sources.listing import Entry, Listing, files_below

SPLIT_FOLDERS: Mapping[Split, tuple[str, ...]] = {
    Split.TRAIN: ("train",),
    Split.VAL: ("val", "validation", "valid"),
    Split.TEST: ("test",),
}


def list_folder(config: FolderConfig) -> Listing:
    """List a folder of class folders, or of splits of class folders.

    Raises:
        DataError: If a folder is missing or empty, or splits differ in their classes.
    """
    root = config.data_dir
    if root is None or not root.is_dir():
        raise DataError(
            f"the images of {config.title!r} are missing: looked in {root or 'no folder'}. Set "
            "data_dir under [dataset], or pass --data-dir, to a folder with train/ and test/, or "
            "with one folder per class"
        )
    folders = _split_folders(root)
    found = {split: _images_by_class(folder) for split, folder in folders.items()}
    class_names = tuple(sorted(found[Split.TRAIN]))
    for split, by_class in found.items():
        if unknown := sorted(by_class.keys() ^ set(class_names)):
            raise DataError(
                f"{folders[split]}: class {unknown[0]!r} is in only one of train/ and "
                f"{split}/; every split needs a folder for each class"
            )
    return Listing(
        card=DatasetCard(
            name=config.title,
            description=config.description,
            licence=config.licence,
            source=config.origin,
            n_unreadable=0,
        ),
        class_names=class_names,
        entries=tuple(
            Entry(name := path.relative_to(root).as_posix(), split, target, name)
            for split, by_class in found.items()
            for target, class_name in enumerate(class_names)
            for path in by_class[class_name]
        ),
        read=files_below(root),
    )


def _split_folders(root: Path) -> dict[Split, Path]:
    """Return the folder of each split; where there is no split, `root` is all of `train`."""
    by_name = {folder.name.lower(): folder for folder in _subfolders(root)}
    folders = {
        split: by_name[name]
        for split, names in SPLIT_FOLDERS.items()
        for name in reversed(names)
        # A folder of that name which holds images is a class: a train is also a vehicle.
        if name in by_name and _subfolders(by_name[name])
    }
    if not folders:
        return {Split.TRAIN: root}
    for split in (Split.TRAIN, Split.TEST):
        if split not in folders:
            raise DataError(f"{root}: there is no folder {split}/ of class folders in it")
    return folders


def _subfolders(folder: Path) -> list[Path]:
    return sorted(
        entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )


def _images_by_class(folder: Path) -> dict[str, list[Path]]:
    """Return the image files of each class folder."""
    by_class = {
        entry.name: [
            file
            for file in entry.iterdir()
            if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")
        ]
        for entry in _subfolders(folder)
    }
    if not by_class:
        raise DataError(f"{folder}: holds no folder of a class")
    for name, files in by_class.items():
        if not files:
            raise DataError(f"{folder / name}: the folder of a class holds no image")
    return by_class
