"""Which runs have feature maps, and why others have none."""

from collections.abc import Mapping

from experiments.results.feature_maps import has_feature_maps
from experiments.results.schema import FeatureMaps, RunRecord
from site_builder.architectures.networks import IMPORTED
from site_builder.loading import Experiment

NOT_MADE = "none are stored yet"
NO_IMAGES = "no test image went through it"


def feature_maps(experiment: Experiment) -> dict[str, FeatureMaps]:
    """Read the feature maps of every run that has some, by run id, best run first.

    Raises:
        StoreError: If a record is damaged.
    """
    stored = {
        run.run_id: record
        for run in experiment.ranked
        if (record := experiment.feature_maps.of(run.run_id))
    }
    return {run_id: record for run_id, record in stored.items() if record.atlases}


def without_feature_maps(
    experiment: Experiment, stored: Mapping[str, FeatureMaps]
) -> tuple[tuple[str, str], ...]:
    """Return the runs that have none, id and reason, best run first, then those that failed."""
    records = [*(run.record for run in experiment.ranked), *experiment.failed]
    reasons = [(record.run_id, why_none(experiment, record, stored)) for record in records]
    return tuple((run_id, reason) for run_id, reason in reasons if reason)


def why_none(experiment: Experiment, record: RunRecord, stored: Mapping[str, FeatureMaps]) -> str:
    """Return why a run has no feature maps; empty where it has."""
    if record.run_id in stored:
        return ""
    if record.status == "failed":
        return "the run failed"
    if record.origin == "imported":
        return IMPORTED
    return NO_IMAGES if has_feature_maps(experiment.store, record.run_id) else NOT_MADE
