"""A formula as one line of words and signs, for those who hear the page."""

from collections.abc import Callable
from xml.etree.ElementTree import Element

_ACCENTS = {"^": "hat", "~": "tilde", "¯": "bar", "‾": "bar", "―": "bar"}
_LARGE = {"∑": "sum"}


def in_words(element: Element) -> str:
    """Return what a MathML element says, on one line.

    Args:
        element: A `<math>` element, or a part of one, of the kinds that `latex2mathml` makes here.

    Raises:
        KeyError: If a kind of element has no words yet.
    """
    return " ".join(_words(element).split())


def _words(element: Element) -> str:
    return _KINDS[element.tag](element)


def _leaf(element: Element) -> str:
    return element.text or ""


def _row(element: Element) -> str:
    return " ".join(_words(child) for child in element)


def _grouped(element: Element) -> str:
    """Put what is more than one sign into brackets."""
    words = _words(element).strip()
    return words if len(words.split()) == 1 else f"({words})"


def _fraction(element: Element) -> str:
    above, below = element
    if element.get("linethickness") == "0":
        return f"{_grouped(above)} choose {_grouped(below)}"
    return f"{_grouped(above)} / {_grouped(below)}"


def _power(element: Element) -> str:
    base, exponent = element
    words = _words(exponent).strip()
    if words == "*":
        return f"{_words(base)} star"
    raised = "squared" if words == "2" else f"to the power {_grouped(exponent)}"
    return f"{_words(base)} {raised}"


def _index(element: Element) -> str:
    base, index = element
    return (
        f"{_words(base)} over {_words(index)} of"
        if base.text in ("max", "min")
        else (f"{_words(base)} sub {_grouped(index)}")
    )


def _index_and_power(element: Element) -> str:
    base, index, power = element
    if base.text in _LARGE:
        return _between(element)
    star = "star" if _words(power).strip() == "*" else f"to the power {_grouped(power)}"
    return f"{_words(base)} {star} sub {_grouped(index)}"


def _between(element: Element) -> str:
    base, below, above = element
    return f"{_LARGE[_words(base)]} from {_words(below)} to {_words(above)} of"


def _accent(element: Element) -> str:
    base, accent = element
    return f"{_words(base)} {_ACCENTS[_words(accent)]}"


def _below(element: Element) -> str:
    base, below = element
    return f"{_LARGE.get(_words(base), _words(base))} over {_words(below)} of"


_KINDS: dict[str, Callable[[Element], str]] = {
    "math": _row,
    "mrow": _row,
    "mstyle": _row,
    "mi": _leaf,
    "mn": _leaf,
    "mo": _leaf,
    "mspace": lambda _: " ",
    "mfrac": _fraction,
    "msqrt": lambda element: f"square root of ({_row(element)})",
    "msup": _power,
    "msub": _index,
    "msubsup": _index_and_power,
    "munder": _below,
    "mover": _accent,
    "munderover": _between,
}
