"""The tables of errors.html as files."""

from collections.abc import Sequence

from site_builder.explorer.agreement import Agreement
from site_builder.explorer.images import Images
from site_builder.exports.files import Files, Records, Value, table_files, with_detail
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.agreement import AgreementTable
from site_builder.pages.calibration import CalibrationOverlay, risk_at_coverage
from site_builder.pages.errors import ErrorsContext, RunErrors


def errors_files(
    experiment: Experiment,
    names: dict[str, RunName],
    images: Images,
    alike: Agreement | None,
    page: ErrorsContext,
) -> Files:
    """Yield the tables of errors.html as files.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        images: What the runs said of each test image.
        alike: How alike the runs are; None for fewer than two.
        page: What the page shows.
    """
    if page.errors:
        yield from _errors(names, images, page.errors)
    if alike and page.agreement:
        yield from _agreement(images, alike, page.agreement)
    if page.calibration:
        yield from _calibration(experiment.ranked, names, page.calibration)


def _errors(names: dict[str, RunName], images: Images, shown: Sequence[RunErrors]) -> Files:
    header: list[Value] = [
        "run", "model", "variant", "n_images", "n_wrong", "n_only_right", "n_only_wrong", "missing"
    ]  # fmt: skip
    alone = zip(images.n_only_right.tolist(), images.n_only_wrong.tolist(), strict=True)
    counts = dict(zip((said.run.run_id for said in images.answers), alone, strict=True))
    runs = [*(said.run for said in images.answers), *(run for run, _ in images.left_out)]
    records: Records = [header]
    texts = [["Run", "Wrong", "Share", "Only this run right", "Only this run wrong"]]
    for run, row in zip(runs, shown, strict=True):
        name = names[run.run_id]
        only = (None, None) if row.reason else counts[run.run_id]
        n_wrong = run.n_images - run.n_correct
        records.append(
            [run.run_id, name.model, name.variant, run.n_images, n_wrong, *only, row.reason]
        )
        texts.append([name.full, *row.wrong, *(row.only or ("–", "–"))])
    yield from table_files("errors", records, texts)


def _agreement(images: Images, found: Agreement, shown: AgreementTable) -> Files:
    """Yield each two runs in CSV, and the table as the page shows it in LaTeX."""
    runs = [said.run.run_id for said in images.answers[: len(found.kappa)]]
    records: Records = [["first", "second", "kappa", "n_wrong_in_both", "n_wrong_in_either"]]
    for first, row in enumerate(runs):
        for second, column in enumerate(runs[first + 1 :], start=first + 1):
            common, either = found.n_common[first, second], found.n_either[first, second]
            records.append([row, column, found.kappa[first][second], int(common), int(either)])
    heading = ["Run", *(row.number for row in shown.rows)]
    texts = [
        [f"{row.number} {row.name.full}", *(cell.text for cell in row.cells)] for row in shown.rows
    ]
    yield from table_files("agreement", records, [heading, *texts])


def _calibration(
    runs: Sequence[Run], names: dict[str, RunName], shown: CalibrationOverlay
) -> Files:
    """Yield all runs in CSV, and those of the page in LaTeX."""
    header: list[Value] = [
        "run", "model", "variant", "expected_calibration_error", "expected_calibration_error_low",
        "expected_calibration_error_high", "overconfidence", "risk_at_80_percent",
        "risk_coverage_area", "missing",
    ]  # fmt: skip
    records: Records = [header]
    for run in runs:
        name, scores = names[run.run_id], run.scores
        records.append([
            run.run_id, name.model, name.variant, scores.ece.value,
            *(scores.ece.interval or (None, None)), scores.overconfidence.value,
            risk_at_coverage(scores.risk) if scores.risk else None, scores.area_under_risk.value,
            scores.ece.reason,
        ])  # fmt: skip
    heading = ["Run", "Expected calibration error, %", "Confidence less accuracy",
               f"Errors at {shown.coverage} answered, %", "Area under the curve, %"]  # fmt: skip
    texts = [
        [row.name.full, with_detail(row.ece, row.ece_interval), row.overconfidence, row.risk,
         row.area]
        for row in shown.rows
    ]  # fmt: skip
    yield from table_files("calibration", records, [heading, *texts])
