"""What must hold before a page is written, and what the reader of the build should know."""

from experiments.results.errors import StoreError
from experiments.results.schema import Split, SplitSummary
from site_builder.loading import Experiment, Run


def check(experiment: Experiment) -> None:
    """Refuse runs that were not evaluated on the experiment's own test split.

    Raises:
        StoreError: If a run saw other images or other targets than `experiment.json` records.
    """
    for run in experiment.runs:
        _check_same_test_images(experiment, run)


def warnings_of(experiment: Experiment) -> list[str]:
    """Return one line for every planned run that the site cannot show."""
    failed = [f"run {run.run_id} failed: {run.failure}" for run in experiment.failed]
    missing = [f"run {run_id} has not been run yet" for run_id in experiment.missing]
    return failed + missing


def _check_same_test_images(experiment: Experiment, run: Run) -> None:
    summary = experiment.record.splits[Split.TEST]
    said = run.predictions
    seen = SplitSummary.of(said.sample_ids.tolist(), said.targets.tolist(), experiment.n_classes)
    if seen.ids_sha256 != summary.ids_sha256:
        raise StoreError(
            f"run {run.run_id}: its predictions are not of the {summary.n_images} test images in "
            "experiment.json (field splits.test.ids_sha256); run it again with --force"
        )
    if seen.class_counts != summary.class_counts:
        raise StoreError(
            f"run {run.run_id}: its targets disagree with experiment.json (field "
            "splits.test.class_counts); run it again with --force"
        )
