"""What changed since older results, as a file."""

from site_builder.changes import Change, changes_since
from site_builder.exports.files import Files, Records, Value, table_files
from site_builder.loading import Experiment
from site_builder.naming import RunName, run_names
from site_builder.pages.changes import Changes


def changes_files(experiment: Experiment, shown: Changes | None) -> Files:
    """Yield what became of every run; nothing where there are no older results.

    Args:
        experiment: The present results, and the older ones.
        shown: The same as the page has it.
    """
    if experiment.before is None or shown is None:
        return
    old, new = experiment.before, experiment
    names = run_names(old) | run_names(new)
    before = {run.run_id: run.accuracy for run in old.runs}
    now = {run.run_id: run.accuracy for run in new.runs}
    records: Records = [
        [
            "run", "model", "variant", "change", "accuracy_before", "accuracy",
            "accuracy_difference", "accuracy_difference_low", "accuracy_difference_high",
            "n_only_now", "n_only_before", "n_both", "n_neither", "p_value", "p_value_holm",
            "missing",
        ],
        *(
            _record(change, names[change.run_id], before.get(change.run_id), now.get(change.run_id))
            for change in changes_since(old, new)
        ),
    ]  # fmt: skip
    lines = [["Run", "Change", "Accuracy", "Difference", "Test"]]
    lines += [[run.name, run.verdict, run.accuracy, run.difference, run.test] for run in shown.runs]
    yield from table_files("changes", records, lines, n_texts=2)


def _record(change: Change, name: RunName, before: float | None, now: float | None) -> list[Value]:
    paired = change.paired
    tested: list[Value] = [None] * 9
    if paired is not None:
        tested = [
            paired.difference, *paired.interval, paired.n_only_first, paired.n_only_second,
            paired.n_both, paired.n_neither, paired.p_value, change.adjusted_p_value,
        ]  # fmt: skip
    return [
        change.run_id, name.model, name.variant, change.verdict.value, before, now, *tested,
        change.reason,
    ]  # fmt: skip
