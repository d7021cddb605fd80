"""From a click on a cell to the digits behind it, of a network trained here on real images."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from sklearn.datasets import load_digits

from experiments.results.feature_maps import read_feature_maps
from tests.browser.conftest import Built, Watched
from tests.browser.errors_page import go, listed, stored
from tests.browser.matrix_page import counted, point_at

pytestmark = pytest.mark.browser

RUN = "test_vit-none"


def test_the_images_of_a_cell_are_its_digits(watched: Watched, real_digits: Built) -> None:
    matrix = counted(real_digits, RUN)
    mistakes = matrix - np.diag(matrix.diagonal())
    target, prediction = np.unravel_index(mistakes.argmax(), mistakes.shape)
    page = watched.open(real_digits, f"compare.html#run={RUN}")
    assert point_at(page, int(target), int(prediction)).startswith(f"{mistakes.max()} of ")
    page.mouse.down()
    page.mouse.up()
    headline = re.compile(rf"^{mistakes.max()} of .* of “{target}” .*called “{prediction}” by")
    images = listed(page, headline)
    truth = stored(real_digits.store)
    ids = truth.runs[RUN].sample_ids
    wanted = [
        place
        for place, of in enumerate(truth.targets)
        if of == target and truth.chosen(RUN, place) == prediction
    ]
    assert sorted(images) == sorted(truth.named(wanted))
    pixels = load_digits().images
    for index, image in enumerate(images[:4]):
        card = page.locator(".cards li").nth(index)
        card.scroll_into_view_if_needed()
        expect(card.locator(".sample-picture svg")).to_be_visible()
        page.wait_for_load_state("networkidle")
        shot = Image.open(io.BytesIO(card.locator(".sample-picture svg").screenshot()))
        drawn = np.asarray(shot.convert("L").resize((8, 8), Image.Resampling.BOX), float)
        number = int(str(ids[truth.keys.index(image)]).removeprefix("digit-"))
        alike = [np.corrcoef(drawn.ravel(), other.ravel())[0, 1] for other in pixels]
        assert int(np.argmax(alike)) == number


def test_its_map_shows_every_digit(watched: Watched, real_digits: Built) -> None:
    truth = stored(real_digits.store)
    page = go(watched, real_digits, f"view=map&run={RUN}")
    said = re.compile(f"^All {len(truth.keys)} test images are on the map of")
    assert sorted(listed(page, said)) == sorted(truth.keys)
    expect(page.locator(".map-legend li")).to_have_count(10)


def test_its_layers_and_their_numbers(watched: Watched, real_digits: Built) -> None:
    record = read_feature_maps(real_digits.store, RUN)
    place = len(record.layers) - 1
    layer, sample = record.layers[place], record.samples[1]
    (atlas,) = [of for of in record.atlases if (of.sample, of.layer) == (1, place)]
    page = watched.open(real_digits, f"architectures.html#a={RUN}&image={sample}")
    page.get_by_role("table", name="Stages of").get_by_role("link").last.click()
    expect(page).to_have_url(re.compile(rf"feature-maps\.html#.*layer={layer.name}"))
    expect(page.locator(".mapped-images [aria-current]")).to_have_attribute(
        "href", re.compile(f"image={sample}$")
    )
    expect(page.locator("channel-grid [role=option]")).to_have_count(len(layer.shown))
    page.get_by_text("Numbers of these channels").click()
    table = page.get_by_role("table", name=f"Channels of {layer.name}")
    means = table.locator("tbody tr td:nth-child(4)").all_inner_texts()
    shown = [float(text.replace("−", "-")) for text in means]
    assert shown == pytest.approx(atlas.channels.mean, rel=5.1e-4)
    assert float(np.std(shown)) > 0
    page.get_by_role("link", name="How this network is built").click()
    expect(page).to_have_url(re.compile(rf"architectures\.html#a={RUN}&image={sample}"))
