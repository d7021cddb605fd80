"""feature-maps.html: numbers and pictures are those stored; every way to reach them works."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from experiments.results.feature_maps import read_feature_maps, read_top_images
from experiments.results.schema import FeatureMaps
from experiments.results.store import ExperimentStore
from tests.browser.accessible import check_accessible
from tests.browser.conftest import HOSTILE, Built, Watched, build, on_disk
from tests.browser.errors_page import stored
from tests.browser.paper import headings_over_nothing
from tests.feature_maps import LAYERS, NO_ACTIVATION, add_feature_maps, grey_of, grey_of_map
from tests.made_up import write_made_up_store
from tests.pictures import colour_of

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
NUMBERS = ("minimum", "maximum", "mean", "variance", "low", "high")
OPTION = "channel-grid [role=option]"
WHITE = "Laid over the photograph"


@pytest.fixture(scope="module")
def site(sites: dict[str, tuple[ExperimentStore, Any]]) -> Built:
    store, folder = sites["mapped"]
    return on_disk(store, folder)


def go(watched: Watched, site: Built, state: str = "") -> Page:
    page = watched.open(site, f"feature-maps.html{'#' if state else ''}{state}")
    expect(page.locator("channel-detail h3").first).to_be_visible()
    return page


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def record(site: Built, run: str) -> FeatureMaps:
    return read_feature_maps(site.store, run)


def channels(page: Page, panel: int = 0) -> list[int]:
    options = page.locator("feature-panel").nth(panel).locator(OPTION)
    return [int(of) for of in options.evaluate_all("all => all.map(one => one.dataset.channel)")]


def fact(page: Page, name: str) -> str:
    return page.locator(f"channel-detail dd[data-fact={name}]").first.inner_text()


def wait_for_pictures(of: Locator) -> None:
    """Wait until there are pictures in an element, and all of them are loaded."""
    expect(of.locator("img, image").first).to_be_attached()
    of.evaluate(
        "of => Promise.all([...of.querySelectorAll('img, image')].map(one => one.decode()))"
    )


def pixel(of: Locator, x: float = 0.5, y: float = 0.5) -> tuple[int, ...]:
    """Return the colour in a place of an element, in shares of its sides, once all is loaded."""
    of.scroll_into_view_if_needed()
    wait_for_pictures(of)
    shot = Image.open(io.BytesIO(of.screenshot())).convert("RGB")
    found = shot.getpixel((int(x * shot.width), int(y * shot.height)))
    assert isinstance(found, tuple)
    return tuple(map(int, found))


def coloured(grey: int, name: str = "viridis") -> Any:
    """What matplotlib makes of a grey; the page draws straight lines between every fifth colour."""
    return pytest.approx(np.array(mpl.colormaps[name](grey)[:3]) * 255, abs=6)


def lay(page: Page, percent: int) -> None:
    page.get_by_label(WHITE).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }",
        str(percent),
    )


def test_numbers_are_those_of_the_manifest(watched: Watched, open_site: Open) -> None:
    site = open_site("mapped")
    of = record(site, "beta-none")
    state = f"run=beta-none&layer=layer1&image={of.samples[2]}"
    page = go(watched, site, f"{state}&channel=7")
    expect(page.locator("channel-detail h3")).to_have_text("Channel 7 of layer1")
    numbers = of.atlases[2 * len(LAYERS) + 1].channels
    for name in NUMBERS:
        assert number(fact(page, name)) == pytest.approx(getattr(numbers, name)[7], rel=5.1e-4)
    assert number(fact(page, "zeros")) / 100 == pytest.approx(numbers.zeros[7], abs=1e-3)
    assert number(fact(page, "similarity")) == pytest.approx(numbers.similarity[7], abs=1e-3)
    page.get_by_text("Numbers of these channels").click()
    table = page.get_by_role("table", name="Channels of layer1")
    expect(table.locator("tbody tr")).to_have_count(24)
    shown = table.locator("tbody tr td:nth-child(4)").all_inner_texts()
    assert [number(text) for text in shown] == pytest.approx(numbers.mean, rel=5.1e-4)


def test_tiles_have_the_colours_of_their_channels(watched: Watched, open_site: Open) -> None:
    site = open_site("mapped")
    page = go(
        watched,
        site,
        f"run=alpha-none&layer=blocks.2&image={record(site, 'alpha-none').samples[1]}",
    )
    shown = channels(page)
    assert shown == LAYERS[2].shown
    for name in ("viridis", "magma"):
        page.get_by_label("Colours").select_option(name)
        expect(page).to_have_url(re.compile(f"map={name}"))
        for place in (0, 7, 8, len(shown) - 1):
            expect(page.locator("[role=option] svg").nth(place)).to_have_attribute(
                "filter", f"url(#map-{name})"
            )
            found = pixel(page.locator(OPTION).nth(place))
            assert found == coloured(grey_of(1, 2, shown[place]), name)


@pytest.mark.parametrize("order", ["index", "mean", "variance", "zeros", "similarity"])
def test_channels_are_sorted(watched: Watched, site: Built, order: str) -> None:
    page = go(watched, site, "run=alpha-none&layer=layer1")
    page.get_by_label("Order of channels").select_option(order)
    expect(page.get_by_role("listbox")).to_have_attribute(
        "aria-label", re.compile("in their order" if order == "index" else "first$")
    )
    of = record(site, "alpha-none")
    if order == "index":
        assert channels(page) == of.layers[1].shown
        return
    values = getattr(of.atlases[1].channels, order)
    missing = [place for place, value in enumerate(values) if value is None]
    known = sorted(set(range(24)) - set(missing), key=lambda place: -values[place])
    assert channels(page) == [of.layers[1].shown[place] for place in known + missing]
    page.reload()
    expect(page.get_by_label("Order of channels")).to_have_value(order)
    expect(page.locator(OPTION)).to_have_count(24)
    assert channels(page)[0] == known[0]


def test_arrow_keys_step_through_the_layers(watched: Watched, site: Built) -> None:
    page = go(watched, site, "run=alpha-none")
    step = page.locator("[data-part=step]")
    expect(step).to_contain_text("Layer 1 of 3, Conv2d: 6 × 16 × 16, 1.54 k values.")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    expect(step).to_contain_text("Layer 2 of 3, BasicBlock: 24 × 8 × 8")
    expect(step).to_contain_text("resolution ÷ 2, channels × 4.")
    expect(page).to_have_url(re.compile("layer=layer1"))
    expect(page.locator(".layer-strip [aria-current]")).to_contain_text("layer1")
    page.keyboard.press("ArrowRight")
    expect(step).to_contain_text("height and width are the grid of its tokens")
    page.keyboard.press("ArrowRight")
    expect(page.locator(OPTION)).to_have_count(19)
    # With Shift it is no step.
    page.keyboard.press("Shift+ArrowLeft")
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(step).to_contain_text("Layer 3 of 3")
    heights = page.locator(".layer-strip rect").evaluate_all(
        "all => all.map(one => ['height', 'width'].map(side => Number(one.getAttribute(side))))"
    )
    assert heights == [[72, 4.5], [36, 18], [18, 72]]


def test_the_keyboard_reaches_every_channel(watched: Watched, site: Built) -> None:
    page = go(watched, site, "run=alpha-none&layer=layer1")
    page.get_by_role("link", name="blocks.2").first.focus()
    page.keyboard.press("Tab")
    active = "document.activeElement.dataset.channel"
    assert page.evaluate(active) == "0"
    title = page.locator("channel-detail h3")
    for key, channel in (
        ("ArrowRight", 1),
        # 24 channels are in five columns.
        ("ArrowDown", 6),
        ("ArrowLeft", 5),
        ("ArrowUp", 0),
        ("ArrowUp", 0),
        ("End", 23),
        ("ArrowRight", 23),
    ):
        page.keyboard.press(key)
        expect(title).to_have_text(f"Channel {channel} of layer1")
        assert page.evaluate(active) == str(channel)
    mean = record(site, "alpha-none").atlases[1].channels.mean[23]
    said = page.locator("[aria-selected=true]").get_attribute("aria-label") or ""
    found = re.match(r"Channel 23: mean (\S+), variance", said)
    assert found
    assert number(found[1]) == pytest.approx(mean, rel=5.1e-4)
    expect(page).to_have_url(re.compile("channel=23"))
    # The layer stays: the arrow keys led from channel to channel.
    expect(page.locator(".layer-strip [aria-current]")).to_contain_text("layer1")


def test_pointing_enlarges_a_channel(watched: Watched, site: Built) -> None:
    # Nothing must scroll away under the pointer.
    watched.page.set_viewport_size({"width": 1280, "height": 1800})
    page = go(watched, site, "run=alpha-none&layer=layer1&channel=3")
    title = page.locator("channel-detail h3")
    option = page.locator(OPTION).nth(11)
    option.hover()
    expect(title).to_have_text("Channel 11 of layer1")
    assert pixel(page.locator(".enlarged")) == coloured(grey_of(0, 1, 11))
    page.mouse.move(2, 2)
    expect(title).to_have_text("Channel 3 of layer1")


def test_a_map_lies_over_what_the_model_was_shown(watched: Watched, open_site: Open) -> None:
    site = open_site("mapped")
    truth = stored(site.store)
    of = record(site, "alpha-none")
    place = truth.runs["alpha-none"].sample_ids.tolist().index(of.samples[3])
    page = go(watched, site, f"run=alpha-none&layer=layer1&channel=5&image={of.samples[3]}")
    stage = page.locator(".channel-pictures .stage-photo")
    lay(page, 0)
    photo = np.array(colour_of(place))
    assert pixel(stage) == pytest.approx(photo, abs=10)
    # A tenth on either side was cut off: 150 x 120 px, resized to 40 x 32.
    for x in (0.05, 0.95):
        assert pixel(stage, x) == pytest.approx(photo * 0.45, abs=10)
    for x in (0.13, 0.87):
        assert pixel(stage, x) == pytest.approx(photo, abs=10)
    lay(page, 100)
    for x in (0.13, 0.5, 0.87):
        assert pixel(stage, x) == coloured(grey_of(3, 1, 5))


def test_the_strongest_images_lead_to_themselves(watched: Watched, site: Built) -> None:
    truth = stored(site.store)
    page = go(watched, site, "run=alpha-none&layer=layer1&channel=9")
    links = page.locator("channel-detail .cards a")
    expect(links).to_have_count(5)
    top = read_top_images(site.store, record(site, "alpha-none"))[1][9].tolist()
    shown = links.evaluate_all("links => links.map(link => link.hash)")
    assert [hash_.split("image=")[1] for hash_ in shown] == [truth.keys[place] for place in top]
    links.nth(1).click()
    expect(page.get_by_role("dialog")).to_contain_text(f"test/{top[1]:05d}")


def test_two_models_beside_each_other(watched: Watched, open_site: Open) -> None:
    site = open_site("mapped")
    page = go(watched, site, "run=alpha-none&layer=layer1")
    page.get_by_label("Beside it").select_option("gamma-none")
    panels = page.locator("feature-panel")
    expect(panels).to_have_count(2)
    expect(panels.nth(1).locator("h2")).to_have_text("Gamma, no augmentation")
    # The first one is as it was.
    expect(panels.nth(0).locator("h2")).to_have_text("Alpha, no augmentation")
    expect(panels.nth(0).get_by_role("listbox")).to_have_count(1)
    expect(panels.nth(1).locator("[data-part=step]")).to_contain_text("Layer 2 of 3")
    for link in ("stem.conv", "blocks.2"):
        panels.nth(1).locator(".layer-strip a", has_text=link).click()
        expect(page).to_have_url(re.compile(f"layer=layer1.*layer2={link}"))
    expect(panels.nth(1).locator(OPTION)).to_have_count(19)
    expect(panels.nth(0).locator(OPTION)).to_have_count(24)
    # The keys lead through the layers of the panel that has the focus.
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("layer=layer1.*layer2=layer1"))
    for _ in range(3):
        page.go_back()
    expect(panels).to_have_count(1)
    page.go_forward()
    expect(panels).to_have_count(2)
    page.get_by_label("Beside it").select_option("")
    expect(panels).to_have_count(1)


def test_two_layers_of_one_model(watched: Watched, site: Built) -> None:
    page = go(watched, site, "run=alpha-none&layer=layer1&run2=alpha-none&sort=mean")
    panels = page.locator("feature-panel")
    expect(panels.nth(1).locator("[data-part=step]")).to_contain_text("Layer 3 of 3")
    for panel, layer in ((0, 1), (1, 2)):
        expect(panels.nth(panel).locator(OPTION)).to_have_count(len(LAYERS[layer].shown))
        means = record(site, "alpha-none").atlases[layer].channels.mean
        order = np.argsort(means)[::-1]
        assert channels(page, panel) == [LAYERS[layer].shown[place] for place in order]


def test_an_address_leads_to_a_layer(watched: Watched, open_site: Open) -> None:
    site = open_site("mapped")
    image = record(site, "beta-standard").samples[2]
    page = go(watched, site, f"run=beta-standard&layer=blocks.2&image={image}&map=gray")
    expect(page.locator("feature-panel h2")).to_have_text("Beta, augmented")
    expect(page.locator(OPTION)).to_have_count(19)
    grey = grey_of(2, 2, LAYERS[2].shown[0])
    assert pixel(page.locator(OPTION).first) == pytest.approx((grey,) * 3, abs=6)
    page.locator("select[data-key=run]").select_option("alpha-standard")
    # Another model shows the layer of the same name.
    expect(page).to_have_url(re.compile("run=alpha-standard&layer=blocks.2"))
    page.locator(".mapped-images a").first.click()
    expect(page.locator(".mapped-images a").first).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.locator(".mapped-images a").nth(2)).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.locator("feature-panel h2")).to_have_text("Beta, augmented")


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("blocks.2.attn", "blocks.2"),
        ("stem", "stem.conv"),
        ("blocks.9", "stem.conv"),
        ("<b>", "stem.conv"),
    ],
)
def test_a_layer_that_was_not_mapped_is_said(
    watched: Watched, site: Built, asked: str, shown: str
) -> None:
    page = go(watched, site, f"run=alpha-none&layer={asked}&image=nobody&sort=x&map=y&channel=z")
    expect(page.locator("[data-part=step]")).to_contain_text(
        f"There are no maps of {asked}; shown is {shown}."
    )
    expect(page.locator(".mapped-images a").first).to_have_attribute("aria-current", "true")


def test_activation_maps_of_either_class(watched: Watched, open_site: Open) -> None:
    site = open_site("mapped")
    activation = record(site, "alpha-none").activation
    assert activation is not None
    page = go(watched, site, "run=alpha-none")
    lay(page, 100)
    names = ("circle", "square", "star")
    order = list(dict.fromkeys(one.sample_id for one in activation.maps))
    cards = page.locator(".activation-card")
    expect(cards).to_have_count(len(order))
    for of in ("prediction", "target"):
        label = "the class that was predicted" if of == "prediction" else "the true class"
        page.get_by_label(label).check()
        expect(page.get_by_label(label)).to_be_checked()
        for nth in (0, 2, len(order) - 1):
            found = {
                one.of: place
                for place, one in enumerate(activation.maps)
                if one.sample_id == order[nth]
            }
            place = found.get(of, found["prediction"])
            if of == "target":
                wanted = names[activation.maps[place].class_index]
                expect(cards.nth(nth)).to_contain_text(f"evidence for {wanted}")
            cards.nth(nth).scroll_into_view_if_needed()
            frame = cards.nth(nth).locator(".stage-photo")
            expect(frame).to_be_visible()
            assert pixel(frame) == coloured(grey_of_map(place))
    expect(page).to_have_url(re.compile("class=target"))


def test_arrow_keys_choose_the_class_of_the_evidence(watched: Watched, site: Built) -> None:
    page = go(watched, site, "run=alpha-none&layer=layer1")
    of_predicted = page.get_by_label("the class that was predicted")
    of_true = page.get_by_label("the true class")
    of_predicted.focus()
    for radio in (of_true, of_predicted):
        page.keyboard.press("ArrowRight")
        expect(radio).to_be_checked()
        expect(radio).to_be_focused()
    assert "class=" not in page.url
    # They did not lead to another layer.
    expect(page.locator(".layer-strip [aria-current]")).to_contain_text("layer1")


def test_methods_are_said(watched: Watched, site: Built) -> None:
    runs = site.store.read_experiment().run_ids
    page = go(watched, site, f"run={runs[-2]}")
    expect(page.locator("activation-maps")).to_contain_text("whatever the class")
    expect(page.locator("activation-maps input")).to_have_count(0)
    page = go(watched, site, f"run={runs[-1]}&x")
    expect(page.locator("activation-maps")).to_contain_text(NO_ACTIVATION)
    expect(page.locator("channel-detail")).to_contain_text("Not known: made up: not counted.")


def test_errors_html_lays_the_map_over_an_image(watched: Watched, open_site: Open) -> None:
    site = open_site("mapped")
    activation = record(site, "alpha-none").activation
    assert activation is not None
    truth = stored(site.store)
    ids = truth.runs["alpha-none"].sample_ids.tolist()
    last = activation.maps[-1]
    assert last.of == "target"
    image = truth.keys[ids.index(last.sample_id)]
    page = watched.open(
        site, f"errors.html#view=class&target={image[0]}&run=alpha-none&image={image}"
    )
    offer = page.locator("activation-overlay")
    expect(offer.get_by_role("radio")).to_have_count(3)
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".stage-photo")).to_have_count(0)
    offer.get_by_label(re.compile("the true class$")).check()
    offer.get_by_label("Laid over the picture").evaluate(
        "input => { input.value = 100; input.dispatchEvent(new Event('input')); }"
    )
    stage = dialog.locator(".stage-photo")
    assert pixel(stage) == coloured(grey_of_map(len(activation.maps) - 1))
    page.keyboard.press("ArrowUp")
    expect(offer.get_by_label(re.compile("as predicted$"))).to_be_checked()
    offer.get_by_label("No map").check()
    expect(dialog.locator(".stage-photo")).to_have_count(0)
    others = [
        key
        for key, name in zip(truth.keys, ids, strict=True)
        if name not in {one.sample_id for one in activation.maps}
    ]
    page.goto(
        f"{site.root}/errors.html#view=class&target={others[0][0]}&run=alpha-none&image={others[0]}"
    )
    expect(dialog).to_contain_text(ids[truth.keys.index(others[0])])
    # Whether there is a map is known once this is loaded.
    page.evaluate("bakeoff.featureData.run('alpha-none').then(() => null)")
    expect(offer.get_by_role("radio")).to_have_count(0)


def test_nothing_is_loaded_that_is_not_shown(watched: Watched, site: Built) -> None:
    page = go(watched, site, "run=alpha-none&layer=layer1")
    wait_for_pictures(page.locator("feature-panel"))
    fetched = {url.split("/mapped/")[1].split("#")[0] for url in watched.requests}
    assert {url for url in fetched if "/feature-maps/" in url} - {
        "assets/feature-maps/alpha-none/activation.webp"
    } == {
        "data/feature-maps/alpha-none/run.js",
        "data/feature-maps/alpha-none/1.js",
        "assets/feature-maps/alpha-none/image0_layer1.webp",
        # The still picture of the page as built, of the best run.
        next(url for url in fetched if url.endswith("image0_layer0.webp")),
    }
    assert not [url for url in fetched if "plotly" in url]


def test_a_second_panel_below_the_window_waits(watched: Watched, site: Built) -> None:
    watched.page.set_viewport_size({"width": 360, "height": 700})
    page = go(watched, site, "run=alpha-none&layer=layer1&run2=beta-none&layer2=layer1")
    second = page.locator("feature-panel").nth(1)
    expect(second.locator("h2")).to_have_text("Beta, no augmentation")
    wait_for_pictures(page.locator("feature-panel").first)
    atlas = "assets/feature-maps/beta-none/image0_layer1.webp"
    assert not any(atlas in url for url in watched.requests)
    second.scroll_into_view_if_needed()
    expect(second.locator(OPTION)).to_have_count(24)
    wait_for_pictures(second)
    assert any(atlas in url for url in watched.requests)


def test_paper_has_the_numbers(watched: Watched, site: Built) -> None:
    page = go(watched, site, "run=alpha-none&layer=layer1")
    # They are loaded a moment later.
    expect(page.locator("channel-detail .cards li").first).to_be_attached()
    assert headings_over_nothing(page) == []
    rows = page.get_by_role("table", name="Channels of layer1").locator("tbody tr:visible")
    expect(rows).to_have_count(24)


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_without_scripts_it_is_read(without_scripts: Page, site: Built) -> None:
    page = without_scripts
    page.goto(f"{site.root}/feature-maps.html")
    expect(page.get_by_role("table", name="Layers of each model")).to_be_visible()
    still = page.locator("svg.atlas")
    for place in range(6):
        found = pixel(still, (place % 3 + 0.5) / 3, (place // 3 + 0.5) / 2)
        assert found == coloured(grey_of(0, 0, place))
    page.get_by_text("Numbers of these channels").click()
    expect(page.get_by_role("table", name="Channels").locator("tbody tr")).to_have_count(6)
    expect(page.get_by_role("combobox")).to_have_count(0)


def test_a_site_without_maps_says_so(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "feature-maps.html")
    expect(page.get_by_text("No run has feature maps.")).to_be_visible()
    expect(page.get_by_text("bakeoff --experiment shapes --run-experiments")).to_be_visible()
    assert page.locator("feature-maps").count() == 0


@pytest.mark.parametrize("state", ["", "run2=beta-none"])
def test_it_fits_every_window(watched: Watched, site: Built, state: str) -> None:
    page = go(watched, site, state)
    for width in (360, 700, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("state", ["", "run2=gamma-none&sort=mean"])
def test_axe_finds_nothing(watched: Watched, site: Built, state: str) -> None:
    page = go(watched, site, state)
    page.get_by_text("Numbers of these channels").first.click()
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        check_accessible(page)


def test_hostile_names_are_text(watched: Watched, tmp_path: Any) -> None:
    store = write_made_up_store(tmp_path, class_names=HOSTILE, n_images=12)
    add_feature_maps(store)
    site = build(store, tmp_path / "site")
    page = go(watched, site, "run=alpha-none")
    assert HOSTILE[0] in page.locator("feature-maps").inner_text()
    assert page.locator("feature-maps img").count() == 0
    expect(page.locator("channel-detail")).to_contain_text("There is no picture of the photograph")
