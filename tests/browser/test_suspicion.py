"""Images that all runs get wrong on errors.html: told apart by what the stored predictions say."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from experiments.__main__ import main
from experiments.results.store import ExperimentStore
from tests.browser.conftest import Built, Watched, build
from tests.browser.errors_page import Stored, go, listed, stored

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]


def told_apart(truth: Stored) -> tuple[list[int], list[int]]:
    """Return the images whose label may be wrong, and those that are hard, of six runs."""
    label, hard = [], []
    for place, target in enumerate(truth.targets):
        votes = Counter(truth.chosen(run, place) for run in truth.runs)
        if target in votes:
            continue
        ((chosen, n),) = votes.most_common(1)
        sure = [truth.sure(run, place) for run in truth.runs if truth.chosen(run, place) == chosen]
        (label if n >= 5 and np.mean(sure) >= 0.8 else hard).append(place)
    return label, hard


def switch(page: Page) -> dict[str, str]:
    """Return the texts of the links between the parts of the view, with their addresses."""
    links = page.get_by_role("navigation", name="What the images may be").get_by_role("link")
    return {link.inner_text(): link.get_attribute("href") or "" for link in links.all()}


@pytest.mark.parametrize("part", ["", "&target=1", "&superclass=0"])
def test_the_two_kinds_are_listed_apart(watched: Watched, open_site: Open, part: str) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    among = {"": {0, 1, 2}, "&target=1": {1}, "&superclass=0": {1, 2}}[part]
    label, hard = (
        [place for place in found if truth.targets[place] in among] for found in told_apart(truth)
    )
    page = go(watched, site, f"view=all-wrong{part}")
    every = listed(page, re.compile("wrong in all 6 runs$"))
    assert sorted(every) == sorted(truth.named(label + hard))
    tags = page.locator(".cards li .sample-suspicion").all_inner_texts()
    assert dict(zip(every, tags, strict=True)) == {
        **dict.fromkeys(truth.named(label), "label may be wrong"),
        **dict.fromkeys(truth.named(hard), "hard or ambiguous"),
    }
    assert [*switch(page)] == [
        f"All: {len(every)}",
        f"Label may be wrong: {len(label)}",
        f"Hard or ambiguous: {len(hard)}",
    ]
    note = page.locator("[data-part=note]")
    expect(note).to_contain_text("at least 5 of the 6 runs say the same other class")
    expect(note).to_contain_text("This is a suspicion: look at the image.")
    page.get_by_role("link", name="Label may be wrong:").click()
    assert sorted(listed(page, re.compile("may be labelled wrong$"))) == sorted(truth.named(label))
    page.get_by_role("link", name="Hard or ambiguous:").press("Enter")
    shown = listed(page, re.compile("wrong in all 6 runs and hard or ambiguous$"))
    assert sorted(shown) == sorted(truth.named(hard))
    assert set(page.locator(".sample-suspicion").all_inner_texts()) <= {"hard or ambiguous"}
    expect(page.locator(".switch [aria-current]")).to_be_focused()
    page.go_back()
    expect(page.locator(".switch [aria-current]")).to_have_text(re.compile("^Label"))
    page.get_by_role("link", name="Runs disagree").click()
    expect(page.locator("[data-part=switch]")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("suspicion"))


def test_both_kinds_are_among_the_examples(sites: dict[str, tuple[ExperimentStore, Path]]) -> None:
    label, hard = told_apart(stored(sites["pictures"][0]))
    assert min(len(label), len(hard)) > 0


def test_an_unknown_kind_is_no_kind(watched: Watched, open_site: Open) -> None:
    page = go(watched, open_site("pictures"), "view=all-wrong&suspicion=__proto__")
    expect(page.locator(".switch [aria-current]")).to_have_text(re.compile("^All: "))
    page = go(watched, open_site("pictures"), "view=disagree&suspicion=label")
    expect(page.locator("[data-part=headline]")).to_contain_text("given different classes")
    assert page.locator(".sample-suspicion").count() == 0


# Image by image: the true class, then what each run says and how surely.
ROWS = [("cat", "dog", 0.9), ("cat", "dog", 0.6), ("dog", "dog", 0.9), ("dog", "cat", 0.8)]


def imported_site(folder: Path, n_runs: int, *, sure: bool) -> Built:
    """Import runs that say the same; the last image is called right by the second."""
    for run in range(n_runs):
        table = {
            "sample_id": [f"image-{row}" for row in range(len(ROWS))],
            "target": [target for target, _, _ in ROWS],
            "prediction": [said for _, said, _ in ROWS],
        }
        if sure:
            table["confidence"] = [confidence for _, _, confidence in ROWS]  # type: ignore[misc]
        if run == 1:
            table["prediction"][3] = "dog"
        pq.write_table(pa.table(table), folder / f"{run}.parquet")
        words = ["import", str(folder / f"{run}.parquet"), "--experiment", "mine"]
        assert main([*words, "--run", f"run {run}", "--results", str(folder)]) == 0
    return build(ExperimentStore(folder / "mine"), folder / "site")


@pytest.mark.parametrize(
    ("n_runs", "sure", "texts", "label", "rule"),
    [
        (
            1,
            True,
            ["All: 3", "Label may be wrong: 2", "Hard or ambiguous: 1"],
            ["0.0", "1.1"],
            "the run gives another class a probability of at least 80 %",
        ),
        (1, False, [], [], ""),
        (
            2,
            True,
            ["All: 2", "Label may be wrong: 1", "Hard or ambiguous: 1"],
            ["0.0"],
            "both runs say the same other class, with a mean probability of at least 80 %",
        ),
        (
            2,
            False,
            ["All: 2", "Label may be wrong: 2", "Hard or ambiguous: 0"],
            ["0.0", "0.1"],
            "Runs without probabilities count by what they say alone.",
        ),
    ],
)
def test_imported_runs(
    watched: Watched,
    tmp_path: Path,
    n_runs: int,
    sure: bool,
    texts: list[str],
    label: list[str],
    rule: str,
) -> None:
    site = imported_site(tmp_path, n_runs, sure=sure)
    page = go(watched, site, "view=all-wrong")
    runs = {1: "the one run", 2: "both runs"}[n_runs]
    headline = re.compile(rf"of 4 test images are wrong in {runs}$")
    every = listed(page, headline)
    assert len(every) == (3 if n_runs == 1 else 2)
    assert [*switch(page)] == texts
    note = page.locator("[data-part=note]")
    ordered = "surest of come first" if sure else "In the order of the test set: no run’s prob"
    expect(note).to_contain_text(ordered)
    expect(note).to_contain_text(rule)
    if not texts:
        expect(note).not_to_contain_text("suspicion")
        assert page.locator(".sample-suspicion").count() == 0
        # A link from elsewhere lists all.
        page = go(watched, site, "view=all-wrong&suspicion=label")
        assert listed(page, headline) == every
        return
    page.get_by_role("link", name="Label may be wrong:").click()
    assert sorted(listed(page, re.compile(f"wrong in {runs} and may be labelled wrong$"))) == label
