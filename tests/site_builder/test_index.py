"""The summary page: lead, findings, recommendations and ranking as a reader finds them."""

import re
from pathlib import Path

import pytest

from experiments.results.store import ExperimentStore
from site_builder.comparisons import compare_runs
from site_builder.loading import load
from site_builder.naming import run_names
from site_builder.pages.index import index_context
from site_builder.render import render
from tests.made_up import write_made_up_store
from tests.site_builder.answers import answer, first, import_counts, store_of
from tests.site_builder.changes import fail, relabel

N = 400


def page_of(store: ExperimentStore) -> str:
    experiment = load(store)
    context = index_context(experiment, run_names(experiment), compare_runs(experiment))
    return render("pages/index.html", context).decode()


def rows_of(page: str) -> list[tuple[str, str, str]]:
    """Return class, run and group of every row of the ranking."""
    body = page.split('aria-label="Runs by test accuracy"')[1].split("<tbody>")[1]
    rows = re.findall(
        r'<tr class="(.*?)">.*?#run=([\w-]+)".*?<td>([^<]*)</td><td class="bars">', body, re.S
    )
    return [(marks.strip(), run, group) for marks, run, group in rows]


def test_the_lead_and_its_grounds_come_first(tmp_path: Path) -> None:
    page = page_of(store_of(tmp_path, {"alpha": 390, "beta": 300}))
    lead, grounds = re.findall(r'<p class="(?:lede|note)"[^>]*>(.*?)</p>', page)[1:3]
    assert lead.startswith(
        '<a href="compare.html#run=alpha-none">Alpha, no augmentation</a> leads at <b>97.5'
    )
    assert grounds == (
        "Test: exact McNemar, Holm-corrected over all pairs of runs. See "
        '<a href="compare.html#run=alpha-none">its confusion matrix</a>.'
    )
    assert page.index("Findings") < page.index("Recommendations") < page.index("Runs by test")


def test_the_ranking_marks_groups(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 300, "beta": 390, "gamma": 388, "delta": 302})
    assert rows_of(page_of(store)) == [
        ("leads", "beta-none", "1"),
        ("leads", "gamma-none", "1"),
        ("opens", "delta-none", "2"),
        ("", "alpha-none", "2"),
    ]


def test_an_untested_run_has_a_reason_in_place_of_a_group(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 300})
    import_counts(store, "beta-none")
    assert (
        '<span title="imported from a confusion matrix">–</span>'
        '<span class="hidden"> imported from a confusion matrix</span>'
    ) in page_of(store)


def test_nothing_is_said_of_groups_where_nothing_was_tested(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390, "beta": 300})
    assert "A group is a run and those" in page_of(store)
    assert "is not corrected so and may leave out 0" in page_of(store)
    for run_id in ("alpha-none", "beta-none"):
        import_counts(store, run_id)
    page = page_of(store)
    assert "No two runs could be compared on the same images, so there are no groups." in page
    assert "A group is a run" not in page
    assert " leads at " not in page


def test_seeds_are_one_row_that_unfolds(tmp_path: Path) -> None:
    store = write_made_up_store(
        tmp_path, n_images=N, augmentations=("none",), training_seeds=(0, 1)
    )
    for run_id, hits in zip(store.read_experiment().run_ids, (390, 370, 300, 310), strict=True):
        answer(store, run_id, first(hits, N))
    page = page_of(store)
    # 390 and 370 of 400, and the first of them alone in front: groups 1 and 2.
    assert re.findall(r"<summary>(.*?)</summary>", page) == ["2\N{NO-BREAK SPACE}seeds"] * 2
    assert [row[2] for row in rows_of(page)] == ["1–2", "3–4"]
    assert re.findall(r'#run=([\w-]+)">(seed \d)<', page) == [
        ("alpha-none", "seed 0"),
        ("alpha-none-seed1", "seed 1"),
        ("beta-none", "seed 0"),
        ("beta-none-seed1", "seed 1"),
    ]
    # The first mean is marked: a run of it is in the first group.
    best = '<b>95.0</b><span class="hidden"> best</span> <small>± 3.5</small>'
    means = re.findall(r'<td data-accuracy-of="\S+ \S+">(.*?)</td>', page)
    assert means == [best, "76.2 <small>± 1.8</small>"]


def test_one_run_needs_no_choice(tmp_path: Path) -> None:
    page = page_of(store_of(tmp_path, {"alpha": 390}))
    assert "leads at" in page
    assert "Recommendations" not in page
    assert rows_of(page) == [("leads", "alpha-none", "1")]


def test_no_finished_run_has_no_findings(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390})
    fail(store, "alpha-none", "out of memory")
    page = page_of(store)
    assert "No run has finished yet" in page
    assert "Findings" not in page
    assert "failed: out of memory" in page


@pytest.mark.parametrize("hostile", ["<img src=x onerror=alert(1)>", "{{ 7 * 7 }}", "{} & {0}"])
def test_names_are_text(tmp_path: Path, hostile: str) -> None:
    store = store_of(
        tmp_path, {"alpha": 300, "beta": 390}, class_names=(hostile, "__proto__", "b", "c")
    )
    relabel(store, "beta-none", hostile)
    page = page_of(store)
    assert "<img" not in page
    escaped = hostile.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f"{escaped}, no augmentation</a> leads at" in page
