"""Which images are for training, for choosing and for reporting, where the source does not say."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sklearn.model_selection import train_test_split

from experiments.config import DatasetOptions
from experiments.results.errors import DataError
from experiments.results.schema import Split
from experiments.sources import Entry

E = TypeVar("E", bound=Entry)


def complete_splits(entries: Sequence[E], options: DatasetOptions) -> tuple[list[E], str]:
    """Hold out `test` and `val` at random, stratified by class, where they are missing.

    Args:
        entries: All images.
        options: Shares to hold out, and the seed.

    Returns:
        The images by split and sample id, and a sentence on how they were split.

    Raises:
        DataError: If there are too few images of a class to hold some out.
    """
    # Sorted before the draw, so that it does not depend on the order of a table or a folder.
    done = sorted(entries, key=lambda entry: entry.sample_id)
    held_out = []
    fractions = {Split.TEST: options.test_fraction, Split.VAL: options.val_fraction}
    for split, fraction in fractions.items():
        if not any(entry.split == split for entry in done):
            done = _hold_out(done, split, fraction, options.split_seed)
            held_out.append(split)
    order = list(Split)
    done.sort(key=lambda entry: (order.index(entry.split), entry.sample_id))
    return done, _how(held_out, options.split_seed)


def _how(held_out: list[Split], seed: int) -> str:
    at_random = f"held out of the other images at random, stratified by class (seed {seed})"
    match held_out:
        case []:
            return "The splits are the dataset's own."
        case [only]:
            kept = Split.TEST if only == Split.VAL else Split.VAL
            return f"The {kept} split is the dataset's own; {only} was {at_random}."
        case _:
            return f"The test and val splits were {at_random}."


def _hold_out(entries: list[E], split: Split, fraction: float, seed: int) -> list[E]:
    """Move a share of the training images to another split, with the classes in equal shares."""
    training = [entry for entry in entries if entry.split == Split.TRAIN]
    names = [entry.sample_id for entry in training]
    try:
        _, chosen = train_test_split(
            names,
            test_size=fraction,
            random_state=seed,
            stratify=[entry.target for entry in training],
        )
    except ValueError as error:
        raise DataError(
            f"a share of {fraction:g} of {len(names)} images cannot be held out as {split}: {error}"
        ) from None
    moved = set(chosen)
    return [replace(i, split=split) if i.sample_id in moved else i for i in entries]
