"""Checks of feature maps and activation maps: they are of the images and classes they name."""

from collections.abc import Iterator

import numpy as np

from experiments.results.feature_maps import read_top_images
from experiments.results.schema import ActivationMap, FeatureMaps, Split
from site_builder import formatting
from site_builder.checks.base import CannotCheckError, RunCheck
from site_builder.loading import Experiment, Run
from site_builder.samples import NO_SAMPLES

NONE = "it has no feature maps"


class MappedImages(RunCheck):
    """Feature maps are of test images of the experiment."""

    name = "Feature maps are of test images"
    meaning = (
        "What a layer makes of an image is shown beside that image; and the images that a channel "
        "responds to most are given by their place in the test split."
    )
    holds = "feature maps are of test images"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Look every image of the record up in `samples.csv`."""
        record = _record(experiment, run)
        test = experiment.samples.get(Split.TEST, NO_SAMPLES)
        unknown = sorted({*_images(record)} - {*test.sample_ids})
        if unknown:
            return f"{unknown[0]} is not in the test split"
        if record.top_images is None:
            return ""
        for layer, top in zip(
            record.layers, read_top_images(experiment.store, record), strict=True
        ):
            if len(top) != layer.shape[0]:
                found = formatting.count_of(len(top), "channel")
                expected = formatting.count(layer.shape[0])
                return f"top_images has {found} of {layer.name}, not {expected}"
            if np.any((top < 0) | (top >= len(test))):
                return f"top_images of {layer.name} has a place beyond the test split"
        return ""


class EvidenceClasses(RunCheck):
    """Class-activation maps are for the classes that they are said to be for."""

    name = "Class-activation maps are for the predicted and the true class"
    meaning = (
        "A map says where the evidence for a class lies: that which the run chose, or the target."
    )
    holds = "class-activation maps are for the predicted or the true class"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Compare the class of every map with the stored prediction and target."""
        record = _record(experiment, run)
        if record.activation is None:
            raise CannotCheckError(f"no class-activation maps: {record.absent['activation']}")
        if run.predictions is None:
            raise CannotCheckError(run.no_predictions)
        said = run.predictions
        places = {name: place for place, name in enumerate(said.sample_ids.tolist())}
        for one in record.activation.maps:
            if one.sample_id not in places:
                return f"nothing was predicted for {one.sample_id}"
            place = places[one.sample_id]
            known = {"prediction": said.predicted[place], "target": said.targets[place]}
            if one.class_index != known[one.of]:
                return _mismatch(one, int(known[one.of]))
        return ""


def _mismatch(one: ActivationMap, index: int) -> str:
    return f"{one.sample_id}: the map of its {one.of} is for class {one.class_index}, not {index}"


def _record(experiment: Experiment, run: Run) -> FeatureMaps:
    record = experiment.feature_maps.of(run.run_id)
    if record is None:
        raise CannotCheckError(NONE)
    return record


def _images(record: FeatureMaps) -> Iterator[str]:
    yield from record.samples
    if record.activation:
        yield from (one.sample_id for one in record.activation.maps)
