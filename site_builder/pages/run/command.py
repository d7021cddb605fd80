"""The command that makes one run again."""

import shlex
from dataclasses import dataclass

from markupsafe import escape

from experiments.results.schema import RunRecord
from site_builder.highlight import Code

OTHER_CONFIGURATION = (
    "An experiment that does not come with bakeoff is given by the path of its TOML file in place "
    "of its name."
)
_HERE = "Give it in the folder that holds results/, or name another store with --results."
_FOLDERS = (
    "--data-dir and --weights-dir name the folders of images and weights where they are not those "
    "that the configuration has."
)


@dataclass(frozen=True)
class Command:
    """Lines for a shell, and what to know before they are typed.

    Attributes:
        lines: The lines.
        remark: What they do, and what they need.
        with_file: Whether they need the experiment's file, which the configuration page has.
    """

    lines: str
    remark: str
    with_file: bool

    @property
    def code(self) -> Code:
        """The lines as the page shows them."""
        return Code("Shell commands", escape(self.lines))


def command(record: RunRecord) -> Command:
    """Return how a run is done again, by training or by importing."""
    return _import(record) if record.config is None else _training(record)


def _training(record: RunRecord) -> Command:
    words = ["bakeoff", "--experiment", record.experiment, "--run-experiments"]
    words += ["--runs", record.run_id, "--force"]
    commit = record.provenance.commit if record.provenance else None
    lines = [shlex.join(words)]
    remark = "It does this run anew, in place of the stored one, and builds the site."
    if commit and commit.endswith("+"):
        remark += f" The source had changes on top of commit {commit.removesuffix('+')}."
    elif commit:
        lines.insert(0, shlex.join(["git", "checkout", commit]))
    remark = f"{remark} {_HERE} {_FOLDERS} {OTHER_CONFIGURATION}"
    return Command("\n".join(lines), remark, with_file=True)


def _import(record: RunRecord) -> Command:
    file = record.imported.file if record.imported else None
    words = ["python", "-m", "experiments", "import", file or "FILE"]
    words += ["--experiment", record.experiment, "--run", record.label]
    costs = record.cost.model_dump(exclude={"absent"}, exclude_none=True) if record.cost else {}
    for option, values in (("--cost", costs), ("--metric", record.reported_metrics)):
        for name, value in values.items():
            words += [option, f"{name}={value}"]
    remark = (
        "The model was trained elsewhere; this brings its results in again, in place of the "
        f"stored ones. {_HERE}"
    )
    if file is None:
        remark += " They were handed over by a program, not in a file: write them to one first."
    return Command(shlex.join([*words, "--force"]), remark, with_file=False)
