"""Checks of the finished site: whatever one of its pages leads to is there."""

import posixpath
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from site_builder import addresses
from site_builder.checks.base import Finding, SiteCheck, Status, named
from site_builder.formatting import count_of
from site_builder.loading import Experiment

_ELSEWHERE = {"http", "https", "mailto", "data"}


class Links(SiteCheck):
    """Every link inside the site leads to a file and, where it names one, a place in it."""

    name = "Every link inside the site leads somewhere"
    meaning = (
        "Pages, pictures, styles, scripts and data lie where the pages say, by ways that hold on a "
        "web server's sub-path and in an unpacked archive alike."
    )

    def find(self, experiment: Experiment, folder: Path) -> Finding:
        """Read every page, then follow what it refers to."""
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
        # It is shown at any address, and so are its ways.
        files.discard(addresses.NOT_FOUND)
        pages = {name: _read(folder / name) for name in sorted(files) if name.endswith(".html")}
        if experiment.publication.among_others:
            files.add(f"../{addresses.INDEX}")
        links = [link for name, page in pages.items() for link in page.links(name)]
        broken = list(dict.fromkeys(why for link in links if (why := _broken(link, files, pages))))
        if broken:
            found = f"{count_of(len(broken), 'link')} of {count_of(len(links), 'link')} broken"
            return Finding(Status.FAILED, found, named(broken))
        found = f"{count_of(len(links), 'link')} on {count_of(len(pages), 'page')}"
        return Finding(Status.PASSED, found)


class _Link(NamedTuple):
    """A reference: the page that it is on, and what it says."""

    page: str
    address: str


class _Page(HTMLParser):
    """The ids of a page, and what it refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self._addresses: list[str] = []
        self._shards: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            match name, value or "":
                case "id", id_:
                    self.ids.add(id_)
                case "href" | "src", address:
                    self._addresses.append(address)
                case "data-shard", shard:
                    self._shards.append(shard)
                case "data-name", figure if tag == "plotly-figure":
                    self._shards.append(f"figures/{figure}")

    def links(self, name: str) -> Iterator[_Link]:
        """Yield all references of the page, whose name is given."""
        for address in self._addresses:
            if urlsplit(address).scheme not in _ELSEWHERE:
                yield _Link(name, address)
        for shard in self._shards:
            yield _Link(name, f"{'../' * name.count('/')}data/{shard}.js")


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def _broken(link: _Link, files: set[str], pages: dict[str, _Page]) -> str:
    """Return what is wrong with a link; empty if nothing is."""
    parts = urlsplit(link.address)
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return f"{link.page}: {link.address} is no way inside the site"
    way = posixpath.join(posixpath.dirname(link.page), unquote(parts.path))
    target = posixpath.normpath(way) if parts.path else link.page
    if target not in files:
        return f"{link.page}: {link.address} is not there"
    place = unquote(parts.fragment)
    # A fragment with a sign of equality is the state of the page, which its scripts read.
    if place and "=" not in place and target in pages and place not in pages[target].ids:
        return f"{link.page}: {link.address} names no place on that page"
    return ""
