"""The tables of one run as files."""

from collections.abc import Sequence

from experiments.results.metrics.calibration import ReliabilityBins
from experiments.results.metrics.risk import RiskCoverage
from experiments.results.schema import Epoch, RunRecord
from site_builder.exports.files import Files, Records, Value, table_files, with_detail
from site_builder.loading import Experiment, Run
from site_builder.pages.run.calibration import Calibration, bin_intervals, risk_points
from site_builder.pages.run.classes import MAX_CLASSES
from site_builder.pages.run.page import RunContext
from site_builder.pages.run.scores import ScoreTables
from site_builder.pages.run.training import Training, began_in
from site_builder.scores import Score
from site_builder.tables.scores import averages_of, scores_of

_NO_ENDS = (None, None)


def run_files(experiment: Experiment, record: RunRecord, page: RunContext) -> Files:
    """Yield the tables of a run's page as files.

    Args:
        experiment: What is stored.
        record: The run, finished or failed.
        page: What its page shows.
    """
    of_run, class_names = f"runs/{record.run_id}", experiment.record.class_names
    if page.training:
        yield from _epochs(of_run, record, page.training)
    run = next((run for run in experiment.runs if run.record is record), None)
    if run is None:
        return
    yield from _classes(run, class_names)
    # A larger one would take megabytes a run; `bakeoff --export` writes it.
    if len(class_names) <= MAX_CLASSES:
        yield from matrix_files(run, class_names)
    if page.scores:
        yield from _scores(of_run, run, page.scores)
    if run.scores.bins and run.scores.risk and page.calibration:
        yield from _calibration(of_run, run.scores.bins, run.scores.risk, page.calibration)


def _classes(run: Run, class_names: Sequence[str]) -> Files:
    of = run.scores
    records: Records = [["class", "precision", "recall", "f1", "n_images"]]
    for target, name in enumerate(class_names):
        scores = of.precision_of(target), of.recall_of(target), of.f1_of(target)
        n_images = int(run.counts.support[target])
        records.append([name, *(score.value for score in scores), n_images])
    yield from table_files(f"runs/{run.run_id}-classes", records)


def matrix_files(run: Run, class_names: Sequence[str]) -> Files:
    """Yield a run's confusion matrix as files; none where it is not known."""
    if run.matrix is not None:
        counts = zip(class_names, run.matrix.tolist(), strict=True)
        records: Records = [["target", *class_names], *([name, *row] for name, row in counts)]
        yield from table_files(f"runs/{run.run_id}-matrix", records)


def _scores(of_run: str, run: Run, shown: ScoreTables) -> Files:
    records: Records = [["score", "value", "low", "high", "missing"]]
    for named in scores_of(run):
        score = named.score
        records.append([named.stored_as, *_with_ends(score), score.reason])
    texts = [[row.label, row.value.text, row.value.interval] for row in shown.scores]
    yield from table_files(f"{of_run}-scores", records, [["Score", "Test", "Interval"], *texts])

    fields = ("precision", "recall", "f1")
    ends = ("", "_low", "_high")
    records = [["average", *(f"{field}{end}" for field in fields for end in ends)]]
    for way in averages_of(run.scores):
        values = [value for score in way.scores for value in _with_ends(score)]
        records.append([way.average, *values])
    texts = [
        [row.label, *(with_detail(value.text, value.interval) for value in row.values)]
        for row in shown.averages
    ]
    heading = ["Average, %", "Precision", "Recall", "F1"]
    yield from table_files(f"{of_run}-averages", records, [heading, *texts])


def _with_ends(score: Score) -> tuple[Value, ...]:
    return (score.value, *(score.interval or _NO_ENDS))


def _epochs(of_run: str, record: RunRecord, shown: Training) -> Files:
    fields = [*Epoch.model_fields]
    records: Records = [
        [*fields, "began_to_learn", "kept"],
        *(
            [
                *(getattr(epoch, field) for field in fields),
                began_in(record, epoch),
                int(epoch.epoch == record.best_epoch),
            ]
            for epoch in record.history
        ),
    ]
    heading = ["Epoch", "Training loss", "Training accuracy, %", "Validation loss",
               "Validation accuracy, %", "Learning rate", "Time"]  # fmt: skip
    texts = [[row.epoch, *row.numbers] for row in shown.epochs]
    yield from table_files(f"{of_run}-epochs", records, [heading, *texts])


def _calibration(
    of_run: str, bins: ReliabilityBins, risk: RiskCoverage, shown: Calibration
) -> Files:
    records: Records = [
        ["confidence_low", "confidence_high", "n_images", "mean_confidence", "accuracy",
         "accuracy_low", "accuracy_high"],
    ]  # fmt: skip
    columns = (bins.low, bins.high, bins.n, bins.mean_confidence, bins.accuracy)
    rows = zip(*(column.tolist() for column in columns), bin_intervals(bins), strict=True)
    # Bins without images have neither confidence nor accuracy, and the page leaves them out.
    records += [[*numbers, *ends] for *numbers, ends in rows if ends]
    heading = ["Confidence, %", "Images", "Mean confidence, %", "Accuracy, %",
               "Confidence less accuracy"]  # fmt: skip
    texts = [
        [row.confidence, row.images, row.mean_confidence,
         with_detail(row.accuracy.text, row.accuracy.interval), row.gap]
        for row in shown.bins
    ]  # fmt: skip
    yield from table_files(f"{of_run}-confidence", records, [heading, *texts])

    points: Records = [["coverage", "n_images", "risk"]]
    points += [[*point] for point in risk_points(risk)]
    texts = [[row.coverage, row.images, row.risk] for row in shown.risks]
    heading = ["Images answered, %", "Images", "Errors among them, %"]
    yield from table_files(f"{of_run}-coverage", points, [heading, *texts])
