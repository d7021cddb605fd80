"""What a page says of runs that lack what it shows, and how to make it."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from site_builder.naming import RunName
from site_builder.pages.run.command import OTHER_CONFIGURATION, Command


@dataclass(frozen=True)
class Lacking:
    """Runs that lack something for the same reason."""

    reason: str
    runs: tuple[RunName, ...]


def by_reason(
    lacking: Iterable[tuple[str, str]], names: Mapping[str, RunName]
) -> tuple[Lacking, ...]:
    """Put runs together that lack something for the same reason, in the order they come in.

    Args:
        lacking: Run id and reason.
        names: Run id to name.
    """
    found: dict[str, list[RunName]] = {}
    for run_id, reason in lacking:
        found.setdefault(reason, []).append(names[run_id])
    return tuple(Lacking(reason, tuple(runs)) for reason, runs in found.items())


def making(experiment: str) -> Command:
    """Return the command that makes what an experiment lacks.

    Args:
        experiment: Its name.
    """
    words = ["bakeoff", "--experiment", experiment, "--run-experiments"]
    remark = "This makes what is missing; finished runs are not trained again."
    return Command(shlex.join(words), f"{remark} {OTHER_CONFIGURATION}", with_file=True)
