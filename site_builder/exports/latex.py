"""A table in LaTeX, with the rules of the package booktabs."""

from collections.abc import Sequence

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # Two of them would be drawn as one dash, or as a closing quote.
    "-": "{-}",
    "'": "{'}",
    "`": "{`}",
    # After the end of a row these would belong to it.
    "[": "{[}",
    "*": "{*}",
    "\N{NO-BREAK SPACE}": "~",
    "–": "--",
    "−": r"\ensuremath{-}",
    "±": r"\ensuremath{\pm}",
    "×": r"\ensuremath{\times}",
}


def escape(text: str) -> str:
    r"""Return a text so that LaTeX writes it as it is; what breaks a line becomes a space.

    Letters beyond ASCII stay: LaTeX reads UTF-8, though a font may lack them.

    Example:
        >>> print(escape("50 % of R&D_x {a}"))
        50 \% of R\&D\_x \{a\}
    """
    printable = "".join(c if c.isprintable() or c in _ESCAPES else " " for c in text)
    return "".join(_ESCAPES.get(character, character) for character in printable)


def booktabs(
    heading: Sequence[str], rows: Sequence[Sequence[tuple[str, bool]]], n_texts: int = 1
) -> str:
    """Return a table.

    Args:
        heading: Text above each column.
        rows: Texts, and whether they are bold.
        n_texts: How many columns from the left are flush left; the others are flush right.
    """
    lines = [
        "% Needs \\usepackage{booktabs}.",
        f"\\begin{{tabular}}{{{'l' * n_texts}{'r' * (len(heading) - n_texts)}}}",
        "\\toprule",
        _row([escape(text) for text in heading]),
        "\\midrule",
        *(_row([_cell(*cell) for cell in row]) for row in rows),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _cell(text: str, bold: bool) -> str:
    return f"\\textbf{{{escape(text)}}}" if bold else escape(text)
