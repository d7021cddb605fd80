"""curves.html on networks trained here on real digits, and on odd stores."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from experiments.results.schema import Epoch, Unfreezing
from tests.browser.accessible import check_accessible
from tests.browser.conftest import Built, Watched, build, train_on_digits
from tests.made_up import write_made_up_store
from tests.site_builder.answers import change

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
LEFT, RIGHT, TOP, BOTTOM = 44, 388, 28, 218
N_EPOCHS = 4


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Train two small networks with two seeds each, and build their site."""
    folder = tmp_path_factory.mktemp("curves")
    store = train_on_digits(folder, ("test_vit", "test_convnext"), N_EPOCHS, seeds=[0, 1])
    return build(store, folder / "site")


def go(watched: Watched, site: Built, state: str = "") -> Page:
    page = watched.open(site, f"curves.html{'#' if state else ''}{state}")
    drawn(page)
    return page


def drawn(page: Page) -> list[str]:
    """Return the runs in the loss chart, once those of the address are."""
    ticked = page.locator(".picks input:checked")
    expected = [box.get_attribute("value") for box in ticked.all()]
    rows = page.locator("[data-part=readout] tr")
    expect(rows).to_have_count(len(expected))
    lines = page.locator("[data-part=charts] svg.chart").first.locator(".line.val")
    if not page.locator("[data-part=empty]").is_visible():
        expect(lines).to_have_count(len(expected))
    return [str(line.get_attribute("data-run")) for line in rows.all()]


def points(page: Page, chart: int, run_id: str, kind: str = "val") -> np.ndarray:
    line = page.locator("[data-part=charts] svg.chart").nth(chart)
    text = line.locator(f".line.{kind}[data-run='{run_id}'] polyline").get_attribute("points")
    assert text is not None
    return np.array([[float(part) for part in pair.split(",")] for pair in text.split()])


def top_tick(page: Page, chart: int, kind: str) -> float:
    texts = (
        page.locator("[data-part=charts] svg.chart").nth(chart).locator(f"text.{kind}:not(.title)")
    )
    return max(float(text) for text in texts.all_text_contents())


def numbers(page: Page, run_id: str) -> list[str]:
    return page.locator(f"[data-part=readout] tr[data-run='{run_id}'] td").all_inner_texts()


def test_the_browser_draws_what_the_build_drew(
    watched: Watched, digits: Built, browser: Browser
) -> None:
    charts = "[...document.querySelectorAll('[data-part=charts] svg')].map(svg => [...svg.children]"
    charts += ".filter(one => !one.matches('.at')).map(one => [one.getAttribute('class'), "
    charts += (
        "one.textContent, one.innerHTML.replaceAll(/<polyline points=.[^ >]*><.polyline>/g, '')]))"
    )
    # The build marks an epoch by a line of one point; that line is not seen, only its dot.
    page = go(watched, digits)
    by_browser = page.evaluate(charts)
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(f"{digits.root}/curves.html")
    by_build = still.evaluate(charts)
    context.close()
    assert [len(chart) for chart in by_browser] == [len(chart) for chart in by_build]
    number = re.compile(r"-?\d+\.\d")
    for mine, its in zip(by_browser, by_build, strict=True):
        for one, other in zip(sorted(map(str, mine)), sorted(map(str, its)), strict=True):
            assert number.sub("", one) == number.sub("", other)
            ours, theirs = ([float(n) for n in number.findall(text)] for text in (one, other))
            assert ours == pytest.approx(theirs, abs=0.11)


def test_lines_and_numbers_are_the_history(watched: Watched, digits: Built) -> None:
    run_id = "test_convnext-none-seed1"
    page = go(watched, digits, f"runs={run_id}&epoch=2")
    assert drawn(page) == [run_id]
    record = digits.store.read_run(run_id)
    history = record.history
    for chart, kind, field, scale in (
        (0, "train", "train_loss", 1), (0, "val", "val_loss", 1), (2, "val", "learning_rate", 1e3),
    ):  # fmt: skip
        line = points(page, chart, run_id, kind)
        highest = top_tick(page, chart, "y")
        values = (BOTTOM - line[:, 1]) / (BOTTOM - TOP) * highest
        expected = [scale * getattr(epoch, field) for epoch in history]
        assert values == pytest.approx(expected, abs=0.004 * highest)
    second = history[1]
    assert numbers(page, run_id)[:6] == [
        "2", f"{second.train_loss:#.3g}", f"{second.val_loss:#.3g}",
        f"{100 * second.train_accuracy:.1f}", f"{100 * second.val_accuracy:.1f}",
        f"{second.learning_rate:.3g}",
    ]  # fmt: skip
    cells = page.locator(f".learning tr[data-run='{run_id}'] td")
    best = history[record.best_epoch - 1]
    assert cells.nth(1).inner_text() == str(record.best_epoch)
    loss, seconds = (float(cells.nth(n).get_attribute("data-value")) for n in (3, 7))
    assert loss == pytest.approx(best.val_loss, rel=1e-8)
    assert seconds == pytest.approx(sum(epoch.duration_s for epoch in history), rel=1e-8)


def test_seconds_are_summed_up(watched: Watched, digits: Built) -> None:
    run_id = "test_vit-none"
    page = go(watched, digits, f"runs={run_id}")
    page.get_by_role("button", name="By seconds").click()
    expect(page).to_have_url(re.compile("x=seconds"))
    expect(page.locator("[data-part=charts] .title.x").first).to_have_text("Seconds")
    assert page.get_by_role("button", name="By seconds").get_attribute("aria-pressed") == "true"
    seconds = np.cumsum([epoch.duration_s for epoch in digits.store.read_run(run_id).history])
    highest = top_tick(page, 0, "x")
    at = (points(page, 0, run_id)[:, 0] - LEFT) / (RIGHT - LEFT) * highest
    assert at == pytest.approx(seconds, abs=0.004 * highest)
    page.go_back()
    expect(page.locator("[data-part=charts] .title.x").first).to_have_text("Epoch")


def test_the_mean_over_seeds_and_its_band(watched: Watched, digits: Built) -> None:
    page = go(watched, digits)
    key = "test_convnext-none-mean-"
    assert key in drawn(page)
    runs = [digits.store.read_run(f"test_convnext-none{seed}") for seed in ("", "-seed1")]
    losses = np.array([[epoch.val_loss for epoch in run.history] for run in runs])
    highest = top_tick(page, 0, "y")
    values = (BOTTOM - points(page, 0, key)[:, 1]) / (BOTTOM - TOP) * highest
    assert values == pytest.approx(losses.mean(axis=0), abs=0.004 * highest)
    polygon = page.locator(f".band.val[data-run='{key}'] polygon").first.get_attribute("points")
    assert polygon is not None
    ends = np.array([float(pair.split(",")[1]) for pair in polygon.split()])
    upper, lower = ends[:N_EPOCHS], ends[: N_EPOCHS - 1 : -1]
    widths = (lower - upper) / (BOTTOM - TOP) * highest
    assert widths == pytest.approx(2 * losses.std(axis=0, ddof=1), abs=0.008 * highest)


def test_runs_are_picked_and_back_undoes_it(watched: Watched, digits: Built) -> None:
    page = go(watched, digits)
    first = drawn(page)
    assert len(first) == 2
    box = page.locator(".picks input[value='test_vit-none-seed1']")
    box.check()
    expect(page).to_have_url(re.compile("runs="))
    assert sorted(drawn(page)) == sorted([*first, "test_vit-none-seed1"])
    page.locator(f".picks input[value='{first[0]}']").uncheck()
    # The colours of those that stay do not change.
    line = page.locator(f"[data-part=charts] .line.val[data-run='{first[1]}']").first
    expect(line).to_have_class(re.compile("series-2"))
    page.go_back()
    expect(page.locator(f".picks input[value='{first[0]}']")).to_be_checked()
    page.go_back()
    expect(box).not_to_be_checked()
    assert drawn(page) == first
    expect(page.get_by_role("button", name="Back to the first choice")).to_be_hidden()


def test_no_run_is_an_answer_too(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, "runs=test_vit-none")
    page.locator(".picks input[value='test_vit-none']").uncheck()
    expect(page.get_by_text("No run is ticked.")).to_be_visible()
    expect(page.locator("[data-part=readout] tr")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("No run is ticked.")).to_be_visible()
    page.get_by_role("button", name="Back to the first choice").click()
    expect(page.locator("[data-part=readout] tr")).to_have_count(2)


def test_an_address_that_names_nothing_shows_the_first(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, "runs=nobody&x=fathoms&epoch=-3")
    assert len(drawn(page)) == 2
    expect(page.locator("[data-part=which]")).to_have_text("At the best epoch of each run")
    page = go(watched, digits, "runs=test_vit-none&epoch=99")
    expect(page.locator("[data-part=readout] td.text")).to_have_text("ended after epoch 4")


def test_pointing_at_a_chart_reads_the_epoch_off(watched: Watched, digits: Built) -> None:
    run_id = "test_vit-none"
    page = go(watched, digits, f"runs={run_id}")
    history = digits.store.read_run(run_id).history
    chart = page.locator("[data-part=charts] svg.chart").nth(1)
    box = chart.bounding_box()
    assert box is not None
    third = points(page, 1, run_id)[2]
    page.mouse.move(box["x"] + third[0] / 400 * box["width"] + 3, box["y"] + 100)
    expect(page.locator("[data-part=which]")).to_have_text("In epoch 3")
    assert numbers(page, run_id)[2] == f"{history[2].val_loss:#.3g}"
    at = chart.locator(".at circle").last
    assert float(at.get_attribute("cx")) == third[0]
    page.mouse.move(2, 2)
    expect(page.locator("[data-part=which]")).to_have_text("At the best epoch of each run")
    assert page.locator(".at").count() == 0


def test_all_of_it_with_the_keyboard(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, "runs=test_vit-none+test_vit-none-seed1")
    box = page.locator(".picks input[value='test_convnext-none']")
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-part=readout] tr")).to_have_count(3)
    expect(box).to_be_focused()
    # The run that has the focus is brought out.
    expect(page.locator(".line.on[data-run='test_convnext-none']").first).to_be_attached()
    slider = page.get_by_role("slider", name="Epoch")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-part=which]")).to_have_text("In epoch 1")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-part=which]")).to_have_text("In epoch 2")
    expect(slider).to_have_attribute("aria-valuetext", "epoch 2")
    page.get_by_role("button", name="Best epochs").press("Enter")
    expect(page.locator("[data-part=which]")).to_have_text("At the best epoch of each run")
    page.get_by_role("button", name="By seconds").press("Enter")
    expect(page.locator("[data-part=charts] .title.x").first).to_have_text("Seconds")


def test_the_slider_leads_through_the_time(watched: Watched, digits: Built) -> None:
    runs = ["test_vit-none", "test_convnext-none"]
    ends = {run_id: seconds_of(digits, run_id) for run_id in runs}
    page = go(watched, digits, f"x=seconds&runs={'+'.join(runs)}")
    slider = page.get_by_role("slider", name="Time")
    slider.focus()
    page.keyboard.press("Home")
    for moment in sorted(np.concatenate(list(ends.values()))):
        expect(page.locator("[data-part=which]")).to_contain_text("After ")
        for run_id in runs:
            finished = int((ends[run_id] <= moment).sum())
            cells = page.locator(f"[data-part=readout] tr[data-run='{run_id}'] td")
            expect(cells.first).to_have_text(str(finished) if finished else "–")
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_value(str(2 * N_EPOCHS))
    assert "epoch=" not in page.url
    page.get_by_role("button", name="By epoch").press("Enter")
    expect(page.get_by_role("slider", name="Epoch")).to_have_attribute("max", str(N_EPOCHS))


def test_the_table_sorts(watched: Watched, digits: Built) -> None:
    page = go(watched, digits)
    page.get_by_role("button", name="Validation loss").click()
    rows = page.locator(".learning tbody tr:not([data-under]) td:nth-child(5)")
    values = [float(cell.get_attribute("data-value")) for cell in rows.all()]
    assert len(values) == 2
    assert values == sorted(values)
    expect(page).to_have_url(re.compile("learning-sort=val-loss"))


def test_axe_finds_nothing(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, "epoch=2")
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        check_accessible(page)


@pytest.mark.parametrize("site", ["shapes", "hostile"])
def test_nothing_scrolls_sideways(watched: Watched, open_site: Open, site: str) -> None:
    page = go(watched, open_site(site))
    for width in (360, 700, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_without_scripts_charts_and_numbers_are_read(browser: Browser, digits: Built) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{digits.root}/curves.html")
    expect(page.locator("[data-part=charts] svg.chart:visible")).to_have_count(3)
    expect(page.get_by_label("Epochs of the runs drawn")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(0)
    expect(page.get_by_role("slider")).to_have_count(0)
    context.close()


LOSSES = (2.0, 0.02, 0.0005)
RATES = (1e-3, 1e-5, 0.0)


def over_decades(val_accuracy: float) -> list[Epoch]:
    """Return three epochs whose losses and learning rates are far apart; the last rate is 0."""
    return [
        Epoch(
            epoch=place + 1,
            train_loss=loss,
            train_accuracy=0.9,
            val_loss=loss,
            val_accuracy=val_accuracy,
            learning_rate=rate,
            duration_s=1.0,
        )
        for place, (loss, rate) in enumerate(zip(LOSSES, RATES, strict=True))
    ]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Twelve runs, of which two freed parts of their backbone."""
    models = tuple(f"model{place}" for place in range(12))
    store = write_made_up_store(
        tmp_path_factory.mktemp("many"), models=models, augmentations=("none",)
    )
    for model, stage in (("model3", "layer4"), ("model5", "blocks.6")):
        change(store, f"{model}-none", unfreezings=[Unfreezing(epoch=2, stage=stage)])
    # The epoch that was kept is held against the predictions.
    kept = store.read_run("model11-none").history[-1].val_accuracy
    change(store, "model11-none", history=over_decades(kept))
    folder = tmp_path_factory.mktemp("many-site") / "site"
    return build(store, folder)


def test_no_more_runs_than_there_are_colours(watched: Watched, many: Built) -> None:
    asked = "+".join(f"model{place}-none" for place in range(10))
    page = go(watched, many, f"runs={asked}")
    assert drawn(page) == [f"model{place}-none" for place in range(8)]
    lines = page.locator("[data-part=charts] svg").first.locator(".line.val polyline")
    strokes = lines.evaluate_all("lines => lines.map(line => getComputedStyle(line).stroke)")
    assert len(set(strokes)) == 8
    expect(page.locator(".picks input:disabled")).to_have_count(4)
    expect(page.get_by_text("No more than 8 can be told apart")).to_be_visible()
    page.locator(".picks input:checked").first.uncheck()
    expect(page.locator(".picks input:disabled")).to_have_count(0)


def test_freed_stages_are_named_while_they_are_of_one_run(watched: Watched, many: Built) -> None:
    page = go(watched, many, "runs=model3-none+model0-none&epoch=2")
    expect(page.locator("text.unfreezing")).to_have_text(["layer4"])
    expect(page.locator("line.unfreezing")).to_have_count(3)
    assert numbers(page, "model3-none")[-1] == "layer4 began to learn"
    page.locator(".picks input[value='model5-none']").check()
    expect(page.locator("line.unfreezing")).to_have_count(6)
    expect(page.locator("text.unfreezing")).to_have_count(0)


def test_loss_and_learning_rate_have_a_logarithmic_scale(watched: Watched, many: Built) -> None:
    page = go(watched, many, "runs=model11-none")
    page.get_by_role("button", name="Logarithmic loss and learning rate").press("Enter")
    expect(page).to_have_url(re.compile("y=log"))
    page.reload()
    drawn(page)
    losses = points(page, 0, "model11-none")[:, 1]
    up = np.log10(np.array(LOSSES) / 0.0005) / np.log10(2 / 0.0005)
    assert losses == pytest.approx(BOTTOM - up * (BOTTOM - TOP), abs=0.06)
    # A rate of 0 has no logarithm, and no place.
    assert points(page, 2, "model11-none")[:, 1] == pytest.approx([TOP, BOTTOM])
    charts = page.locator("[data-part=charts] svg.chart")
    ticks = charts.nth(0).locator("text.y").all_text_contents()
    assert ticks == ["0.001", "0.01", "0.1", "1"]
    assert charts.nth(2).locator("text.y").all_text_contents()[0] == "10⁻⁵"
    assert charts.nth(1).locator("text.y").all_text_contents()[-1] == "100"
    page.locator(".picks input[value='model0-none']").check()
    drawn(page)
    # The other run's losses lie between, so that they do not move the ends.
    assert points(page, 0, "model11-none")[:, 1] == pytest.approx(losses)
    page.get_by_role("button", name="Linear").click()
    expect(page).not_to_have_url(re.compile("y=log"))
    expect(charts.nth(0).locator("text.y").first).to_have_text("0")


def test_only_what_is_drawn_is_fetched(watched: Watched, many: Built) -> None:
    page = go(watched, many)
    fetched = {url.rsplit("/", 1)[1] for url in watched.requests if "/data/curves/" in url}
    assert fetched == {f"{run_id}.js" for run_id in drawn(page)}
    assert len(fetched) == 3


def seconds_of(site: Built, run_id: str) -> np.ndarray:
    return np.cumsum([epoch.duration_s for epoch in site.store.read_run(run_id).history])


def test_runs_are_read_at_the_same_time(watched: Watched, digits: Built) -> None:
    runs = ["test_vit-none", "test_convnext-none"]
    ends = {run_id: seconds_of(digits, run_id) for run_id in runs}
    moment = ends[runs[0]][1]
    page = go(watched, digits, f"x=seconds&runs={'+'.join(runs)}")
    place = points(page, 0, runs[0])[1]
    # A click at the end of an epoch of one run, in px of the drawing.
    chart = page.locator("[data-part=charts] svg.chart").first
    width = float((chart.get_attribute("viewBox") or "").split()[2])
    box = chart.bounding_box()
    assert box
    page.mouse.click(box["x"] + place[0] * box["width"] / width, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile("time="))
    page.mouse.move(0, 0)
    expect(page.locator("[data-part=which]")).to_contain_text("After ")
    for run_id in runs:
        finished = int((ends[run_id] <= moment).sum())
        cells = page.locator(f"[data-part=readout] tr[data-run='{run_id}'] td")
        expect(cells.first).to_have_text(str(finished) if finished else "–")
    page.reload()
    expect(page.locator("[data-part=which]")).to_contain_text("After ")
    page.get_by_role("button", name="Best epochs").click()
    expect(page.locator("[data-part=which]")).to_have_text("At the best epoch of each run")
    assert "time=" not in page.url


def test_times_far_apart_are_on_a_logarithmic_axis(watched: Watched, tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",))
    slow = store.read_run("alpha-standard")
    longer = [epoch.model_copy(update={"duration_s": 100.0}) for epoch in slow.history]
    assert slow.cost is not None
    cost = slow.cost.model_copy(update={"train_time_s": 300.0})
    store.write_run(slow.model_copy(update={"history": longer, "cost": cost}))
    site = build(store, tmp_path / "site")
    page = go(watched, site, "x=seconds&runs=alpha-none+alpha-standard")
    at = {run_id: points(page, 0, run_id)[:, 0] for run_id in ("alpha-none", "alpha-standard")}
    # 1.5, 3 and 4.5 s, and 100, 200 and 300: the same distances, a ratio of 66.7 apart.
    steps = {run_id: np.diff(of) / np.log([2, 1.5]) for run_id, of in at.items()}
    assert steps["alpha-none"] == pytest.approx(steps["alpha-standard"], rel=0.02)
    apart = at["alpha-standard"] - at["alpha-none"]
    assert apart == pytest.approx(steps["alpha-none"].mean() * np.log(100 / 1.5), rel=0.02)
    page.goto(f"{site.root}/curves.html#x=seconds&runs=alpha-none")
    expect(page.locator("[data-part=charts] .line.val[data-run='alpha-standard']")).to_have_count(0)
    at_first = points(page, 0, "alpha-none")[:, 0]
    assert np.diff(at_first)[0] == pytest.approx(np.diff(at_first)[1], abs=0.3)
