"""What tests read off errors.html, and what the store says of its images."""

import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from experiments.results.predictions import Predictions
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from tests.browser.conftest import Built, Watched

NAMES = ("circle", "square", "star")


@dataclass
class Stored:
    """What the store says of the test images: keys as in the address, and each run's answers."""

    keys: list[str]
    targets: list[int]
    runs: dict[str, Predictions]

    def chosen(self, run: str, place: int) -> int:
        return int(self.runs[run].top_classes[place, 0])

    def sure(self, run: str, place: int) -> float:
        probabilities = self.runs[run].top_probabilities
        assert probabilities is not None
        return float(probabilities[place, 0])

    def wrong(self, run: str) -> list[int]:
        return [
            place for place, target in enumerate(self.targets) if self.chosen(run, place) != target
        ]

    def named(self, places: list[int]) -> list[str]:
        return [self.keys[place] for place in places]


def stored(store: ExperimentStore) -> Stored:
    samples = [sample for sample in store.read_samples() if sample.split == Split.TEST]
    seen: Counter[int] = Counter()
    keys = []
    for sample in samples:
        keys.append(f"{sample.target}.{seen[sample.target]}")
        seen[sample.target] += 1
    records = [store.read_run(run_id) for run_id in store.read_experiment().run_ids]
    runs = {run.run_id: store.read_predictions(run, Split.TEST) for run in records}
    return Stored(keys, [sample.target for sample in samples], runs)


def listed(page: Page, headline: str | re.Pattern[str]) -> list[str]:
    """Wait for a headline, show all cards, and return the images in their order."""
    expect(page.locator("[data-part=headline]")).to_have_text(headline)
    more = page.get_by_role("button", name=re.compile("^Show "))
    while more.is_visible():
        more.click()
    links = page.locator(".cards a").evaluate_all("links => links.map(link => link.hash)")
    return [re.search(r"image=([\d.]+)", link)[1] for link in links]  # type: ignore[index]


def middle(page: Page, picture: Locator) -> tuple[int, ...]:
    """Return the colour in the middle of a picture, once it is loaded."""
    expect(picture).to_be_visible()
    page.wait_for_load_state("networkidle")
    shot = Image.open(io.BytesIO(picture.screenshot())).convert("RGB")
    found = shot.getpixel((shot.width // 2, shot.height // 2))
    assert isinstance(found, tuple)
    return tuple(map(int, found))


def choice(page: Page, key: str) -> Locator:
    return page.locator(f"select[data-key={key}]")


def falls(values: list[float]) -> bool:
    """The browser orders by what it shows, thousandths."""
    return all(a >= b - 0.0021 for a, b in pairwise(values))


def go(watched: Watched, site: Built, state: str) -> Page:
    page = watched.open(site, f"errors.html#{state}")
    expect(page.locator(".views a[aria-current]")).to_have_count(1)
    return page
