"""The picture that other sites show beside a link to this one: title, question, the best runs."""

import io
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from site_builder import formatting
from site_builder.loading import Experiment
from site_builder.naming import RunName

ADDRESS = "assets/preview.png"
# What Open Graph's readers ask for: 1.91 to 1, and not below 600 px.
WIDTH_PX, HEIGHT_PX = 1200, 630
_DPI = 100
# The light colours of tokens.css.
_PAPER, _INK, _MUTED, _ACCENT = "#fdfdfb", "#1b1e23", "#5d636b", "#0b5c86"
_N_RUNS = 6
_LEFT = 0.06
_TITLE_SIGNS, _QUESTION_SIGNS, _NAME_SIGNS = 38, 72, 40


@dataclass(frozen=True)
class _Bar:
    name: str
    accuracy: str
    value: float
    low: float
    high: float


def preview(experiment: Experiment, names: dict[str, RunName]) -> tuple[str, bytes]:
    """Return the file of the picture, PNG: the same bytes for the same experiment."""
    bars = [
        _Bar(
            textwrap.shorten(names[run.run_id].full, _NAME_SIGNS, placeholder="…"),
            formatting.percent(run.accuracy),
            run.accuracy,
            run.interval.low,
            run.interval.high,
        )
        for run in experiment.ranked[:_N_RUNS]
    ]
    record = experiment.record
    return ADDRESS, _draw(record.title, record.question, bars)


def _draw(title: str, question: str, bars: Sequence[_Bar]) -> bytes:
    with warnings.catch_warnings():
        # A sign that matplotlib's own font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph")
        return _png(title, question, bars)


def _png(title: str, question: str, bars: Sequence[_Bar]) -> bytes:
    figure = Figure((WIDTH_PX / _DPI, HEIGHT_PX / _DPI), dpi=_DPI, facecolor=_PAPER)
    FigureCanvasAgg(figure)
    _lines(figure, 0.91, title, _TITLE_SIGNS, 1, size=34, weight="bold", color=_INK)
    _lines(figure, 0.79, question, _QUESTION_SIGNS, 2, size=19, color=_MUTED)
    if bars:
        _ranking(figure, bars)
    content = io.BytesIO()
    # Its version would be in the file.
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _lines(figure: Figure, top: float, text: str, n_signs: int, n_lines: int, **looks: Any) -> None:
    wrapped = "\n".join(textwrap.wrap(text, n_signs, max_lines=n_lines, placeholder="…"))
    # An empty text has no width to fit.
    if wrapped:
        drawn = figure.text(_LEFT, top, wrapped, va="top", parse_math=False, **looks)
        _fit(drawn, 1 - 2 * _LEFT)


def _fit(drawn: Text, width: float) -> None:
    """Shrink a text that is wider than a share of the picture: signs differ in their width.

    A little narrower than the share: sizes round to whole pixels, sign by sign.
    """
    extent = drawn.get_window_extent()
    drawn.set_fontsize(
        float(drawn.get_fontsize()) * min(1.0, 0.95 * width * WIDTH_PX / extent.width)
    )


def _ranking(figure: Figure, bars: Sequence[_Bar]) -> None:
    height = 0.075 * len(bars)
    axes = figure.add_axes((0.46, 0.58 - height, 0.4, height))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    across = axes.get_yaxis_transform()
    for place, bar in enumerate(bars):
        axes.barh(place, bar.value, height=0.5, color=_ACCENT, alpha=0.85)
        axes.plot([bar.low, bar.high], [place, place], color=_INK, linewidth=2)
        looks: dict[str, Any] = {"va": "center", "size": 16, "transform": across, "color": _INK}
        _fit(axes.text(-1.0, place, bar.name, parse_math=False, **looks), 0.39)
        axes.text(1.03, place, bar.accuracy, parse_math=False, **looks)
    note = "Test accuracy with its interval, on an axis from nothing right to everything right"
    figure.text(_LEFT, 0.06, note, va="bottom", size=14, color=_MUTED)
