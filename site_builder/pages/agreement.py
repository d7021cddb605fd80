"""The table of how alike the runs are, of `errors.html`."""

from dataclasses import dataclass

import numpy as np

from site_builder import formatting
from site_builder.explorer.agreement import Agreement, agreement
from site_builder.explorer.images import Images
from site_builder.loading import Experiment
from site_builder.naming import RunName

N_DEPTHS = 10


@dataclass(frozen=True)
class AgreementCell:
    """Two runs compared.

    Attributes:
        text: The number; empty for a run and itself.
        depth: How deep the cell is shaded, from 0 to `N_DEPTHS` - 1; -1 where it is not.
        detail: What the number says, in words.
    """

    text: str
    depth: int
    detail: str


@dataclass(frozen=True)
class AgreementRow:
    """A run compared with every other.

    Attributes:
        number: Its place among the runs, which heads its column.
        name: Its name.
        cells: One for each run.
    """

    number: str
    name: RunName
    cells: tuple[AgreementCell, ...]


@dataclass(frozen=True)
class AgreementTable:
    """The runs compared with each other.

    Attributes:
        rows: One for each run, best first.
        left_out: Which runs are not shown; empty if all are.
    """

    rows: tuple[AgreementRow, ...]
    left_out: str


def agreement_table(
    experiment: Experiment, names: dict[str, RunName], images: Images
) -> AgreementTable:
    """Return kappa above the diagonal and the share of common errors below it."""
    found = agreement(images, experiment.n_classes)
    runs = [names[said.run.run_id] for said in images.answers[: len(found.kappa)]]
    depths = _depths(found)
    cells = [
        [_cell(found, row, column, runs, depths[row][column]) for column in range(len(runs))]
        for row in range(len(runs))
    ]
    left_out = (
        f"Only the best {len(runs)} of {len(images.answers)} runs are compared."
        if len(runs) < len(images.answers)
        else ""
    )
    return AgreementTable(
        rows=tuple(
            AgreementRow(str(place), name, tuple(of_run))
            for place, (name, of_run) in enumerate(zip(runs, cells, strict=True), start=1)
        ),
        left_out=left_out,
    )


def _cell(
    found: Agreement, row: int, column: int, runs: list[RunName], depth: int
) -> AgreementCell:
    pair = f"{runs[min(row, column)].full} and {runs[max(row, column)].full}"
    if row == column:
        return AgreementCell("", depth, "")
    if row < column:
        kappa = found.kappa[row][column]
        if kappa is None:
            return AgreementCell(formatting.MISSING, depth, f"{pair}: both give all one class")
        return AgreementCell(formatting.coefficient(kappa), depth, f"{pair}: kappa")
    n_common, n_either = int(found.n_common[row, column]), int(found.n_either[row, column])
    if not n_either:
        return AgreementCell(formatting.MISSING, depth, f"{pair}: neither gets an image wrong")
    images = formatting.count_of(n_either, "image")
    detail = f"{pair}: {formatting.count(n_common)} of {images} that either gets wrong"
    return AgreementCell(formatting.share(n_common, n_either), depth, detail)


def _depths(found: Agreement) -> list[list[int]]:
    """Shade each half of the table from its smallest number to its largest; -1 where is none."""
    n_runs = len(found.kappa)
    values = np.array(found.kappa, dtype=np.float64)
    below = np.tri(n_runs, k=-1, dtype=bool)
    known = below & (found.n_either > 0)
    values[below] = np.nan
    values[known] = found.n_common[known] / found.n_either[known]
    np.fill_diagonal(values, np.nan)
    depths = np.full((n_runs, n_runs), -1)
    for half in (below, below.T):
        shown = half & np.isfinite(values)
        if shown.any():
            low, extent = values[shown].min(), np.ptp(values[shown]) or 1.0
            depths[shown] = np.minimum((values[shown] - low) / extent * N_DEPTHS, N_DEPTHS - 1)
    shades: list[list[int]] = depths.tolist()
    return shades
