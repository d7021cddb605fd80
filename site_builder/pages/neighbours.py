"""The pages before and after one of many that are alike."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Neighbour:
    """The page of another run or class.

    Attributes:
        rel: `prev` or `next`.
        address: Its address from the site's root.
        text: Where it stands, seen from this one.
        name: The name of what it is about.
    """

    rel: str
    address: str
    text: str
    name: str


def neighbours(pages: Sequence[tuple[str, str]], place: int) -> tuple[Neighbour, ...]:
    """Return the pages beside one; the first and the last have one.

    Args:
        pages: Address and name of every page, in order.
        place: Which of them it is.
    """
    beside = [("prev", "Before it", place - 1), ("next", "After it", place + 1)]
    return tuple(
        Neighbour(rel, pages[at][0], text, pages[at][1])
        for rel, text, at in beside
        if 0 <= at < len(pages)
    )
