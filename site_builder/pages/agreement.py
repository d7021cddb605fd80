"""The table of how alike the runs are, of `errors.html`."""

from dataclasses import dataclass

import numpy as np

from site_builder import addresses, formatting
from site_builder.explorer.agreement import Agreement
from site_builder.explorer.images import Images
from site_builder.naming import RunName

N_DEPTHS = 10


@dataclass(frozen=True)
class AgreementCell:
    """Two runs compared.

    Attributes:
        text: The number; empty for a run and itself.
        depth: How deep the cell is shaded, from 0 to `N_DEPTHS` - 1; -1 where it is not.
        detail: What the number says, in words.
        address: Where the images are that only one of the two gets right; empty but below the
            diagonal.
    """

    text: str
    depth: int
    detail: str
    address: str


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


def agreement_table(names: dict[str, RunName], images: Images, found: Agreement) -> AgreementTable:
    """Return kappa above the diagonal and the share of common errors below it."""
    run_ids = [said.run.run_id for said in images.answers[: len(found.kappa)]]
    depths = _depths(found)
    n_all = formatting.count_of(len(images.answers), "run")
    left_out = (
        f"Only the best {formatting.count(len(run_ids))} of {n_all} are compared."
        if len(run_ids) < len(images.answers)
        else ""
    )
    return AgreementTable(
        rows=tuple(
            AgreementRow(
                str(row + 1),
                names[run_id],
                tuple(
                    _cell(found, (row, column), (run_id, other), names, depths[row][column])
                    for column, other in enumerate(run_ids)
                ),
            )
            for row, run_id in enumerate(run_ids)
        ),
        left_out=left_out,
    )


def _cell(
    found: Agreement,
    at: tuple[int, int],
    run_ids: tuple[str, str],
    names: dict[str, RunName],
    depth: int,
) -> AgreementCell:
    row, column = at
    if row == column:
        return AgreementCell("", depth, "", "")
    first, second = (names[run_id].full for run_id in run_ids)
    if row < column:
        text, what = _kappa(found.kappa[row][column])
        return AgreementCell(text, depth, f"{first} and {second}: {what}", "")
    text, what = _common(int(found.n_common[at]), int(found.n_either[at]))
    address = addresses.images_of_pair(*run_ids)
    return AgreementCell(text, depth, f"{second} and {first}: {what}", address)


def _kappa(kappa: float | None) -> tuple[str, str]:
    """Return a kappa as text, and in words."""
    if kappa is None:
        return formatting.MISSING, "both give all one class"
    return formatting.coefficient(kappa), "kappa"


def _common(n_common: int, n_either: int) -> tuple[str, str]:
    """Return a share of common errors as text, and in words."""
    if not n_either:
        return formatting.MISSING, "neither gets an image wrong"
    images = formatting.count_of(n_either, "image")
    words = f"{formatting.count(n_common)} of {images} that either gets wrong"
    return formatting.share(n_common, n_either), words


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
