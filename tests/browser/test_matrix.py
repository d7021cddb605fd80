"""The confusion matrix in a real browser: every mode, order and size against the predictions."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from sklearn.metrics import classification_report

from experiments.results.schema import Split
from site_builder.orders import clustered
from site_builder.pipeline import build_site
from tests.beasts import BEASTS, BY_KIND, BY_NAME, group
from tests.browser.accessible import check_accessible
from tests.browser.conftest import HOSTILE, Built, Watched, build, on_disk
from tests.browser.matrix_page import (
    cell_address,
    counted,
    drawn,
    import_file,
    import_matrix,
    labels,
    middle_of,
    point_at,
    show,
    table,
    within,
)
from tests.made_up import write_made_up_store

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]


def opacities(page: Page) -> list[float]:
    cells = page.locator(".stage rect[fill-opacity]")
    return cells.evaluate_all("cells => cells.map(cell => +cell.getAttribute('fill-opacity'))")


def expected_order(site: Built, run_id: str, order: str) -> list[int]:
    matrix = counted(site, run_id)
    support = matrix.sum(axis=1)
    recall = matrix.diagonal() / support
    runs = site.store.read_experiment().run_ids
    return {
        "given": list(range(9)),
        "alphabetical": BY_NAME,
        "support": sorted(range(9), key=lambda index: (-support[index], index)),
        "accuracy": sorted(range(9), key=lambda index: (-recall[index], index)),
        "superclass": BY_KIND,
        "clustered": clustered(np.sum([counted(site, run) for run in runs], axis=0)),
    }[order]


@pytest.mark.parametrize("run_id", ["alpha-none", "gamma-standard"])
def test_a_click_on_a_row_shows_that_runs_matrix(
    watched: Watched, open_site: Open, run_id: str
) -> None:
    site = open_site("shapes")
    page = watched.open(site, "compare.html")
    for chosen in ("beta-none", run_id):
        page.locator(f"tr[data-run={chosen}] td").first.click()
        expect(page).to_have_url(re.compile(f"run={chosen}"))
    label, variant = run_id.split("-")
    words = {"none": "no augmentation", "standard": "augmented"}[variant]
    expect(page.locator("confusion-matrix [data-part=name]")).to_have_text(
        f"{label.title()}, {words}"
    )
    matrix = counted(site, run_id)
    names = site.store.read_experiment().class_names
    assert labels(page) == names
    assert drawn(page, 3).tolist() == matrix.tolist()
    for target, prediction in np.ndindex(matrix.shape):
        n, whole = matrix[target, prediction], matrix[target].sum()
        verb = "was" if n == 1 else "were"
        said = point_at(page, target, prediction)
        assert said.startswith(
            f"{n} of {whole} images of “{names[target]}” {verb} called “{names[prediction]}” ("
        )
        assert said.endswith(" % of the row)" if n else " of the row). No images to show.")
    right = page.locator("[data-part=facts] dd").nth(1).inner_text().replace("\u00a0", " ")
    assert right == f"{matrix.trace()} of {matrix.sum()} images"


@pytest.mark.parametrize("values", ["row", "column", "count"])
@pytest.mark.parametrize(
    "order", ["given", "alphabetical", "support", "accuracy", "clustered", "superclass"]
)
def test_every_mode_and_order_shows_the_predictions(
    watched: Watched, beasts: Built, values: str, order: str
) -> None:
    page = show(watched, beasts, run="gamma-none", matrix_values=values, matrix_order=order)
    matrix = counted(beasts, "gamma-none")
    places = expected_order(beasts, "gamma-none", order)
    ordered = matrix[np.ix_(places, places)]
    assert labels(page) == [BEASTS[index] for index in places]
    assert drawn(page, 9).tolist() == ordered.tolist()
    row, column = 2, 4
    n = ordered[row, column]
    whole = ordered[:, column].sum() if values == "column" else ordered[row].sum()
    assert point_at(page, row, column).startswith(f"{n} of {whole} images ")
    headings, *rows = table(page)
    assert headings[1:] == [row[0] for row in rows] == [BEASTS[index] for index in places]
    assert [[int(text) for text in row[1:]] for row in rows] == ordered.tolist()


@pytest.mark.parametrize("values", ["row", "column", "count"])
@pytest.mark.parametrize("scale", ["root", "linear", "log"])
def test_depth_is_the_share_on_the_scale_of_the_legend(
    watched: Watched, beasts: Built, values: str, scale: str
) -> None:
    page = show(watched, beasts, run="delta-none", matrix_values=values, matrix_scale=scale)
    matrix = counted(beasts, "delta-none").astype(float)
    whole = {
        "row": matrix.sum(axis=1, keepdims=True),
        "column": matrix.sum(axis=0, keepdims=True),
        "count": matrix.max(),
    }[values]
    shares = (matrix / whole)[matrix > 0]
    depths = {
        "root": np.maximum(0.12, np.sqrt(shares)),
        "linear": np.maximum(0.04, shares),
        "log": np.maximum(0.1, 1 + 0.3 * np.log10(shares)),
    }[scale]
    assert sorted(opacities(page)) == pytest.approx(sorted(depths), abs=0.0006)
    legend = page.locator("[data-part=legend]")
    name = {"root": "square-root", "linear": "linear", "log": "logarithmic"}[scale]
    of = {"row": "share of the row", "column": "share of the column", "count": "images"}[values]
    expect(legend).to_contain_text(f"{name} scale")
    expect(legend).to_contain_text(f"Depth: {of}")
    largest = f"{matrix.max():.0f}" if values == "count" else "100\u00a0%"
    assert legend.locator("text").all_text_contents()[-1] == largest


def test_the_diagonal_can_be_hidden(watched: Watched, beasts: Built) -> None:
    page = show(watched, beasts, run="delta-none")
    assert page.locator(".stage rect.right").count() == 9
    within(page).get_by_label("Hide the diagonal").check()
    expect(page.locator(".stage rect.right")).to_have_count(0)
    matrix = counted(beasts, "delta-none")
    support = matrix.sum(axis=1, keepdims=True)
    np.fill_diagonal(matrix, 0)
    assert drawn(page, 9).tolist() == matrix.tolist()
    # The largest error has all the depth that there is, and the legend says what it is.
    assert max(opacities(page)) == 1
    largest = page.locator("[data-part=legend] text").all_text_contents()[-1]
    assert largest == f"{round(100 * (matrix / support).max())}\u00a0%"
    page.go_back()
    expect(page.locator(".stage rect.right")).to_have_count(9)


@pytest.mark.parametrize("values", ["row", "column", "count"])
def test_a_difference_is_one_matrix_minus_the_other(
    watched: Watched, beasts: Built, values: str
) -> None:
    page = show(watched, beasts, run="alpha-none", matrix_values=values)
    within(page).get_by_label("Against").select_option("delta-none")
    name = page.locator("confusion-matrix [data-part=name]")
    expect(name).to_have_text("Alpha, no augmentation minus Delta, no augmentation")
    first, second = (counted(beasts, run) for run in ("alpha-none", "delta-none"))
    assert drawn(page, 9).tolist() == (first - second).tolist()
    rows = [[int(text.replace("−", "-")) for text in row[1:]] for row in table(page)[1:]]
    assert rows == (first - second).tolist()
    wholes = [
        {"row": m.sum(axis=1, keepdims=True), "column": m.sum(axis=0, keepdims=True), "count": 1}[
            values
        ]
        for m in (first, second)
    ]
    difference = first / wholes[0] - second / wholes[1]
    assert page.locator(".stage rect.more").count() == (difference > 0).sum()
    assert page.locator(".stage rect.fewer").count() == (difference < 0).sum()
    axis = 0 if values == "column" else 1
    shares = [matrix / matrix.sum(axis=axis, keepdims=True) for matrix in (first, second)]
    points = 100 * (shares[0] - shares[1])[3, 3]
    said = point_at(page, 3, 3)
    assert f"{first[3, 3]} of {first.sum(axis=axis)[3]} by Alpha, no augmentation" in said
    assert f"{second[3, 3]} of {second.sum(axis=axis)[3]} by Delta, no augmentation" in said
    differ = f"{first[3, 3] - second[3, 3]:+d} images, {points:+.1f} points".replace("-", "−")
    assert said.endswith(
        f". Difference: {differ}. A click or Enter shows those of Alpha, no augmentation."
    )


def test_stored_orders_are_loaded_when_one_is_chosen(watched: Watched, beasts: Built) -> None:
    page = show(watched, beasts, run="delta-none", matrix_against="gamma-none")
    orders = f"{beasts.root}/data/orders.js"
    drawn_labels = page.locator(".picture > svg:first-child > text:not(.axis-title)")
    for order, times in (("accuracy", 0), ("given", 0), ("support", 1), ("clustered", 1)):
        within(page).get_by_label("Order").select_option(order)
        names = [BEASTS[place] for place in expected_order(beasts, "delta-none", order)]
        expect(drawn_labels).to_have_text([*names, *names])
        assert watched.requests.count(orders) == times


def test_where_nothing_is_coloured_the_legend_says_why(watched: Watched, tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",))
    site = on_disk(store, tmp_path / "site")
    perfect = np.diag(counted(site, "alpha-none").sum(axis=1))
    for run in ("perfect", "equal"):
        import_matrix(store, run, perfect, store.read_experiment().class_names, tmp_path)
    build_site(store, site.folder)
    legend = watched.page.locator("[data-part=legend]")
    for values, differs in (
        ("row", "share of a row"),
        ("column", "share of a column"),
        ("count", "count"),
    ):
        show(watched, site, run="perfect", matrix_values=values)
        expect(legend).to_contain_text("Depth: ")
        expect(legend.locator("svg")).to_be_visible()
        within(watched.page).get_by_label("Hide the diagonal").check()
        expect(legend).to_have_text("Nothing to colour: no test image was taken for another class.")
        show(watched, site, run="perfect", matrix_against="equal", matrix_values=values)
        expect(legend).to_have_text(
            f"Nothing to colour: no {differs} differs between the two runs."
        )


def test_a_run_cannot_be_set_against_itself(watched: Watched, beasts: Built) -> None:
    page = show(watched, beasts, run="alpha-none", matrix_against="alpha-none")
    expect(page.locator(".stage")).to_have_count(1)
    expect(page.locator("confusion-matrix [data-part=name]")).to_have_text("Alpha, no augmentation")
    assert page.locator("[data-part=against] option[value=alpha-none]").is_disabled()


def test_side_by_side_the_cursor_is_in_both(watched: Watched, beasts: Built) -> None:
    runs = ("alpha-none", "delta-none")
    page = show(watched, beasts, run=runs[0], matrix_against=runs[1], matrix_pair="side")
    expect(page.locator(".stage")).to_have_count(2)
    matrices = [counted(beasts, run) for run in runs]
    for panel, matrix in enumerate(matrices):
        assert drawn(page, 9, panel).tolist() == matrix.tolist()
    rows = table(page)
    assert [[tuple(map(int, text.split("\u00a0/ "))) for text in row[1:]] for row in rows[1:]] == [
        list(zip(*both, strict=True)) for both in zip(*(m.tolist() for m in matrices), strict=True)
    ]
    said = point_at(page, 1, 7, panel=1)
    assert said.startswith(f"“Beagle” called “husky”: {matrices[0][1, 7]} of ")
    assert f"; {matrices[1][1, 7]} of " in said
    cursors = page.locator(".cursor").evaluate_all(
        "cursors => cursors.map(c => [c.getAttribute('visibility'), c.getAttribute('x')])"
    )
    assert cursors[0] == cursors[1]
    assert cursors[0][0] == "visible"


def test_superclasses_fold(watched: Watched, beasts: Built) -> None:
    page = show(watched, beasts, run="delta-none", matrix_order="superclass")
    matrix = counted(beasts, "delta-none")
    within(page).get_by_role("button", name="dog (4)").click()
    expect(within(page).get_by_role("button", name="dog (4)")).to_have_attribute(
        "aria-expanded", "false"
    )
    expect(within(page).get_by_role("button", name="dog (4)")).to_be_focused()
    groups = [[0], [2], [6], [1, 3, 5, 7], [4], [8]]
    folded = [[matrix[np.ix_(a, b)].sum() for b in groups] for a in groups]
    assert labels(page) == ["tabby", "siamese", "manx", "dog", "carp", "trout"]
    assert drawn(page, 6).tolist() == folded
    dogs = matrix[np.ix_(groups[3], groups[3])]
    said = point_at(page, 3, 3)
    assert said.startswith(f"{dogs.sum()} of {matrix[groups[3]].sum()} images of any “dog” (4 ")
    assert said.endswith(
        f"; {dogs.trace()} of these got the right class. A click or Enter unfolds “dog”."
    )
    # Without what is right, what remains is wrong; the cell unfolds what it is made of.
    within(page).get_by_label("Hide the diagonal").check()
    expect(page.locator(".stage rect.right")).to_have_count(0)
    assert drawn(page, 6)[3, 3] == dogs.sum() - dogs.trace()
    page.mouse.click(*middle_of(page, 3, 0))
    expect(within(page).get_by_role("button", name="dog (4)")).to_have_attribute(
        "aria-expanded", "true"
    )
    assert labels(page) == [BEASTS[index] for index in BY_KIND]
    within(page).get_by_role("button", name="Fold all").click()
    expect(within(page).get_by_role("button", name="Unfold all")).to_be_visible()
    assert labels(page) == ["cat", "dog", "fish"]
    page.go_back()
    expect(within(page).get_by_role("button", name="Fold all")).to_be_visible()


def test_confused_pairs_are_ranked_and_lead_to_images(watched: Watched, beasts: Built) -> None:
    page = show(watched, beasts, run="delta-none")
    matrix = counted(beasts, "delta-none")
    errors = matrix - np.diag(matrix.diagonal())
    pairs = [
        (n, t, p) for n, t, p in sorted((-n, *place) for place, n in np.ndenumerate(errors) if n)
    ]
    within(page).get_by_role("button", name="Show").click()
    rows = page.locator("[data-part=pairs] tr")
    expect(rows).to_have_count(min(len(pairs), 60))
    for row, (n, target, prediction) in zip(rows.all(), pairs, strict=False):
        cells = row.locator("td").all_text_contents()
        assert cells[0] == f"{-n}, show the images"
        assert (cells[1], cells[3]) == (BEASTS[target], BEASTS[prediction])
        rate = 100 * -n / matrix[target].sum()
        assert float(cells[4].removesuffix("\u00a0%")) == pytest.approx(rate, abs=0.5)
        of_predictions = 100 * -n / matrix[:, prediction].sum()
        assert float(cells[5].removesuffix("\u00a0%")) == pytest.approx(of_predictions, abs=0.5)
    _, target, prediction = pairs[3]
    rows.nth(3).get_by_role("link").click()
    expect(page).to_have_url(cell_address("delta-none", target, prediction))


def test_pairs_of_two_runs_are_ranked_by_what_differs(watched: Watched, beasts: Built) -> None:
    page = show(watched, beasts, run="gamma-none", matrix_against="delta-none")
    first, second = (counted(beasts, run) for run in ("gamma-none", "delta-none"))
    difference = first - second
    np.fill_diagonal(difference, 0)
    ranked = sorted((-abs(n), *place) for place, n in np.ndenumerate(difference) if n)
    rows = page.locator("[data-part=pairs] tr")
    for row, (_, target, prediction) in zip(rows.all(), ranked, strict=False):
        cells = row.locator("td").all_text_contents()
        counts = [int(text.removesuffix(", show the images")) for text in cells[:2]]
        assert counts == [first[target, prediction], second[target, prediction]]
        assert (cells[2], cells[4]) == (BEASTS[target], BEASTS[prediction])
        assert int(cells[5].replace("−", "-")) == difference[target, prediction]
        shares = [100 * of[target, prediction] / of[target].sum() for of in (first, second)]
        points = float(cells[6].replace("−", "-"))
        assert points == pytest.approx(shares[0] - shares[1], abs=0.051)


def test_the_page_as_built_lists_the_same_pairs(
    watched: Watched, browser: Browser, open_site: Open
) -> None:
    site = open_site("many-classes")
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{site.root}/compare.html")
    as_text = "rows => rows.map(row => row.textContent)"
    built = plain.locator("[data-part=pairs] tr").evaluate_all(as_text)
    expect(plain.locator("[data-part=too-many]")).to_be_visible()
    context.close()
    page = watched.open(site, "compare.html")
    assert page.locator("[data-part=pairs] tr").evaluate_all(as_text) == built
    assert len(built) == 10


def test_the_address_keeps_every_choice(watched: Watched, beasts: Built) -> None:
    page = show(watched, beasts, run="gamma-none")
    within(page).get_by_label("Order").select_option("clustered")
    within(page).get_by_role("button", name="By column").click()
    depth = page.locator("[data-state=scale]")
    depth.select_option("log")
    expect(within(page).get_by_role("button", name="By column")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(within(page).get_by_role("button", name="By row")).to_have_attribute(
        "aria-pressed", "false"
    )
    page.reload()
    expect(within(page).get_by_label("Order")).to_have_value("clustered")
    expect(depth).to_have_value("log")
    page.go_back()
    expect(depth).to_have_value("root")
    page.go_back()
    expect(within(page).get_by_role("button", name="By row")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.go_forward()
    expect(within(page).get_by_role("button", name="By column")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_nonsense_in_the_address_gives_the_defaults(watched: Watched, beasts: Built) -> None:
    nonsense = {
        "order": "__proto__",
        "values": "constructor",
        "scale": "x",
        "classes": "-1",
        "against": "../x",
        "closed": "7.x.-1.0",
    }
    state = {f"matrix-{key}": value for key, value in nonsense.items()}
    page = show(watched, beasts, run="alpha-none", **state)
    assert labels(page) == list(BEASTS)
    assert drawn(page, 9).tolist() == counted(beasts, "alpha-none").tolist()


def test_the_page_of_a_run_keeps_to_it(watched: Watched, beasts: Built) -> None:
    page = watched.open(beasts, "runs/gamma-none.html#run=alpha-none&matrix-order=alphabetical")
    page.locator("theme-toggle button").wait_for()
    assert [url for url in watched.requests if "/data/matrix/" in url] == []
    page.locator("confusion-matrix").scroll_into_view_if_needed()
    expect(page.locator(".cursor-layer")).to_be_attached()
    matrix = counted(beasts, "gamma-none")[np.ix_(BY_NAME, BY_NAME)]
    assert drawn(page, 9).tolist() == matrix.tolist()
    row, column = np.argwhere(matrix)[3]
    page.mouse.click(*middle_of(page, row, column))
    expect(page).to_have_url(cell_address("gamma-none", BY_NAME[row], BY_NAME[column]))
    assert page.url.startswith(f"{beasts.root}/errors.html")


def test_runs_without_a_matrix_or_without_images(watched: Watched, tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha", "gamma"))
    site = on_disk(store, tmp_path / "site")
    names = store.read_experiment().class_names
    matrix = counted(site, "gamma-none")
    import_matrix(store, "bare", matrix, names, tmp_path)
    said = store.read_predictions(store.read_run("gamma-none"), Split.TEST)
    report = classification_report(
        said.targets, said.predicted, target_names=names, output_dict=True
    )
    (tmp_path / "report.json").write_text(json.dumps(report))
    import_file(store, "report", tmp_path / "report.json")
    build_site(store, site.folder)
    page = show(watched, site, run="bare")
    assert drawn(page, 3).tolist() == matrix.tolist()
    assert point_at(page, 0, 0).endswith(". Which images these are is not stored.")
    page.mouse.click(*middle_of(page, 0, 0))
    assert "compare.html" in page.url
    expect(page.locator("[data-part=pairs] tr").first).to_be_visible()
    expect(page.locator("[data-part=pairs] a")).to_have_count(0)
    offered = page.locator("[data-part=against] option").evaluate_all("os => os.map(o => o.value)")
    assert {"bare", "alpha-none"} < set(offered)
    assert "report" not in offered
    page.evaluate("bakeoff.write({ run: 'report' })")
    expect(page.locator("confusion-matrix [data-part=absent]")).to_contain_text(
        "There is no confusion matrix: "
    )
    expect(page.locator(".stage")).to_be_hidden()
    page.evaluate("bakeoff.write({ run: 'gamma-none' })")
    expect(page.locator(".stage")).to_be_visible()
    assert drawn(page, 3).tolist() == matrix.tolist()


def test_hostile_names_are_text(watched: Watched, open_site: Open) -> None:
    page = watched.open(open_site("hostile"), "compare.html")
    expect(page.locator(".stage .picture > svg")).to_have_count(2)
    for place, name in enumerate(HOSTILE):
        assert f"“{name}”" in point_at(page, place, place)
    assert table(page)[0][1:] == list(HOSTILE)
    within(page).get_by_label("Order").select_option("alphabetical")
    expect(page.locator("[data-part=table] th").first).to_have_text(HOSTILE[0])
    within(page).get_by_label("Against").select_option("beta-none")
    assert f"“{HOSTILE[0]}”" in point_at(page, 0, 0)
    assert page.locator("img").count() == 0


def test_long_and_foreign_names_leave_room_for_the_cells(watched: Watched, tmp_path: Path) -> None:
    names = ("x" * 4000, "קטגוריה ארוכה מאוד", "👩‍👩‍👧‍👦" * 40, "a\nb", " ")
    store = write_made_up_store(tmp_path, class_names=names, models=("alpha",))
    group(store, ["<b>bold</b>", "__proto__", "<b>bold</b>", "__proto__", "y" * 900])
    site = build(store, tmp_path / "site")
    watched.page.set_viewport_size({"width": 360, "height": 800})
    page = show(watched, site, run="alpha-none", matrix_order="superclass", matrix_closed="0")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert drawn(page, 4).sum() == 60
    first, second, third, _ = labels(page)
    assert first == "<b>bold</b>"
    assert second.endswith("…")
    assert second[:-1] in names[1]
    assert third in names
    assert page.locator("confusion-matrix b").count() == 0


@pytest.mark.parametrize(
    "state",
    [
        {"matrix_against": "delta-none", "matrix_pair": "side"},
        {"matrix_against": "delta-none", "matrix_order": "superclass", "matrix_closed": "1"},
    ],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    watched: Watched, beasts: Built, state: dict[str, str]
) -> None:
    page = show(watched, beasts, run="alpha-none", **state)
    table(page)
    for width, scheme in ((1280, "dark"), (360, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        check_accessible(page, "confusion-matrix")
        assert page.evaluate("document.documentElement.scrollWidth") == width
