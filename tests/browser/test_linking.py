"""Tables and charts of compare.html: each marks what is picked, or pointed at, in the other."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.compare_page import shown, wait_until
from tests.browser.conftest import Built, Watched, build
from tests.made_up import write_made_up_store

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
POINTED = re.compile(r"\bpointed\b")
SELECTED = re.compile(r"\bselected\b")
OUT = re.compile(r"\bout\b")


def row_of(page: Page, run: str, table: str = "performance") -> Locator:
    return page.locator(f"sortable-table[data-key={table}] tr[data-run='{run}']")


def mark_of(page: Page, run: str, chart: str = "latency") -> Locator:
    return page.locator(f"section[data-chart={chart}] .still-wide [data-run='{run}']")


def group_of(page: Page, group: str) -> Locator:
    return page.locator(f"sortable-table[data-key=performance] tr[data-group='{group}']")


def explore(page: Page) -> Locator:
    """Let Plotly draw the chart that is shown."""
    page.locator("[data-part=explore]:visible").click()
    live = page.locator(".plotly-live:visible")
    expect(live.locator(".main-svg").first).to_be_visible(timeout=30_000)
    return live


def without_plotly(page: Page) -> None:
    """Keep the drawings made at build time: Plotly never arrives."""
    page.route("**/plotly.min.js", lambda route: None)


def ranges(live: Locator) -> list[float]:
    """Return the ends of both axes that Plotly shows."""
    read = "live => [...live._fullLayout.xaxis.range, ...live._fullLayout.yaxis.range]"
    return live.evaluate(read)


def ringed(live: Locator) -> list[str]:
    """Return the runs whose marks Plotly draws large."""
    return live.evaluate(
        "live => live.data.filter((one) => one.marker?.size > 10).map((one) => one.customdata[0])"
    )


def faint(live: Locator) -> list[str]:
    """Return the runs whose marks Plotly draws faintly."""
    return live.evaluate(
        "live => live.data.filter((one) => one.opacity < 1).map((one) => one.customdata[0])"
    )


PLACE = """mark => {
  const end = mark.getPointAtLength(mark.getTotalLength());
  const { x, y } = new DOMPoint(end.x, end.y).matrixTransform(mark.getScreenCTM());
  return [x, y];
}"""
"""Where the outline of a mark is in the window: its interval is a thin line above."""


def on_mark(mark: Locator) -> tuple[float, float]:
    mark.scroll_into_view_if_needed()
    x, y = mark.evaluate(PLACE)
    return x, y


def test_a_row_and_its_mark_point_at_each_other(watched: Watched, open_site: Open) -> None:
    without_plotly(watched.page)
    page = watched.open(open_site("shapes"), "compare.html#chart=size")
    mark, row = mark_of(page, "beta-none", "size"), row_of(page, "beta-none")
    row.locator("td").first.hover()
    expect(mark).to_have_class(POINTED)
    page.locator("h1").hover()
    expect(mark).not_to_have_class(POINTED)
    page.mouse.move(*on_mark(mark))
    expect(row).to_have_class(POINTED)
    expect(page.locator("trade-offs .readout")).to_have_text("Beta no augmentation")
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("tr[data-run=beta-none] a[aria-current]")).to_have_count(2)
    expect(mark).to_have_class(SELECTED)


def test_a_picked_row_is_marked_in_the_charts(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    for run in ("gamma-none", "beta-standard"):
        row_of(page, run).locator("td").first.click()
        expect(mark_of(page, run)).to_have_class(SELECTED)
        expect(page.locator("section[data-chart=latency] .still-wide .selected")).to_have_count(1)
    live = explore(page)
    assert ringed(live) == ["beta-standard"]
    row_of(page, "gamma-none").locator("td").first.click()
    expect(page.locator("tr[data-run=gamma-none] a[aria-current]")).to_have_count(2)
    assert ringed(live) == ["gamma-none"]


def test_picking_a_run_and_filtering_leave_the_zoom(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    live = explore(page)
    whole = ranges(live)
    live.scroll_into_view_if_needed()
    box = live.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"], steps=4)
    page.mouse.up()
    wait_until(live, f"live => live._fullLayout.xaxis.range[0] !== {whole[0]}")
    zoomed = ranges(live)
    live.locator(".legendtoggle").first.click()
    wait_until(live, "live => live.data.some((one) => one.visible === 'legendonly')")
    hidden = "live => live._fullData.map((one) => one.visible)"
    seen = live.evaluate(hidden)
    row_of(page, "gamma-none").locator("td").first.click()
    expect(page.locator("tr[data-run=gamma-none] a[aria-current]")).to_have_count(2)
    assert ringed(live) == ["gamma-none"]
    page.get_by_label("Find").fill("beta")
    expect(page.locator("[data-part=count]")).to_have_text("2 of 6 runs")
    assert ranges(live) == zoomed
    assert live.evaluate(hidden) == seen
    page.get_by_role("button", name="Reset the view").click()
    wait_until(live, f"live => Math.abs(live._fullLayout.xaxis.range[0] - {whole[0]}) < 0.5")


COUNT_PAINTS = """() => {
  const { react } = Plotly;
  window.painted = 0;
  Plotly.react = (...all) => { window.painted += 1; return react(...all); };
}"""


def test_charts_are_drawn_again_only_where_they_change(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    for chart in ("Size", "Latency"):  # two explored charts, of which one is seen
        page.get_by_role("button", name=chart, exact=True).click()
        live = explore(page)
    page.evaluate(COUNT_PAINTS)
    row_of(page, "beta-none").locator("input").check()
    expect(page.locator("runs-comparison")).to_be_visible()
    page.get_by_label("Find").fill("a")  # a letter that every name has
    expect(page.locator("[data-part=count]")).to_have_text("6 of 6 runs")
    assert page.evaluate("window.painted") == 0
    page.get_by_label("Find").fill("alpha")
    expect(page.locator("[data-part=count]")).to_have_text("2 of 6 runs")
    assert page.evaluate("window.painted") == 1
    assert len(faint(live)) == 4
    page.get_by_role("button", name="Size", exact=True).click()
    wait_until(live, "() => window.painted === 2")
    assert len(faint(page.locator(".plotly-live:visible"))) == 4


def test_runs_that_the_filter_leaves_out_are_faint_in_the_charts(
    watched: Watched, open_site: Open
) -> None:
    page = watched.open(open_site("shapes"), "compare.html#find=beta")
    marks = page.locator("section[data-chart=latency] .still-wide [data-run]")
    expect(marks).to_have_count(6)
    expect(page.locator("section[data-chart=latency] .still-wide .out")).to_have_count(4)
    expect(mark_of(page, "beta-none")).not_to_have_class(OUT)
    live = explore(page)
    assert {run.split("-")[0] for run in faint(live)} == {"alpha", "gamma"}
    page.get_by_role("button", name="Show all").first.click()
    expect(page.locator(".out")).to_have_count(0)
    assert faint(live) == []


def test_a_link_to_the_front_keeps_the_rest_of_the_address(
    watched: Watched, open_site: Open
) -> None:
    state = "chart=size&performance-sort=f1.ascending&pins=beta-none&find=a"
    page = watched.open(open_site("shapes"), f"compare.html#{state}&run=gamma-none")
    link = page.locator("section[data-chart=size] figcaption a[data-run]").first
    run = link.get_attribute("data-run")
    link.hover()
    expect(row_of(page, str(run))).to_have_class(POINTED)
    link.click()
    expect(page.locator(f"tr[data-run={run}] a[aria-current]")).to_have_count(2)
    assert page.url.endswith(f"#{state}&run={run}")
    with page.context.expect_page() as opened:
        link.click(modifiers=["ControlOrMeta"])
    assert opened.value.url.endswith(f"compare.html#run={run}")
    opened.value.close()
    assert page.url.endswith(f"#{state}&run={run}")


def test_folded_seeds_are_pointed_at_together(watched: Watched, seeded: Built) -> None:
    page = watched.open(seeded, "compare.html")
    group = group_of(page, "vgg16-none")
    runs = page.locator("sortable-table[data-key=performance] tr[data-under=vgg16-none]")
    ids = runs.evaluate_all("rows => rows.map(row => row.dataset.run)")
    group.locator("td").first.hover()
    pointed = page.locator("section[data-chart=latency] .still-wide .pointed")
    expect(pointed).to_have_count(3)
    assert set(pointed.evaluate_all("all => all.map(one => one.dataset.run)")) == set(ids)
    expect(page.locator("trade-offs .readout")).to_have_text(
        "Vgg16 no augmentation mean of 3 seeds"
    )
    page.locator("h1").hover()
    expect(group).not_to_have_class(POINTED)
    page.mouse.move(*on_mark(mark_of(page, ids[1])))
    expect(group).to_have_class(POINTED)
    explore(page)
    group.locator("td").first.hover()
    expect(page.locator(".hoverlayer .hovertext")).to_have_count(3)


@pytest.fixture(scope="module")
def tall(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site of so many runs that the tables scroll."""
    folder = tmp_path_factory.mktemp("tall")
    store = write_made_up_store(folder, models=tuple(f"net{place}" for place in range(20)))
    return build(store, folder / "site")


def test_a_run_picked_in_a_chart_is_scrolled_to_in_the_tables(
    watched: Watched, tall: Built
) -> None:
    without_plotly(watched.page)
    page = watched.open(tall, "compare.html")
    run = shown(page)[-1]
    mark = mark_of(page, run)
    at = on_mark(mark)
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.up()
    for table in ("performance", "resources"):
        wait_until(
            row_of(page, run, table),
            """(row) => {
              const inner = row.getBoundingClientRect();
              const box = row.closest(".scroll").getBoundingClientRect();
              return inner.top >= box.top - 1 && inner.bottom <= box.bottom + 1;
            }""",
        )
    # The page stays where it is, although the matrix above may have become longer or shorter.
    assert mark.evaluate(PLACE) == pytest.approx(at, abs=1)


def test_what_is_picked_far_from_the_matrix_leads_to_it(watched: Watched, open_site: Open) -> None:
    without_plotly(watched.page)
    page = watched.open(open_site("shapes"), "compare.html#chart=size")
    said = page.locator("chosen-run")
    expect(said).to_have_text(["", ""])
    row_of(page, "gamma-none", "resources").locator("td").first.click()
    expect(said).to_have_text(["Gamma no augmentation is chosen: to its confusion matrix", ""])
    expect(said.first).to_have_attribute("role", "status")
    expect(said.first.get_by_role("link")).to_be_in_viewport()
    said.first.get_by_role("link").click()
    heading = page.locator("confusion-matrix h2")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    assert page.url.endswith("#chart=size&run=gamma-none")
    page.mouse.click(*on_mark(mark_of(page, "beta-standard", "size")))
    expect(said).to_have_text(["", "Beta augmented is chosen: to its confusion matrix"])
    row_of(page, "alpha-none").locator("td").first.click()  # near the matrix
    expect(said).to_have_text(["", ""])
