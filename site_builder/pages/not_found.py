"""The page that a host shows where there is none."""

from dataclasses import dataclass, replace

from site_builder import addresses
from site_builder.pages.site import Site

ADDRESS = addresses.NOT_FOUND


@dataclass(frozen=True)
class NotFoundContext:
    """What `pages/404.html` shows.

    Attributes:
        site: The frame of the page.
        index: Address of the first page.
        anywhere: Whether its links hold wherever it is shown; otherwise only where the site's own
            pages are.
    """

    site: Site
    index: str
    anywhere: bool


def not_found_context(site: Site, path: str) -> NotFoundContext:
    """Return what the page shows.

    A host answers with it for any address, so that no relative way is right.

    Args:
        site: The frame of the site's first page.
        path: The way to the site on its host, such as `/repo/`; empty where it is not known.
    """
    links = tuple(replace(link, current=False) for link in site.links)
    return NotFoundContext(
        site=replace(
            site, page="Page not found", root=path + site.root, links=links, canonical="", home=""
        ),
        index=path + addresses.INDEX,
        anywhere=bool(path),
    )
