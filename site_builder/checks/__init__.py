"""The consistency gate: numbers that must agree, do, or the site is not built."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from experiments.results.errors import InconsistentError
from site_builder.checks.architectures import ArchitectureTotals
from site_builder.checks.base import Check, Result, SiteCheck, Status
from site_builder.checks.feature_maps import EvidenceClasses, MappedImages
from site_builder.checks.files import StoredFiles
from site_builder.checks.links import Links
from site_builder.checks.numbers import (
    BestEpoch,
    Clock,
    EpochsRun,
    Operations,
    ReportedMetrics,
    RowSums,
    Times,
)
from site_builder.checks.predictions import (
    KeptValidation,
    KnownClasses,
    NoMissingNumbers,
    Probabilities,
    Ranks,
    SameImages,
    SameTargets,
)
from site_builder.checks.shown import ShownAccuracy
from site_builder.checks.splits import (
    AsRecorded,
    DisjointContents,
    DisjointIds,
    DistinctClasses,
    NearDuplicates,
)
from site_builder.checks.walkthroughs import WalkedImages
from site_builder.loading import Experiment

__all__ = [
    "Group",
    "Result",
    "Status",
    "check_site",
    "check_store",
    "refuse_failures",
    "results_of",
    "warnings_of",
]

_STORE_CHECKS: dict[str, tuple[Check, ...]] = {
    "Images": (
        AsRecorded(),
        DistinctClasses(),
        DisjointIds(),
        DisjointContents(),
        NearDuplicates(),
    ),
    "Predictions": (
        SameImages(),
        SameTargets(),
        KnownClasses(),
        NoMissingNumbers(),
        Probabilities(),
        Ranks(),
        RowSums(),
        ReportedMetrics(),
    ),
    "Training and costs": (
        EpochsRun(),
        BestEpoch(),
        KeptValidation(),
        Times(),
        Clock(),
        Operations(),
        ArchitectureTotals(),
    ),
    "Feature maps": (MappedImages(), EvidenceClasses()),
    "Walkthroughs": (WalkedImages(),),
    "Files": (StoredFiles(),),
}
_SITE_CHECKS: dict[str, tuple[SiteCheck, ...]] = {"Pages": (ShownAccuracy(), Links())}


@dataclass(frozen=True)
class Group:
    """Checks of one kind of thing, by what they are of."""

    title: str
    results: tuple[Result, ...]


def check_store(experiment: Experiment) -> tuple[Group, ...]:
    """Make every check of what is stored."""
    return tuple(
        Group(title, tuple(Result(check, check.find(experiment)) for check in checks))
        for title, checks in _STORE_CHECKS.items()
    )


def check_site(experiment: Experiment, folder: Path) -> tuple[Group, ...]:
    """Make every check of a site whose pages are written, in its folder."""
    return tuple(
        Group(title, tuple(Result(check, check.find(experiment, folder)) for check in checks))
        for title, checks in _SITE_CHECKS.items()
    )


def results_of(groups: Iterable[Group], status: Status) -> list[Result]:
    """Return the results that ended in one way."""
    return [
        result for group in groups for result in group.results if result.finding.status == status
    ]


def refuse_failures(groups: Iterable[Group]) -> None:
    """Stop at checks that failed.

    Raises:
        InconsistentError: If one did; names each with what it found.
    """
    failed = results_of(groups, Status.FAILED)
    if failed:
        raise InconsistentError(
            "\n".join(line for result in failed for line in _lines(result))
            + "\n--allow-inconsistent builds the site all the same and shows what failed"
        )


def warnings_of(experiment: Experiment) -> list[str]:
    """Return one line for every planned run that the site cannot show."""
    failed = [f"run {run.run_id} failed: {run.failure}" for run in experiment.failed]
    missing = [f"run {run_id} has not been run yet" for run_id in experiment.missing]
    return failed + missing


def _lines(result: Result) -> list[str]:
    return [result.line, *(f"  {detail}" for detail in result.finding.details)]
