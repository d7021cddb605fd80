"""A result store of nine classes in three superclasses, with unevenly many images."""

from pathlib import Path

from experiments.results.store import ExperimentStore
from tests.made_up import write_made_up_store

BEASTS = ("tabby", "Beagle", "siamese", "pug", "carp", "Boxer", "manx", "husky", "trout")
KINDS = ["cat", "dog", "cat", "dog", "fish", "dog", "cat", "dog", "fish"]
BY_NAME = [1, 5, 4, 7, 6, 3, 2, 0, 8]
BY_KIND = [0, 2, 6, 1, 3, 5, 7, 4, 8]


def group(store: ExperimentStore, superclasses: list[str]) -> None:
    """Give the classes of a store superclasses."""
    record = store.read_experiment()
    absent = {name: why for name, why in record.absent.items() if name != "superclasses"}
    changes = {"superclasses": superclasses, "absent": absent}
    store.write_experiment(record.model_copy(update=changes), store.read_samples())


def write_beasts(folder: Path) -> ExperimentStore:
    """Write the store, with runs of three models."""
    store = write_made_up_store(
        folder, class_names=BEASTS, n_images=222, models=("alpha", "gamma", "delta")
    )
    group(store, KINDS)
    return store
