"""A run against each other run, as the page shows it when the reader picks two."""

from site_builder import formatting
from site_builder.comparisons import Comparisons
from site_builder.loading import Run
from site_builder.tables.resources import RESOURCES


def pairs(run: Run, comparisons: Comparisons) -> dict[str, object]:
    """Return what sets a run apart from every other, ready to be shown.

    Returns:
        `columns`: keys of the columns of the resources table; `others`: id of the other run to a
        list of four. The accuracy of `run` minus the other's with its interval, as text. The
        p-value with its verdict, as text; where no test was made, why. How many images only `run`
        gets right, and how many only the other; null where that is not known. For each of
        `columns` how many times the other's number that of `run` is, as text; empty where one of
        them is missing.
    """
    others = [other for other in (*comparisons.tested, *comparisons.untested) if other is not run]
    return {
        "columns": [spec.key for spec in RESOURCES],
        "others": {
            other.run_id: [*_accuracy(run, other, comparisons), _ratios(run, other)]
            for other in others
        },
    }


def _accuracy(run: Run, other: Run, comparisons: Comparisons) -> tuple[str, str, list[int] | None]:
    compared = comparisons.compare(run.run_id, other.run_id)
    if compared is None:
        reason = comparisons.why_untested(run) or comparisons.why_untested(other)
        return formatting.signed_points(run.accuracy - other.accuracy), f"no test: {reason}", None
    paired = compared.paired
    difference = formatting.signed_points(paired.difference)
    verdict = "told apart" if compared.separated else "not told apart"
    return (
        f"{difference} ({formatting.points_between(paired.interval)})",
        f"{formatting.p_value(compared.adjusted_p_value)}, {verdict}",
        [paired.n_only_first, paired.n_only_second],
    )


def _ratios(run: Run, other: Run) -> list[str]:
    pairs = ((spec.read(run).value, spec.read(other).value) for spec in RESOURCES)
    return [formatting.ratio(mine / its) if mine and its else "" for mine, its in pairs]
