"""Code is coloured and otherwise left alone, and its colours can be read."""

import re
from html import unescape
from pathlib import Path

import pytest
from pygments.util import ClassNotFound

from site_builder import SOURCE, highlight
from site_builder.highlight import snippet

FILES = [
    *sorted((SOURCE / "site_builder").glob("*.py")),
    *sorted((SOURCE / "experiments" / "configs").glob("*.toml")),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_text_stays_as_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    html = highlight.highlight(text, {".py": "python", ".toml": "toml"}[path.suffix])
    assert unescape(re.sub(r"</?span[^>]*>", "", html)) == text


def test_marks_what_it_is_and_escapes_it() -> None:
    html = highlight.highlight('name = "<b>&"  # 1\nrate = 2e-3\n', "toml")
    assert html == (
        'name = <span class="string">&#34;&lt;b&gt;&amp;&#34;</span>  '
        '<span class="comment"># 1</span>\nrate = <span class="number">2e-3</span>\n'
    )


def test_marks_python() -> None:
    html = highlight.highlight("def fit(x):\n    return not x\n", "python")
    assert html == (
        '<span class="keyword">def</span> <span class="name">fit</span>(x):\n'
        '    <span class="keyword">return</span> <span class="keyword">not</span> x\n'
    )


def test_blank_lines_are_kept() -> None:
    assert highlight.highlight("\n\na\n\n", "python") == "\n\na\n\n"


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(ClassNotFound):
        highlight.highlight("x", "no-such-language")


def test_a_snippet_is_a_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "head").mkdir()
    (tmp_path / "head" / "linear.py").write_text("x = 1\n")
    monkeypatch.setattr(highlight, "SNIPPETS", tmp_path)
    code = snippet("head/linear.py")
    assert (code.title, code.html) == ("linear.py", 'x = <span class="number">1</span>')
    with pytest.raises(FileNotFoundError):
        snippet("missing.py")


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_stand_out_from_the_paper(theme: int) -> None:
    """WCAG 2.2, success criterion 1.4.3: 4.5 to 1."""
    folder = SOURCE / "static" / "css"
    tokens = re.findall(
        r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", (folder / "tokens.css").read_text()
    )
    colours = {name: pair[theme] for name, *pair in tokens}
    used = re.findall(
        r"\.code \.(\w+) { color: var\(--([\w-]+)\)", (folder / "code.css").read_text()
    )
    assert {name for name, _ in used} == {name for _, name in highlight._CLASSES}
    for name, token in used:
        assert contrast(colours[token], colours["paper"]) >= 4.5, name


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
