"""Which test images are followed through the layers of every model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from experiments.datasets import ImageDataset
from experiments.results.errors import ConfigError, nearest
from experiments.results.schema import ExplainedSample, Split

N_SAMPLES = 6


def choose_samples(
    sample_ids: Sequence[str],
    targets: NDArray[np.int64],
    predicted: Sequence[NDArray[np.int32]],
    n_classes: int,
) -> list[ExplainedSample]:
    """Choose images by what the runs said of them; the same from the same predictions.

    Up to half are mistakes: those that most runs get wrong, from different classes. The others are
    of classes at equal steps, and of each the one that most runs get right.

    Args:
        sample_ids: N ids of the test images.
        targets: (N,) int64 in [0, n_classes).
        predicted: For each run (N,) int32.
        n_classes: C.

    Returns:
        At most `N_SAMPLES`, mistakes last.
    """
    n_right = np.sum([of_run == targets for of_run in predicted], axis=0)
    mistakes = _mistakes(targets, n_right, len(predicted))
    n_others = N_SAMPLES - len(mistakes)
    taken = set(mistakes)
    others = []
    for target in np.linspace(0, n_classes - 1, n_others).round():
        of_class = [p for p in np.flatnonzero(targets == target).tolist() if p not in taken]
        if of_class:
            best = max(of_class, key=lambda place: n_right[place])
            taken.add(best)
            others.append(best)
    return [
        *(ExplainedSample(sample_id=sample_ids[place], why="class") for place in others),
        *(ExplainedSample(sample_id=sample_ids[place], why="mistake") for place in mistakes),
    ]


def image_to_follow(samples: Sequence[ExplainedSample]) -> str:
    """Return the one of them that explains the way through a model: no mistake, if there is one."""
    return next((s for s in samples if s.why != "mistake"), samples[0]).sample_id


def named_samples(dataset: ImageDataset, names: Sequence[str]) -> list[ExplainedSample]:
    """Find the test images that a configuration names, by their id or their path.

    Raises:
        ConfigError: Names all that are no test images, with the nearest that is.
    """
    items = dataset.of_split(Split.TEST)
    ids = {item.path: item.sample_id for item in items if item.path}
    ids |= {item.sample_id: item.sample_id for item in items}
    if unknown := [name for name in names if name not in ids]:
        told = ", ".join(f"{name!r}{nearest(name, ids)}" for name in unknown)
        raise ConfigError(f"explain.images: no test images: {told}")
    chosen = dict.fromkeys(ids[name] for name in names)
    return [ExplainedSample(sample_id=sample_id, why="named") for sample_id in chosen]


def _mistakes(targets: NDArray[np.int64], n_right: NDArray[np.int64], n_runs: int) -> list[int]:
    """Return places of images that most runs get wrong, one a class; the worst come first."""
    found: dict[int, int] = {}
    for place in np.argsort(n_right, kind="stable"):
        if n_right[place] < n_runs and len(found) < N_SAMPLES // 2:
            found.setdefault(int(targets[place]), int(place))
    return list(found.values())
