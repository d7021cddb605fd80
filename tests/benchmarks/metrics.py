"""How fast the metrics are against scikit-learn and at the size of ImageNet; run by hand.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.metrics

Milliseconds of processor time, the least of three calls. A site bootstraps every run, and compares
all runs once.

Measured on one core of an Intel Xeon (Sapphire Rapids) that other work kept busy, numpy 2.4,
scipy 1.17, scikit-learn 1.9:

    what                                 size                       ms  scikit-learn  ratio
    confusion matrix                     50,000 x 1,000           0.49          12.5     26
    ranking and all else that is stored  10,000 x 1,000            505
    top 5 from stored ranks              10,000 x 1,000          0.002           384
    bootstrap, one run                   2,000 of 3,669 x 37        50
    bootstrap, one run                   200 of 50,000 x 1,000     132
    all pairs: McNemar, Newcombe         100 runs x 50,000          53
    tie groups                           100 runs x 50,000          55
"""

import time
from collections.abc import Callable

import numpy as np
import sklearn.metrics
from rich.console import Console
from rich.table import Table

from experiments.results.metrics.bootstrap import bootstrap_intervals, resamples_for
from experiments.results.metrics.classification import n_in_top_k
from experiments.results.metrics.confusion import confusion_matrix
from experiments.results.metrics.paired import compare_all
from experiments.results.metrics.ranking import tie_groups
from experiments.results.predictions import Predictions

REPEATS = 3
N_IMAGES, N_CLASSES, N_RUNS = 50_000, 1_000, 100


def main() -> None:
    """Measure and print one table."""
    table = Table("what", "size", "ms", "scikit-learn, ms", "ratio")
    confusion(table)
    top_k(table)
    bootstrap(table, 3_669, 37)
    bootstrap(table, N_IMAGES, N_CLASSES)
    pairs(table)
    Console(width=120).print(table)


def confusion(table: Table) -> None:
    """Count the cells of a large matrix."""
    targets, predicted, _ = labels(N_IMAGES, N_CLASSES)
    ours = seconds(lambda: confusion_matrix(targets, predicted, N_CLASSES))
    theirs = seconds(
        lambda: sklearn.metrics.confusion_matrix(targets, predicted, labels=range(N_CLASSES))
    )
    add(table, "confusion matrix", f"{N_IMAGES:,} x {N_CLASSES:,}", ours, theirs)


def top_k(table: Table) -> None:
    """Rank the true class once, when a run stores its predictions, and count at every build."""
    random = np.random.default_rng(0)
    n_images = N_IMAGES // 5
    logits = random.normal(size=(n_images, N_CLASSES)).astype(np.float32)
    targets = random.integers(N_CLASSES, size=n_images)
    names = np.arange(n_images).astype(str)
    ranks = Predictions.from_logits(names, targets, logits).target_ranks
    classes = np.arange(N_CLASSES)
    theirs = seconds(
        lambda: sklearn.metrics.top_k_accuracy_score(targets, logits, k=5, labels=classes)
    )
    size = f"{n_images:,} x {N_CLASSES:,}"
    ranked = seconds(lambda: Predictions.from_logits(names, targets, logits))
    add(table, "ranking and all else that is stored", size, ranked)
    add(table, "top 5 from stored ranks", size, seconds(lambda: n_in_top_k(ranks, 5)), theirs)


def bootstrap(table: Table, n_images: int, n_classes: int) -> None:
    """Resample one run."""
    targets, predicted, confidences = labels(n_images, n_classes)
    found = seconds(lambda: bootstrap_intervals(targets, predicted, confidences, n_classes))
    size = f"{resamples_for(n_images):,} of {n_images:,} x {n_classes:,}"
    add(table, "bootstrap, one run", size, found)


def pairs(table: Table) -> None:
    """Compare every two of many runs."""
    random = np.random.default_rng(0)
    correct = random.random((N_RUNS, N_IMAGES)) < np.linspace(0.6, 0.9, N_RUNS)[:, None]
    size = f"{N_RUNS} runs x {N_IMAGES:,}"
    add(table, "all pairs: McNemar, Newcombe", size, seconds(lambda: compare_all(correct)))
    add(table, "tie groups", size, seconds(lambda: tie_groups(correct)))


def labels(n_images: int, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return targets, predictions that are right for 80 %, and confidences."""
    random = np.random.default_rng(0)
    targets = random.integers(n_classes, size=n_images)
    others = random.integers(n_classes, size=n_images)
    predicted = np.where(random.random(n_images) < 0.8, targets, others)
    return targets, predicted, random.random(n_images).astype(np.float32)


def seconds(action: Callable[[], object]) -> float:
    """Return the least processor time of a few calls; other work on the machine hardly counts."""
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        action()
        times.append(time.process_time() - begin)
    return min(times)


def add(table: Table, what: str, size: str, ours: float, theirs: float | None = None) -> None:
    """Add a row; without a competitor its last cells stay empty."""
    against = ("", "") if theirs is None else (f"{1000 * theirs:,.2f}", f"{theirs / ours:,.0f}")
    table.add_row(what, size, f"{1000 * ours:,.2f}", *against)


if __name__ == "__main__":
    main()
