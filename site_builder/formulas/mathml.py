"""LaTeX to MathML when the site is built, with places that take a run's numbers.

In LaTeX a place is written `@name`. In MathML it is a number (`<mn>`) that says in `data-value`
which one it is, so that `static/js/formula-numbers.js` can put that of another run there.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup

from site_builder.formulas.words import in_words

_PLACE = re.compile(r"@([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")


def places(text: str) -> tuple[str, ...]:
    """Return the names of the places in LaTeX or in a sentence, each once.

    Example:
        >>> places("@tp / (@tp + @fp) = @precision")
        ('tp', 'fp', 'precision')
    """
    return tuple(dict.fromkeys(_PLACE.findall(text)))


def split_at_places(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a sentence: plain text and no name, or no text and the name of a place.

    Example:
        >>> list(split_at_places("Of @classes classes"))
        [('Of ', ''), ('', 'classes'), (' classes', '')]
    """
    for index, part in enumerate(_PLACE.split(text)):
        if part:
            yield ("", part) if index % 2 else (part, "")


def mathml(latex: str, values: Mapping[str, str] | None = None) -> Markup:
    """Return a formula as a `<math>` element, safe to put into a page.

    Args:
        latex: What to set; as trusted as code.
        values: Text of each place in it; escaped.

    Raises:
        KeyError: If a place has no text.
    """
    root = convert_to_element(_PLACE.sub(r"\\text{@\1}", latex), display="block")
    _mend(root)
    template = in_words(root)
    texts = values or {}
    _fill(root, texts)
    root.set("alttext", _PLACE.sub(lambda place: texts[place[1]], template))
    if texts:
        root.set("data-words", template)
    # Writing the tree escapes every text in it.
    return Markup(tostring(root, encoding="unicode"))  # noqa: S704


def _mend(root: Element) -> None:
    """Put right what the library leaves: characters as entities, and two kinds of element."""
    for element in root.iter():
        element.text = unescape(element.text or "")
        if element.text == "±":
            # A sign between two numbers has room around it, a letter has not.
            element.tag = "mo"
        elif element.tag == "mtext":
            # To a browser text is mere space, and a sign beside it stands at an end of the row.
            element.tag = "mi"


def _fill(root: Element, values: Mapping[str, str]) -> None:
    for element in root.iter("mi"):
        place = _PLACE.fullmatch(element.text or "")
        if place:
            element.tag = "mn"
            element.text = values[place[1]]
            element.set("data-value", place[1])
