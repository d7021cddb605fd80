"""Checks of the finished site: what a page shows is what the predictions come to."""

from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

from site_builder import addresses
from site_builder.checks.base import CannotCheckError, Finding, SiteCheck, find_in_runs
from site_builder.formatting import count
from site_builder.loading import Experiment, Run

_COLUMN = "accuracy"


class ShownAccuracy(SiteCheck):
    """The accuracy that a reader sees is the trace of the matrix over its sum."""

    name = "The accuracy shown is the trace of the matrix over its sum"
    meaning = (
        "The table of runs is read again from the finished page, and each accuracy in it compared "
        "with the run's confusion matrix, to the last digit shown."
    )

    def find(self, experiment: Experiment, folder: Path) -> Finding:
        """Read the accuracies from the page and compare them."""
        page = _Table()
        page.feed((folder / addresses.COMPARE).read_text(encoding="utf-8"))
        page.close()
        return find_in_runs(
            experiment.runs,
            lambda run: _problem(run, page.shown.get(run.run_id, "")),
            "the page shows the accuracy that the matrix comes to",
        )


class _Table(HTMLParser):
    """Reads the accuracy of each run, as text, from the performance table."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, str] = {}
        self._in_table = False
        self._columns: list[str] = []
        self._run = ""
        self._n_cells = 0
        self._reading = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "sortable-table":
                self._in_table = given.get("data-key") == "performance"
            case "th" if self._in_table and "data-column" in given:
                self._columns.append(given["data-column"])
            case "tr":
                self._run, self._n_cells = given.get("data-run", ""), 0
            case "td" if self._in_table and self._run and "data-value" in given:
                self._n_cells += 1
                self._reading = self._columns[self._n_cells - 1 : self._n_cells] == [_COLUMN]

    def handle_data(self, data: str) -> None:
        # The number is the first text of its cell.
        if self._reading:
            self.shown[self._run] = data.strip()
            self._reading = False


def _problem(run: Run, shown: str) -> str:
    """Compare what is shown with the matrix; see `RunCheck.problem`."""
    if run.matrix is None:
        raise CannotCheckError(run.no_predictions)
    trace, total = int(run.matrix.trace()), int(run.matrix.sum())
    if _reads_as(shown, Fraction(trace, total)):
        return ""
    right = f"{count(trace)} of {count(total)} right"
    return f"the page shows {shown or 'nothing'}, but the matrix has {right}"


def _reads_as(shown: str, rate: Fraction) -> bool:
    """Return whether a text is a rate in percent, rounded to the digits that it has.

    What is not quite 0 or 100 % is never shown so, but as the nearest that is not.
    """
    try:
        percent = Fraction(shown)
    except ValueError:
        return False
    unit = Fraction(1, 10 ** len(shown.partition(".")[2]))
    if percent in (0, 100):
        return percent == 100 * rate
    if percent in (unit, 100 - unit) and rate not in (0, 1):
        return abs(percent - 100 * rate) <= unit
    return abs(percent - 100 * rate) <= unit / 2
