"""An experiment read and checked, ready to become a site."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from experiments.results.errors import BakeoffError
from experiments.results.store import ExperimentStore
from site_builder.changes import older_store
from site_builder.checks import warnings_of
from site_builder.gate import Gate
from site_builder.loading import Experiment, load
from site_builder.output import Files
from site_builder.publication import Publication


@dataclass(frozen=True)
class Prepared:
    """The site of an experiment, not yet written.

    Attributes:
        warnings: A line for every planned run that the site cannot show, and for older results
            that tell nothing of this experiment.
        gate: The checks of this build.
        pages: Makes the files of a site, but for those that need the others to be written.
    """

    warnings: list[str]
    gate: Gate
    pages: Callable[[Experiment], Files]

    @classmethod
    def of(
        cls,
        store: ExperimentStore,
        publication: Publication,
        pages: Callable[[Experiment], Files],
        *,
        strict: bool,
        allow_inconsistent: bool,
        compare_with: Path | None,
    ) -> Self:
        """Read and check an experiment.

        Args:
            store: The experiment to show.
            publication: Where its site will be found.
            pages: As in the class.
            strict: Treat it as an error that a planned run cannot be shown.
            allow_inconsistent: Let it pass although checks fail.
            compare_with: Folder of older results, to tell what changed.

        Raises:
            StoreError: If the store is damaged.
            InconsistentError: If a check fails, and that is not allowed.
            BakeoffError: If `strict` and a run is missing.
        """
        experiment = replace(load_with_older(store, compare_with), publication=publication)
        warnings = warnings_of(experiment)
        if strict and warnings:
            raise BakeoffError("--strict: " + "; ".join(warnings))
        if compare_with and experiment.before is None:
            warnings.append(
                f"--compare-with {compare_with}: has no results of {experiment.record.name}"
            )
        return cls(warnings, Gate(experiment, allow_inconsistent=allow_inconsistent), pages)

    @property
    def experiment(self) -> Experiment:
        """What the site is made from, with the number of checks that failed so far."""
        return self.gate.experiment

    @property
    def remarks(self) -> list[str]:
        """The warnings, and a line for every check that failed or found something worth a note.

        Of several sites, each begins with the name of the experiment.
        """
        about = self.experiment
        before = f"{about.store.name}: " if about.publication.among_others else ""
        return [f"{before}{remark}" for remark in self.warnings + self.gate.remarks]

    def files(self) -> Files:
        """Return the files that `pages` makes."""
        return self.pages(self.experiment)

    def last_files(self, folder: Path) -> Files:
        """Return those that need the others, which are in `folder`."""
        return self.gate.last_files(folder, self.pages)


def load_with_older(store: ExperimentStore, compare_with: Path | None) -> Experiment:
    """Read an experiment, and older results of it if there are some.

    Args:
        store: The experiment.
        compare_with: Folder of older results; None where nothing is to be compared.

    Raises:
        ConfigError: If that folder holds no results at all.
        StoreError: If either is damaged.
    """
    experiment = load(store)
    old = older_store(compare_with, experiment.record.name) if compare_with else None
    return replace(experiment, before=load(old)) if old else experiment
