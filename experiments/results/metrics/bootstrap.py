"""Bootstrap intervals of the scores that have no formula for one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from experiments.results.metrics.calibration import N_BINS, bin_numbers
from experiments.results.metrics.intervals import CONFIDENCE, Interval

# Drawing an image costs about 10 ns: 10 million draws are 0.1 s a run, 10 s for 100 runs.
_MAX_DRAWS = 10_000_000
_MAX_RESAMPLES = 2_000
_MIN_RESAMPLES = 200
# Draws held at once; small enough to stay in the cache of a core.
_DRAWS_AT_ONCE = 100_000


class BootstrapIntervals(NamedTuple):
    """Intervals of averages over classes and of the expected calibration error, each in [0, 1].

    Attributes:
        precision: Of the macro precision.
        recall: Of the macro recall.
        f1: Of the macro F1.
        weighted_precision: Of the weighted precision.
        weighted_f1: Of the weighted F1. The weighted recall is the accuracy, which has Wilson's.
        ece: Of the expected calibration error; None where no confidences were given.
        n_resamples: Resamples that the intervals come from.
    """

    precision: Interval
    recall: Interval
    f1: Interval
    weighted_precision: Interval
    weighted_f1: Interval
    ece: Interval | None
    n_resamples: int


def bootstrap_intervals(
    targets: NDArray[np.integer],
    predicted: NDArray[np.integer],
    confidences: NDArray[np.floating] | None,
    n_classes: int,
    *,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> BootstrapIntervals:
    """Return percentile intervals from resampling the images of each class on their own.

    Each resample has as many images of each class as the data (stratified), as the test set was
    made; scores are defined as in `averaged_scores` and `expected_calibration_error`. Source: Efron
    and Tibshirani (1993), "An introduction to the bootstrap", chapter 13.

    The expected calibration error is larger in resamples than in the data, since chance adds to the
    gap of each bin once more: with few images or a well calibrated model its interval can lie above
    the value itself.

    Args:
        targets: (N,) int in [0, n_classes), true classes, at least one image.
        predicted: (N,) int in [0, n_classes), chosen classes.
        confidences: (N,) float in [0, 1], probability of the chosen class; None where unknown.
        n_classes: C.
        seed: Of the random draws; the same seed gives the same intervals.
        confidence: Coverage in (0, 1).

    Raises:
        ValueError: If there is no image.
    """
    if not len(targets):
        raise ValueError("intervals on no images are undefined")
    images = _arrange(targets, predicted, confidences, n_classes)
    n_resamples = resamples_for(len(targets))
    resamples = _resamples(images, n_resamples, np.random.default_rng(seed))
    scores = np.concatenate([_scores(images, counts) for counts in resamples], axis=1)
    tail = (1 - confidence) / 2
    ends = np.quantile(scores, [tail, 1 - tail], axis=1).T.tolist()
    averages = [Interval(low, high) for low, high in ends]
    ece = None if confidences is None else averages.pop()
    precision, recall, f1, *weighted = averages
    return BootstrapIntervals(precision, recall, f1, weighted[0], weighted[1], ece, n_resamples)


def resamples_for(n_images: int) -> int:
    """Return how many resamples are affordable: 2,000 up to 5,000 images, 200 from 50,000 on.

    Example:
        >>> resamples_for(3_669), resamples_for(10_000), resamples_for(50_000)
        (2000, 1000, 200)
    """
    return min(_MAX_RESAMPLES, max(_MIN_RESAMPLES, _MAX_DRAWS // n_images))


@dataclass(frozen=True)
class _Images:
    """N images sorted by target, so that each class is one stretch of them.

    Attributes:
        parts: (P, N), sparse: what an image adds, each time it is drawn, to the hits of its class,
            the choices of the predicted class, and the gap (confidence - hit) of its bin. P is
            C + C + bins, or C + C without confidences.
        support: (C,) int64, images of each class.
        first: (N,) int32, where the stretch of the image's class begins.
        size: (N,) float32, images in it.
    """

    parts: csr_array[np.float64]
    support: NDArray[np.int64]
    first: NDArray[np.int32]
    size: NDArray[np.float32]


def _arrange(
    targets: NDArray[np.integer],
    predicted: NDArray[np.integer],
    confidences: NDArray[np.floating] | None,
    n_classes: int,
) -> _Images:
    order = np.argsort(targets, kind="stable")
    classes, chosen = targets[order], predicted[order]
    hits = (classes == chosen).astype(np.float64)
    parts = [_one_per_image(classes, hits, n_classes)]
    parts.append(_one_per_image(chosen, np.ones(len(hits)), n_classes))
    if confidences is not None:
        sure = confidences[order]
        parts.append(_one_per_image(bin_numbers(sure, N_BINS), sure - hits, N_BINS))
    support = np.bincount(classes, minlength=n_classes)
    return _Images(
        parts=vstack(parts, format="csr"),
        support=support,
        first=(np.cumsum(support) - support)[classes].astype(np.int32),
        size=support[classes].astype(np.float32),
    )


def _one_per_image(
    rows: NDArray[np.integer], values: NDArray[np.float64], n_rows: int
) -> csr_array[np.float64]:
    """Return (n_rows, N) with the value of each image in its row, zeros elsewhere."""
    n = len(rows)
    return csr_array((values, (rows, np.arange(n))), shape=(n_rows, n))


def _resamples(
    images: _Images, n_resamples: int, random: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Yield (N, some): how often each image is drawn in each resample, within its stretch."""
    n = len(images.first)
    at_once = max(1, _DRAWS_AT_ONCE // n)
    for begin in range(0, n_resamples, at_once):
        n_columns = min(at_once, n_resamples - begin)
        # A float32 below 1 times a size rounds to less than the size: no draw leaves its stretch.
        within = random.random((n, n_columns), dtype=np.float32) * images.size[:, None]
        drawn = within.astype(np.int32) + images.first[:, None]
        cells = drawn * n_columns + np.arange(n_columns, dtype=np.int32)
        counts = np.bincount(cells.ravel(), minlength=n * n_columns)
        yield counts.reshape(n, n_columns).astype(np.float64)


def _scores(images: _Images, times_drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (5 or 6, R): in the order of `BootstrapIntervals`, the calibration error if known."""
    support, n_classes = images.support[:, None], len(images.support)
    totals: NDArray[np.float64] = np.asarray(images.parts @ times_drawn)
    hits, chosen, gaps = np.split(totals, [n_classes, 2 * n_classes])
    n_occurring = np.count_nonzero(support + chosen, axis=0)
    # Without hits a score is 0 whatever it is divided by, so 1 does in place of 0.
    precision, recall, f1 = (
        hits / np.maximum(whole, 1) for whole in (chosen, support, (support + chosen) / 2)
    )
    rows = [of.sum(axis=0) / n_occurring for of in (precision, recall, f1)]
    # A resample has as many images of each class as the data: the weights stay.
    rows += [(images.support @ of) / len(times_drawn) for of in (precision, f1)]
    if len(gaps):
        rows.append(np.abs(gaps).sum(axis=0) / len(times_drawn))
    return np.stack(rows)
