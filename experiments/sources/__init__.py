"""Sources of images: which files there are, their classes and splits; nothing is decoded yet.

A source is a function from its table of the configuration to a `Listing`.
"""

from pathlib import Path

from experiments.config import (
    DatasetConfig,
    DigitsConfig,
    FolderConfig,
    ManifestConfig,
    OxfordPetsConfig,
    TorchvisionConfig,
)
from experiments.sources.digits import list_digits
from experiments.sources.folder import list_folder
from experiments.sources.listing import Entry, Listing
from experiments.sources.manifest import list_manifest
from experiments.sources.oxford_pets import list_oxford_pets
from experiments.sources.torchvision_datasets import list_torchvision

__all__ = ["Entry", "Listing", "list_images"]


def list_images(config: DatasetConfig, downloads: Path) -> Listing:
    """List the images that a configuration names.

    Args:
        config: The `[dataset]` table.
        downloads: Folder for datasets that are downloaded.

    Raises:
        DataError: If images are missing or their labels make no sense.
        ConfigError: If there is no such dataset.
    """
    match config:
        case DigitsConfig():
            return list_digits()
        case OxfordPetsConfig():
            return list_oxford_pets(config, downloads)
        case TorchvisionConfig():
            return list_torchvision(config, downloads)
        case FolderConfig():
            return list_folder(config)
        case ManifestConfig():
            return list_manifest(config)
