"""Numbers and texts that people bring along, before anything is done with them."""

import math
from reprlib import repr as shortened
from typing import Any

MAX_COUNT = 2**53
"""Images at most: beyond, the next whole number may have no float of its own."""


def finite(value: Any) -> float | None:
    """Return a number, or its text, as a float; None for what is none or is not finite."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> int | None:
    """Return a count of images in [0, `MAX_COUNT`]; None for anything else."""
    found = finite(value)
    if found is None or not 0 <= found <= MAX_COUNT or not found.is_integer():
        return None
    return int(found)


def as_given(value: Any) -> str:
    """Return what was given for a message, a number of 400 digits shortened."""
    return shortened(value)


def is_storable(text: str) -> bool:
    """Return whether a text can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
