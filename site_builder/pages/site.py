"""What every page says about the site around it."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from posixpath import dirname

from experiments.results.metrics.intervals import CONFIDENCE
from site_builder import addresses, formatting, preview
from site_builder.loading import Experiment
from site_builder.policy import POLICY

_PAGES = (
    (addresses.INDEX, "Summary"),
    (addresses.COMPARE, "Compare"),
    (addresses.ERRORS, "Errors"),
    (addresses.CLASSES, "Classes"),
    (addresses.FEATURE_MAPS, "Feature maps"),
    (addresses.ARCHITECTURES, "Architectures"),
    (addresses.CURVES, "Curves"),
    (addresses.PIPELINE, "Pipeline"),
    (addresses.FORMULAS, "Formulas"),
    (addresses.CONFIGURATION, "Configuration"),
    (addresses.CHECKS, "Checks"),
)


@dataclass(frozen=True)
class Link:
    """An entry of the navigation: address from the site's root, text, whether it is this page."""

    address: str
    text: str
    current: bool


@dataclass(frozen=True)
class Site:
    """The frame of a page.

    Attributes:
        title: Title of the experiment.
        page: Title of the page.
        description: What the site is about, for who finds a link to it.
        canonical: Full address of the page; empty where it is not known.
        preview: Address of the picture that stands for the site elsewhere.
        home: Way to the page that lists several sites; empty where this is the only one.
        policy: What the page may load, for the browser.
        root: Way from the page to the site's root: empty, or `../`.
        links: The navigation.
        version: Version of bakeoff.
        schema_version: Version of the results' schema.
        confidence: Coverage of every interval, as text.
        runs: How many of the planned runs are shown, as text.
        alarm: How many checks failed, as text; empty where none did.
    """

    title: str
    page: str
    description: str
    canonical: str
    preview: str
    home: str
    policy: str
    root: str
    links: tuple[Link, ...]
    version: str
    schema_version: str
    confidence: str
    runs: str
    alarm: str


def site_context(experiment: Experiment, address: str, page: str = "") -> Site:
    """Return the frame of a page.

    Args:
        experiment: What is stored.
        address: Address of the page, relative to the site's root.
        page: Title of a page that is not in the navigation; the others have theirs there.
    """
    record, place = experiment.record, experiment.publication
    root = "../" * address.count("/")
    links = tuple(Link(to, text, _leads_to(to, address)) for to, text in _PAGES)
    return Site(
        title=record.title,
        page=page or next(link.text for link in links if link.current),
        description=record.question,
        canonical=place.address(address),
        preview=f"{place.base_url or root}{preview.ADDRESS}",
        home=f"{root}../{addresses.INDEX}" if place.among_others else "",
        policy=POLICY,
        root=root,
        links=links,
        version=_version(),
        schema_version=formatting.count(record.schema_version),
        confidence=formatting.percent(CONFIDENCE, 0),
        runs=f"{formatting.count(len(experiment.runs))} of "
        f"{formatting.count_of(len(record.run_ids), 'run')}",
        alarm=formatting.count_of(experiment.n_failed_checks, "check")
        if experiment.n_failed_checks
        else "",
    )


@cache
def _version() -> str:
    """Read the version once: it is in a file, and a thousand pages show it."""
    return version("bakeoff")


def _leads_to(entry: str, address: str) -> bool:
    """Return whether a page is that of an entry of the navigation, or beside it in its folder."""
    folder = dirname(entry)
    return entry == address or (folder != "" and folder == dirname(address))
