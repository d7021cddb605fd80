"""The images of an experiment: what they are, and what each split of them is for."""

from collections import Counter
from dataclasses import dataclass

from experiments.results.schema import ExperimentRecord, Split
from site_builder import formatting
from site_builder.pages.run.facts import facts

_USES = {
    Split.TRAIN: "Models learn from them.",
    Split.VAL: "The epoch to keep is chosen on them.",
    Split.TEST: "All results are reported on them.",
}


@dataclass(frozen=True)
class SplitRow:
    """A split of the images.

    Attributes:
        name: `train`, `val` or `test`.
        use: What it is for.
        n_images: Images.
        per_class: Images of a class, from the fewest to the most.
        digest: SHA-256 of its sorted image ids, or why there is none.
    """

    name: str
    use: str
    n_images: str
    per_class: str
    digest: str


def dataset_facts(record: ExperimentRecord) -> tuple[tuple[str, str], ...]:
    """Return what the images are and how many classes they have, as label and value."""
    card = [(fact.label, fact.value) for fact in facts(record.dataset)]
    return (*card, ("Classes", _classes(record)))


def split_rows(record: ExperimentRecord) -> tuple[SplitRow, ...]:
    """Return the splits in the order of their use."""
    return tuple(
        SplitRow(
            name=split.value,
            use=use,
            n_images=formatting.count(summary.n_images),
            per_class=_range(summary.class_counts),
            digest=summary.ids_sha256 or f"{formatting.MISSING} ({summary.absent['ids_sha256']})",
        )
        for split, use in _USES.items()
        if (summary := record.splits.get(split))
    )


def _classes(record: ExperimentRecord) -> str:
    n_classes = formatting.count(len(record.class_names))
    if record.superclasses is None:
        return n_classes
    groups = Counter(record.superclasses)
    parts = [f"{formatting.count(n)} {group}" for group, n in sorted(groups.items())]
    return f"{n_classes}: {formatting.listing(parts)}"


def _range(counts: list[int]) -> str:
    fewest, most = formatting.count(min(counts)), formatting.count(max(counts))
    return fewest if fewest == most else f"{fewest}–{most}"
