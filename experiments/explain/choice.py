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
) -> list[ExplainedSample]:
    """Choose images by what the runs said of them; the same from the same predictions.

    Up to half are mistakes: those that most runs get wrong, from different classes. The others are
    of the other classes at equal steps, and of each the one that most runs get right; where these
    classes are too few, further images follow in the same way, of any class.

    Args:
        sample_ids: N ids of the test images.
        targets: (N,) int64, classes by their index.
        predicted: For each run (N,) int32.

    Returns:
        At most `N_SAMPLES`, mistakes last.
    """
    n_right = np.sum([of_run == targets for of_run in predicted], axis=0)
    mistakes = _mistakes(targets, n_right, len(predicted))
    others = _others(targets, n_right, mistakes)
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


def _others(
    targets: NDArray[np.int64], n_right: NDArray[np.int64], mistakes: Sequence[int]
) -> list[int]:
    """Return places of images beside the mistakes, of as many classes as there are."""
    found: list[int] = []
    left = np.ones(len(targets), dtype=bool)
    left[list(mistakes)] = False
    used = set(targets[list(mistakes)].tolist())
    while left.any() and (wanted := N_SAMPLES - len(mistakes) - len(found)):
        classes = sorted(set(targets[left].tolist()) - used)
        for step in np.linspace(0, len(classes) - 1, min(wanted, len(classes))).round():
            of_class = np.flatnonzero(left & (targets == classes[int(step)]))
            found.append(int(of_class[n_right[of_class].argmax()]))
            left[found[-1]] = False
        used.clear()
    return found
