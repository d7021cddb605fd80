"""The map of images on errors.html."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Built, Watched
from tests.browser.errors_page import NAMES, choice, go, listed, middle, stored
from tests.pictures import colour_of

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]


def on_map(page: Page, site: Built, run: str) -> tuple[np.ndarray, float, float, float]:
    """Return the positions on a run's map in px, and where the map is."""
    canvas = page.locator("embedding-map canvas")
    expect(canvas).to_be_visible()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    side = box["width"]
    positions = site.store.read_embedding(site.store.read_run(run)).positions.astype(float)
    return 10 + positions * (side - 20), side, box["x"], box["y"]


def test_a_region_of_the_map_lists_its_images(watched: Watched, open_site: Open) -> None:
    site, run = open_site("pictures"), "alpha-none"
    truth = stored(site.store)
    page = go(watched, site, f"view=map&run={run}")
    assert sorted(
        listed(page, "All 70 test images are on the map of Alpha, no augmentation")
    ) == sorted(truth.keys)
    places, side, x, y = on_map(page, site, run)
    page.mouse.move(x + 0.2 * side, y + 0.7 * side)
    page.mouse.down()
    page.mouse.move(x + 0.5 * side, y + 0.4 * side)
    page.mouse.move(x + 0.6 * side, y + 0.3 * side)
    page.mouse.up()
    inside = [
        place
        for place, (across, down) in enumerate(places)
        if 0.2 * side < across < 0.6 * side and 0.3 * side < down < 0.7 * side
    ]
    assert 3 < len(inside) < 40
    said = f"^{len(inside)} of 70 test images are in the chosen region of the map of Alpha"
    shown = listed(page, re.compile(said))
    assert sorted(shown) == sorted(truth.named(inside))
    choice(page, "target").select_option("star")
    stars = [place for place in inside if truth.targets[place] == 2]
    expect(page.locator(".cards li")).to_have_count(len(stars))
    page.get_by_role("button", name="Clear the region").click()
    expect(page.locator(".cards li")).to_have_count(23)


def test_the_map_is_read_with_mouse_and_keyboard(watched: Watched, open_site: Open) -> None:
    site, run = open_site("pictures"), "alpha-none"
    truth = stored(site.store)
    page = go(watched, site, f"view=map&run={run}")
    places, _, x, y = on_map(page, site, run)
    readout = page.locator("#map-readout")
    lonely = lonely_places(places, 12)[0]
    page.mouse.move(x + places[lonely][0], y + places[lonely][1])
    expect(readout).to_contain_text(NAMES[truth.targets[lonely]])
    expect(readout).to_contain_text(
        "rightly" if truth.chosen(run, lonely) == truth.targets[lonely] else "→"
    )
    announced = page.locator("embedding-map [aria-live]")
    expect(announced).to_have_text("")
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_contain_text(f"test/{lonely:05d}")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("select[data-part=colour]")).to_have_value("target")
    page.mouse.move(0, 0)
    page.locator("embedding-map canvas").focus()
    seen = set()
    for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
        at = page.locator("embedding-map").evaluate("map => `${map.at.target}.${map.at.rank}`")
        seen.add(at)
        expect(readout).to_contain_text(NAMES[int(at[0])])
        expect(announced).to_have_text(readout.inner_text())
    assert len(seen) > 2
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()


def lonely_places(places: np.ndarray, apart_px: float) -> list[int]:
    """Return the images that no other is near on the map."""
    away = [np.delete(np.hypot(*(places - place).T), at).min() for at, place in enumerate(places)]
    return [place for place, nearest in enumerate(away) if nearest > apart_px]


def painted(page: Page, places: np.ndarray) -> list[tuple[int, ...]]:
    """Return the colours of the map at some places."""
    pixels: list[list[int]] = page.locator("embedding-map canvas").evaluate(
        """(canvas, places) => places.map(([x, y]) =>
            [...canvas.getContext("2d").getImageData(Math.round(x), Math.round(y), 1, 1).data])""",
        places.tolist(),
    )
    return [tuple(pixel[:3]) for pixel in pixels]


SERIES = ((0x00, 0x72, 0xB2), (0xB8, 0x4A, 0x00), (0x00, 0x79, 0x5A))
RIGHT, WRONG = (0x0B, 0x5C, 0x86), (0xC2, 0x41, 0x0C)


def test_colours_of_the_map(watched: Watched, open_site: Open) -> None:
    site, run = open_site("pictures"), "alpha-none"
    truth = stored(site.store)
    page = go(watched, site, f"view=map&run={run}")
    places, _, _, _ = on_map(page, site, run)
    lonely = lonely_places(places, 12)
    said = [truth.chosen(run, place) for place in lonely]
    targets = [truth.targets[place] for place in lonely]
    assert said != targets
    assert set(said) == set(targets) == {0, 1, 2}
    legends = {
        "true class": (" circle", " square", " star"),
        "prediction": (" circle", " square", " star"),
        "right or wrong": (" right", " wrong"),
    }
    wanted = {
        "true class": [SERIES[of] for of in targets],
        "prediction": [SERIES[of] for of in said],
        "right or wrong": [
            RIGHT if chosen == of else WRONG for chosen, of in zip(said, targets, strict=True)
        ],
    }
    select = page.locator("[data-part=colour]")
    assert select.locator("option").all_inner_texts() == [*legends]
    for text, name in zip(legends, ("target", "prediction", "correctness"), strict=True):
        select.select_option(text)
        expect(page).to_have_url(re.compile(f"colour={name}"))
        expect(page.locator(".map-legend li")).to_have_text(legends[text])
        for pixel, colour in zip(painted(page, places[lonely]), wanted[text], strict=True):
            assert np.allclose(pixel, colour, atol=45), text


def test_pointing_at_an_image_shows_that_image(watched: Watched, open_site: Open) -> None:
    site, run = open_site("pictures"), "alpha-none"
    truth = stored(site.store)
    page = go(watched, site, f"view=map&run={run}")
    places, _, x, y = on_map(page, site, run)
    picture = page.locator(".map-shown .sample-picture img")
    for place in lonely_places(places, 12)[:3]:
        page.mouse.move(x + places[place][0], y + places[place][1])
        target, rank = truth.keys[place].split(".")
        expect(picture).to_have_attribute("src", re.compile(rf"/previews/{target}-{rank}\.webp$"))
        assert middle(page, picture) == pytest.approx(colour_of(place), abs=8)


@pytest.mark.parametrize("button", ["right", "middle"])
def test_only_the_first_button_opens_an_image(
    watched: Watched, open_site: Open, button: str
) -> None:
    page = go(watched, open_site("pictures"), "view=map&run=alpha-none")
    places, _, x, y = on_map(page, open_site("pictures"), "alpha-none")
    across, down = x + places[0][0], y + places[0][1]
    page.mouse.click(across, down, button=button)  # type: ignore[arg-type]
    page.mouse.move(across, down)
    page.mouse.down(button=button)  # type: ignore[arg-type]
    page.mouse.move(across + 60, down + 60)
    page.mouse.up(button=button)  # type: ignore[arg-type]
    expect_nothing_was_chosen(page)
    page.mouse.click(across, down)
    expect(page.get_by_role("dialog")).to_be_visible()


def expect_nothing_was_chosen(page: Page) -> None:
    """What would have opened or chosen something has put it into the address by now."""
    assert page.evaluate("location.hash") == "#view=map&run=alpha-none"
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_what_was_pressed_elsewhere_opens_nothing(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    page = go(watched, site, "view=map&run=alpha-none")
    places, _, x, y = on_map(page, site, "alpha-none")
    page.mouse.move(x + places[0][0], y - 30)
    page.mouse.down()
    page.mouse.move(x + places[0][0], y + places[0][1])
    page.mouse.up()
    expect_nothing_was_chosen(page)


def test_a_drag_that_the_view_interrupts_is_over(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    page = go(watched, site, "view=map&run=alpha-none")
    places, side, x, y = on_map(page, site, "alpha-none")
    page.mouse.move(x + 0.2 * side, y + 0.2 * side)
    page.mouse.down()
    page.mouse.move(x + 0.5 * side, y + 0.5 * side)
    page.evaluate("location.hash = 'view=class&target=1'")
    expect(page.locator("embedding-map")).to_be_hidden()
    page.mouse.move(2, 2)
    page.mouse.up()
    page.go_back()
    expect(page.locator("embedding-map")).to_be_visible()
    _, _, x, y = on_map(page, site, "alpha-none")
    page.mouse.move(x + places[0][0], y + places[0][1])
    expect(page.locator("#map-readout")).not_to_contain_text("Point at an image")
    expect_nothing_was_chosen(page)


def test_a_run_without_a_map_says_why(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    last = site.store.read_experiment().run_ids[-1]
    page = go(watched, site, f"view=map&run={last}")
    assert listed(page, "Nothing to list: made up: there are no features") == []
    expect(page.locator("embedding-map")).to_be_hidden()


def test_a_region_is_given_with_the_keyboard(watched: Watched, open_site: Open) -> None:
    site, run = open_site("pictures"), "alpha-none"
    truth = stored(site.store)
    page = go(watched, site, f"view=map&run={run}")
    positions = site.store.read_embedding(site.store.read_run(run)).positions.astype(float)
    clear = page.get_by_role("button", name="Clear the region")
    expect(clear).to_be_hidden()
    page.locator("[data-part=colour]").focus()
    for percent in ("25", "10", "75.5", ""):
        page.keyboard.press("Tab")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(percent)
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile(r"region=250\.100\.755\.1000"))
    inside = [
        place
        for place, (across, down) in enumerate(np.rint(positions * 1000))
        if 250 <= across <= 755 and down >= 100
    ]
    assert 10 < len(inside) < 60
    said = f"^{len(inside)} of 70 test images are in the chosen region of the map of Alpha"
    assert sorted(listed(page, re.compile(said))) == sorted(truth.named(inside))
    left, right = (page.get_by_role("spinbutton", name=side) for side in ("left", "right"))
    expect(right).to_have_value("75.5")
    left.fill("80")
    left.press("Enter")
    expect(page).to_have_url(re.compile(r"region=755\.100\.800\.1000"))
    expect(left).to_have_value("75.5")
    page.go_back()
    expect(left).to_have_value("25")
    clear.press("Enter")
    expect(page).not_to_have_url(re.compile("region="))
    expect(left).to_have_value("0")


def test_a_field_that_was_typed_into_in_vain_follows_the_address(
    watched: Watched, open_site: Open
) -> None:
    page = go(watched, open_site("pictures"), "view=map&run=alpha-none&region=250.0.800.1000")
    left = page.get_by_role("spinbutton", name="left")
    expect(left).to_have_value("25")
    left.focus()
    for percent in ("40", "25"):
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(percent)
    page.keyboard.press("Tab")
    page.evaluate("location.hash = 'view=map&run=alpha-none&region=100.0.800.1000'")
    expect(left).to_have_value("10")


def test_keys_that_are_the_browsers_are_left_to_it(watched: Watched, open_site: Open) -> None:
    page = go(watched, open_site("pictures"), "view=map&run=alpha-none")
    page.locator("embedding-map canvas").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator("#map-readout")).to_contain_text("Point at an image")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#map-readout")).not_to_contain_text("Point at an image")
    page.keyboard.press("Enter")
    note = page.get_by_role("dialog").locator("header .note")
    expect(note).to_contain_text(" 1 of 70 in the list")
    # The one is left to the browser, so that the other leads to the second image.
    for key in ("Alt+ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    expect(note).to_contain_text(" 2 of 70 in the list")


def test_one_of_many_classes_is_coloured_against_the_rest(
    watched: Watched, open_site: Open
) -> None:
    site, run = open_site("kinds"), "alpha-none"
    truth = stored(site.store)
    page = go(watched, site, f"view=map&run={run}")
    places, _, _, _ = on_map(page, site, run)
    select = page.locator("[data-part=colour]")
    assert select.locator("optgroup").get_attribute("label") == "One class against the rest"
    assert select.locator("optgroup option").all_inner_texts() == [f"class {n}" for n in range(20)]
    assert page.locator(".map-legend li").all_inner_texts() == [" few", " many"]
    select.select_option("class 7")
    expect(page).to_have_url(re.compile(r"colour=class\.7"))
    legend = [" class 7", " called so, but another class", " the rest"]
    assert page.locator(".map-legend li").all_inner_texts() == legend
    lonely = lonely_places(places, 6)
    mine = [place for place in lonely if truth.targets[place] == 7]
    others = [place for place in lonely if truth.targets[place] != 7]
    called = [place for place in others if truth.chosen(run, place) == 7]
    rest = [place for place in others if truth.chosen(run, place) != 7]
    assert min(map(len, (mine, called, rest))) > 0
    blue, grey, hollow = (0x00, 0x72, 0xB2), (0x5D, 0x63, 0x6B), (0, 0, 0)
    pixels = painted(page, places[[mine[0], rest[0], called[0]]])
    for pixel, colour in zip(pixels, (blue, grey, hollow), strict=True):
        assert np.allclose(pixel, colour, atol=45)
