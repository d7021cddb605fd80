"""From a click on a cell to the digits behind it, of a network trained here on real images."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from rich.console import Console
from sklearn.datasets import load_digits

from experiments.config import ExperimentConfig
from experiments.experiment import run_experiment
from experiments.progress import PlainProgress
from experiments.results.store import ExperimentStore
from experiments.runner import Surroundings
from site_builder.pipeline import build_site
from tests.browser.conftest import Built, Watched
from tests.browser.errors_page import go, listed, stored
from tests.browser.matrix_page import counted, point_at

pytestmark = pytest.mark.browser

RUN = "test_vit-none"


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Train the smallest network for three epochs, and build its site."""
    folder = tmp_path_factory.mktemp("digits")
    config = ExperimentConfig.model_validate(
        {
            "name": "digits",
            "title": "Digits",
            "question": "Which digits are taken for which?",
            "strategy": "scratch",
            "dataset": {"source": "digits"},
            "training": {"batch_size": 64, "max_epochs": 3},
            "preprocessing": {"input_size": 32, "crop_fraction": 1.0},
            "models": [{"name": "test_vit"}],
        }
    )
    around = Surroundings(
        device=torch.device("cpu"),
        cache=folder / "cache",
        weights_dir=None,
        progress=PlainProgress(Console(quiet=True)),
        now=lambda: datetime.now(UTC),
    )
    store = ExperimentStore(folder / "results" / "digits")
    run_experiment(config, store, around, downloads=Path("no downloads"))
    build_site(store, folder / "site")
    return Built(store, folder / "site", (folder / "site").as_uri())


def test_the_images_of_a_cell_are_its_digits(watched: Watched, digits: Built) -> None:
    matrix = counted(digits, RUN)
    mistakes = matrix - np.diag(matrix.diagonal())
    target, prediction = np.unravel_index(mistakes.argmax(), mistakes.shape)
    page = watched.open(digits, f"compare.html#run={RUN}")
    assert point_at(page, int(target), int(prediction)).startswith(f"{mistakes.max()} of ")
    page.mouse.down()
    page.mouse.up()
    headline = re.compile(rf"^{mistakes.max()} of .* of “{target}” .*called “{prediction}” by")
    images = listed(page, headline)
    truth = stored(digits.store)
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


def test_its_map_shows_every_digit(watched: Watched, digits: Built) -> None:
    truth = stored(digits.store)
    page = go(watched, digits, f"view=map&run={RUN}")
    said = re.compile(f"^All {len(truth.keys)} test images are on the map of")
    assert sorted(listed(page, said)) == sorted(truth.keys)
    expect(page.locator(".map-legend li")).to_have_count(10)
