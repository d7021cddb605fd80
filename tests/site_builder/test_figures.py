import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from site_builder.figures import Scatter, accuracy_latency, plotly_figure
from site_builder.loading import Experiment
from site_builder.naming import RunName, run_names
from site_builder.stills import NARROW, WIDE, Size, draw_scatter


@pytest.fixture
def scatter(experiment: Experiment) -> Scatter:
    found = accuracy_latency(experiment, run_names(experiment))
    assert found is not None
    return found


def test_points_are_the_stored_numbers(experiment: Experiment, scatter: Scatter) -> None:
    for point, run in zip(scatter.points, experiment.runs, strict=True):
        assert run.cost is not None
        assert (point.run_id, point.x) == (run.run_id, run.cost.latency_ms)
        ends = (point.y - point.below, point.y, point.y + point.above)
        expected = (100 * run.interval.low, 100 * run.accuracy, 100 * run.interval.high)
        assert ends == pytest.approx(expected)
        assert point.filled == (run.record.config.augmentation == "standard")


def test_a_wide_range_of_latency_gets_a_logarithmic_axis(experiment: Experiment) -> None:
    names = run_names(experiment)
    runs = list(experiment.runs)
    slow = runs[-1].record
    assert slow.cost is not None
    cost = slow.cost.model_copy(update={"latency_ms": 20.1})
    runs[-1] = replace(runs[-1], record=slow.model_copy(update={"cost": cost}))
    wide = accuracy_latency(replace(experiment, runs=tuple(runs)), names)
    assert wide is not None
    assert wide.log_x
    assert plotly_figure(wide)["layout"]["xaxis"]["type"] == "log"  # type: ignore[index]


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_still_takes_every_colour_from_the_page(scatter: Scatter, size: Size) -> None:
    svg = draw_scatter(scatter, size)
    assert svg == draw_scatter(scatter, size)
    root = ET.fromstring(svg)  # noqa: S314 (our own)
    for element in root.iter():
        assert "style" not in element.attrib
        for name in ("fill", "stroke"):
            colour = element.get(name, "none")
            assert colour == "none" or re.fullmatch(r"var\(--[\w-]+\)", colour), colour
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(set(ids)) == len(ids)
    assert all(name.startswith(f"{size.prefix}-") for name in ids)
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', svg)) <= set(ids)


def test_names_in_a_still_are_text(scatter: Scatter) -> None:
    points = tuple(
        replace(point, name=RunName("<b>$x^2$ 漢</b>", point.name.variant))
        for point in scatter.points
    )
    svg = draw_scatter(Scatter(points, log_x=False), WIDE)
    assert "&lt;b&gt;$x^2$ 漢&lt;/b&gt;" in svg
    assert "<b>" not in svg


def test_names_in_hover_text_are_escaped_for_plotly(scatter: Scatter) -> None:
    name = RunName("<a href=x>&amp;", "augmented")
    figure = plotly_figure(Scatter((replace(scatter.points[0], name=name),), log_x=False))
    (text,) = figure["data"][0]["hovertext"]  # type: ignore[index]
    assert text.startswith("<b>&lt;a href=x&gt;&amp;amp;, augmented</b><br>")
