"""What the browser loads of the explorer: small numbers in flat lists, as JSON holds them.

An image goes by its class and its place there (`Images.ranks`); probabilities are in permille.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from experiments.results.embedding import Embedding
from site_builder.explorer.images import N_TOP, Answers, Images
from site_builder.explorer.lists import (
    Listed,
    all_wrong,
    confident_mistakes,
    disagreements,
    lowest_margins,
    only_right,
    suspected,
)
from site_builder.explorer.suspicion import HARD, LABEL
from site_builder.loading import Run

N_TAKEN = 3
"""Classes that are named as taken for another."""
_SHOWN = 2
"""Classes and probabilities of an image in a list."""
_MAP_STEPS = 1000
Part: TypeAlias = NDArray[np.bool_]
"""(N,) bool: which of the test images a list is made of."""


def class_shards(
    images: Images, runs: tuple[Run, ...], n_classes: int
) -> Iterator[dict[str, object]]:
    """Yield for every class, in order, its images and what each run makes of it.

    Yields:
        `ids`, `paths`: of the images; `top`: for each run of `images.answers` and each image
        `N_TOP` pairs of class and probability, one after the other; `suspicions`: of each image,
        as `Images.suspicions`; `chosen`: for each of `runs` the images called so, or -1; `hits`:
        those of them that are right; `taken`: for each of `runs` other classes and how many of
        their images were called so, the most first.
    """
    ends = np.cumsum(np.bincount(images.targets, minlength=n_classes)).tolist()
    top = _pairs_by_class(images)
    taken = [_taken(run) for run in runs]
    for target, (start, end) in enumerate(pairwise([0, *ends])):
        places = images.by_class[start:end].tolist()
        yield {
            "ids": [images.samples.sample_ids[place] for place in places],
            "paths": [images.samples.paths[place] for place in places],
            "top": [of_run[start:end].ravel().tolist() for of_run in top],
            "suspicions": images.suspicions[places].tolist(),
            "chosen": [int(run.counts.chosen[target]) for run in runs],
            "hits": [int(run.counts.hits[target]) for run in runs],
            "taken": [of_run[target] for of_run in taken],
        }


def run_lists(images: Images, index: int, parts: Sequence[Part]) -> Iterator[dict[str, object]]:
    """Yield the views of run `index` for each of `parts`.

    Yields:
        By name `n`, the number of images, and `images`, the first of them.
    """
    said = images.answers[index]
    listed = {
        "confident": confident_mistakes(images, index),
        "only": only_right(images, index),
        "margin": lowest_margins(images, index),
    }
    yield from _views(listed, parts, lambda places: _entries(images, said, places))


def mistakes(images: Images, index: int) -> list[int]:
    """Return what run `index` gets wrong, the surest first: as a list, but all and one answer each.

    Two runs' mistakes tell which images only one of them gets right.
    """
    said = images.answers[index]
    places = confident_mistakes(images, index).ordered
    return _flat([images.targets[places], images.ranks[places], *_pairs(said, places, 1)])


def most_confused(run: Run) -> tuple[int, int]:
    """Return the class of which most images are taken for another, and that other."""
    if run.matrix is None:
        return 0, 0
    errors = run.matrix - np.diag(run.matrix.diagonal())
    target, prediction = np.unravel_index(int(errors.argmax()), errors.shape)
    return int(target), int(prediction)


def shared_lists(images: Images, parts: Sequence[Part]) -> Iterator[dict[str, object]]:
    """Yield the views that all runs share for each of `parts`.

    Yields:
        By name `n`, the number of images, and `images`: for each of the first of them its class,
        its place there, the class that most runs chose, how many did, and what it may be, as
        `Images.suspicions`.
    """
    names: list[NDArray[np.integer]] = [images.targets, images.ranks]
    columns = [*names, *images.votes, images.suspicions]
    listed = {
        "all-wrong": all_wrong(images),
        "label": suspected(images, LABEL),
        "hard": suspected(images, HARD),
        "disagree": disagreements(images),
    }
    yield from _views(listed, parts, lambda places: _flat([column[places] for column in columns]))


def map_shard(images: Images, index: int, embedding: Embedding) -> dict[str, object]:
    """Return where the images lie on the map of run `index`: `x`, `y` from 0 to 1000, `images`."""
    x, y = np.rint(embedding.positions.astype(np.float64) * _MAP_STEPS).astype(int).T.tolist()
    return {"x": x, "y": y, "images": _entries(images, images.answers[index], embedding.samples)}


def _views(
    listed: Mapping[str, Listed | None],
    parts: Sequence[Part],
    write: Callable[[NDArray[np.int64]], list[int]],
) -> Iterator[dict[str, object]]:
    known = {name: of for name, of in listed.items() if of}
    for part in parts:
        of_part = {name: of.among(part) for name, of in known.items()}
        yield {name: {"n": of.n, "images": write(of.places)} for name, of in of_part.items()}


def _entries(images: Images, said: Answers, places: NDArray[np.integer]) -> list[int]:
    """Return class, place there, and the first classes with their probabilities, of each image."""
    names = [images.targets[places], images.ranks[places]]
    return _flat([*names, *_pairs(said, places, _SHOWN)])


def _pairs(said: Answers, places: NDArray[np.integer], n: int) -> list[NDArray[np.integer]]:
    return [column[places, nth] for nth in range(n) for column in (said.classes, said.permille)]


def _pairs_by_class(images: Images) -> list[NDArray[np.int32]]:
    return [
        np.stack(_pairs(said, images.by_class, N_TOP), axis=1).astype(np.int32)
        for said in images.answers
    ]


def _flat(columns: list[NDArray[np.integer]]) -> list[int]:
    flat: list[int] = np.stack(columns, axis=1).ravel().tolist()
    return flat


def _taken(run: Run) -> list[list[int]]:
    """Return for every class the other classes that were taken for it, each with its count."""
    taken: list[list[int]] = [[] for _ in run.counts.support]
    if run.matrix is None:
        return taken
    targets, chosen = np.nonzero(run.matrix)
    counts = run.matrix[targets, chosen]
    order = np.argsort(-counts, kind="stable")
    wrong = order[targets[order] != chosen[order]]
    for target, prediction, count in np.stack(
        [targets[wrong], chosen[wrong], counts[wrong]], axis=1
    ).tolist():
        if len(taken[prediction]) < 2 * N_TAKEN:
            taken[prediction] += [target, count]
    return taken
