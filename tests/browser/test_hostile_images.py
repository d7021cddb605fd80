"""Names that would be markup are text in every view of errors.html, its map and its choices."""

import re

import pytest
from playwright.sync_api import Page, expect

from experiments.results.store import ExperimentStore
from tests.browser.conftest import HOSTILE, Built, Watched, build, relabel
from tests.browser.errors_page import choice, go, stored
from tests.made_up import write_made_up_store
from tests.pictures import add_maps, add_pictures, add_superclasses, make_hard

pytestmark = pytest.mark.browser

GROUPS = ["<script>alert(2)</script>", "</option><img src=x onerror=alert(3)>"]
LABEL = "<b onmouseover=alert(4)>&amp;"
NOT_OURS = "img:not([src*='/assets/']), script:not([src]), b[onmouseover]"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """More classes than have colours, so that one is coloured against the rest."""
    folder = tmp_path_factory.mktemp("hostile")
    names = (*HOSTILE, *(f"{HOSTILE[0]} {place}" for place in range(15)))
    store: ExperimentStore = write_made_up_store(folder, class_names=names, n_images=180)
    make_hard(store, every=4)
    add_pictures(store)
    add_maps(store)
    add_superclasses(store, [GROUPS[place % 2] for place in range(len(names))])
    for run_id in store.read_experiment().run_ids:
        relabel(store, run_id, f"{LABEL} {run_id.split('-')[0]}")
    return build(store, folder / "site")


def expect_no_markup(page: Page) -> None:
    """The watched page fails on a dialog; here nothing has become an element either."""
    assert page.locator(NOT_OURS).count() == 0


VIEWS = {
    "confident": [HOSTILE[0], LABEL],
    "all-wrong": [HOSTILE[0]],
    "all-wrong&suspicion=label": [HOSTILE[0]],
    "only": [HOSTILE[0], LABEL],
    "disagree": [HOSTILE[0]],
    "pair": [HOSTILE[0], LABEL],
    "margin": [HOSTILE[0], LABEL],
    "class&target=0": [HOSTILE[0], LABEL],
    "cell&target=0&prediction=1": [f"“{HOSTILE[0]}”", f"“{HOSTILE[1]}”", LABEL],
    "map": [HOSTILE[0], LABEL],
    "confident&superclass=0": [GROUPS[1]],
    "map&superclass=1": [GROUPS[0]],
}


@pytest.mark.parametrize("view", [*VIEWS])
def test_every_view_shows_names_as_text(watched: Watched, hostile: Built, view: str) -> None:
    page = go(watched, hostile, f"view={view}")
    cards = page.locator(".cards a")
    expect(cards.first).to_be_visible()
    text = page.locator("image-explorer").inner_text()
    for name in VIEWS[view]:
        assert name in text
    expect_no_markup(page)
    cards.first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("tbody tr")).to_have_count(4)
    expect(dialog.locator("h2")).to_contain_text(re.compile("“(<img|__proto__|constructor)"))
    expect(dialog.locator("tbody")).to_contain_text(LABEL)
    expect_no_markup(page)


def test_what_there_is_to_choose_is_text(watched: Watched, hostile: Built) -> None:
    page = go(watched, hostile, "view=cell")
    names = hostile.store.read_experiment().class_names
    for key, options in (
        ("target", ["all", *names]),
        ("prediction", names),
        ("superclass", ["all", *sorted(GROUPS)]),
    ):
        assert choice(page, key).locator("option").all_text_contents() == options
    labels = choice(page, "run").locator("option").all_text_contents()
    assert all(label.startswith(LABEL) for label in labels)
    expect_no_markup(page)


def test_the_map_shows_names_as_text(watched: Watched, hostile: Built) -> None:
    run = "alpha-none"
    page = go(watched, hostile, f"view=map&run={run}")
    names = hostile.store.read_experiment().class_names
    select, legend = page.locator("[data-part=colour]"), page.locator(".map-legend li")
    expect(legend).to_have_text(sorted(GROUPS))
    offered = select.locator("optgroup option").all_text_contents()
    assert offered == names
    for name in HOSTILE:
        select.select_option(name)
        expect(legend).to_have_text([name, "called so, but another class", "the rest"])
        expect_no_markup(page)
    truth = stored(hostile.store)
    canvas = page.locator("embedding-map canvas")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    at = page.locator("embedding-map").evaluate("map => `${map.at.target}.${map.at.rank}`")
    readout = page.locator("#map-readout")
    place = truth.keys.index(at)
    expect(readout).to_contain_text(names[truth.targets[place]])
    if place in truth.wrong(run):
        expect(readout).to_contain_text(names[truth.chosen(run, place)])
    expect_no_markup(page)


def test_tables_show_names_as_text(watched: Watched, hostile: Built) -> None:
    page = go(watched, hostile, "view=class&target=0")
    for table in ("What each run gets wrong", "Agreement between runs", "Each run on this class"):
        expect(page.get_by_role("table", name=table)).to_contain_text(LABEL)
    facts = page.get_by_role("table", name="Each run on this class")
    expect(facts).to_contain_text("__proto__")
    expect_no_markup(page)
