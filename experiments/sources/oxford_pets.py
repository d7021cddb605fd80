"""The Oxford-IIIT Pet dataset: 37 breeds of cats and dogs."""

from pathlib import Path
from urllib.error import URLError

from torchvision.datasets import OxfordIIITPet

from experiments.config import OxfordPetsConfig
from experiments.results.errors import DataError
from experiments.results.schema import DatasetCard, Split
from experiments.sources.listing import Entry, Listing, files_below, reason_of

_PARTS = {Split.TRAIN: "trainval", Split.TEST: "test"}


def list_oxford_pets(config: OxfordPetsConfig, downloads: Path) -> Listing:
    """List the Oxford-IIIT Pet dataset, downloaded first where no folder is given.

    Raises:
        DataError: If it is not in its folder and cannot be downloaded.
    """
    root = config.data_dir or downloads
    parts = {split: _part(root, name, config.data_dir is None) for split, name in _PARTS.items()}
    species = {
        target: data.bin_classes[group].lower()
        for data in parts.values()
        for target, group in zip(data._labels, data._bin_labels, strict=True)
    }
    class_names = tuple(parts[Split.TRAIN].classes)
    return Listing(
        card=DatasetCard(
            name="Oxford-IIIT Pet",
            description="Photographs of 37 breeds of cats and dogs.",
            licence="CC BY-SA 4.0",
            source="Parkhi, Vedaldi, Zisserman and Jawahar (2012), Cats and Dogs, CVPR",
            n_unreadable=0,
        ),
        class_names=class_names,
        entries=tuple(
            Entry(Path(path).stem, split, target, f"images/{Path(path).name}")
            for split, data in parts.items()
            # torchvision offers paths and labels only one decoded image at a time in public.
            for path, target in zip(data._images, data._labels, strict=True)
        ),
        read=files_below(root / "oxford-iiit-pet"),
        superclasses=tuple(species[target] for target in range(len(class_names))),
    )


def _part(root: Path, name: str, download: bool) -> OxfordIIITPet:
    try:
        # Looks before it downloads; a folder that the user named is not written to.
        return OxfordIIITPet(str(root), name, download=download)
    except (RuntimeError, URLError, OSError) as error:
        raise DataError(
            f"the Oxford-IIIT Pet dataset is missing: looked in {root / 'oxford-iiit-pet'} "
            f"({reason_of(error)}). Set data_dir under [dataset], or pass --data-dir, to a "
            "folder that holds oxford-iiit-pet/images and oxford-iiit-pet/annotations"
        ) from None
