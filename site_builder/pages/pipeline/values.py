"""What changes on a page when another model is chosen.

The page as built and what the browser fetches are made of the same `Values`, so they cannot differ.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TypeVar

T = TypeVar("T")
SMALL_PX = 192
"""Pictures are shown about this large if they are smaller, such as digits of 8 × 8 pixels."""


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        address: Where it is, from the site's root.
        width: Its width, px.
        height: Its height, px.
        alt: What it shows.
        scale: How many times as large it is shown, each pixel a square.
    """

    address: str
    width: int
    height: int
    alt: str
    scale: int = 1


def enlarged(address: str, width: int, height: int, alt: str) -> Picture:
    """Return a picture, made larger on the page if it is small; arguments as in `Picture`."""
    return Picture(address, width, height, alt, max(1, SMALL_PX // max(width, height)))


@dataclass(frozen=True)
class Values:
    """What a page says of one model, each part under a name.

    Attributes:
        texts: Text by name, the same names for every model; empty or a dash where one has none.
        rows: Rows of tables, cell by cell; a model without rows of a name shows no such table.
        pictures: Pictures; a model without one of a name shows none.
        paths: What SVG paths draw, their attribute `d`; without one of a name none is drawn.
        links: Addresses from the site's root; a model without one of a name shows no such link.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


def merged(parts: Iterable[tuple[str, Values]]) -> Values:
    """Put the values of several pages together, each name behind that of its page: `input.memory`.

    Args:
        parts: Name of a page, and its values.
    """
    named = tuple(parts)
    return Values(
        texts=_under((page, values.texts) for page, values in named),
        rows=_under((page, values.rows) for page, values in named),
        pictures=_under((page, values.pictures) for page, values in named),
        paths=_under((page, values.paths) for page, values in named),
        links=_under((page, values.links) for page, values in named),
    )


def shard(values: Values) -> dict[str, object]:
    """Return what `static/js/model-choice.js` fetches of one model."""
    return asdict(values)


def _under(parts: Iterable[tuple[str, Mapping[str, T]]]) -> dict[str, T]:
    return {f"{page}.{name}": value for page, of in parts for name, value in of.items()}
