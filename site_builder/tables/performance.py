"""The columns of the performance table: how good each run is."""

from collections.abc import Callable

from experiments.results.metrics.intervals import Interval
from site_builder import formatting
from site_builder.comparisons import Comparisons, SeedGroup
from site_builder.loading import Run
from site_builder.naming import RunName
from site_builder.scores import Score
from site_builder.tables.scores import top_k_of
from site_builder.tables.table import Cell, Spec, Table, make_table


def performance_table(comparisons: Comparisons, names: dict[str, RunName]) -> Table:
    """Return every score of every run, best run first.

    Args:
        comparisons: The finished runs and their paired tests; at least one run.
        names: Run id to name.
    """
    return make_table("performance", performance_columns(comparisons), comparisons, names)


def performance_columns(comparisons: Comparisons) -> list[Spec]:
    """Return the columns; which top-k there is depends on the number of classes."""
    top_k = (*comparisons.tested, *comparisons.untested)[0].top_k
    found = [*_accuracy(comparisons), *_AVERAGES, *([_top_k(top_k)] if top_k > 1 else ())]
    return [*found, *_AGREEMENT, *_PROBABILITIES]


def _accuracy(comparisons: Comparisons) -> tuple[Spec, Spec]:
    groups = comparisons.tie_group

    def group(run: Run) -> Score:
        number = groups.get(run.run_id)
        return Score(number, reason=comparisons.why_untested(run))

    def of_seeds(seeds: SeedGroup) -> Cell:
        first = formatting.sort_key(seeds.tie_groups[0]) if seeds.tie_groups else ""
        reason = "" if first else comparisons.why_untested(seeds.run)
        return Cell(place(seeds), first, "", reason, best=False, bar=None)

    return (
        Spec("accuracy", "Accuracy", "Share of test images that the model got right.", "accuracy",
             True, lambda run: run.scores.accuracy, formatting.rate, own_bars=True,
             best=lambda run: groups.get(run.run_id) == 1),
        Spec("group", "Group", "Runs share a number where a paired test does not separate them "
             "from the best run of the number.", "tie_group", False, group,
             lambda number: formatting.count(round(number)), best=lambda _: False,
             of_seeds=of_seeds),
    )  # fmt: skip


def place(seeds: SeedGroup) -> str:
    """Return the tie group of runs that differ only in their seed: `1`, or `1–2` of several."""
    if not seeds.tie_groups:
        return formatting.MISSING
    first, last = seeds.tie_groups[0], seeds.tie_groups[-1]
    ends = [first] if first == last else [first, last]
    return "–".join(map(formatting.count, ends))


def _macro(name: str) -> Callable[[Run], Score]:
    """Return how a macro average and its bootstrap interval are read."""

    def read(run: Run) -> Score:
        drawn = run.scores.bootstrap
        ends: Interval | None = getattr(drawn, name) if drawn else None
        return Score(getattr(run.macro, name), ends)

    return read


def _weighted_f1(run: Run) -> Score:
    drawn = run.scores.bootstrap
    return Score(run.scores.averages["weighted"].f1, drawn.weighted_f1 if drawn else None)


def _top_k(k: int) -> Spec:
    n = formatting.count(k)
    help_ = f"Share of test images whose class is among the {n} most probable."
    return Spec(f"top{k}", f"Top-{n}", help_, f"top_{k}_accuracy", True, top_k_of, formatting.rate)


_AVERAGES = (
    Spec("precision", "Precision", "Of the images called a class, the share that are; mean over "
         "classes.", "macro_precision", True, _macro("precision"), formatting.rate),
    Spec("recall", "Recall", "Of the images of a class, the share called so; mean over classes.",
         "macro_recall", True, _macro("recall"), formatting.rate),
    Spec("f1", "F1", "Harmonic mean of precision and recall; mean over classes.", "macro_f1", True,
         _macro("f1"), formatting.rate),
    Spec("weighted-f1", "Weighted F1", "As F1, but each class counts by its images.",
         "weighted_f1", True, _weighted_f1, formatting.rate, shown=False),
)  # fmt: skip

_AGREEMENT = (
    Spec("balanced", "Balanced accuracy", "Mean recall of the classes that have images.",
         "balanced_accuracy", True, lambda run: run.scores.balanced_accuracy, formatting.rate,
         shown=False),
    Spec("kappa", "Kappa", "Cohen’s kappa: agreement with the truth beyond chance, 1 in full.",
         "cohen_kappa", True, lambda run: run.scores.kappa, formatting.coefficient, shown=False),
    Spec("mcc", "MCC", "Matthews correlation of predictions and truth, 1 in full.",
         "matthews_correlation", True, lambda run: run.scores.matthews, formatting.coefficient,
         shown=False),
)  # fmt: skip

_PROBABILITIES = (
    Spec("logloss", "Log loss", "Mean of −ln p, p the probability given to the true class; nats.",
         "log_loss_nats", False, lambda run: run.scores.log_loss, formatting.loss, shown=False),
    Spec("brier", "Brier", "Mean squared distance of the probabilities from the truth, 0 to 2.",
         "brier_score", False, lambda run: run.scores.brier, formatting.loss, shown=False),
    Spec("ece", "ECE", "Expected calibration error: mean gap between confidence and accuracy.",
         "expected_calibration_error", False, lambda run: run.scores.ece, formatting.rate,
         shown=False),
)  # fmt: skip
