"""The checks of one build: before a page is written, and once they all are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from site_builder.checks import (
    Group,
    Status,
    check_site,
    check_store,
    refuse_failures,
    results_of,
)
from site_builder.exports.texts import checks_files
from site_builder.loading import Experiment
from site_builder.output import Files
from site_builder.pages import checks
from site_builder.render import render


class Gate:
    """Lets a site pass whose numbers agree; checks what is stored at once.

    Args:
        experiment: What is stored.
        allow_inconsistent: Let it pass all the same, and say so on every page.

    Raises:
        InconsistentError: If a check fails, and that is not allowed.
    """

    def __init__(self, experiment: Experiment, *, allow_inconsistent: bool) -> None:
        self._stored = experiment
        self._allow_inconsistent = allow_inconsistent
        self._groups: tuple[Group, ...] = ()
        self._add(check_store(experiment))

    @property
    def experiment(self) -> Experiment:
        """The experiment, with the number of checks that failed."""
        n_failed = len(results_of(self._groups, Status.FAILED))
        return replace(self._stored, n_failed_checks=n_failed)

    @property
    def remarks(self) -> list[str]:
        """A line for every check that failed or found something worth a note."""
        statuses = (Status.FAILED, Status.NOTED)
        return [
            f"check {status}: {result.line}"
            for status in statuses
            for result in results_of(self._groups, status)
        ]

    def last_files(self, folder: Path, pages: Callable[[Experiment], Files]) -> Files:
        """Check a site that is written but for the page of the checks; yield that page.

        Args:
            folder: Where the site lies.
            pages: Makes the other files; they are yielded again if they have to tell of failures
                that only the finished site shows.

        Raises:
            InconsistentError: As the class.
        """
        before = self.experiment
        # The links of this page are checked with those of the others.
        yield from self._page()
        self._add(check_site(before, folder))
        if self.experiment.n_failed_checks > before.n_failed_checks:
            yield from pages(self.experiment)
        yield from self._page()

    def _add(self, groups: tuple[Group, ...]) -> None:
        if not self._allow_inconsistent:
            refuse_failures(groups)
        self._groups += groups

    def _page(self) -> Files:
        context = checks.checks_context(self.experiment, self._groups)
        yield checks.ADDRESS, render("pages/checks.html", context)
        yield from checks_files(self._groups)
