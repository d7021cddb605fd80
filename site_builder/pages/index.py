"""index.html: what was compared, what leads and by how much, and how it was done."""

from dataclasses import dataclass

from experiments.results.schema import ExampleSheet, Split, UnreadableImage
from site_builder import formatting
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.compare import unfinished
from site_builder.pages.settings import Setting, settings
from site_builder.pages.site import Site, site_context
from site_builder.tables import Row, performance_table

ADDRESS = "index.html"
LARGE_CELL_PX = 64
"""Below this side an example is shown enlarged, with its pixels as they are."""
MAX_LEFT_OUT = 100
"""Unreadable images that are named on the page."""


@dataclass(frozen=True)
class Lead:
    """The best run and how clear its lead is.

    Attributes:
        run_id: The best run.
        name: Its name.
        verb: `leads`, or `shares the lead` where others got as many images right.
        accuracy: Its test accuracy.
        interval: Wilson's interval of that.
        images: How many images that is: `353 of 360`.
        sequel: Who follows, and whether the intervals overlap; a sentence, or empty.
    """

    run_id: str
    name: RunName
    verb: str
    accuracy: str
    interval: str
    images: str
    sequel: str


@dataclass(frozen=True)
class Finding:
    """A fact worth a glance: label, number, the run it is about (or None), and a remark."""

    label: str
    value: str
    name: RunName | None
    run_id: str
    remark: str


@dataclass(frozen=True)
class Example:
    """One class's cell of the picture of examples: its corner, px, and the class."""

    x: int
    y: int
    class_name: str


@dataclass(frozen=True)
class Examples:
    """The picture of one image per class.

    Attributes:
        address: Address of the picture from the site's root.
        cell: Side of a cell, px.
        width: Width of the picture, px.
        height: Height of the picture, px.
        scale: `pixels` where cells are so small that they are shown enlarged, else `photos`.
        cells: The cells in class order.
    """

    address: str
    cell: int
    width: int
    height: int
    scale: str
    cells: tuple[Example, ...]


@dataclass(frozen=True)
class LeftOut:
    """The images that could not be read.

    Attributes:
        summary: How many there are, and how many of them are shown; a sentence or two.
        images: Path and reason of the first `MAX_LEFT_OUT`.
    """

    summary: str
    images: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class IndexContext:
    """What `pages/index.html` shows.

    Attributes:
        site: The frame of the page.
        question: What the experiment asks.
        lead: The best run; None if no run has finished.
        findings: Range, fastest, smallest, total time.
        ranking: Finished runs, best first, with their accuracy.
        accuracy_axis: Ends of the axis of the ranking's bars, as text.
        unfinished: Planned runs without results, each as name and reason.
        dataset: The dataset card: label and text.
        classes: Class names as a sentence; empty where pictures show them.
        left_out: Images that could not be read; None where there are none, or none are listed.
        examples: One image of every class; None where there are none.
        settings: How the runs were trained.
    """

    site: Site
    question: str
    lead: Lead | None
    findings: tuple[Finding, ...]
    ranking: tuple[Row, ...]
    accuracy_axis: str
    unfinished: tuple[tuple[str, str], ...]
    dataset: tuple[tuple[str, str], ...]
    classes: str
    left_out: LeftOut | None
    examples: Examples | None
    settings: tuple[Setting, ...]


def index_context(experiment: Experiment, names: dict[str, RunName]) -> IndexContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
    """
    record = experiment.record
    table = performance_table(experiment, names) if experiment.runs else None
    return IndexContext(
        site=site_context(experiment, ADDRESS),
        question=record.question,
        lead=_lead(experiment.ranked, names) if experiment.runs else None,
        findings=_findings(experiment.ranked, names) if experiment.runs else (),
        ranking=table.rows if table else (),
        accuracy_axis=table.columns[0].axis if table else "",
        unfinished=unfinished(experiment, names),
        dataset=_dataset(experiment),
        classes="" if record.examples else ", ".join(record.class_names),
        left_out=_left_out(record.unreadable) if record.unreadable else None,
        examples=_examples(record.examples, record.class_names) if record.examples else None,
        settings=settings(experiment),
    )


def _lead(ranked: tuple[Run, ...], names: dict[str, RunName]) -> Lead:
    best = ranked[0]
    level = [names[run.run_id].full for run in ranked[1:] if run.n_correct == best.n_correct]
    return Lead(
        run_id=best.run_id,
        name=names[best.run_id],
        verb="shares the lead" if level else "leads",
        accuracy=formatting.percent(best.accuracy),
        interval=formatting.interval(best.interval),
        images=f"{formatting.count(best.n_correct)} of {formatting.count(best.n_images)}",
        sequel=_sequel(ranked, names, level) if len(ranked) > 1 else "",
    )


def _sequel(ranked: tuple[Run, ...], names: dict[str, RunName], level: list[str]) -> str:
    """Say who follows the best run, without claiming more than the intervals show."""
    if level:
        return f"{formatting.listing(level)} got exactly as many right."
    best, second = ranked[:2]
    n_more = formatting.count_of(best.n_correct - second.n_correct, "image")
    overlap = best.interval.low <= second.interval.high
    return (
        f"That is {n_more} more than {names[second.run_id].full}, at "
        f"{formatting.percent(second.accuracy)} ({formatting.interval(second.interval)}); "
        f"the two intervals {'overlap' if overlap else 'do not overlap'}."
    )


def _findings(ranked: tuple[Run, ...], names: dict[str, RunName]) -> tuple[Finding, ...]:
    findings = [_spread(ranked)]
    if fastest := _least(ranked, "latency_ms"):
        findings.append(_about("Fastest", formatting.milliseconds(fastest[0]), fastest[1], names))
    if smallest := _least(ranked, "n_parameters"):
        value = f"{formatting.quantity(smallest[0])} parameters"
        findings.append(_about("Smallest", value, smallest[1], names))
    if times := [run.cost.train_time_s for run in ranked if run.cost and run.cost.train_time_s]:
        value = formatting.duration(sum(times))
        remark = f"all {formatting.count_of(len(times), 'run')} together"
        findings.append(Finding("Training", value, None, "", remark))
    return tuple(findings)


def _spread(ranked: tuple[Run, ...]) -> Finding:
    lowest, highest = ranked[-1].accuracy, ranked[0].accuracy
    value = f"{formatting.rate(lowest)}–{formatting.percent(highest)}"
    remark = f"{formatting.points(highest - lowest)} from the last run to the first"
    return Finding("Accuracy", value, None, "", remark)


def _least(ranked: tuple[Run, ...], field: str) -> tuple[float, Run] | None:
    """Return the least cost and its run; of equal ones the more accurate run."""
    known = [(getattr(run.cost, field, None), run) for run in ranked]
    present = [(float(value), run) for value, run in known if value is not None]
    return min(present, key=lambda pair: pair[0]) if present else None


def _about(label: str, value: str, run: Run, names: dict[str, RunName]) -> Finding:
    remark = f"accuracy {formatting.percent(run.accuracy)}"
    return Finding(label, value, names[run.run_id], run.run_id, remark)


def _dataset(experiment: Experiment) -> tuple[tuple[str, str], ...]:
    record = experiment.record
    card = record.dataset
    sizes = {split: record.splits[split].n_images for split in Split if split in record.splits}
    parts = ", ".join(f"{formatting.count(n)} {split}" for split, n in sizes.items())
    unreadable = card.absent.get("n_unreadable", "")
    if card.n_unreadable is not None:
        unreadable = formatting.count_of(card.n_unreadable, "image")
    return (
        ("Name", card.name),
        ("What it is", card.description),
        ("Classes", formatting.count(experiment.n_classes)),
        ("Images", f"{formatting.count(sum(sizes.values()))}: {parts}"),
        ("Unreadable, left out", unreadable),
        ("Licence", card.licence),
        ("Source", card.source),
    )


def _left_out(unreadable: list[UnreadableImage]) -> LeftOut:
    shown = unreadable[:MAX_LEFT_OUT]
    n_images = formatting.count_of(len(unreadable), "image")
    was = "was" if len(unreadable) == 1 else "were"
    summary = f"{n_images} could not be read and {was} left out before the splits were made."
    if len(shown) < len(unreadable):
        first = formatting.count(len(shown))
        summary += f" These are the first {first}; all are in experiment.json."
    return LeftOut(summary, tuple((image.path, image.reason) for image in shown))


def _examples(sheet: ExampleSheet, class_names: list[str]) -> Examples:
    places = [divmod(index, sheet.n_columns) for index in range(len(class_names))]
    return Examples(
        address=f"assets/{sheet.file.name}",
        cell=sheet.cell_px,
        width=sheet.n_columns * sheet.cell_px,
        height=-(-len(class_names) // sheet.n_columns) * sheet.cell_px,
        scale="pixels" if sheet.cell_px < LARGE_CELL_PX else "photos",
        cells=tuple(
            Example(column * sheet.cell_px, row * sheet.cell_px, name)
            for (row, column), name in zip(places, class_names, strict=True)
        ),
    )
