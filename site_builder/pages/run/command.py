"""The command that makes one run again."""

import shlex
from dataclasses import dataclass

from experiments.results.schema import RunRecord

OTHER_CONFIGURATION = (
    "An experiment that does not come with bakeoff is given by the path of its TOML file in place "
    "of its name."
)


@dataclass(frozen=True)
class Command:
    """Lines for a shell, and what to know before they are typed."""

    lines: str
    remark: str


def command(record: RunRecord) -> Command:
    """Return how a run is done again, by training or by importing."""
    return _import(record) if record.config is None else _training(record)


def _training(record: RunRecord) -> Command:
    words = ["bakeoff", "--experiment", record.experiment, "--run-experiments"]
    words += ["--runs", record.run_id, "--force"]
    commit = record.provenance.commit if record.provenance else None
    lines = [shlex.join(words)]
    remark = f"It does this run anew, in place of the stored one. {OTHER_CONFIGURATION}"
    if commit and commit.endswith("+"):
        remark += f" The source had changes on top of commit {commit.removesuffix('+')}."
    elif commit:
        lines.insert(0, shlex.join(["git", "checkout", commit]))
    return Command("\n".join(lines), remark)


def _import(record: RunRecord) -> Command:
    file = record.imported.file if record.imported else None
    words = ["python", "-m", "experiments", "import", file or "FILE"]
    words += ["--experiment", record.experiment, "--run", record.label]
    remark = "The model was trained elsewhere; this brings its results in again."
    if file is None:
        remark += " They were handed over by a program, not in a file: write them to one first."
    return Command(shlex.join(words), remark)
