"""Where the page of a run leads to what is inside its network."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.results.schema import FeatureMaps, RunRecord
from site_builder import addresses
from site_builder.architectures.networks import why_unknown
from site_builder.features.stored import why_none
from site_builder.loading import Experiment


@dataclass(frozen=True)
class View:
    """A view into the network.

    Attributes:
        title: What it shows.
        address: Where it is, from the site's root.
        reason: Why there is none; empty where there is.
    """

    title: str
    address: str
    reason: str


def views(
    experiment: Experiment, record: RunRecord, maps: Mapping[str, FeatureMaps]
) -> tuple[View, ...]:
    """Return the views into a run's network, those that are lacking with the reason.

    Args:
        experiment: What is stored.
        record: The run.
        maps: Feature maps by run.
    """
    run_id = record.run_id
    no_maps = why_none(experiment, record, maps)
    no_activation = no_maps or maps[run_id].absent.get("activation", "")
    architecture = f"{addresses.ARCHITECTURES}#a={run_id}"
    shown = f"{addresses.FEATURE_MAPS}#run={run_id}"
    return (
        View("Feature maps: what its layers make of a few test images", shown, no_maps),
        View("Class-activation maps: where in an image the evidence is", shown, no_activation),
        View("Architecture: its stages and layers", architecture, why_unknown(experiment, record)),
    )
