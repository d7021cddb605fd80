"""compare.html in a real browser: the tables, two runs side by side, the charts, the address."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from experiments.results.schema import Split
from tests.browser.compare_page import PICK_SOON, heading, run_order, show, shown, wait_until
from tests.browser.conftest import HOSTILE, Built, Watched, build
from tests.made_up import write_made_up_store

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]


def test_tables_sort_by_click_and_by_keyboard(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html")
    costs = {run: site.store.read_run(run).cost.latency_ms for run in run_order(page, "resources")}
    built = run_order(page, "resources")
    heading = page.locator("sortable-table[data-key=resources] th[data-column=latency]")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert run_order(page, "resources") == sorted(built, key=costs.__getitem__)
    heading.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert run_order(page, "resources") == sorted(built, key=lambda run: -costs[run])
    assert run_order(page, "performance") == built
    page.reload()
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert run_order(page, "resources") == sorted(built, key=lambda run: -costs[run])
    page.go_back()
    expect(heading).to_have_attribute("aria-sort", "ascending")


def test_rows_are_chosen_by_keyboard(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    first, second, third = run_order(page, "performance")[:3]
    page.locator(f"sortable-table[data-key=performance] tr[data-run={first}] a").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(f"tr[data-run={second}] a[aria-current]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator(f"tr[data-run={third}] a[aria-current]")).to_have_count(2)
    assert f"run={third}" in page.url


def test_the_address_keeps_the_choice(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    name = page.locator("[data-part=name]")
    show(page, "beta-standard")
    show(page, "gamma-none")
    page.reload()
    expect(name).to_have_text("Gamma, no augmentation")
    page.go_back()
    expect(name).to_have_text("Beta, augmented")
    page.go_forward()
    expect(name).to_have_text("Gamma, no augmentation")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    assert page.url.endswith("#run=gamma-none")


def test_the_summary_leads_to_a_run(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "index.html")
    page.locator(".ranking a").last.click()
    expect(page).to_have_url(re.compile(r"compare\.html#run=[a-z]+-[a-z]+$"))
    run_id = page.url.rpartition("=")[2]
    expect(page.locator(f"tr[data-run={run_id}] a[aria-current]")).to_have_count(2)


def test_missing_values_sort_last_either_way(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    lost = page.locator("sortable-table[data-key=performance] tbody tr").nth(1)
    run_id = lost.get_attribute("data-run")
    f1 = heading(page, "performance", "f1")
    place = f1.evaluate("heading => heading.cellIndex")
    lost.evaluate("(row, place) => { row.cells[place].dataset.value = ''; }", place)
    for direction in ("descending", "ascending"):
        f1.get_by_role("button").click()
        expect(f1).to_have_attribute("aria-sort", direction)
        assert run_order(page, "performance")[-1] == run_id


@pytest.mark.parametrize("keyboard", [False, True])
def test_a_further_column_orders_what_is_equal(
    watched: Watched, open_site: Open, keyboard: bool
) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html")
    built = run_order(page, "resources")
    latency, size = (heading(page, "resources", key) for key in ("latency", "evaluation"))
    page.goto(f"{site.root}/compare.html#resources-columns=latency+evaluation")
    size.get_by_role("button").click()  # alike for all runs, so that latency decides
    if keyboard:
        latency.get_by_role("button").focus()
        page.keyboard.press("Shift+Enter")
    else:
        latency.get_by_role("button").click(modifiers=["Shift"])
    costs = {run: site.store.read_run(run).cost.latency_ms for run in built}
    expect(latency).to_have_attribute("data-place", "2")
    assert run_order(page, "resources") == sorted(built, key=costs.__getitem__)
    assert page.locator("th[aria-sort]").count() == 2  # one in each table
    said = page.locator("sortable-table[data-key=resources] > [aria-live]")
    expect(said).to_have_text("Sorted by Evaluation, ascending; then by Latency, ascending")
    page.reload()
    expect(latency).to_have_attribute("data-place", "2")
    assert run_order(page, "resources") == sorted(built, key=costs.__getitem__)


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site of models whose names have numbers in them."""
    folder = tmp_path_factory.mktemp("numbered")
    store = write_made_up_store(folder, models=("net10", "net9"))
    return build(store, folder / "site")


@pytest.mark.parametrize("keyboard", [False, True])
def test_runs_sort_by_name(watched: Watched, numbered: Built, keyboard: bool) -> None:
    page = watched.open(numbered, "compare.html")
    by_name = ["net9-standard", "net9-none", "net10-standard", "net10-none"]

    def press(table: str, column: str, *, further: bool = False) -> Locator:
        of = page.locator(f"sortable-table[data-key={table}] th").filter(
            has=page.get_by_role("button", name=column)
        )
        if keyboard:
            of.get_by_role("button").press("Shift+Enter" if further else "Enter")
        else:
            of.get_by_role("button").click(modifiers=["Shift"] if further else [])
        return of

    name = press("performance", "Run")
    expect(name).to_have_attribute("aria-sort", "ascending")
    assert run_order(page, "performance") == by_name
    press("performance", "Run")
    expect(name).to_have_attribute("aria-sort", "descending")
    assert run_order(page, "performance") == by_name[::-1]
    press("resources", "FLOPs")  # alike for the runs of a model
    further = press("resources", "Run", further=True)
    expect(further).to_have_attribute("data-place", "2")
    assert run_order(page, "resources") == [*by_name[2:], *by_name[:2]]
    said = page.locator("sortable-table[data-key=resources] > [aria-live]")
    expect(said).to_have_text("Sorted by FLOPs, ascending; then by Run, ascending")
    page.reload()
    expect(name).to_have_attribute("aria-sort", "descending")
    assert run_order(page, "performance") == by_name[::-1]


def test_a_seed_is_found_although_it_is_folded(watched: Watched, seeded: Built) -> None:
    page = watched.open(seeded, "compare.html")
    count = page.locator("[data-part=count]")
    groups = page.locator("sortable-table[data-key=performance] tr[data-group]")
    page.get_by_label("Find").fill("vgg16 seed 2")
    expect(count).to_have_text("2 of 12 runs")
    found = shown(page)
    assert sorted(found) == [
        "vgg16-none", "vgg16-none-seed2", "vgg16-standard", "vgg16-standard-seed2"
    ]  # fmt: skip
    expect(page.get_by_text("No run matches.").first).to_be_hidden()
    for group in groups.locator("visible=true").all():
        expect(group.get_by_role("button")).to_have_attribute("aria-expanded", "true")
    page.get_by_label("Find").fill("vgg16")  # which the rows of means have themselves
    expect(count).to_have_text("6 of 12 runs")
    assert sorted(shown(page)) == ["vgg16-none", "vgg16-standard"]
    page.get_by_label("Find").fill("seed 9")
    expect(count).to_have_text("0 of 12 runs")
    expect(page.get_by_text("No run matches.").first).to_be_visible()


def test_rows_are_filtered_by_words_family_and_variant(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    everything = set(shown(page))
    page.get_by_label("Find").fill("beta")
    expect(page.locator("[data-part=count]")).to_have_text("2 of 6 runs")
    assert set(shown(page)) == set(shown(page, "resources")) == {"beta-none", "beta-standard"}
    page.get_by_label("Variant").select_option("augmented")
    expect(page.locator("[data-part=count]")).to_have_text("1 of 6 runs")
    assert shown(page) == ["beta-standard"]
    page.reload()
    assert shown(page) == ["beta-standard"]
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("[data-part=count]")).to_have_text("")
    assert set(shown(page)) == everything
    page.get_by_label("Family").select_option("gamma")
    expect(page.locator("[data-part=count]")).to_have_text("2 of 6 runs")
    page.go_back()
    expect(page.locator("[data-part=count]")).to_have_text("")


def test_columns_are_chosen(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    choice = page.locator("sortable-table[data-key=performance] column-choice")
    for column, seen in (("f1", True), ("kappa", False)):
        expect(heading(page, "performance", column)).to_be_visible(visible=seen)
    choice.locator("summary").focus()
    page.keyboard.press("Enter")
    choice.get_by_label("Kappa").check()
    choice.get_by_label("Accuracy", exact=True).uncheck()
    expect(heading(page, "performance", "kappa")).to_be_visible()
    expect(heading(page, "performance", "accuracy")).to_be_hidden()
    expect(page.locator("td.bars").first).to_be_hidden()
    page.keyboard.press("Escape")
    expect(choice.get_by_label("Kappa")).to_be_hidden()
    page.reload()
    expect(heading(page, "performance", "kappa")).to_be_visible()
    expect(heading(page, "performance", "accuracy")).to_be_hidden()


def test_two_ticked_runs_are_compared(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html")
    runs = ("alpha-none", "gamma-standard")
    for run in runs:
        page.locator(f"sortable-table[data-key=performance] tr[data-run={run}] input").check()
    panel = page.locator("runs-comparison")
    expect(panel.locator("table")).to_be_visible()
    right = [site.store.read_predictions(site.store.read_run(run), Split.TEST) for run in runs]
    first, second = (said.predicted == said.targets for said in right)
    cells = panel.get_by_role("row", name="Images only this one gets right").locator("td")
    counts = [int((first & ~second).sum()), int((second & ~first).sum())]
    expect(cells).to_have_text([*(f"{n}, show the images" for n in counts), ""])
    points = 100 * (first.mean() - second.mean())
    expect(panel.get_by_role("row", name="Accuracy").locator("td").nth(2)).to_contain_text(
        f"+{points:.1f}"
    )
    expect(panel.get_by_role("row", name="Latency").first.locator("td").nth(2)).to_contain_text(
        "0.333"
    )
    page.reload()
    expect(panel.locator("table")).to_be_visible()
    page.locator("sortable-table[data-key=resources] tr[data-run=beta-none] input").check()
    expect(panel.locator("thead a")).to_have_text(
        ["Gamma augmented", "Beta no augmentation"]
    )  # the run ticked first gave way
    page.go_back()
    expect(panel.locator("thead a")).to_have_text(["Alpha no augmentation", "Gamma augmented"])
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    expect(page.locator(".runs input:checked")).to_have_count(0)


def test_two_runs_compared_leave_room_on_a_small_screen(watched: Watched, open_site: Open) -> None:
    watched.page.set_viewport_size({"width": 360, "height": 780})
    page = watched.open(open_site("shapes"), "compare.html#pins=alpha-none gamma-standard")
    panel = page.locator("runs-comparison")
    said = "Alpha no augmentation against Gamma augmented"
    expect(panel.locator("[aria-live]")).to_contain_text(said)
    page.locator("sortable-table").first.scroll_into_view_if_needed()
    box = panel.bounding_box()
    assert box is not None
    assert box["height"] < 0.15 * 780
    numbers = panel.get_by_role("button", name="Numbers")
    expect(numbers).to_have_attribute("aria-expanded", "false")
    expect(panel.locator("table")).to_be_hidden()
    numbers.press("Enter")
    expect(panel.locator("table")).to_be_visible()
    expect(numbers).to_have_attribute("aria-expanded", "true")


def test_seeds_fold_and_unfold(watched: Watched, seeded: Built) -> None:
    page = watched.open(seeded, "compare.html")
    groups = shown(page)
    assert len(groups) == 4
    first = page.locator("sortable-table[data-key=performance] tr[data-group]").first
    fold = first.get_by_role("button")
    expect(fold).to_have_attribute("aria-expanded", "false")
    fold.focus()
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    assert len(shown(page)) == 4 + 3
    accuracy = heading(page, "performance", "accuracy").get_by_role("button")
    accuracy.click()
    assert "accuracy.ascending" in page.url
    rows = page.locator("sortable-table[data-key=performance] tbody tr").evaluate_all(
        "rows => rows.map(row => [row.dataset.group ?? null, row.dataset.under ?? null])"
    )
    above = None
    for group, under in rows:  # every run is below the mean that it is part of
        above = group or above
        assert under in (None, above)
    page.reload()
    assert len(shown(page)) == 4 + 3
    page.go_back()
    page.go_back()
    expect(fold).to_have_attribute("aria-expanded", "false")


def test_one_chart_is_seen_and_the_address_keeps_it(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    expect(page.locator("trade-offs section:visible")).to_have_count(1)
    page.get_by_role("button", name="FLOPs", exact=True).click()
    expect(page.locator("section[data-chart=flops]")).to_be_visible()
    expect(page.locator("trade-offs section:visible")).to_have_count(1)
    page.go_back()
    expect(page.locator("section[data-chart=latency]")).to_be_visible()


def test_plotly_loads_only_when_asked(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    assert not [url for url in watched.requests if "plotly.min" in url or "/figures/" in url]
    page.get_by_role("button", name="Explore").focus()
    expect(page.locator(".plotly-live .main-svg").first).to_be_visible(timeout=20_000)
    assert len([url for url in watched.requests if "plotly.min" in url]) == 1
    expect(page.locator("section[data-chart=latency] .stills")).to_be_hidden()
    point = page.locator(".plotly-live .scatterlayer .trace .point").first
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    pointed = page.locator("sortable-table[data-key=performance] tr.pointed")
    expect(pointed).to_have_count(1)
    run_id = pointed.get_attribute("data-run")
    # As a hand does: Plotly looks for what is pointed at every 50 ms, and has nothing meanwhile.
    page.wait_for_timeout(150)
    page.mouse.down()
    page.wait_for_timeout(50)
    page.mouse.up()
    expect(page.locator(f"tr[data-run={run_id}] a[aria-current]")).to_have_count(2)


def test_hostile_names_are_text(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("hostile"), "compare.html#pins=alpha-none+beta-none")
    expect(page.locator("runs-comparison thead a").first).to_contain_text(HOSTILE[0])
    expect(page.locator("runs-comparison [aria-live]")).to_contain_text(HOSTILE[0])
    page.get_by_role("button", name="Explore").click()
    expect(page.locator(".plotly-live .main-svg").first).to_be_visible(timeout=20_000)
    page.locator("sortable-table[data-key=performance] tr[data-run=alpha-none] td").first.hover()
    expect(page.locator(".hoverlayer")).to_contain_text(f"{HOSTILE[0]}, no augmentation")
    assert page.locator("img").count() == 0


def test_nonsense_in_the_address_gives_the_page_as_built(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html")
    best, built = page.locator("#comparison").get_attribute("data-best"), shown(page)
    odd = "run=__proto__&pins=__proto__+x&open=%22&chart=x&performance-sort=x.y+accuracy.up"
    watched.open(open_site("shapes"), f"compare.html#{odd}")
    expect(page.locator(f"tr[data-run={best}] a[aria-current]")).to_have_count(2)
    expect(page.locator("runs-comparison")).to_be_hidden()
    assert shown(page) == built


def test_a_run_ticked_twice_counts_once(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html#pins=alpha-none+alpha-none")
    said = page.locator("runs-comparison [aria-live]")
    expect(said).to_have_text("Alpha no augmentation: tick a second run to compare the two.")
    page.evaluate("bakeoff.write({ pins: 'alpha-none alpha-none beta-none' })")
    expect(said).to_contain_text("Alpha no augmentation against Beta no augmentation: ")


def test_tables_are_downloaded(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html")
    for link in page.locator(".table-tools a").all():
        address = link.get_attribute("href")
        assert address is not None
        path = Path(site.folder, address)
        assert path.read_bytes()
        assert link.get_attribute("download") is not None


def test_a_hundred_runs_of_many_classes_stay_light(watched: Watched, tmp_path: Path) -> None:
    store = write_made_up_store(
        tmp_path,
        models=tuple(f"net{place}" for place in range(50)),
        class_names=tuple(f"class number {place}" for place in range(80)),
        n_images=320,
    )
    site = build(store, tmp_path / "site")
    watched.page.add_init_script(PICK_SOON)
    page = watched.open(site, "compare.html")
    wait_until(page.locator("body"), "() => window.pickedAfter")
    # 1.5 s on a laptop; machines that tests run on may be some times slower.
    assert page.evaluate("window.pickedAfter") < 4 * 1500
    run = page.url.rpartition("run=")[2]
    expect(page.locator("[data-part=page]")).to_have_attribute("href", re.compile(run))
    names = {url.split("#")[0].removeprefix(f"{watched.root}/") for url in watched.requests}
    assert f"data/matrix/{run}.js" in names
    assert not [name for name in names if "plotly.min" in name]
    assert sum((site.folder / name).stat().st_size for name in names) < 600_000
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_matrix_is_loaded_when_it_comes_near(watched: Watched, open_site: Open) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 300})
    site = open_site("shapes")
    watched.root = site.root
    page.goto(f"{site.root}/compare.html")
    best = page.locator("#comparison").get_attribute("data-best")

    def loaded() -> list[str]:
        return [url.rpartition("/")[2] for url in watched.requests if "/data/matrix/" in url]

    page.locator("theme-toggle button").wait_for()
    assert loaded() == []
    row = page.locator("sortable-table[data-key=performance] tr[data-run=gamma-none] td").first
    row.click()
    name = page.locator("[data-part=name]")
    expect(name).to_have_text("Gamma, no augmentation")
    page.go_back()
    expect(name).to_have_text("Alpha, no augmentation")
    # What was clicked was scrolled to, perhaps as far as where the matrix is near.
    assert sorted(loaded()) == sorted(["gamma-none.js", f"{best}.js"])
    page.goto("about:blank")
    watched.requests.clear()
    page.goto(f"{site.root}/compare.html")
    page.locator("confusion-matrix").scroll_into_view_if_needed()
    expect(page.locator("confusion-matrix .cursor-layer")).to_be_attached()
    assert loaded() == [f"{best}.js"]


def test_a_filter_without_a_hit_says_so(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("shapes"), "compare.html#find=nobody")
    for table in ("Performance", "Resources"):
        expect(page.get_by_role("table", name=table).get_by_text("No run matches.")).to_be_visible()
    page.get_by_role("table", name="Performance").get_by_role("button", name="Show all").click()
    assert len(shown(page)) == 6
    expect(page.get_by_text("No run matches.").first).to_be_hidden()
    assert "find" not in page.url
