"""Charts as SVG made at build time, so that a page needs no chart library to be read.

Matplotlib draws with stand-in colours; the SVG names CSS tokens in their place, and has neither
`style` attributes nor fonts of its own, so that it follows the page. The same points always give
the same bytes.
"""

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import MaxNLocator, NullFormatter, ScalarFormatter
from matplotlib.transforms import Bbox

from site_builder.figures import N_SERIES, Point, Scatter, latency_title

_TOKENS = {
    "#010101": "var(--ink)",
    "#020202": "var(--muted)",
    "#030303": "var(--rule)",
    "#040404": "var(--hair)",
    "#050505": "var(--paper)",
} | {f"#0600{series:02x}": f"var(--series-{series})" for series in range(1, N_SERIES + 1)}
_COLOUR = {token: colour for colour, token in _TOKENS.items()}
_MARKERS = ("o", "s", "D", "^", "v", "p", "h", "*")
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
# Where a label may stand: offset from its point in units of the distance, and its alignment.
_PLACES = (
    (1, 0, "left", "center"), (-1, 0, "right", "center"),
    (0.7, 0.9, "left", "bottom"), (-0.7, 0.9, "right", "bottom"),
    (0.7, -0.9, "left", "top"), (-0.7, -0.9, "right", "top"),
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """A drawing: the prefix of the ids in it, width and height in px, and the size of its text."""

    prefix: str
    width: int
    height: int
    font_px: float


WIDE = Size("wide", 900, 400, 12)
NARROW = Size("narrow", 340, 340, 11)


def draw_scatter(scatter: Scatter, size: Size) -> Markup:
    """Draw accuracy against latency as an SVG element for the page."""
    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": size.prefix,
        "font.family": "DejaVu Sans",
        "font.size": size.font_px,
        "text.parse_math": False,
        "text.color": _COLOUR["var(--ink)"],
        "axes.edgecolor": _COLOUR["var(--rule)"],
        "axes.labelcolor": _COLOUR["var(--muted)"],
        "xtick.color": _COLOUR["var(--muted)"],
        "ytick.color": _COLOUR["var(--muted)"],
        "grid.color": _COLOUR["var(--hair)"],
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        # The browser writes the text, and has fonts for scripts that matplotlib's lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # At 72 dots an inch a point is a pixel, so sizes below are in px.
        figure = Figure(figsize=(size.width / 72, size.height / 72), dpi=72, layout="constrained")
        figure.patch.set_visible(False)
        axes = figure.add_subplot(facecolor="none")
        _prepare(axes, scatter)
        for point in scatter.points:
            _draw_point(axes, point)
        figure.draw_without_rendering()
        _label_models(axes, scatter.points, size)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return _for_page(buffer.getvalue(), size)


def _prepare(axes: Axes, scatter: Scatter) -> None:
    axes.set_xlabel(latency_title(scatter.log_x))
    axes.set_ylabel("Accuracy, %")
    axes.grid(visible=True, linewidth=1)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)
    axes.margins(x=0.1, y=0.06)
    if scatter.log_x:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6))


def _draw_point(axes: Axes, point: Point) -> None:
    colour = _COLOUR[f"var(--series-{point.series % N_SERIES + 1})"]
    marker = _MARKERS[point.series % N_SERIES]
    axes.errorbar(
        [point.x],
        [point.y],
        yerr=[[point.below], [point.above]],
        fmt=marker,
        color=colour,
        markersize=10 if marker == "*" else 8,
        markeredgewidth=1.6,
        markerfacecolor=colour if point.filled else _COLOUR["var(--paper)"],
        elinewidth=1,
    )


def _label_models(axes: Axes, points: tuple[Point, ...], size: Size) -> None:
    """Write each model's name once, by one of its points, where it covers nothing."""
    taken = [box for point in points for box in _covered(axes, point)]
    by_model: dict[str, list[Point]] = {}
    for point in sorted(points, key=lambda point: -point.y):
        by_model.setdefault(point.name.model, []).append(point)
    for model, of_model in by_model.items():
        label = _free_label(axes, model, of_model, taken)
        if label is not None:
            taken.append(label.get_window_extent().padded(2))


def _covered(axes: Axes, point: Point) -> list[Bbox]:
    """Return what a point and its error bar cover, in px."""
    ends = [(point.x, point.y - point.below), (point.x, point.y + point.above)]
    (x, low), (_, high) = axes.transData.transform(ends)
    _, y = axes.transData.transform((point.x, point.y))
    return [Bbox([[x - 2, low], [x + 2, high]]), Bbox([[x - 6, y - 6], [x + 6, y + 6]])]


def _free_label(
    axes: Axes, model: str, points: list[Point], taken: list[Bbox]
) -> Annotation | None:
    """Return a label that covers nothing; None, and no label, if there is no room for one."""
    text = model if len(model) <= 24 else f"{model[:23]}…"
    for label in _candidates(axes, text, points):
        box = label.get_window_extent()
        inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
        inside = inside and axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1
        if inside and not any(box.overlaps(other) for other in taken):
            return label
        label.remove()
    return None


def _candidates(axes: Axes, text: str, points: list[Point]) -> Iterator[Annotation]:
    for distance in (9, 18, 30):
        for point in points:
            for x, y, horizontal, vertical in _PLACES:
                yield axes.annotate(
                    text,
                    (point.x, point.y),
                    xytext=(x * distance, y * distance),
                    textcoords="offset pixels",
                    ha=horizontal,
                    va=vertical,
                    color=_COLOUR[f"var(--series-{point.series % N_SERIES + 1})"],
                )


def _for_page(svg: bytes, size: Size) -> Markup:
    """Turn matplotlib's SVG file into an element that follows the page's style."""
    ET.register_namespace("", _SVG.strip("{}"))
    ET.register_namespace("xlink", _HREF[1:].split("}")[0])
    root = ET.fromstring(svg)  # noqa: S314 (matplotlib wrote it a moment ago)
    for parent in list(root.iter()):
        for child in [c for c in parent if _local(c) in ("metadata", "style")]:
            parent.remove(child)
    referenced = set(re.findall(rb"#([\w.-]+)", svg))
    for element in root.iter():
        _style_to_attributes(element)
        if element.get("id", "").encode() not in referenced:
            element.attrib.pop("id", None)
        _prefix_ids(element, size.prefix)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "width": str(size.width),
        "height": str(size.height),
        "class": f"still still-{size.prefix}",
        "aria-hidden": "true",
        "stroke-linejoin": "round",
    }
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 (made here, names escaped)


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _style_to_attributes(element: ET.Element) -> None:
    """Say the style as attributes: a Content-Security-Policy may forbid `style`."""
    element.attrib.pop("font-family", None)
    for declaration in filter(None, element.attrib.pop("style", "").split(";")):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            name, value = "font-size", re.findall(r"[\d.]+px", value)[0]
        if name != "font-family":
            element.set(name, _TOKENS.get(value, value))
    for name in ("fill", "stroke"):
        if element.get(name) in _TOKENS:
            element.set(name, _TOKENS[element.attrib[name]])


def _prefix_ids(element: ET.Element, prefix: str) -> None:
    """Keep the ids of the two drawings on a page apart."""
    if "id" in element.attrib:
        element.set("id", f"{prefix}-{element.attrib['id']}")
    if _HREF in element.attrib:
        element.set("href", f"#{prefix}-{element.attrib.pop(_HREF)[1:]}")
    if "clip-path" in element.attrib:
        element.set("clip-path", element.attrib["clip-path"].replace("#", f"#{prefix}-"))
