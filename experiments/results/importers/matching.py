"""Imported results and the experiment that they join: the same images, the same classes."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from experiments.results.errors import DataError
from experiments.results.importers.imported import Imported
from experiments.results.predictions import Predictions
from experiments.results.schema import (
    DatasetCard,
    ExperimentRecord,
    Sample,
    Split,
    SplitSummary,
)

UNKNOWN = "the results were imported"
_N_NAMED = 3


def new_experiment(name: str, title: str, imported: Imported) -> ExperimentRecord:
    """Return the record of an experiment of which only imported results are known."""
    return ExperimentRecord(
        name=name,
        title=title,
        question="How do these results, which were made elsewhere, compare?",
        dataset=DatasetCard(
            name=title,
            description="Known from imported results only.",
            licence="not stated",
            source="not stated",
            n_unreadable=None,
            absent={"n_unreadable": f"not known: {UNKNOWN}"},
        ),
        class_names=list(imported.class_names),
        superclasses=None,
        splits={Split.TEST: summary_of(imported)},
        examples=None,
        thumbnails=None,
        run_ids=[],
        absent={
            "superclasses": UNKNOWN,
            "examples": "the results were imported without images",
            "thumbnails": "the results were imported without images",
        },
    )


def summary_of(imported: Imported) -> SplitSummary:
    """Return what is known of the test split."""
    said = imported.said
    if isinstance(said, Predictions):
        return SplitSummary.of(
            said.sample_ids.tolist(), said.targets.tolist(), len(imported.class_names)
        )
    return SplitSummary(
        n_images=int(said.support.sum()),
        class_counts=said.support.tolist(),
        ids_sha256=None,
        absent={"ids_sha256": "only counts of images were imported"},
    )


def samples_of(predictions: Predictions) -> list[Sample]:
    """Return the test images as far as predictions tell of them."""
    return [
        Sample(
            sample_id=sample_id,
            split=Split.TEST,
            target=target,
            path="",
            width_px=None,
            height_px=None,
        )
        for sample_id, target in zip(
            predictions.sample_ids.tolist(), predictions.targets.tolist(), strict=True
        )
    ]


def match_counts(origin: str, experiment: ExperimentRecord, support: Sequence[int]) -> None:
    """Refuse other numbers of images than the experiment has.

    Raises:
        DataError: Names the first class that has more or fewer.
    """
    stored = experiment.splits[Split.TEST].class_counts
    for name, n_stored, n_given in zip(experiment.class_names, stored, support, strict=True):
        if n_stored != n_given:
            raise DataError(
                f"{origin}: has {n_given} images of {name!r}, but experiment "
                f"{experiment.name!r} has {n_stored}; import results on the same test images"
            )


def match_predictions(
    origin: str, experiment: ExperimentRecord, stored: Sequence[Sample], said: Predictions
) -> Predictions:
    """Return predictions in the order of the experiment's test images.

    Args:
        origin: Where the predictions are from, for messages.
        experiment: What they shall join.
        stored: Its test images.
        said: Predictions of the same images, in any order.

    Raises:
        DataError: If an image is missing, is none of the experiment's, or has another target.
    """
    ids = said.sample_ids.tolist()
    places = {sample_id: place for place, sample_id in enumerate(ids)}
    known = {sample.sample_id for sample in stored}
    missing = [sample.sample_id for sample in stored if sample.sample_id not in places]
    strange = [sample_id for sample_id in ids if sample_id not in known]
    if missing or strange:
        parts = [f"{_some(missing)} missing"] if missing else []
        parts += [f"{_some(strange)} unknown"] if strange else []
        raise DataError(
            f"{origin}, sample_id: of the {len(stored)} test images of experiment "
            f"{experiment.name!r} {' and '.join(parts)}; import predictions on exactly these images"
        )
    order = np.array([places[sample.sample_id] for sample in stored], dtype=np.int64)
    ordered = in_order(said, order)
    targets = np.array([sample.target for sample in stored], dtype=np.int64)
    if (other := np.flatnonzero(ordered.targets != targets)).size:
        first, names = int(other[0]), experiment.class_names
        raise DataError(
            f"{origin}, target: {stored[first].sample_id!r} is {names[ordered.targets[first]]!r} "
            f"here, but {names[targets[first]]!r} in experiment {experiment.name!r} "
            f"({other.size} images differ); correct the labels"
        )
    return ordered


def in_order(said: Predictions, order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Predictions:
    """Return the predictions of the images at the places in `order`."""
    arrays = {name: array for name, array in vars(said).items() if array is not None}
    return replace(said, **{name: array[order] for name, array in arrays.items()})


def _some(ids: Sequence[str]) -> str:
    """Return how many there are and the first of them: `12 (such as 'a', 'b', 'c') are`."""
    first = ", ".join(map(repr, ids[:_N_NAMED]))
    such = "such as " if len(ids) > _N_NAMED else ""
    return f"{len(ids)} ({such}{first}) {'is' if len(ids) == 1 else 'are'}"
