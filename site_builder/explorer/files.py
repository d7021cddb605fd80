"""Every file of the explorer, but for its page."""

from collections.abc import Iterator

import numpy as np

from experiments.results.feature_maps import has_feature_maps
from experiments.results.schema import Split
from site_builder import payloads
from site_builder.explorer import shards
from site_builder.explorer.images import Answers, Images
from site_builder.explorer.pictures import picture_facts, preview_files, sheet_files
from site_builder.explorer.suspicion import rule
from site_builder.loading import Experiment
from site_builder.naming import RunName


def explorer_files(
    experiment: Experiment, names: dict[str, RunName], images: Images
) -> Iterator[tuple[str, bytes]]:
    """Yield data and pictures: path below the site's root, and content.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        images: What the runs said of each test image.
    """
    facts = explorer_facts(experiment, names, images)
    if thumbnails := experiment.record.thumbnails:
        previews = dict(experiment.store.read_previews(thumbnails))
        facts["pictures"] = picture_facts(images, thumbnails, previews)
        yield from sheet_files(thumbnails, experiment.store)
        yield from preview_files(images, previews)
    yield payloads.shard("explorer", facts)
    yield from _image_shards(experiment, images)


def explorer_facts(
    experiment: Experiment, names: dict[str, RunName], images: Images
) -> dict[str, object]:
    """Return what every view needs to know.

    Returns:
        `answers`: the runs that are known image by image, best first, with what is not known of
        them; `others`: the other runs; `support`: images of each class; `superclasses`: that of
        each class, by its place in the list of the page, or null; `pictures`: null; `rule`: how
        images that every run gets wrong are told apart, empty where they are not.
    """
    groups, order = experiment.record.superclasses, superclass_names(experiment)
    return {
        "answers": [_run_facts(experiment, said, names) for said in images.answers],
        "others": [
            {"id": run.run_id, "name": names[run.run_id].full, "reason": reason}
            for run, reason in images.left_out
        ],
        "support": experiment.record.splits[Split.TEST].class_counts,
        "superclasses": [order.index(name) for name in groups] if groups else None,
        "pictures": None,
        "rule": rule(len(images.answers), sum(bool(said.no_confidence) for said in images.answers)),
    }


def superclass_names(experiment: Experiment) -> list[str]:
    """Return the superclasses, once each, in the order of the alphabet."""
    return sorted(set(experiment.record.superclasses or []))


def superclass_parts(experiment: Experiment, images: Images) -> list[shards.Part]:
    """Return what lists are made of: all test images, then those of each superclass in turn."""
    parts = [np.ones(len(images), bool)]
    if groups := experiment.record.superclasses:
        of_image = np.array(groups)[images.targets]
        parts += [of_image == name for name in superclass_names(experiment)]
    return parts


def _run_facts(
    experiment: Experiment, said: Answers, names: dict[str, RunName]
) -> dict[str, object]:
    return {
        "id": said.run.run_id,
        "name": names[said.run.run_id].full,
        "noConfidence": said.no_confidence,
        "noMargin": said.no_margin,
        "confused": shards.most_confused(said.run),
        "noMap": said.run.record.absent.get("embedding", ""),
        "mapped": has_feature_maps(experiment.store, said.run.run_id),
    }


def _image_shards(experiment: Experiment, images: Images) -> Iterator[tuple[str, bytes]]:
    runs = tuple(said.run for said in images.answers) + tuple(run for run, _ in images.left_out)
    if not runs:
        return
    for target, shard in enumerate(shards.class_shards(images, runs, experiment.n_classes)):
        yield payloads.shard(f"images/{target}", shard)
    parts = superclass_parts(experiment, images)
    names = [f"superclasses/{place}" for place in range(len(parts) - 1)]
    if images.answers:
        shared = shards.shared_lists(images, parts)
        yield from map(payloads.shard, ["views", *names], shared)
    for index, said in enumerate(images.answers):
        run_id = said.run.run_id
        of_run = [f"views/{run_id}", *(f"{name}/{run_id}" for name in names)]
        yield from map(payloads.shard, of_run, shards.run_lists(images, index, parts))
        if len(images.answers) > 1:
            yield payloads.shard(f"mistakes/{run_id}", shards.mistakes(images, index))
        if said.run.record.embedding:
            embedding = experiment.store.read_embedding(said.run.record)
            yield payloads.shard(f"maps/{run_id}", shards.map_shard(images, index, embedding))
