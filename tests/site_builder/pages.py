"""Reads a rendered page the way a reader does: its tables, its links, its text."""

from html.parser import HTMLParser

Table = list[list[str]]


class PageReader(HTMLParser):
    """Collects what is in a page.

    Attributes:
        tables: Rows of cell texts by the table's label, headings included; small print left out.
        small: The same, the small print in each cell.
        links: Every `href`, with the text of the link.
        text: All text.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, Table] = {}
        self.small: dict[str, Table] = {}
        self.links: list[tuple[str, str]] = []
        self.text = ""
        self._label = ""
        self._in_small = False
        self._in_link = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "table":
            self._label = given.get("aria-label") or f"unlabelled {len(self.tables)}"
            self.tables[self._label], self.small[self._label] = [], []
        elif tag == "tr":
            self.tables[self._label].append([])
            self.small[self._label].append([])
        elif tag in ("th", "td"):
            self.tables[self._label][-1].append("")
            self.small[self._label][-1].append("")
        elif tag == "small":
            self._in_small = True
        elif tag == "a":
            self._in_link = True
            self.links.append((given.get("href") or "", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._label = ""
        elif tag == "small":
            self._in_small = False
        elif tag == "a":
            self._in_link = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_link:
            href, text = self.links[-1]
            self.links[-1] = href, text + data
        if self._label and self.tables[self._label] and self.tables[self._label][-1]:
            kept = self.small if self._in_small else self.tables
            kept[self._label][-1][-1] += data.strip()

    def rows(self, label: str) -> dict[str, list[str]]:
        """Return the rows of a table by the text of their first cell, the headings left out."""
        return {row[0]: row[1:] for row in self.tables[label][1:]}
