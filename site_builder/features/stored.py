"""Which runs have feature maps, and why others have none."""

from collections.abc import Mapping

from experiments.results.feature_maps import has_feature_maps, read_feature_maps
from experiments.results.schema import FeatureMaps
from site_builder.loading import Experiment, Run

IMPORTED = "it was made elsewhere and came without its network"
NOT_MADE = "none are stored yet"
NO_IMAGES = "no test image went through it"


def feature_maps(experiment: Experiment) -> dict[str, FeatureMaps]:
    """Read the feature maps of every run that has some, by run id, best run first.

    Raises:
        StoreError: If a record is damaged.
    """
    stored = {
        run.run_id: read_feature_maps(experiment.store, run.run_id)
        for run in experiment.ranked
        if has_feature_maps(experiment.store, run.run_id)
    }
    return {run_id: record for run_id, record in stored.items() if record.atlases}


def without_feature_maps(
    experiment: Experiment, stored: Mapping[str, FeatureMaps]
) -> tuple[tuple[str, str], ...]:
    """Return the runs that have none, id and reason, best run first, then those that failed."""
    finished = [(run.run_id, _reason(experiment, run)) for run in experiment.ranked]
    failed = [(record.run_id, "the run failed") for record in experiment.failed]
    return tuple(entry for entry in finished + failed if entry[0] not in stored)


def _reason(experiment: Experiment, run: Run) -> str:
    if run.record.origin == "imported":
        return IMPORTED
    return NO_IMAGES if has_feature_maps(experiment.store, run.run_id) else NOT_MADE
