"""architectures.html on networks trained here on real digits, and on a store that lacks them."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from experiments.results.architecture import read_architecture
from experiments.results.schema import Architecture
from experiments.results.store import ExperimentStore
from site_builder.pages import architectures
from tests.browser.accessible import check_accessible
from tests.browser.conftest import Built, Watched, build, train_on_digits
from tests.browser.paper import headings_over_nothing

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
MODELS = ("test_resnet", "test_vit", "test_convnext")
RESNET, VIT, CONVNEXT = (f"{model}-none" for model in MODELS)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    """Train three small networks for one epoch."""
    return train_on_digits(tmp_path_factory.mktemp("architectures"), MODELS, 1)


@pytest.fixture(scope="module", params=["in the page", "fetched"])
def digits(
    request: pytest.FixtureRequest,
    store: ExperimentStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Built:
    """Build the site with all layers in the page, and with layers that are fetched."""
    folder = tmp_path_factory.mktemp("site") / "site"
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "fetched":
            patch.setattr(architectures, "MAX_ROWS", 100)
        site = build(store, folder)
    assert (folder / "data" / "architectures").exists() == (request.param == "fetched")
    return site


def go(watched: Watched, site: Built, *runs: str) -> Page:
    state = "&".join(f"{key}={run}" for key, run in zip("ab", runs, strict=False))
    page = watched.open(site, f"architectures.html#{state}")
    expect(page.locator("architecture-pair.ready")).to_have_count(1)
    return page


def shown(page: Page) -> list[str]:
    return page.locator(".network:visible h2").all_inner_texts()


def network(page: Page, run: str) -> Locator:
    return page.locator(f".network[data-runs~='{run}']")


def made_of(site: Built, run: str) -> Architecture:
    return read_architecture(site.store, run)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_two_networks_are_chosen_in_the_address(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, VIT, RESNET)
    assert shown(page) == ["test_vit", "test_resnet"]
    page.get_by_label("Beside it").select_option(CONVNEXT)
    expect(network(page, CONVNEXT)).to_be_visible()
    assert shown(page) == ["test_vit", "test_convnext"]
    assert page.url.endswith(f"a={VIT}&b={CONVNEXT}")
    page.get_by_label("Beside it").select_option("nothing")
    expect(network(page, CONVNEXT)).to_be_hidden()
    assert shown(page) == ["test_vit"]
    page.go_back()
    page.go_back()
    expect(network(page, RESNET)).to_be_visible()
    assert shown(page) == ["test_vit", "test_resnet"]
    # A network is not beside itself, and an unknown one is none.
    assert page.locator("[data-key=b] option:disabled").all_inner_texts() == ["test_vit"]
    page = go(watched, digits, "no-such-run", "nor-this")
    assert len(shown(page)) == 2


def test_both_stand_on_one_scale(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, VIT, RESNET)
    sizes = {}
    for run in (VIT, RESNET):
        for block, stage in zip(
            network(page, run).locator(".network-drawing :is(a, g[tabindex]) rect").all(),
            made_of(digits, run).stages,
            strict=True,
        ):
            box = block.bounding_box()
            assert box is not None
            sizes[stage.shape] = (box["width"], box["height"])
    roots = [(c**0.5, side**0.5) for c, side, _ in sizes]
    widths, heights = zip(*sizes.values(), strict=True)
    by_height = [height / root for height, (_, root) in zip(heights, roots, strict=True)]
    assert by_height == pytest.approx([by_height[0]] * len(by_height), rel=0.02)
    by_width = [width / root for width, (root, _) in zip(widths, roots, strict=True)]
    assert by_width == pytest.approx([by_width[0]] * len(by_width), rel=0.02)


@pytest.mark.parametrize("run", [RESNET, VIT])
def test_a_stage_unfolds_with_the_keyboard_and_holds_the_stored_layers(
    watched: Watched, digits: Built, run: str
) -> None:
    page = go(watched, digits, run, "none")
    stored = made_of(digits, run)
    stage = network(page, run).locator("details").nth(1)
    layers = [layer for layer in stored.layers if layer.stage == 1]
    stage.locator("summary").focus()
    page.keyboard.press("Enter")
    rows = stage.locator("tbody tr")
    expect(rows).to_have_count(len(layers))
    for row, layer in zip(rows.all(), layers, strict=True):
        name, kind, shape, parameters, flops = map(plain, row.locator("th, td").all_inner_texts())
        assert name == layer.name.removeprefix("backbone.")
        assert kind.split(",")[0] == layer.kind
        assert shape.split(" → ")[-1] == " × ".join(map(str, layer.output_shape))
        assert int(parameters.replace(",", "")) == layer.n_parameters
        assert bool(layer.flops) == (flops != "0")
    # From layer to layer in the drawing, and to its end.
    page.keyboard.press("Tab")
    drawing, readout = stage.locator(".stage-drawing"), stage.locator("[data-part=readout]")
    expect(drawing).to_be_focused()
    for key, layer in (("ArrowRight", layers[0]), ("ArrowRight", layers[1]), ("End", layers[-1])):
        page.keyboard.press(key)
        expect(readout).to_contain_text(f"{layer.name.removeprefix('backbone.')}: {layer.kind}")
        expect(readout).to_contain_text(f"{layer.n_parameters:,} parameters")
        expect(stage.locator("tr.pointed")).to_have_count(1)
    page.keyboard.press("Shift+Tab")
    expect(stage.locator("tr.pointed")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(rows.first).to_be_hidden()


def test_a_layer_that_is_pointed_at_is_read_out(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, RESNET, "none")
    stage = network(page, RESNET).locator("details").nth(2)
    layers = [layer for layer in made_of(digits, RESNET).layers if layer.stage == 2]
    stage.locator("summary").click()
    expect(stage.locator("tbody tr")).to_have_count(len(layers))
    drawing = stage.locator(".stage-drawing")
    edges = [float(edge) for edge in str(drawing.get_attribute("data-edges")).split()]
    for at in (0, 3, len(layers) - 1):
        drawing.hover(position={"x": (edges[at] + edges[at + 1]) / 2, "y": 4})
        name = layers[at].name.removeprefix("backbone.")
        expect(stage.locator("[data-part=readout]")).to_contain_text(f"{name}: ")
        expect(stage.locator("tr.pointed th")).to_have_text(name)


def test_a_stage_that_has_the_focus_is_read_out(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, RESNET, "none")
    part, stored = network(page, RESNET), made_of(digits, RESNET)
    readout = part.locator("architecture-stages [data-part=readout]")
    for at, block in enumerate(part.locator(".network-drawing :is(a, g[tabindex])").all()):
        block.focus()
        expect(readout).to_contain_text(f"{at + 1} {stored.stages[at].name}: ")
        shape = " × ".join(map(str, stored.stages[at].shape))
        assert shape in plain(readout.inner_text())
    block.blur()
    expect(readout).to_contain_text("Point at a stage")


def test_totals_are_those_of_the_run(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, RESNET, VIT)
    for run in (RESNET, VIT):
        cost = digits.store.read_run(run).cost
        assert cost is not None
        assert cost.n_parameters is not None
        facts = network(page, run).locator("dl.facts dd").all_inner_texts()
        assert facts[3] == str(len(made_of(digits, run).layers))
        thousands = round(cost.n_parameters / 1000, 3 - len(str(cost.n_parameters // 1000)))
        assert float(plain(facts[1]).removesuffix(" k")) == thousands
    checks = watched.open(digits, "checks.html")
    expect(checks.get_by_text("the layers add up to the parameters")).to_be_visible()


def test_a_click_on_a_stage_shows_its_feature_maps(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, RESNET, "none")
    stage = network(page, RESNET).locator(".network-drawing a").nth(1)
    stage.click()
    page.wait_for_url(re.compile("feature-maps.html"))
    state = parse_qs(urlsplit(page.url).fragment)
    assert (state["run"], state["layer"]) == ([RESNET], ["layer1"])
    expect(page.locator(".layer-strip [aria-current]")).to_contain_text("layer1")


@pytest.mark.parametrize("key", ["click", "Enter"])
def test_a_layer_that_was_mapped_leads_to_its_feature_maps(
    watched: Watched, digits: Built, key: str
) -> None:
    page = go(watched, digits, RESNET, "none")
    stage = network(page, RESNET).locator("details").nth(1)
    stage.locator("summary").click()
    link = stage.locator("tbody a")
    expect(link).to_have_count(1)
    mapped = link.get_attribute("href") or ""
    # The last of the stage: what comes out of it.
    expect(stage.locator("tbody tr").last.locator("a")).to_have_count(1)
    drawing = stage.locator("svg.stage-drawing")
    drawing.focus()
    page.keyboard.press("End")
    expect(stage.locator("[data-part=readout]")).to_contain_text("shows its feature maps")
    if key == "Enter":
        page.keyboard.press("Enter")
    else:
        box = drawing.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] - 3)
    page.wait_for_url(re.compile("feature-maps.html"))
    assert parse_qs(urlsplit(page.url).fragment) == parse_qs(urlsplit(mapped).fragment)


def test_a_finger_opens_the_layer_under_it(browser: Browser, digits: Built) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{digits.root}/architectures.html#a={RESNET}&b=none")
    stage = network(page, RESNET).locator("details").nth(1)
    stage.locator("summary").tap()
    mapped = stage.locator("tbody a").get_attribute("href") or ""
    drawing = stage.locator("svg.stage-drawing")
    box = drawing.bounding_box()
    assert box
    drawing.tap(position={"x": box["width"] - 2, "y": box["height"] - 3})
    page.wait_for_url(re.compile("feature-maps.html"))
    assert parse_qs(urlsplit(page.url).fragment) == parse_qs(urlsplit(mapped).fragment)
    context.close()


@pytest.mark.parametrize("digits", ["fetched"], indirect=True)
def test_layers_that_were_missing_once_are_tried_again(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, RESNET, "none")
    stage = network(page, RESNET).locator("details").nth(1)
    readout = stage.locator("[data-part=readout]")
    shards, aside = digits.folder / "data" / "architectures", digits.folder / "aside"
    shards.rename(aside)
    stage.locator("summary").click()
    expect(readout).to_contain_text("is the folder complete?")
    watched.misdeeds.clear()
    aside.rename(shards)
    for _ in range(2):
        stage.locator("summary").click()
    expect(stage.locator("tbody tr").first).to_be_visible()
    expect(readout).to_contain_text("Point at a layer")
    stage.locator("svg.stage-drawing").focus()
    # With Alt it is the browser's.
    page.keyboard.press("Alt+ArrowRight")
    expect(readout).to_contain_text("Point at a layer")
    page.keyboard.press("ArrowRight")
    expect(readout).to_contain_text(" parameters, ")
    page.keyboard.press("Shift+Tab")
    expect(readout).to_contain_text("Point at a layer")


def test_axe_finds_nothing_and_nothing_scrolls_sideways(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, RESNET, VIT)
    for run in (RESNET, VIT):
        stage = network(page, run).locator("details").nth(1)
        stage.locator("summary").click()
        expect(stage.locator("tbody tr").first).to_be_visible()
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        check_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_on_paper_stages_are_unfolded(watched: Watched, digits: Built) -> None:
    page = go(watched, digits, RESNET, "none")
    assert headings_over_nothing(page) == []
    stages = network(page, RESNET).locator("details")
    for summary in stages.locator("summary").all():
        expect(summary).to_be_visible()
    fetched = (digits.folder / "data" / "architectures").exists()
    expect(stages.locator("tbody tr:visible")).to_have_count(
        0 if fetched else len(made_of(digits, RESNET).layers)
    )
    expect(stages.locator("thead:visible")).to_have_count(0 if fetched else stages.count())


def test_without_scripts_all_networks_are_there(browser: Browser, digits: Built) -> None:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    page.goto(f"{digits.root}/architectures.html")
    assert sorted(shown(page)) == sorted(MODELS)
    stage = network(page, RESNET).locator("details").nth(1)
    stage.locator("summary").click()
    if (digits.folder / "data" / "architectures").exists():
        expect(stage.get_by_text("in the files below")).to_be_visible()
    else:
        expect(stage.locator(".stage-drawing")).to_be_visible()
        expect(stage.locator("tbody tr").first).to_be_visible()
    files = network(page, RESNET).get_by_role("link", name="CSV")
    assert (digits.folder / str(files.get_attribute("href"))).is_file()
    context.close()


def test_a_store_without_architectures_says_so(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "architectures.html")
    assert page.get_by_text("Its layers are not recorded yet").count() == 1
    check_accessible(page)
