"""What is printed of a page."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

_OVER_NOTHING = """
() => {
  const main = document.querySelector("main");
  const headings = [...main.querySelectorAll("h1, h2, h3, h4")]
    .filter((one) => one.checkVisibility());
  const says = (one) => one.matches("img, svg, canvas")
    || [...one.childNodes].some(({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim());
  const content = [...main.querySelectorAll(":not(:is(h1, h2, h3, h4, thead) *, h1, h2, h3, h4)")]
    .filter((one) => one.checkVisibility() && says(one));
  const follows = (one, other) =>
    one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING;
  return headings.filter((heading, at) => {
    const next = headings.slice(at + 1).find(({ localName }) => localName <= heading.localName);
    return !content.some((one) => follows(heading, one) && (!next || follows(one, next)));
  }).map(({ textContent }) => textContent.trim());
}
"""


def headings_over_nothing(page: Page) -> list[str]:
    """Return the headings of a page, as printed, that have nothing to read or see below them."""
    page.emulate_media(media="print")
    found: list[str] = page.evaluate(_OVER_NOTHING)
    return found


@contextmanager
def printed(page: Page) -> Iterator[None]:
    """Show a page as it is printed, with what the browser tells it before and afterwards."""
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    yield
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
