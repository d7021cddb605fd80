"""The table of what changed since older results."""

from dataclasses import dataclass

from site_builder import formatting
from site_builder.changes import Change, Verdict, changes_since
from site_builder.exports.files import with_detail
from site_builder.loading import Experiment
from site_builder.naming import run_names

_NOTE = (
    "“Not separated” means that the test finds no difference, not that there is none; “same”, that "
    "every image got the same answer as before."
)


@dataclass(frozen=True)
class ChangedRun:
    """A run now and before, in text.

    Attributes:
        name: What it is called.
        verdict: What became of it.
        mark: The class of that in the stylesheet.
        accuracy: Its accuracy; empty where it is gone.
        difference: Accuracy now minus before, with its interval; empty where they are not compared.
        test: The p-value, or why there is none.
    """

    name: str
    verdict: str
    mark: str
    accuracy: str
    difference: str
    test: str


@dataclass(frozen=True)
class Changes:
    """What changed.

    Attributes:
        sentence: How many runs of each kind there are.
        note: What it means that a test separates nothing.
        runs: All of them.
    """

    sentence: str
    note: str
    runs: tuple[ChangedRun, ...]


def changes(experiment: Experiment) -> Changes | None:
    """Return what changed since `experiment.before`; None where there is nothing to compare."""
    if experiment.before is None:
        return None
    found = changes_since(experiment.before, experiment)
    names = {id_: name.full for id_, name in run_names(experiment.before).items()}
    names |= {id_: name.full for id_, name in run_names(experiment).items()}
    accuracies = {run.run_id: formatting.percent(run.accuracy) for run in experiment.runs}
    counted = [(verdict, sum(one.verdict == verdict for one in found)) for verdict in Verdict]
    parts = [f"{formatting.count(n)} {verdict}" for verdict, n in counted if n]
    return Changes(
        sentence=f"Of {formatting.count_of(len(found), 'run')}: {', '.join(parts)}.",
        note=_NOTE,
        runs=tuple(
            _changed(change, names[change.run_id], accuracies.get(change.run_id, ""))
            for change in found
        ),
    )


def _changed(change: Change, name: str, accuracy: str) -> ChangedRun:
    difference, test = "", change.reason
    if change.paired is not None and change.adjusted_p_value is not None:
        points = formatting.signed_points(change.paired.difference)
        difference = with_detail(points, formatting.points_between(change.paired.interval))
        test = formatting.p_value(change.adjusted_p_value)
    mark = change.verdict.replace(" ", "-")
    return ChangedRun(name, change.verdict.value, mark, accuracy, difference, test)
