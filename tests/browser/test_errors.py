"""errors.html in a real browser: each view against the stored predictions, one image at a time."""

import re
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Built, Watched
from tests.browser.errors_page import NAMES, choice, falls, go, listed, stored
from tests.browser.matrix_page import point_at

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]


@pytest.mark.parametrize("run", ["alpha-none", "beta-standard"])
def test_a_click_on_a_cell_shows_its_stored_predictions(
    watched: Watched, open_site: Open, run: str
) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    for target, prediction in np.ndindex(3, 3):
        wanted = [
            place
            for place, of in enumerate(truth.targets)
            if of == target and truth.chosen(run, place) == prediction
        ]
        page = watched.open(site, f"compare.html#run={run}")
        assert point_at(page, target, prediction).startswith(f"{len(wanted)} of ")
        page.mouse.down()
        page.mouse.up()
        if not wanted:
            continue
        expect(page).to_have_url(re.compile(r"/errors\.html#view=cell"))
        images = listed(
            page, re.compile(rf"of “{NAMES[target]}” .*called “{NAMES[prediction]}” by")
        )
        assert sorted(images) == sorted(truth.named(wanted))
        assert falls([truth.sure(run, truth.keys.index(image)) for image in images])


def test_an_empty_cell_says_so(watched: Watched, open_site: Open) -> None:
    site = open_site("many-classes")
    truth = stored(site.store)
    called = {
        truth.chosen("alpha-none", place) for place, of in enumerate(truth.targets) if of == 3
    }
    empty = next(prediction for prediction in range(80) if prediction not in called)
    page = go(watched, site, f"view=cell&run=alpha-none&target=3&prediction={empty}")
    assert (
        listed(
            page, f"No test image of “class 3” was called “class {empty}” by Alpha, no augmentation"
        )
        == []
    )


@pytest.mark.parametrize("target", [None, 1])
def test_views_of_a_run(watched: Watched, open_site: Open, target: int | None) -> None:
    site, run = open_site("pictures"), "beta-standard"
    truth = stored(site.store)
    others = [other for other in truth.runs if other != run]
    every = [place for place, of in enumerate(truth.targets) if target in (None, of)]
    of_class = "" if target is None else f" of “{NAMES[target]}”"
    of_choice = "" if target is None else f"&target={target}"

    mistakes = sorted(set(truth.wrong(run)) & set(every))
    page = go(watched, site, f"view=confident&run={run}{of_choice}")
    said = f"{len(mistakes)} of {len(every)} test images{of_class} are wrong in Beta, augmented"
    shown = listed(page, said)
    assert sorted(shown) == sorted(truth.named(mistakes))
    assert falls([truth.sure(run, truth.keys.index(image)) for image in shown])

    alone = [
        place
        for place in every
        if place not in truth.wrong(run) and all(place in truth.wrong(other) for other in others)
    ]
    page = go(watched, site, f"view=only&run={run}{of_choice}")
    assert alone or target is not None
    shown = listed(page, re.compile("right in Beta.* and wrong in all 5 other runs"))
    assert sorted(shown) == sorted(truth.named(alone))

    probabilities = truth.runs[run].top_probabilities
    assert probabilities is not None
    gap = probabilities[:, 0].astype(float) - probabilities[:, 1]
    page = go(watched, site, f"view=margin&run={run}{of_choice}")
    shown = listed(page, re.compile(f"^All {len(every)} test images{of_class} are ordered"))
    assert sorted(shown) == sorted(truth.named(every))
    assert falls([-gap[truth.keys.index(image)] for image in shown])


@pytest.mark.parametrize("target", [None, 1])
def test_views_of_all_runs(watched: Watched, open_site: Open, target: int | None) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    every = [place for place, of in enumerate(truth.targets) if target in (None, of)]
    of_choice = "" if target is None else f"&target={target}"
    never = [place for place in every if all(place in truth.wrong(run) for run in truth.runs)]
    sure = {place: np.mean([truth.sure(run, place) for run in truth.runs]) for place in never}
    page = go(watched, site, f"view=all-wrong{of_choice}")
    shown = listed(
        page, re.compile(f"^{len(never)} of {len(every)} test images.* wrong in all 6 runs")
    )
    assert sorted(shown) == sorted(truth.named(never))
    assert falls([sure[truth.keys.index(image)] for image in shown])

    votes = {place: Counter(truth.chosen(run, place) for run in truth.runs) for place in every}
    apart = [place for place in every if len(votes[place]) > 1]
    page = go(watched, site, f"view=disagree{of_choice}")
    shown = listed(
        page, re.compile(f"^{len(apart)} of {len(every)} test images.* given different classes")
    )
    assert shown == truth.named(sorted(apart, key=lambda place: max(votes[place].values())))
    texts = page.locator(".cards li").all_inner_texts()
    for image, text in zip(shown, texts, strict=True):
        place = truth.keys.index(image)
        most = max(votes[place].values())
        chosen = min(name for name, n in votes[place].items() if n == most)
        assert f"{most} of 6 runs" in text
        assert ("rightly" if chosen == truth.targets[place] else f"{NAMES[chosen]} {most}") in text


def test_a_superclass(watched: Watched, open_site: Open) -> None:
    site, run = open_site("pictures"), "alpha-none"
    truth = stored(site.store)
    page = go(watched, site, f"view=confident&run={run}&target=1")
    choice(page, "superclass").select_option("pointed")
    wanted = [place for place in truth.wrong(run) if truth.targets[place] > 0]
    whole = sum(target > 0 for target in truth.targets)
    said = f"^{len(wanted)} of {whole} test images of the superclass “pointed” are wrong"
    assert sorted(listed(page, re.compile(said))) == sorted(truth.named(wanted))
    expect(choice(page, "target")).to_have_value("")


@pytest.mark.parametrize(("kind", "first", "end"), [("many", 0, 16), ("few", 16, 20)])
def test_a_superclass_of_a_list_that_is_longer_than_is_shown(
    watched: Watched, open_site: Open, kind: str, first: int, end: int
) -> None:
    site, run = open_site("kinds"), "alpha-none"
    truth = stored(site.store)
    permille = np.rint(truth.runs[run].top_probabilities[:, :2].astype(np.float64) * 1000)
    margins = permille[:, 0] - permille[:, 1]
    page = go(watched, site, f"view=margin&run={run}")
    page.get_by_label("Superclass").select_option(kind)
    inside = [place for place, target in enumerate(truth.targets) if first <= target < end]
    shown = listed(page, re.compile(f"^All {len(inside)} test images of the superclass “{kind}”"))
    wanted = sorted(inside, key=lambda place: margins[place])[:300]
    assert shown == truth.named(wanted)
    assert len(shown) == {"many": 300, "few": 160}[kind]
    note = page.locator("[data-part=note]")
    if kind == "many":
        expect(note).to_contain_text("Only the first 300 are listed; choose a class")
    else:
        expect(note).not_to_contain_text("Only the first")


def test_a_class_with_each_runs_recall_and_precision(watched: Watched, open_site: Open) -> None:
    site, run = open_site("pictures"), "gamma-none"
    truth = stored(site.store)
    page = go(watched, site, f"view=class&run={run}&target=2")
    images = [place for place, target in enumerate(truth.targets) if target == 2]
    n_wrong = len(set(truth.wrong(run)) & set(images))
    said = f"^{n_wrong} of {len(images)} test images of “star” are called something else by Gamma"
    shown = listed(page, re.compile(said))
    assert sorted(shown) == sorted(truth.named(images))
    assert set(shown[:n_wrong]) == set(truth.named(sorted(set(truth.wrong(run)) & set(images))))
    row = page.locator("class-facts tr[aria-current]")
    called = [place for place in range(70) if truth.chosen(run, place) == 2]
    hits = sum(truth.targets[place] == 2 for place in called)
    assert f"{hits} of {len(images)}" in row.locator("td").nth(0).inner_text()
    assert f"{hits} of {len(called)}" in row.locator("td").nth(1).inner_text()
    instead = Counter(truth.chosen(run, place) for place in images if truth.chosen(run, place) != 2)
    text = row.locator("td").nth(2).inner_text().replace("\u00a0", " ")
    assert text == ", ".join(
        f"{NAMES[other]} {n}"
        for other, n in sorted(instead.items(), key=lambda of: (-of[1], of[0]))
    )
    other = row.locator("td").nth(2).locator("a").first
    name = other.inner_text()
    other.click()
    expect(page.locator("[data-part=headline]")).to_contain_text(f"called “{name}” by Gamma")


def test_back_and_forward(watched: Watched, open_site: Open) -> None:
    page = go(watched, open_site("pictures"), "")
    headline, dialog = page.locator("[data-part=headline]"), page.get_by_role("dialog")
    expect(headline).to_contain_text("are wrong in")
    page.get_by_role("link", name="All runs wrong").click()
    expect(headline).to_contain_text("wrong in all 6 runs")
    page.locator(".cards a").first.click()
    expect(dialog).to_be_visible()
    page.go_back()
    expect(dialog).to_be_hidden()
    expect(headline).to_contain_text("wrong in all 6 runs")
    page.go_forward()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    page.go_back()
    expect(page.locator(".views a[aria-current]")).to_have_text("Most confident mistakes")


@pytest.mark.parametrize(
    "state",
    [
        "view=nothing&run=__proto__&target=-1&image=9.9",
        "target=1e9&prediction=x&image=1.99&region=5",
    ],
)
def test_a_nonsensical_address_shows_the_first_view(
    watched: Watched, open_site: Open, state: str
) -> None:
    page = go(watched, open_site("pictures"), state)
    expect(page.locator("[data-part=headline]")).to_contain_text("are wrong in")
    expect(page.get_by_role("dialog")).to_be_hidden()
