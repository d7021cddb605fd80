"""Checks of the images: what was learned from is not what was judged on."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from experiments.results.schema import Split, SplitSummary
from site_builder.checks.base import N_NAMED, Check, Finding, Status, named
from site_builder.checks.near_duplicates import MAX_DISTANCE, nearest
from site_builder.formatting import count, count_of, listing
from site_builder.loading import Experiment
from site_builder.samples import SplitSamples

_BEFORE = {Split.VAL: (Split.TRAIN,), Split.TEST: (Split.TRAIN, Split.VAL)}


class AsRecorded(Check):
    """The images listed are those that the experiment's record sums up."""

    name = "The images are those of the experiment"
    meaning = (
        "samples.csv lists every image; experiment.json holds the number of images of each split "
        "and class, and a digest of their ids."
    )

    def find(self, experiment: Experiment) -> Finding:
        """Sum up each split again and compare."""
        wrong = [
            f"experiment.json, splits.{split}.{field}"
            for split, of_split in experiment.samples.items()
            for field in _differences(
                of_split.summary(experiment.n_classes), experiment.record.splits.get(split)
            )
        ]
        if wrong:
            found = f"{count_of(len(wrong), 'number')} of experiment.json not as in samples.csv"
            return Finding(Status.FAILED, found, named(wrong))
        return _passed(experiment, "as experiment.json says", least=1)


class DistinctClasses(Check):
    """Classes differ in more than the space around their names."""

    name = "Class names differ in more than the space around them"
    meaning = (
        "Imported names are kept as they came. Two that differ only in space at their ends look "
        "the same on every page, and are most likely one class."
    )

    def find(self, experiment: Experiment) -> Finding:
        """Strip the names and look for those that are then the same."""
        bare = Counter(name.strip() for name in experiment.record.class_names)
        alike = [repr(name) for name in experiment.record.class_names if bare[name.strip()] > 1]
        if alike:
            found = f"{count_of(len(alike), 'class', 'classes')} that differ only in space"
            return Finding(Status.NOTED, found, named(alike))
        return Finding(Status.PASSED, f"{count(len(bare))} different classes")


class DisjointIds(Check):
    """No image is in two splits, by its id."""

    name = "No image is in two splits, by its id"
    meaning = "A model that is judged on images it has learned from looks better than it is."

    def find(self, experiment: Experiment) -> Finding:
        """Compare the ids of every two splits."""
        twice = [
            f"{sample_id}: in {first} and in {second}"
            for first, second in combinations(experiment.samples, 2)
            for sample_id in sorted(
                {*experiment.samples[first].sample_ids} & {*experiment.samples[second].sample_ids}
            )
        ]
        if twice:
            found = f"{count_of(len(twice), 'id')} in two splits"
            return Finding(Status.FAILED, found, named(twice))
        return _passed(experiment, "no id in two splits")


class DisjointContents(Check):
    """No image is in two splits, by the digest of its file."""

    name = "No image is in two splits, by its content"
    meaning = "The same file under two names is one image all the same; its SHA-256 tells."

    def find(self, experiment: Experiment) -> Finding:
        """Compare the digests of every two splits."""
        samples = experiment.samples
        twice = [
            f"{second} image {sample_id} is the same file as {first} image {other}"
            for first, second in combinations(samples, 2)
            for sample_id, other in _same_files(samples[first], samples[second])
        ]
        if twice:
            found = f"{count_of(len(twice), 'image')} of one split also in another"
            return Finding(Status.FAILED, found, named(twice))
        if unknown := _n_without_file_digest(experiment):
            found = f"the sha256 of {count_of(unknown, 'image')} is not recorded"
            return Finding(Status.NOT_POSSIBLE, found)
        return _passed(experiment, "no file in two splits")


class NearDuplicates(Check):
    """No image resembles one of another split; where one does, a reader should know."""

    name = "No image resembles one of another split"
    meaning = (
        "Two frames of one scene are two files, yet who has learned from one knows the other. The "
        f"difference hashes of alike images differ in at most {count(MAX_DISTANCE)} of 64 bits. So "
        "do those of some others that are alike from afar, which is why this stops no build."
    )

    def find(self, experiment: Experiment) -> Finding:
        """Look up the hashes of the evaluated images among those of the splits before."""
        if unknown := _n_without_file_digest(experiment):
            found = f"the dhash of {count_of(unknown, 'image')} is not recorded"
            return Finding(Status.NOT_POSSIBLE, found)
        if not any(of_split.hashed.any() for of_split in experiment.samples.values()):
            return Finding(Status.NOT_POSSIBLE, "no image is known to be as large as 9 × 8 px")
        alike = [_alike(experiment, split) for split in _BEFORE if split in experiment.samples]
        total = sum(of_split.n_images for of_split in alike)
        if not total:
            return _passed(experiment, "none like one of another split")
        found = listing([count_of(a.n_images, f"{a.split} image") for a in alike if a.n_images])
        places = [line for of_split in alike for line in of_split.named]
        return Finding(Status.NOTED, f"{found} like one of a split before", named(places, total))


class _Alike(NamedTuple):
    """Images of a split that resemble one of a split before: how many, and the first by name."""

    split: Split
    n_images: int
    named: list[str]


def _alike(experiment: Experiment, split: Split) -> _Alike:
    samples = experiment.samples
    own = samples[split]
    others = {before: samples[before] for before in _BEFORE[split] if before in samples}
    hashes, places = np.unique(own.dhashes[own.hashed], return_inverse=True)
    known = [of_split.dhashes[of_split.hashed] for of_split in others.values()]
    found, distances = nearest(hashes, np.concatenate([np.zeros(0, np.uint64), *known]))
    alike = np.flatnonzero(distances[places] >= 0)
    ids = np.flatnonzero(own.hashed)
    named = [
        f"{split} image {own.sample_ids[ids[image]]} resembles "
        f"{_name(others, found[places[image]])}: "
        f"{count_of(int(distances[places[image]]), 'bit')} different"
        for image in alike[:N_NAMED]
    ]
    return _Alike(split, len(alike), named)


def _differences(found: SplitSummary, recorded: SplitSummary | None) -> list[str]:
    """Return the fields that differ."""
    fields = ("n_images", "class_counts", "ids_sha256")
    return [name for name in fields if getattr(found, name) != getattr(recorded, name, None)]


def _name(samples: Mapping[Split, SplitSamples], dhash: np.uint64) -> str:
    """Name the first image with a hash: `train image cat-12`."""
    for split, of_split in samples.items():
        places = np.flatnonzero(of_split.hashed & (of_split.dhashes == dhash))
        if len(places):
            return f"{split} image {of_split.sample_ids[places[0]]}"
    raise KeyError(dhash)


def _same_files(first: SplitSamples, second: SplitSamples) -> Iterator[tuple[str, str]]:
    """Yield the ids of each image of `second` and of one of `first` that is the same file."""
    by_digest = dict(zip(first.sha256, first.sample_ids, strict=True))
    by_digest.pop("", None)
    for sample_id, sha256 in zip(second.sample_ids, second.sha256, strict=True):
        if sha256 in by_digest:
            yield sample_id, by_digest[sha256]


def _n_without_file_digest(experiment: Experiment) -> int:
    return sum(of_split.sha256.count("") for of_split in experiment.samples.values())


def _passed(experiment: Experiment, holds: str, least: int = 2) -> Finding:
    """Return that something holds of all images, unless too few are known to tell."""
    samples, recorded = experiment.samples, experiment.record.splits
    if unlisted := [split for split in recorded if split not in samples]:
        found = f"the table of images does not list those of {listing([*unlisted])}"
        return Finding(Status.NOT_POSSIBLE, found)
    if len(samples) < least:
        return Finding(
            Status.NOT_POSSIBLE, f"no images are known but those of {listing([*samples])}"
        )
    sizes = listing([f"{count(len(of_split))} {split}" for split, of_split in samples.items()])
    return Finding(Status.PASSED, f"{sizes} images, {holds}")
