"""Bootstrap intervals against scipy's, against a slow loop, and over many made-up test sets."""

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray

from experiments.results.metrics.bootstrap import (
    BootstrapIntervals,
    bootstrap_intervals,
    resamples_for,
)
from experiments.results.metrics.calibration import expected_calibration_error, reliability_bins
from experiments.results.metrics.classification import averaged_scores, class_scores
from experiments.results.metrics.confusion import confusion_matrix
from experiments.results.metrics.intervals import Interval
from tests.results.labelled import margins

Data = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], int]
SCORES = ("precision", "recall", "f1", "weighted_precision", "weighted_f1", "ece")


def made_up(n_images: int, n_classes: int, seed: int = 0, accuracy: float = 0.7) -> Data:
    """Classes of unequal size; the last two have no images, the last but one is predicted."""
    random = np.random.default_rng(seed)
    shares = np.append(np.arange(1, n_classes - 1), [0, 0]) / np.arange(1, n_classes - 1).sum()
    targets = random.choice(n_classes, size=n_images, p=shares)
    hit = random.random(n_images) < accuracy
    predicted = np.where(hit, targets, random.integers(n_classes - 1, size=n_images))
    return targets, predicted, random.random(n_images).astype(np.float32), n_classes


def slow_scores(data: Data, chosen: NDArray[np.intp]) -> list[float]:
    targets, predicted, confidences, n_classes = data
    counts = margins(confusion_matrix(targets[chosen], predicted[chosen], n_classes))
    macro, weighted = averaged_scores(*counts, "macro"), averaged_scores(*counts, "weighted")
    bins = reliability_bins(confidences[chosen], (targets == predicted)[chosen])
    averages = [macro.precision, macro.recall, macro.f1, weighted.precision, weighted.f1]
    return [*averages, expected_calibration_error(bins)]


def slow_intervals(data: Data, n_resamples: int) -> NDArray[np.float64]:
    """Resample class by class with a plain loop; (6, 2) ends."""
    random, targets = np.random.default_rng(99), data[0]
    strata = [np.flatnonzero(targets == number) for number in np.unique(targets)]
    scores = [
        slow_scores(data, np.concatenate([random.choice(of, size=len(of)) for of in strata]))
        for _ in range(n_resamples)
    ]
    return np.quantile(scores, [0.025, 0.975], axis=0).T


def ends_of(found: BootstrapIntervals) -> list[Interval | None]:
    return [getattr(found, score) for score in SCORES]


def test_the_intervals_are_those_of_a_slow_loop() -> None:
    """Two sets of 2,000 random resamples: their ends differ by a few hundredths of the width."""
    data = made_up(400, 8)
    expected = slow_intervals(data, 2_000)
    found = np.array(ends_of(bootstrap_intervals(*data)))
    widths = expected[:, 1] - expected[:, 0]
    assert (np.abs(found - expected) < 0.12 * widths[:, None]).all()


def test_the_recall_interval_is_scipys() -> None:
    """scipy resamples every class on its own too, when each is given as a sample."""
    random = np.random.default_rng(4)
    targets = np.repeat([0, 1, 2], [20, 60, 220])
    predicted = np.where(random.random(300) < 0.7, targets, random.integers(3, size=300))
    low, high = scipy.stats.bootstrap(
        [(predicted == targets)[targets == number] for number in range(3)],
        lambda *classes, axis: sum(of.mean(axis=axis) for of in classes) / 3,
        n_resamples=4_000,
        method="percentile",
        rng=np.random.default_rng(5),
    ).confidence_interval
    found = bootstrap_intervals(targets, predicted, None, 3)
    assert found.recall == pytest.approx((low, high), abs=0.12 * (high - low))


def test_a_resample_keeps_the_number_of_images_of_each_class() -> None:
    """Classes that are all right or all wrong cannot vary, unless images change class."""
    targets = np.repeat([0, 1, 2], [5, 50, 500])
    predicted = np.repeat([0, 2, 2], [5, 50, 500])
    found = bootstrap_intervals(targets, predicted, None, 3)
    counts = margins(confusion_matrix(targets, predicted, 3))
    macro, weighted = averaged_scores(*counts, "macro"), averaged_scores(*counts, "weighted")
    for score in ("precision", "recall", "f1"):
        assert getattr(found, score) == pytest.approx((getattr(macro, score),) * 2)
    assert found.weighted_precision == pytest.approx((weighted.precision,) * 2)
    assert found.weighted_f1 == pytest.approx((weighted.f1,) * 2)


@pytest.mark.parametrize("hit", [0, 1])
def test_every_image_of_a_class_can_be_drawn_alone(hit: int) -> None:
    """Of two images one is right: a quarter of all resamples have it twice, a quarter never."""
    predicted = np.ones(2, dtype=np.int64)
    predicted[hit] = 0
    assert bootstrap_intervals(np.zeros(2, dtype=np.int64), predicted, None, 2).recall == (0, 1)


def test_gaps_of_neighbouring_bins_do_not_cancel() -> None:
    """Half the images say 0.45 and are right, half say 0.50 and are wrong: gaps 0.55 and 0.50."""
    predicted = np.tile([0, 1], 200)
    confidences = np.tile([0.45, 0.50], 200)
    low, high = bootstrap_intervals(np.zeros(400, dtype=np.int64), predicted, confidences, 2).ece
    assert 0.52 < low < 0.525 < high < 0.53


def test_the_interval_of_one_class_recall_covers_as_promised() -> None:
    """Of 200 made-up test sets about 95 % have the true recall in their interval."""
    covered = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        targets = np.repeat([0, 1], 200)
        predicted = np.where(random.random(400) < 0.8, targets, 1 - targets)
        low, high = bootstrap_intervals(targets, predicted, None, 2).recall
        covered += low <= 0.8 <= high
    assert 0.91 <= covered / 200 <= 0.98


def test_the_same_seed_gives_the_same_interval_and_another_nearly_the_same() -> None:
    data = made_up(500, 6)
    first, again = bootstrap_intervals(*data), bootstrap_intervals(*data)
    other = bootstrap_intervals(*data, seed=1)
    assert first == again
    assert first != other
    assert first.f1 == pytest.approx(other.f1, abs=0.01)


def test_without_confidences_the_calibration_alone_is_missing() -> None:
    targets, predicted, confidences, n_classes = made_up(500, 6)
    found = bootstrap_intervals(targets, predicted, confidences, n_classes)
    without = bootstrap_intervals(targets, predicted, None, n_classes)
    assert found.ece is not None
    assert without == found._replace(ece=None)


def test_more_confidence_is_a_wider_interval_and_all_are_fractions() -> None:
    data = made_up(200, 6)
    narrow = bootstrap_intervals(*data, confidence=0.5)
    wide = bootstrap_intervals(*data, confidence=0.99)
    for inner, outer in zip(ends_of(narrow), ends_of(wide), strict=True):
        assert inner is not None
        assert outer is not None
        assert 0 <= outer.low < inner.low < inner.high < outer.high <= 1


def test_the_order_of_images_matters_no_more_than_the_seed() -> None:
    targets, predicted, confidences, n_classes = made_up(2_000, 6)
    order = np.random.default_rng(2).permutation(2_000)
    found = bootstrap_intervals(targets, predicted, confidences, n_classes)
    shuffled = bootstrap_intervals(targets[order], predicted[order], confidences[order], n_classes)
    for one, other in zip(ends_of(found), ends_of(shuffled), strict=True):
        assert one == pytest.approx(other, abs=0.005)


@pytest.mark.parametrize("n_classes", [2, 1_000])
def test_many_images_have_fewer_resamples_in_several_chunks(n_classes: int) -> None:
    random = np.random.default_rng(0)
    targets = random.integers(n_classes, size=60_000)
    predicted = np.where(random.random(60_000) < 0.8, targets, 0)
    found = bootstrap_intervals(targets, predicted, None, n_classes)
    macro = averaged_scores(*margins(confusion_matrix(targets, predicted, n_classes)), "macro")
    assert found.n_resamples == resamples_for(60_000) == 200
    assert found.recall.low < macro.recall < found.recall.high
    assert found.recall.high - found.recall.low < 0.02


def test_small_test_sets_have_the_most_resamples() -> None:
    assert resamples_for(1) == resamples_for(5_000) == 2_000
    assert resamples_for(5_000) > resamples_for(20_000) > resamples_for(10**9) == 200


def test_one_image_has_an_interval_without_width() -> None:
    found = bootstrap_intervals(np.array([1]), np.array([1]), np.array([0.75]), 3)
    assert found.recall == (1, 1)
    assert found.ece == (0.25, 0.25)


def test_no_images_have_no_interval() -> None:
    empty = np.array([], dtype=np.int64)
    with pytest.raises(ValueError, match="no images"):
        bootstrap_intervals(empty, empty, None, 3)


def test_made_up_data_have_the_cases_that_could_go_wrong() -> None:
    """A class that is never a target but predicted, and one that is neither."""
    targets, predicted, _, n_classes = made_up(400, 8)
    scores = class_scores(*margins(confusion_matrix(targets, predicted, n_classes)))
    assert scores.support.tolist()[-2:] == [0, 0]
    assert np.bincount(predicted, minlength=n_classes).tolist()[-2] > 0
    assert np.bincount(predicted, minlength=n_classes).tolist()[-1] == 0
