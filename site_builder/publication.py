"""Where a site will be found, and the files that a host or a crawler looks for at its root."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from experiments.results.errors import ConfigError
from site_builder import addresses

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True)
class Publication:
    """Where a site will be found.

    Attributes:
        base_url: Address of its folder, with a slash at the end; empty where it is not known.
        among_others: Whether it is one of several, under a page that lists them.
    """

    base_url: str = ""
    among_others: bool = False

    def address(self, page: str) -> str:
        """Return the full address of a page; empty where it is not known."""
        folder, _, name = page.rpartition("/")
        if name == addresses.INDEX:
            page = f"{folder}/" if folder else ""
        return f"{self.base_url}{page}" if self.base_url else ""

    @property
    def path(self) -> str:
        """The way to its folder on its host, such as `/repo/`; empty where it is not known."""
        return urlsplit(self.base_url).path


UNKNOWN = Publication()
"""That of a site by itself, whose address is not known."""


def base_url(text: str) -> str:
    """Return the address of a site's folder, with a slash at the end.

    Raises:
        ConfigError: If it is no address of a folder on a web server.
    """
    if not _is_folder(text):
        raise ConfigError(
            f"--base-url {text}: has to be the address of the site, such as "
            "https://user.github.io/repo/"
        )
    return text.rstrip("/") + "/"


def _is_folder(text: str) -> bool:
    """Return whether a text is the address of a folder on a web server."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    on_a_server = parts.scheme in ("http", "https") and bool(parts.hostname)
    return on_a_server and not parts.query and not parts.fragment


HOST_FILES = ((".nojekyll", b""),)
"""What tells GitHub Pages to publish the files as they are: path and content."""


def sitemap(address: str, folder: Path) -> Iterable[tuple[str, bytes]]:
    """Yield `sitemap.xml`: every page of a site, for search engines.

    Args:
        address: Address of the site's folder; nothing is yielded where it is empty, because the
            format has no relative addresses.
        folder: Where the site lies, all pages written.
    """
    if not address:
        return
    pages = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
    site = Publication(address)
    lines = [
        f"<url><loc>{escape(site.address(page))}</loc></url>"
        for page in pages
        if page.rpartition("/")[2] != addresses.NOT_FOUND
    ]
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_SITEMAP}">'
    yield "sitemap.xml", "\n".join([head, *lines, "</urlset>", ""]).encode()
