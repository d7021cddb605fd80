"""Code as pages show it: coloured at build time, by Pygments.

`templates/partials/code.html` sets it, `static/css/code.css` colours it.
"""

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from markupsafe import Markup
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from site_builder import SOURCE

SNIPPETS = SOURCE / "docs" / "snippets"
"""Code that pages quote: whole files, which the tests run."""

_LANGUAGES = {".py": "python", ".toml": "toml", ".sh": "bash"}

# What is told apart by colour: few classes, so that colours stay apart and pages small.
_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "comment"),
    (String, "string"),
    (Number, "number"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Name.Function, "name"),
    (Name.Class, "name"),
    (Name.Decorator, "name"),
)


@dataclass(frozen=True)
class Code:
    """A piece of code.

    Attributes:
        title: What it is, such as the name of its file.
        html: The code with its colours; as text it is the code itself.
    """

    title: str
    html: Markup


def highlight(text: str, language: str) -> Markup:
    """Return code with its parts marked by classes; nothing else of the text is changed.

    Args:
        text: The code.
        language: Pygments' short name of its language, such as `python`, `toml` or `bash`.

    Raises:
        pygments.util.ClassNotFound: If Pygments does not know the language.
    """
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    classes = ((_class_of(kind), part) for kind, part in lexer.get_tokens(text))
    runs = groupby(classes, key=itemgetter(0))
    return Markup().join(_marked(name, "".join(part for _, part in run)) for name, run in runs)


def snippet(name: str) -> Code:
    """Return a file of `docs/snippets/`, under its own name.

    Args:
        name: Path below `docs/snippets/`, ending in `.py`, `.toml` or `.sh`.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    path = SNIPPETS / name
    text = path.read_text(encoding="utf-8").rstrip("\n")
    return Code(path.name, highlight(text, _LANGUAGES[path.suffix]))


def _class_of(kind: _TokenType) -> str:
    return next((name for of, name in _CLASSES if kind in of), "")


def _marked(name: str, text: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(name, text) if name else Markup.escape(text)
