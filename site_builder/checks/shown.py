"""Checks of the finished site: what a page shows is what the predictions come to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from site_builder import addresses
from site_builder.checks.base import Finding, SiteCheck, find_in_runs
from site_builder.formatting import NBSP, count
from site_builder.loading import Experiment, Run

_COLUMN = "accuracy"


class _Shown(NamedTuple):
    """An accuracy on a page: where it is, of which runs the mean or of which run, and its text."""

    page: str
    runs: tuple[str, ...]
    text: str


class ShownAccuracy(SiteCheck):
    """The accuracy that a reader sees is the trace of the matrix over its sum."""

    name = "The accuracy shown is the trace of the matrix over its sum"
    meaning = (
        "The first sentence and the ranking of the summary, the table of runs and the page of each "
        "run are read again as finished, and each accuracy in them compared with the run’s "
        "confusion matrix, or the counts that an import has instead, to the last digit shown. A "
        "mean over seeds is compared with the mean of theirs."
    )

    def find(self, experiment: Experiment, folder: Path) -> Finding:
        """Read the accuracies from the pages and compare them."""
        rates = {run.run_id: Fraction(run.n_correct, run.n_images) for run in experiment.runs}
        pages = [addresses.INDEX, addresses.COMPARE, *map(addresses.run_page, rates)]
        shown = [each for page in pages for each in _read(folder, page)]
        return find_in_runs(
            experiment.runs,
            lambda run: "; ".join(_problems(run, shown, rates)),
            "every page shows the accuracy that the counts come to",
        )


def _problems(run: Run, shown: Sequence[_Shown], rates: Mapping[str, Fraction]) -> Iterator[str]:
    """Yield what is wrong with the accuracies of a run, and with the means that begin with it."""
    of_run = [each for each in shown if each.runs[:1] == (run.run_id,)]
    for page in (addresses.INDEX, addresses.COMPARE, addresses.run_page(run.run_id)):
        if not any(each.page == page and len(each.runs) == 1 for each in of_run):
            yield f"{page} shows no accuracy"
    for page, runs, text in of_run:
        if _reads_as(text, sum((rates[each] for each in runs), Fraction()) / len(runs)):
            continue
        right = f"{count(run.n_correct)} of {count(run.n_images)} are right"
        if len(runs) > 1:
            right = f"the mean over {count(len(runs))} seeds is another"
        yield f"{page} shows {text}, but {right}"


def _read(folder: Path, page: str) -> Iterable[_Shown]:
    reader = _Page()
    reader.feed((folder / page).read_text(encoding="utf-8"))
    reader.close()
    return [_Shown(page, tuple(runs.split()), text) for runs, text in reader.shown]


class _Page(HTMLParser):
    """Reads accuracies as text: from the performance table, and from what says whose they are.

    The text of an element with `data-accuracy-of` begins with the accuracy of the runs it names, or
    its first `<b>` does where it is a paragraph.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[str, str]] = []
        self._in_table = False
        self._columns: list[str] = []
        self._run = ""
        self._n_cells = 0
        self._reading = ""
        self._in_bold = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "p" if "data-accuracy-of" in given:
                self._in_bold = given["data-accuracy-of"]
            case "b" if self._in_bold:
                self._reading, self._in_bold = self._in_bold, ""
            case _ if "data-accuracy-of" in given:
                self._reading = given["data-accuracy-of"]
            case "sortable-table":
                self._in_table = given.get("data-key") == "performance"
            case "th" if self._in_table and "data-column" in given:
                self._columns.append(given["data-column"])
            case "tr":
                self._run, self._n_cells = given.get("data-run", ""), 0
            case "td" if self._in_table and self._run and "data-value" in given:
                self._n_cells += 1
                if self._columns[self._n_cells - 1 : self._n_cells] == [_COLUMN]:
                    self._reading = self._run

    def handle_data(self, data: str) -> None:
        # The number is the first text of its element.
        if self._reading and data.strip():
            self.shown.append((self._reading, data.strip().removesuffix(f"{NBSP}%")))
            self._reading = ""


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
