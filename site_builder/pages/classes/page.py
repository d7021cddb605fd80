"""classes/<n>.html: how every run does on one class, and its images."""

from dataclasses import dataclass

from experiments.results.schema import Split
from site_builder import addresses, formatting
from site_builder.pages.classes.confused import Confused, taken_for, taken_from
from site_builder.pages.classes.material import Material
from site_builder.pages.classes.pictures import Picture, example_pictures, hardest_pictures
from site_builder.pages.classes.runs import RunsTable, runs_table
from site_builder.pages.neighbours import Neighbour, neighbours
from site_builder.pages.site import Site, site_context
from site_builder.scores import NO_IMAGE

_SPLITS = {
    Split.TRAIN: "Training images",
    Split.VAL: "Validation images",
    Split.TEST: "Test images",
}


@dataclass(frozen=True)
class Link:
    """A list of images: what it holds, and where it is from the site's root; empty for none."""

    text: str
    address: str


@dataclass(frozen=True)
class ClassContext:
    """What `pages/class.html` shows.

    Attributes:
        site: The frame of the page.
        target: Index of the class, which names its files.
        name: Its name.
        neighbours: The classes before and after it in the order of the experiment.
        recall: Its mean recall over the runs; empty where there is none.
        summary: What that is a mean of, or why there is none; empty where no run has finished.
        facts: Where it stands and how many images it has, as label and value.
        examples: Some of its test images.
        tiny: Whether they are so small that they are shown enlarged, with their pixels as they are.
        no_pictures: Why there are no pictures of them; empty where there are.
        runs: Each run on it; None where none has finished.
        taken_for: What it is taken for; None where that is not known.
        taken_from: What is taken for it; None where that is not known.
        no_matrix: Why these are not known; empty where they are.
        lists: Where lists of its test images are.
        partly: Which runs count in them, a sentence; empty where all do.
        hardest: The test images that most runs get wrong.
        no_images: Why it is not known what each image was called; empty where it is.
    """

    site: Site
    target: int
    name: str
    neighbours: tuple[Neighbour, ...]
    recall: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    examples: tuple[Picture, ...]
    tiny: bool
    no_pictures: str
    runs: RunsTable | None
    taken_for: Confused | None
    taken_from: Confused | None
    no_matrix: str
    lists: tuple[Link, ...]
    partly: str
    hardest: tuple[Picture, ...]
    no_images: str


def class_context(material: Material, target: int, order: list[tuple[str, str]]) -> ClassContext:
    """Return what the page of a class shows.

    Args:
        material: What the pages of all classes are made from.
        target: Index of the class.
        order: Address and name of every class's page.
    """
    experiment = material.experiment
    name = experiment.record.class_names[target]
    recall, summary = _recall(material, target)
    return ClassContext(
        site=site_context(experiment, addresses.class_page(target), name),
        target=target,
        name=name,
        neighbours=neighbours(order, target),
        recall=recall,
        summary=summary,
        facts=_facts(material, target),
        examples=example_pictures(material, target),
        tiny=material.tiny,
        no_pictures=experiment.record.absent.get("thumbnails", ""),
        runs=runs_table(material, target),
        taken_for=taken_for(material, target),
        taken_from=taken_from(material, target),
        no_matrix=_first_reason(material) if experiment.confusion is None else "",
        lists=_lists(material, target),
        partly=material.partly,
        hardest=hardest_pictures(material, target),
        no_images="" if material.images.answers else _first_reason(material),
    )


def _recall(material: Material, target: int) -> tuple[str, str]:
    """Return the mean recall over the runs that saw the class, and what it is a mean of."""
    if not material.runs:
        return "", ""
    saw = material.saw(target).tolist()
    if not saw:
        return "", f"{NO_IMAGE[0].upper()}{NO_IMAGE[1:]}."
    mean, said = (
        formatting.percent(float(material.mean_recall[target])),
        "of its test images are called so",
    )
    if len(saw) == 1:
        return mean, f"{said} by {material.runs[saw[0]].name.full}."
    lowest, highest = (_recall_of(material, place, target) for place in (saw[0], saw[-1]))
    over = f"over {formatting.count_of(len(saw), 'run')}"
    return mean, f"{said} on average {over}, from {lowest} to {highest}."


def _recall_of(material: Material, place: int, target: int) -> str:
    recall = formatting.percent(float(material.recalls[place, target]))
    return f"{recall} ({material.runs[place].name.full})"


def _facts(material: Material, target: int) -> tuple[tuple[str, str], ...]:
    record = material.experiment.record
    place, n = formatting.count(target + 1), formatting.count(len(record.class_names))
    group = [("Superclass", record.superclasses[target])] if record.superclasses else []
    images = [
        (label, formatting.count(record.splits[split].class_counts[target]))
        for split, label in _SPLITS.items()
        if split in record.splits
    ]
    return (("Place in the list", f"{place} of {n}"), *group, *images)


def _first_reason(material: Material) -> str:
    """Return why the first run tells no more than it does; there may be others for others."""
    if not material.images.left_out:
        return "no run has finished"
    return material.images.left_out[0][1]


def _lists(material: Material, target: int) -> tuple[Link, ...]:
    answers, n_images = material.images.answers, int(material.n_images[target])
    if not answers or not n_images:
        return ()
    best = answers[0].run
    n_wrong = int(best.counts.support[target] - best.counts.hits[target])
    name, n_runs = material.names[best.run_id].full, len(answers)
    which = "the best run" if best is material.runs[0].run else "the best of those"
    found = [
        Link(f"All {formatting.count_of(n_images, 'test image')} of the class",
             addresses.images_of_class(target)),
        _link(n_wrong, f"wrong in {name}, {which}",
              addresses.mistakes_of_class(best.run_id, target)),
    ]  # fmt: skip
    if n_runs > 1:
        both = "both runs" if n_runs == 2 else f"all {formatting.count(n_runs)} runs"
        n_never, n_apart = int(material.n_all_wrong[target]), int(material.n_disagreed[target])
        found += [
            _link(n_never, f"wrong in {both}", addresses.all_wrong_of_class(target)),
            _link(
                n_apart,
                "given different classes by the runs",
                addresses.disagreements_of_class(target),
            ),
        ]
    return tuple(found)


def _link(n: int, what: str, address: str) -> Link:
    if not n:
        return Link(f"None is {what}", "")
    return Link(f"{formatting.count(n)} {'is' if n == 1 else 'are'} {what}", address)
