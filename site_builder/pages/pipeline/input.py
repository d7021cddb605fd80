"""pipeline/input.html: what a model is fed, how it lies in memory, and where it comes from."""

from dataclasses import dataclass

from experiments.results.schema import Cost, Split
from site_builder import formatting
from site_builder.loading import Experiment
from site_builder.pages.examples import Examples, examples
from site_builder.pages.index import dataset_facts
from site_builder.pages.pipeline.batches import (
    Input,
    batches_sentence,
    cached_bytes,
    input_of,
)
from site_builder.pages.pipeline.image_sizes import ImageSizes, image_sizes, known_sizes
from site_builder.pages.pipeline.memory_layout import MemoryLayout, memory_layout, stride_rows
from site_builder.pages.pipeline.page import Frame, Material, Model, Page
from site_builder.pages.pipeline.values import Values
from site_builder.pages.site import Site

_OF_INPUT = (
    "size", "shape", "batch", "batch-shape", "product", "image-memory", "batch-memory",
    "pixel-memory",
)  # fmt: skip


@dataclass(frozen=True)
class ClassCounts:
    """How many images each class has in each split.

    Attributes:
        splits: Names of the splits.
        summary: Images of the smallest and the largest class, as a sentence.
        rows: Class, its images in each split, and all of them.
    """

    splits: tuple[str, ...]
    summary: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class InputContext:
    """What `pages/pipeline/input.html` shows.

    Attributes:
        site: The frame of the page.
        frame: The frame of the pipeline's pages.
        layout: A small image and its memory.
        card: The dataset: label and text.
        counts: Images by class and split.
        sizes: How large the images are; None where that is not known.
        examples: One image of every class, or of the first of many; None where there are none.
    """

    site: Site
    frame: Frame
    layout: MemoryLayout
    card: tuple[tuple[str, str], ...]
    counts: ClassCounts
    sizes: ImageSizes | None
    examples: Examples | None


def input_context(material: Material, site: Site, frame: Frame) -> InputContext:
    """Return what the page shows."""
    experiment = material.experiment
    record = experiment.record
    return InputContext(
        site=site,
        frame=frame,
        layout=memory_layout(),
        card=dataset_facts(experiment),
        counts=_class_counts(experiment),
        sizes=image_sizes(experiment),
        examples=examples(record.examples, record.class_names) if record.examples else None,
    )


def values(material: Material, model: Model) -> Values:
    """Return what the page says of one model."""
    experiment, record = material.experiment, model.run.record
    fed = input_of(record)
    cached = cached_bytes(experiment, record)
    texts = {
        "model": model.name.model,
        "unknown": "" if fed else f"{model.name.full}: {_why_unknown(model)}.",
        "cached": formatting.size(cached) if cached else "",
        "reading-time": _reading_time(record.cost),
        "gpu-memory": _gpu_memory(record.cost),
        "epoch": _epoch(experiment, fed),
        "enlarged": _enlarged(experiment, model),
    }
    if fed is None:
        return Values(texts | dict.fromkeys(_OF_INPUT, formatting.MISSING))
    return Values(
        texts=texts | _of_input(fed),
        rows={"strides": stride_rows((fed.batch_size, *fed.shape))},
    )


PAGE = Page("input", "Input", values, input_context)


def _why_unknown(model: Model) -> str:
    if model.run.record.origin == "imported":
        return "it was made elsewhere, and what it was fed is not told"
    return "what it was fed is not stored"


def _reading_time(cost: Cost | None) -> str:
    if cost is None or cost.reading_time_s is None:
        return ""
    return formatting.duration(cost.reading_time_s)


def _gpu_memory(cost: Cost | None) -> str:
    # On a CPU it is that of the whole process, which may have done other runs before.
    if cost is None or cost.peak_memory_bytes is None or cost.device != "cuda":
        return ""
    return formatting.size(cost.peak_memory_bytes)


def _of_input(fed: Input) -> dict[str, str]:
    shape = formatting.shape(fed.shape)
    numbers = formatting.count(fed.n_numbers)
    return {
        "size": formatting.count(fed.side_px),
        "shape": shape,
        "batch": formatting.count(fed.batch_size),
        "batch-shape": formatting.shape((fed.batch_size, *fed.shape)),
        "product": f"{shape} = {numbers} numbers × 4 bytes = {formatting.count(fed.image_bytes)} "
        "bytes",
        "image-memory": formatting.size(fed.image_bytes),
        "batch-memory": formatting.size(fed.batch_bytes),
        "pixel-memory": formatting.size(fed.n_numbers),
    }


def _epoch(experiment: Experiment, fed: Input | None) -> str:
    train = experiment.record.splits.get(Split.TRAIN)
    if fed is None or train is None:
        return ""
    return batches_sentence(train.n_images, fed.batch_size)


def _enlarged(experiment: Experiment, model: Model) -> str:
    """Say how many images have a shorter side than the model's images are resized to."""
    sizes, fed = known_sizes(experiment), model.run.record.preprocessing
    if not len(sizes) or fed is None:
        return ""
    n_small = int((sizes.min(axis=1) < fed.resize_size).sum())
    side = f"{formatting.count(fed.resize_size)}{formatting.NBSP}px"
    of_all = f"{formatting.count(n_small)} of {formatting.count_of(len(sizes), 'image')}"
    if not n_small:
        return f"No image has to be enlarged: this model’s are resized to {side}."
    if n_small == len(sizes):
        return f"All have to be enlarged: this model’s are resized to {side}."
    share = formatting.share(n_small, len(sizes))
    return f"{of_all} ({share}) have to be enlarged: this model’s are resized to {side}."


def _class_counts(experiment: Experiment) -> ClassCounts:
    record = experiment.record
    summaries = {split: record.splits[split] for split in Split if split in record.splits}
    by_class = list(zip(*(summary.class_counts for summary in summaries.values()), strict=True))
    totals = [sum(counts) for counts in by_class]
    least, most = min(totals), max(totals)
    if least == most:
        said = f"Every class has {formatting.count_of(least, 'image')}."
    else:
        said = (
            f"The smallest class has {formatting.count_of(least, 'image')}, the largest "
            f"{formatting.count(most)}."
        )
    return ClassCounts(
        splits=tuple(summaries),
        summary=said,
        rows=tuple(
            (name, *map(formatting.count, (*counts, total)))
            for name, counts, total in zip(record.class_names, by_class, totals, strict=True)
        ),
    )
