"""Which images are for training, for choosing and for reporting, where the source does not say."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from sklearn.model_selection import train_test_split

from experiments.config import DatasetOptions
from experiments.results.errors import DataError
from experiments.results.schema import Split
from experiments.sources import Entry

E = TypeVar("E", bound=Entry)


def complete_splits(
    entries: Sequence[E], options: DatasetOptions, class_names: Sequence[str]
) -> tuple[list[E], str]:
    """Hold out `test` and `val` at random, stratified by class, where they are missing.

    Every class with an image outside the official splits keeps one in `train`, and has one in a
    `test` that is held out. Classes too small for a share of their own may be missing in `val`.

    Args:
        entries: All images.
        options: Shares to hold out, and the seed.
        class_names: Names of the classes.

    Returns:
        The images by split and sample id, and a sentence on how they were split.

    Raises:
        DataError: If there are too few images of a class to hold some out, or the share is smaller
            than the number of classes.
    """
    # Sorted before the draw, so that it does not depend on the order of a table or a folder.
    done = sorted(entries, key=lambda entry: entry.sample_id)
    held_out = []
    fractions = {Split.TEST: options.test_fraction, Split.VAL: options.val_fraction}
    for split, fraction in fractions.items():
        if not any(entry.split == split for entry in done):
            if split == Split.TEST:
                _refuse_single_images(done, class_names)
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


def _refuse_single_images(entries: Sequence[Entry], class_names: Sequence[str]) -> None:
    counts = Counter(entry.target for entry in entries if entry.split == Split.TRAIN)
    single = [class_names[target] for target, count in sorted(counts.items()) if count == 1]
    if single:
        others = f" (so have {len(single) - 1} other classes)" if len(single) > 1 else ""
        raise DataError(
            f"class {single[0]!r} has 1 readable image{others}, and needs 2: one to learn from and "
            "one to hold out as test; add images, or leave the class out"
        )


def _hold_out(entries: list[E], split: Split, fraction: float, seed: int) -> list[E]:
    """Move a share of the training images to another split, with the classes in equal shares."""
    training = [entry for entry in entries if entry.split == Split.TRAIN]
    counts = Counter(entry.target for entry in training)
    # A class of one image has no share to give: that one is learned from.
    shared = [entry for entry in training if counts[entry.target] > 1]
    _require_room(shared, split, fraction)
    _, drawn = train_test_split(
        [entry.sample_id for entry in shared],
        test_size=fraction,
        random_state=seed,
        stratify=[entry.target for entry in shared],
    )
    moved = _with_every_class(shared, drawn, everywhere=split == Split.TEST)
    return [replace(i, split=split) if i.sample_id in moved else i for i in entries]


def _require_room(shared: Sequence[Entry], split: Split, fraction: float) -> None:
    """Refuse a share that holds out, or leaves to learn from, fewer images than there are classes.

    It could not be stratified.
    """
    n_images, n_classes = len(shared), len({entry.target for entry in shared})
    if not n_classes:
        raise DataError(
            f"no class has 2 readable images, one of which could be held out as {split}; add "
            f"images, or give a {split} split of your own"
        )
    # As scikit-learn rounds it.
    n_moved = math.ceil(fraction * n_images)
    if n_classes <= n_moved <= n_images - n_classes:
        return
    few = n_moved < n_classes
    does = (
        f"holds {n_moved} of {n_images} images out"
        if few
        else (f"leaves {n_images - n_moved} of {n_images} images to learn from")
    )
    raise DataError(
        f"{split}_fraction = {fraction:g} under [dataset] {does}, fewer than their {n_classes} "
        f"classes; set it to {_bound(n_classes, n_images, least=few)}"
    )


def _bound(n_classes: int, n_images: int, *, least: bool) -> str:
    """Say how small, or how large, a share may be, to two digits; a half always does."""
    rooms = [
        share / 100
        for share in range(1, 100)
        if n_classes <= math.ceil(share / 100 * n_images) <= n_images - n_classes
    ]
    return f"{rooms[0]:g} or more" if least else f"{rooms[-1]:g} or less"


def _with_every_class(
    shared: Sequence[Entry], drawn: Sequence[str], *, everywhere: bool
) -> set[str]:
    """Return what is moved: what was drawn, with an image of each class left, and moved as well.

    A draw gives a class of two or three images a share of none at times, or of all.

    Args:
        shared: The images that were drawn from, two or more of a class.
        drawn: Ids of some of them.
        everywhere: Whether each class must be among what is moved; it always is in what is left.
    """
    moved = set(drawn)
    of_class: dict[int, list[str]] = {}
    for entry in shared:
        of_class.setdefault(entry.target, []).append(entry.sample_id)
    for names in of_class.values():
        n_moved = len(moved.intersection(names))
        # The first by name, which is as random as the names are, and depends on nothing else.
        if n_moved == len(names):
            moved.remove(names[0])
        elif n_moved == 0 and everywhere:
            moved.add(names[0])
    return moved
