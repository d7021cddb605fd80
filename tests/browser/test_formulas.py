"""formulas.html in a real browser: other runs and classes, links, terms, every kind of reader."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from experiments.results.store import ExperimentStore
from site_builder import formatting
from site_builder.comparisons import compare_runs
from site_builder.formulas.cells import class_cells
from site_builder.formulas.classes import ClassCounts, class_values, hardest_class
from site_builder.formulas.numbers import Numbers, run_values
from site_builder.loading import load
from site_builder.naming import run_names
from site_builder.render import environment
from tests.browser.accessible import check_accessible
from tests.browser.conftest import HOSTILE, ONCE, Built, Watched
from tests.browser.paper import headings_over_nothing

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
PAGE = "formulas.html"
RUN, CLASS = "form.choice select[data-key=run]", "form.choice select[data-key=class]"


def open_page(watched: Watched, site: Built, state: str = "") -> Page:
    page = watched.open(site, PAGE + state)
    expect(page.locator(f"{CLASS} option")).to_have_count(
        len(site.store.read_experiment().class_names)
    )
    return page


def shown(page: Page) -> dict[str, set[str]]:
    """Return every text at each place, filled in or not."""
    found: dict[str, set[str]] = {}
    for place in page.locator("[data-value]").all():
        key = place.get_attribute("data-value") or ""
        found.setdefault(key, set()).add(place.text_content() or "")
    return found


def expected(store: ExperimentStore, run_id: str, target: int) -> Numbers:
    experiment = load(store)
    names, comparisons = run_names(experiment), compare_runs(experiment)
    run = next(run for run in experiment.runs if run.run_id == run_id)
    name = experiment.record.class_names[target]
    values = run_values(experiment, run, comparisons, names)
    return Numbers.of({**values, **class_values(ClassCounts.of(run, target), name)})


def check_numbers(page: Page, numbers: Numbers) -> None:
    for key, texts in shown(page).items():
        assert texts == {numbers.values.get(key, formatting.MISSING)}, key


def cells(page: Page) -> list[list[str]]:
    rows = page.get_by_label("Confusion matrix around the class").locator("tbody tr")
    return [row.locator("td").all_inner_texts() for row in rows.all()]


def test_scripts_change_nothing_in_the_page_as_built(
    browser: Browser, watched: Watched, open_site: Open
) -> None:
    site = open_site("many-classes")
    bare = browser.new_context(java_script_enabled=False)
    built = bare.new_page()
    built.goto(f"{site.root}/{PAGE}")
    page = open_page(watched, site)
    assert shown(page) == shown(built)
    assert cells(page) == cells(built)
    for each in ("formula-numbers .worked", "formula-numbers .class-view"):
        assert page.locator(each).all_inner_texts() == built.locator(each).all_inner_texts()
    bare.close()


@pytest.mark.parametrize("site_name", ["shapes", "many-classes"])
def test_another_run_and_class_fill_every_formula(
    watched: Watched, open_site: Open, site_name: str
) -> None:
    site = open_site(site_name)
    page = open_page(watched, site)
    page.select_option(RUN, "beta-standard")
    page.select_option(CLASS, "1")
    expect(page.locator(".class-view h3 [data-value=run]")).to_have_text("Beta, augmented")
    assert "run=beta-standard" in page.url
    assert "class=1" in page.url
    check_numbers(page, expected(site.store, "beta-standard", 1))
    experiment = load(site.store)
    run = next(run for run in experiment.runs if run.run_id == "beta-standard")
    made = class_cells(run.matrix, 1, experiment.record.class_names)
    assert cells(page) == [[cell.count for cell in row.cells] for row in made.rows]
    kinds = page.get_by_label("Confusion matrix around the class").locator("tbody td").all()
    assert [td.get_attribute("class") for td in kinds] == [
        cell.kind for row in made.rows for cell in row.cells
    ]


def test_the_browser_keeps_the_same_classes_as_the_build(watched: Watched, open_site: Open) -> None:
    page = open_page(watched, open_site("shapes"))
    matrix = np.random.default_rng(1).integers(0, 9, size=(30, 30))
    filled = np.flatnonzero(matrix)
    stored = {
        "steps": np.diff(filled, prepend=0).tolist(), "counts": matrix.ravel()[filled].tolist(),
    }  # fmt: skip
    names = [f"c{index}" for index in range(30)]
    for target in (0, 7, 29):
        page.evaluate(
            """([stored, target, names]) => {
              const table = document.querySelector("[data-part=cells] table");
              bakeoff.classCells(table, bakeoff.matrixCounts(stored, 30), target, names);
            }""",
            [stored, target, names],
        )
        made = class_cells(matrix, target, names)
        assert cells(page) == [[cell.count for cell in row.cells] for row in made.rows]
        rows = page.get_by_label("Confusion matrix around the class").locator("tbody th")
        assert rows.all_inner_texts() == [row.name for row in made.rows]


def test_the_words_of_a_formula_change_with_its_numbers(watched: Watched, open_site: Open) -> None:
    site = open_site("shapes")
    page = open_page(watched, site, "#run=beta-none&class=2")
    values = expected(site.store, "beta-none", 2).values
    alt = page.locator("#recall .worked math").get_attribute("alttext")
    assert alt == f"R = {values['tp']} / ({values['tp']} + {values['fn']}) = {values['recall']}"


def test_without_a_class_it_is_the_runs_hardest(watched: Watched, open_site: Open) -> None:
    site = open_site("many-classes")
    page = open_page(watched, site, "#run=beta-none")
    run = next(run for run in load(site.store).runs if run.run_id == "beta-none")
    expect(page.locator(CLASS)).to_have_value(str(hardest_class(run)))


def test_what_the_address_names_wrongly_is_left_out(watched: Watched, open_site: Open) -> None:
    page = open_page(watched, open_site("shapes"), "#run=nobody&class=99")
    expect(page.locator(RUN)).to_have_value("alpha-none")
    page.goto(f"{page.url.split('#')[0]}#class=-1")
    expect(page.locator(RUN)).to_have_value("alpha-none")


def test_back_and_forward(watched: Watched, open_site: Open) -> None:
    page = open_page(watched, open_site("shapes"))
    page.select_option(RUN, "gamma-none")
    expect(page.locator(".class-view [data-value=run]")).to_have_text("Gamma, no augmentation")
    page.go_back()
    expect(page.locator(".class-view [data-value=run]")).to_have_text("Alpha, no augmentation")
    expect(page.locator(RUN)).to_have_value("alpha-none")
    page.go_forward()
    expect(page.locator(RUN)).to_have_value("gamma-none")


def test_a_link_on_the_page_keeps_the_run(watched: Watched, open_site: Open) -> None:
    page = open_page(watched, open_site("shapes"), "#run=beta-none&class=1")
    page.get_by_label("On this page").get_by_role("link", name="Log loss").press("Enter")
    expect(page.locator("#log-loss")).to_be_focused()
    expect(page.locator("#log-loss")).to_be_in_viewport()
    expect(page.locator(RUN)).to_have_value("beta-none")
    assert page.url.endswith("#run=beta-none&class=1&at=log-loss")


def test_a_bare_place_in_the_address_is_gone_to(watched: Watched, open_site: Open) -> None:
    page = open_page(watched, open_site("shapes"), "#term-logits")
    expect(page.locator("#term-logits")).to_be_focused()
    expect(page.locator("#term-logits")).to_be_in_viewport()
    page.select_option(RUN, "beta-none")
    expect(page.locator(".class-view [data-value=run]")).to_have_text("Beta, no augmentation")
    assert page.url.endswith("#at=term-logits&run=beta-none")


def test_the_keyboard_chooses(watched: Watched, open_site: Open) -> None:
    page = open_page(watched, open_site("shapes"))
    page.locator(CLASS).focus()
    before = int(page.locator(CLASS).input_value())
    page.keyboard.press("ArrowUp" if before else "ArrowDown")
    expect(page.locator(CLASS)).to_have_value(str(before - 1 if before else 1))
    expect(page.locator(CLASS)).to_be_focused()


def test_imports_say_what_they_lack(watched: Watched, imported: Built) -> None:
    page = open_page(watched, imported, "#run=report")
    reason = imported.store.read_run("report").absent["predictions"]
    expect(page.locator("[data-part=absent]")).to_contain_text(reason)
    expect(page.get_by_label("Confusion matrix around the class")).to_be_hidden()
    for key in ("kappa", "log-loss", "ece", "bootstrap", "mcnemar"):
        said = page.locator(f"#{key} [data-part=missing]")
        expect(said).to_have_text(f"Cannot be filled in: {reason}.")
        expect(page.locator(f"#{key} .worked math")).to_be_hidden()
    expect(page.locator("#recall .worked math")).to_be_visible()
    target = int(page.locator(CLASS).input_value())
    check_numbers(page, expected(imported.store, "report", target))
    page.select_option(RUN, "all")
    expect(page.locator("#log-loss .worked math")).to_be_visible()
    check_numbers(page, expected(imported.store, "all", target))


def test_hostile_names_are_text(watched: Watched, open_site: Open) -> None:
    page = open_page(watched, open_site("hostile"))
    assert HOSTILE[0] in (page.locator(CLASS).text_content() or "")
    assert page.locator("img").count() == 0


@ONCE
def test_axe_finds_nothing(watched: Watched, open_site: Open) -> None:
    page = open_page(watched, open_site("many-classes"))
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        check_accessible(page)


def test_without_scripts_everything_is_read(browser: Browser, open_site: Open) -> None:
    site = open_site("shapes")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.root}/{PAGE}#term-logits")
    expect(page.locator("#term-logits")).to_be_in_viewport()
    expect(page.locator("form.choice")).to_be_hidden()
    expect(page.get_by_label("Confusion matrix around the class")).to_be_visible()
    for part in page.locator(".worked").all():
        expect(part).to_be_visible()
    context.close()


def test_a_shard_that_is_missing_is_said(watched: Watched, imported: Built) -> None:
    kept = imported.folder / "data/formulas/one.js"
    content = kept.read_bytes()
    kept.unlink()
    page = open_page(watched, imported)
    page.select_option(RUN, "one")
    expect(page.locator("form.choice [role=status]")).to_contain_text("is the folder complete?")
    watched.misdeeds.clear()
    kept.write_bytes(content)


# ---- Terms, on a page of their own. ----

TERMS_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Terms</title>
<link rel="icon" href="assets/icon.svg"><link rel="stylesheet" href="assets/css/tokens.css">
<link rel="stylesheet" href="assets/css/base.css">
<link rel="stylesheet" href="assets/css/glossary.css">
<script defer src="assets/js/core.js"></script>
<script defer src="assets/js/theme-toggle.js"></script>
<script defer src="assets/js/glossary-term.js"></script></head>
<body><a class="skip" href="#main">Skip</a><main id="main" tabindex="-1"><h1>Terms</h1>
<p>One {term} for each class.</p><p>At the edge, far to the right of it all: {term}</p></main>
<theme-toggle></theme-toggle></body></html>"""


@pytest.fixture
def terms(open_site: Open) -> Iterator[Built]:
    site = open_site("shapes")
    macro = '{% from "partials/glossary.html" import term %}{{ term("logits", "") }}'
    made = environment().from_string(macro).render()
    page = site.folder / "terms.html"
    page.write_text(TERMS_PAGE.replace("{term}", made), encoding="utf-8")
    yield site
    page.unlink()


def test_on_paper_no_heading_is_over_nothing(watched: Watched, open_site: Open) -> None:
    assert headings_over_nothing(open_page(watched, open_site("shapes"))) == []


def test_a_link_to_a_place_opens_in_another_tab(watched: Watched, open_site: Open) -> None:
    # Nor is an address that is no place, and not encoded rightly, a mistake of the page.
    page = open_page(watched, open_site("shapes"), "#100%")
    before = page.url
    with page.context.expect_page() as opened:
        page.locator("nav.contents a[href='#accuracy']").click(modifiers=["ControlOrMeta"])
    expect(opened.value.locator("#accuracy")).to_be_focused()
    assert page.url == before


def test_a_term_is_explained_to_the_mouse_and_the_keyboard(watched: Watched, terms: Built) -> None:
    page = watched.open(terms, "terms.html")
    link = page.get_by_role("link", name="logits").first
    tip = page.locator("[role=tooltip]").first
    expect(tip).to_be_hidden()
    link.hover()
    expect(tip).to_be_visible()
    expect(link).to_have_accessible_description(tip.text_content() or "-")
    tip.hover()
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.mouse.move(900, 800)
    link.focus()
    expect(tip).to_be_visible()
    page.keyboard.press("Tab")
    expect(tip).to_be_hidden()
    link.click()
    page.wait_for_url("**/formulas.html#**term-logits")


def test_a_term_never_leaves_the_window(watched: Watched, terms: Built) -> None:
    page = watched.open(terms, "terms.html")
    page.set_viewport_size({"width": 360, "height": 260})
    for link in page.get_by_role("link", name="logits").all():
        link.focus()
        tip = page.locator("[role=tooltip]:not([hidden])")
        box = tip.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        assert 0 <= box["y"] <= 260 - box["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    check_accessible(page)


def test_a_first_tap_explains_and_a_second_leads_on(browser: Browser, terms: Built) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 360, "height": 700})
    page = context.new_page()
    page.goto(f"{terms.root}/terms.html")
    link = page.get_by_role("link", name="logits").first
    link.tap()
    expect(page.locator("[role=tooltip]").first).to_be_visible()
    assert page.url.endswith("terms.html")
    link.tap()
    page.wait_for_url("**/formulas.html#**term-logits")
    context.close()


def test_without_scripts_a_term_is_a_link(browser: Browser, terms: Built) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{terms.root}/terms.html")
    page.get_by_role("link", name="logits").first.click()
    expect(page.locator("#term-logits")).to_be_in_viewport()
    context.close()
