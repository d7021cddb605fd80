"""From a click on a cell to the digits behind it, of networks trained here on real images."""

import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from sklearn.datasets import load_digits
from sklearn.metrics import cohen_kappa_score

from experiments.results.feature_maps import read_feature_maps
from tests.browser.conftest import Built, Watched
from tests.browser.errors_page import choice, falls, go, listed
from tests.browser.matrix_page import drawn, point_at

pytestmark = pytest.mark.browser

RUN = "test_vit-none"


@dataclass
class Digits:
    """What the files of the store say, read without any code of ours, test image by test image."""

    ids: list[str]
    keys: list[str]
    targets: np.ndarray
    chosen: dict[str, np.ndarray]
    sure: dict[str, np.ndarray]

    def right(self, run: str) -> np.ndarray:
        return self.chosen[run] == self.targets

    def named(self, which: np.ndarray) -> list[str]:
        return sorted(self.keys[place] for place in np.flatnonzero(which))

    def place(self, key: str) -> int:
        return self.keys.index(key)


@pytest.fixture(scope="module")
def truth(real_digits: Built) -> Digits:
    folder = real_digits.store.folder
    with (folder / "samples.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    seen: Counter[str] = Counter()
    keys = []
    for row in rows:
        keys.append(f"{row['target']}.{seen[row['target']]}")
        seen[row["target"]] += 1
    found = Digits([row["sample_id"] for row in rows], keys, np.empty(0), {}, {})
    found.targets = np.array([int(row["target"]) for row in rows])
    for run in sorted(path.name for path in (folder / "runs").iterdir()):
        said = np.load(folder / "runs" / run / "predictions.npz")
        at = {sample: row for row, sample in enumerate(said["test_sample_ids"].tolist())}
        order = [at[sample] for sample in found.ids]
        found.chosen[run] = said["test_top_classes"][order, 0]
        found.sure[run] = said["test_top_probabilities"][order, 0]
    assert len(found.chosen) == 3
    return found


def matrix_of(truth: Digits, run: str) -> np.ndarray:
    matrix = np.zeros((10, 10), int)
    for target, chosen in zip(truth.targets, truth.chosen[run], strict=True):
        matrix[target, chosen] += 1
    return matrix


def expect_pictures(page: Page, truth: Digits, images: list[str]) -> None:
    """The first pictures of the list are, pixel by pixel, the digits that they stand for."""
    pixels = load_digits().images
    for index, image in enumerate(images[:4]):
        card = page.locator(".cards li").nth(index)
        card.scroll_into_view_if_needed()
        alike = likeness(page, card.locator(".sample-picture svg"), pixels)
        number = int(truth.ids[truth.place(image)].removeprefix("digit-"))
        assert int(np.argmax(alike)) == number


def likeness(page: Page, picture: Locator, pixels: np.ndarray) -> list[float]:
    """Correlate a picture with each of the 8 x 8 digits."""
    expect(picture).to_be_visible()
    page.wait_for_load_state("networkidle")
    shot = Image.open(io.BytesIO(picture.screenshot()))
    drawn = np.asarray(shot.convert("L").resize((8, 8), Image.Resampling.BOX), float)
    return [float(np.corrcoef(drawn.ravel(), other.ravel())[0, 1]) for other in pixels]


def test_the_images_of_a_cell_are_its_digits(
    watched: Watched, real_digits: Built, truth: Digits
) -> None:
    matrix = matrix_of(truth, RUN)
    mistakes = matrix - np.diag(matrix.diagonal())
    target, prediction = np.unravel_index(mistakes.argmax(), mistakes.shape)
    page = watched.open(real_digits, f"compare.html#run={RUN}")
    assert point_at(page, int(target), int(prediction)).startswith(f"{mistakes.max()} of ")
    page.mouse.down()
    page.mouse.up()
    headline = re.compile(rf"^{mistakes.max()} of .* of “{target}” .*called “{prediction}” by")
    images = listed(page, headline)
    wanted = (truth.targets == target) & (truth.chosen[RUN] == prediction)
    assert sorted(images) == truth.named(wanted)
    expect_pictures(page, truth, images)


def test_what_all_get_wrong_and_where_they_disagree(
    watched: Watched, real_digits: Built, truth: Digits
) -> None:
    page = go(watched, real_digits, "view=confident")
    page.get_by_role("link", name="All runs wrong").click()
    never = ~np.any([truth.right(run) for run in truth.chosen], axis=0)
    assert never.any()
    images = listed(page, re.compile("wrong in all 3 runs$"))
    assert sorted(images) == truth.named(never)
    mean = {
        key: float(np.mean([truth.sure[run][truth.place(key)] for run in truth.chosen]))
        for key in truth.keys
    }
    assert falls([mean[key] for key in images])
    expect_pictures(page, truth, images)
    # All three of three are four fifths; two are not.
    chosen, sure = (np.stack([*of.values()]) for of in (truth.chosen, truth.sure))
    agree = (chosen == chosen[0]).all(axis=0)
    label = never & agree & (np.rint(sure.astype(float) * 1000).mean(axis=0) >= 800)
    for name, said, which in (
        ("Label may be wrong", "may be labelled wrong", label),
        ("Hard or ambiguous", "hard or ambiguous", never & ~label),
    ):
        page.get_by_role("link", name=f"{name}: {which.sum()}", exact=True).click()
        assert sorted(listed(page, re.compile(f" and {said}$"))) == truth.named(which)
    page.get_by_role("link", name="Runs disagree").click()
    images = listed(page, re.compile("given different classes by the runs$"))
    assert sorted(images) == truth.named(~agree)
    assert falls([-votes(truth, key) for key in images])
    expect_pictures(page, truth, images)


def votes(truth: Digits, key: str) -> int:
    """Return how many runs say of an image what most say of it."""
    place = truth.place(key)
    return max(Counter(chosen[place] for chosen in truth.chosen.values()).values())


def test_what_all_get_wrong_of_a_class_is_in_order_too(
    watched: Watched, real_digits: Built, truth: Digits
) -> None:
    """The browser orders the images of one class by itself."""
    never = ~np.any([truth.right(run) for run in truth.chosen], axis=0)
    apart = ~(np.stack([*truth.chosen.values()]) == truth.chosen[RUN]).all(axis=0)
    for view, which, key_of in (
        ("all-wrong", never, lambda key: np.mean([
            truth.sure[run][truth.place(key)] for run in truth.chosen
        ]).item()),
        ("disagree", apart, lambda key: -votes(truth, key)),
    ):  # fmt: skip
        target = Counter(truth.targets[which].tolist()).most_common(1)[0][0]
        page = go(watched, real_digits, f"view={view}&target={target}")
        of_class = which & (truth.targets == target)
        images = listed(page, re.compile(rf"of “{target}” "))
        assert sorted(images) == truth.named(of_class)
        assert len(images) > 1
        assert falls([key_of(key) for key in images])


def test_what_one_run_alone_gets_right(watched: Watched, real_digits: Built, truth: Digits) -> None:
    n_right = np.sum([truth.right(run) for run in truth.chosen], axis=0)
    page = go(watched, real_digits, "view=only")
    lists = {}
    for run in truth.chosen:
        choice(page, "run").select_option(run)
        wanted = truth.right(run) & (n_right == 1)
        name = choice(page, "run").locator("option:checked").inner_text()
        of = f"right in {name} and wrong in all 2 other runs"
        lists[run] = listed(page, re.compile(re.escape(of) + "$"))
        assert sorted(lists[run]) == truth.named(wanted)
        assert falls([float(truth.sure[run][truth.place(key)]) for key in lists[run]])
    assert sum(map(len, lists.values())) > 10
    expect_pictures(page, truth, lists[run])


def test_the_agreement_of_each_two_runs_leads_to_what_one_gets_right(
    watched: Watched, real_digits: Built, truth: Digits
) -> None:
    page = go(watched, real_digits, "view=confident")
    rows = page.locator(".agreement tbody tr")
    order = choice(page, "run").locator("option").evaluate_all("all => all.map(one => one.value)")
    assert sorted(order) == sorted(truth.chosen)
    for row, column in combinations(range(3), 2):
        best, other = order[row], order[column]
        kappa = cohen_kappa_score(truth.chosen[best], truth.chosen[other])
        assert rows.nth(row).locator("td").nth(column).inner_text() == f"{kappa:.3f}"
        wrong, also = ~truth.right(best), ~truth.right(other)
        share = 100 * (wrong & also).sum() / (wrong | also).sum()
        text = rows.nth(column).locator("td").nth(row).inner_text()
        assert float(text.replace("\u00a0", " ").removesuffix(" %")) == pytest.approx(
            share, abs=0.5
        )
    rows.nth(2).locator("td").nth(0).get_by_role("link").click()
    images = listed(page, re.compile("right in .* and wrong in "))
    assert sorted(images) == truth.named(truth.right(order[2]) & ~truth.right(order[0]))
    page.locator("[data-part=switch] a").nth(0).click()
    expect(choice(page, "run")).to_have_value(order[0])
    images = listed(page, re.compile("right in .* and wrong in "))
    assert sorted(images) == truth.named(truth.right(order[0]) & ~truth.right(order[2]))
    expect_pictures(page, truth, images)


def test_two_pinned_runs_lead_to_the_images_between_them(
    watched: Watched, real_digits: Built, truth: Digits
) -> None:
    runs = ["test_vit-none", "test_convnext-none"]
    for run, other in permutations(runs):
        page = watched.open(real_digits, "compare.html")
        for pinned in runs:
            row = page.locator(f"sortable-table[data-key=performance] tr[data-run={pinned}]")
            row.get_by_role("checkbox").check()
        wanted = truth.named(truth.right(run) & ~truth.right(other))
        row = page.get_by_role("row", name=re.compile("^Images only this one gets right"))
        link = row.get_by_role("link").nth(runs.index(run))
        expect(link).to_have_text(f"{len(wanted)}, show the images")
        link.click()
        images = listed(page, re.compile("right in .* and wrong in "))
        assert sorted(images) == wanted
        assert falls([float(truth.sure[other][truth.place(key)]) for key in images])


def test_the_trade_offs_lead_to_the_matrices(
    watched: Watched, real_digits: Built, truth: Digits
) -> None:
    page = watched.open(real_digits, "compare.html#chart=parameters")
    hits = {run: int(truth.right(run).sum()) for run in truth.chosen}
    sizes = {}
    for run in hits:
        record = (real_digits.store.folder / "runs" / run / "run.json").read_text()
        sizes[run] = json.loads(record)["cost"]["n_parameters"]
    front = [
        run
        for run in sorted(hits, key=lambda run: sizes[run])
        if not any(hits[o] >= hits[run] and sizes[o] <= sizes[run] for o in hits if o != run)
    ]
    links = page.locator("section[data-chart=parameters] figcaption a[href^='#run=']")
    assert [link.get_attribute("href") for link in links.all()] == [f"#run={run}" for run in front]
    marks = page.locator("section[data-chart=parameters] .still-wide .marks [data-run]")
    assert sorted(mark.get_attribute("data-run") or "" for mark in marks.all()) == sorted(hits)
    for run in hits:
        marks.and_(page.locator(f"[data-run={run}]")).dispatch_event("click")
        expect(page).to_have_url(re.compile(f"run={run}"))
        row = page.locator(f"sortable-table tr[data-run={run}]").first
        expect(row.locator("a[aria-current]")).to_be_visible()
        name = row.locator("th a").inner_text().replace("\n", " ")
        expect(page.locator("[data-part=name]")).to_contain_text(name.split()[0])
        np.testing.assert_array_equal(drawn(page, 10), matrix_of(truth, run))


def test_its_map_shows_every_digit(watched: Watched, real_digits: Built, truth: Digits) -> None:
    page = go(watched, real_digits, f"view=map&run={RUN}")
    said = re.compile(f"^All {len(truth.keys)} test images are on the map of")
    assert sorted(listed(page, said)) == sorted(truth.keys)
    expect(page.locator(".map-legend li")).to_have_count(10)
    # The thumbnail is a cell of the sheet of its class: the one that lies where the image does.
    page.locator("embedding-map canvas").focus()
    pixels = load_digits().images
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        at = page.locator("embedding-map").evaluate("map => `${map.at.target}.${map.at.rank}`")
        number = int(truth.ids[truth.place(at)].removeprefix("digit-"))
        alike = likeness(page, page.locator(".map-shown .sample-picture svg"), pixels)
        assert int(np.argmax(alike)) == number
        target, rank = map(int, at.split("."))
        box = page.locator(".map-shown .sample-picture svg").get_attribute("viewBox")
        assert box == f"{rank % 10 * 96} {rank // 10 * 96} 96 96"
        sheet = page.locator(".map-shown .sample-picture image")
        expect(sheet).to_have_attribute("href", re.compile(rf"/thumbnails/{target}-0\.webp$"))


def test_its_layers_and_their_numbers(watched: Watched, real_digits: Built) -> None:
    record = read_feature_maps(real_digits.store, RUN)
    place = len(record.layers) - 1
    layer, sample = record.layers[place], record.samples[1]
    (atlas,) = [of for of in record.atlases if (of.sample, of.layer) == (1, place)]
    page = watched.open(real_digits, f"architectures.html#a={RUN}&image={sample}")
    # Beside it stands another network.
    page.get_by_role("table", name="Stages of").first.get_by_role("link").last.click()
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
