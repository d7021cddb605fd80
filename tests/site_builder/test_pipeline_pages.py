"""The pipeline's pages: what they say equals what is stored, whatever of it there is."""

import json
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from experiments.results.schema import RunRecord, Split
from experiments.results.store import ExperimentStore
from site_builder import formatting
from site_builder.pages.pipeline.index import times_as_probable
from site_builder.pages.pipeline.strips import PROFILE_HEIGHT, PROFILE_WIDTH, bar, profile
from site_builder.pages.pipeline.values import enlarged
from site_builder.pipeline import build_site
from tests.imports import import_all_kinds
from tests.made_up import write_made_up_store
from tests.pictures import write_illustrated_store
from tests.site_builder.pages import PageReader
from tests.walkthrough import add_walkthrough, add_walkthroughs

INDEX, RESULTS = "pipeline/index.html", "pipeline/results.html"
NBSP = formatting.NBSP


class Filled(HTMLParser):
    """Collects the texts that the choice of a model changes, and what is hidden.

    Attributes:
        values: Every text of a name.
        hidden: Names of what is hidden: conditions, tables, pictures and links.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, set[str]] = {}
        self.hidden: set[str] = set()
        self._name = ""
        self._text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._name, self._text = given.get("data-value") or "", ""
        if "hidden" in given:
            kinds = ("data-when", "data-rows", "data-picture", "data-link")
            self.hidden |= {name for kind in kinds if (name := given.get(kind))}

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if self._name:
            self.values.setdefault(self._name, set()).add(self._text)
        self._name = ""


@pytest.fixture
def store(walked_store: ExperimentStore) -> ExperimentStore:
    return walked_store


@pytest.fixture
def site(walked_site: Path) -> Path:
    return walked_site


def page_of(site: Path, page: str) -> str:
    return (site / page).read_text(encoding="utf-8")


def shard_of(site: Path, run_id: str) -> dict[str, dict[str, object]]:
    text = (site / f"data/pipeline/{run_id}.js").read_text(encoding="utf-8")
    _, _, value = text.removesuffix(");\n").partition(",")
    loaded: dict[str, dict[str, object]] = json.loads(value)
    return loaded


def first_model(site: Path) -> str:
    found = re.search(r'<model-choice data-best="([^"]+)"', page_of(site, INDEX))
    assert found
    return found[1]


def finished(store: ExperimentStore) -> Iterator[RunRecord]:
    for run_id in store.read_experiment().run_ids:
        yield store.read_run(run_id)


def test_the_page_as_built_says_what_the_browser_fetches(site: Path) -> None:
    texts = shard_of(site, first_model(site))["texts"]
    for page in (INDEX, RESULTS):
        filled = Filled(page_of(site, page)).values
        assert filled
        assert filled == {name: {texts[name]} for name in filled}


def test_every_model_has_the_same_texts(site: Path, store: ExperimentStore) -> None:
    names = {frozenset(shard_of(site, run.run_id)["texts"]) for run in finished(store)}
    assert len(names) == 1


def test_the_first_model_is_the_best(site: Path, store: ExperimentStore) -> None:
    said = {run.run_id: store.read_predictions(run, Split.TEST) for run in finished(store)}
    right = {name: int((of.predicted == of.targets).sum()) for name, of in said.items()}
    assert right[first_model(site)] == max(right.values())


def test_a_table_holds_the_texts_of_every_model(site: Path, store: ExperimentStore) -> None:
    rows = PageReader(page_of(site, INDEX)).rows("Shapes and prediction of every model")
    assert len(rows) == len(list(finished(store)))
    for run in finished(store):
        texts = shard_of(site, run.run_id)["texts"]
        shown = next(
            cells
            for cells in rows.values()
            if cells[4] == texts["index.class-1"] and cells[5] == texts["index.probability-1"]
        )
        keys = ("input", "features", "pooled", "logits")
        assert shown[:4] == [texts[f"index.{key}"] for key in keys]


def test_numbers_on_the_way_are_the_stored_ones(site: Path, store: ExperimentStore) -> None:
    classes = store.read_experiment().class_names
    targets = {sample.sample_id: sample.target for sample in store.read_samples()}
    for run in finished(store):
        walk = json.loads((store.run_folder(run.run_id) / "walkthrough.json").read_text())
        texts = shard_of(site, run.run_id)["texts"]
        steps = {step["name"]: step for step in walk["steps"]}
        assert texts["index.target"] == classes[targets[walk["sample_id"]]]
        assert texts["index.photo-memory"] == f"{5.76:.2f}{NBSP}kB"
        assert texts["index.input-mean"] == formatting.value(steps["normalise"]["values"]["mean"])
        assert texts["index.features-count"] == "192"
        assert float(str(texts["index.pooled-greatest"])) == pytest.approx(
            max(walk["pooled"]), rel=1e-3
        )
        odds = walk["probabilities"][0] / walk["probabilities"][1]
        assert float(str(texts["index.times"])) == pytest.approx(odds, rel=1e-3)
        for place, index in enumerate(walk["classes"], start=1):
            assert texts[f"index.class-{place}"] == classes[index]
            assert texts[f"index.logit-{place}"] == formatting.value(walk["logits"][place - 1])
            shown = float(str(texts[f"index.probability-{place}"]))
            assert shown == pytest.approx(walk["probabilities"][place - 1], rel=0.005)


def test_the_verdict_tells_right_from_wrong(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    said = {run.run_id: store.read_predictions(run, Split.TEST) for run in finished(store)}
    right = {name: of.predicted == of.targets for name, of in said.items()}
    n_right = np.sum(list(right.values()), axis=0)
    disputed = int(np.flatnonzero((n_right > 0) & (n_right < len(said)))[0])
    for seed, (run_id, of_run) in enumerate(said.items()):
        add_walkthrough(store, run_id, str(of_run.sample_ids[disputed]), seed)
    build_site(store, tmp_path / "site")
    for run_id, of_run in said.items():
        verdict = str(shard_of(tmp_path / "site", run_id)["texts"]["index.verdict"])
        ranks = of_run.target_ranks
        assert ranks is not None
        if right[run_id][disputed]:
            assert verdict.startswith("Right: ")
        else:
            assert verdict.startswith("Wrong: ")
            assert f"in place {ranks[disputed]} " in verdict
    assert {bool(of_run[disputed]) for of_run in right.values()} == {True, False}


def test_steps_are_a_table_of_the_stored_statistics(site: Path, store: ExperimentStore) -> None:
    run_id = first_model(site)
    walk = json.loads((store.run_folder(run_id) / "walkthrough.json").read_text())
    table = PageReader(page_of(site, INDEX)).tables["The tensor after each step"][1:]
    assert table == shard_of(site, run_id)["rows"]["index.steps"]
    sizes = {"uint8": 1, "float32": 4}
    for row, step in zip(table, walk["steps"], strict=True):
        assert row[1].split(" × ") == step["axes"]
        assert [int(n) for n in row[2].replace(NBSP, "").split("×")] == step["shape"]
        assert row[3] == step["dtype"]
        order = ("minimum", "maximum", "mean", "std")
        assert row[4:8] == [formatting.value(step["values"][name]) for name in order]
        assert row[8] == formatting.size(math.prod(step["shape"]) * sizes[step["dtype"]])


def test_pictures_are_in_the_site_as_stored(site: Path, store: ExperimentStore) -> None:
    for run in finished(store):
        pictures = shard_of(site, run.run_id)["pictures"]
        assert {"index.photo", "index.crop", "index.normalised", "index.features"} <= set(pictures)
        for name, stored in (("photo", "photo"), ("crop", "crop"), ("normalised", "normalise")):
            picture = pictures[f"index.{name}"]
            assert isinstance(picture, dict)
            kept = store.run_folder(run.run_id) / "walkthrough" / f"{stored}.webp"
            assert (site / picture["address"]).read_bytes() == kept.read_bytes()


def test_results_say_every_finding_of_the_summary_once(site: Path) -> None:
    lead = r"<p class=\"lede\"[^>]*>((?:(?!</p>).)*)</p>\n<p class=\"note\">Test"
    said = re.compile(rf"<dd><p>(.*?)</p>|{lead}")

    def sentences(page: str) -> list[str]:
        return [a or b for a, b in said.findall(page) if a or b]

    summary = sentences(page_of(site, "index.html"))
    results = [text.replace('"../', '"') for text in sentences(page_of(site, RESULTS))]
    assert len(summary) > 5
    assert sorted(summary) == sorted(results)


def test_the_chosen_model_is_compared_with_the_best(site: Path, store: ExperimentStore) -> None:
    best = first_model(site)
    said = {run.run_id: store.read_predictions(run, Split.TEST) for run in finished(store)}
    accuracy = {name: np.mean(of.predicted == of.targets) for name, of in said.items()}
    for run_id, of_run in accuracy.items():
        against = str(shard_of(site, run_id)["texts"]["results.against"])
        if of_run == accuracy[best]:
            assert against == "No run is more accurate."
        else:
            behind = re.match(r"([\d.]+)", against)
            assert behind
            assert float(behind[1]) == pytest.approx(100 * (accuracy[best] - of_run), abs=0.051)


@pytest.mark.parametrize("page", [INDEX, RESULTS])
def test_a_store_without_walkthroughs_says_so(tmp_path: Path, page: str) -> None:
    store = write_made_up_store(tmp_path / "results")
    build_site(store, tmp_path / "site")
    html = page_of(tmp_path / "site", page)
    assert "<img" not in html
    if page == INDEX:
        text = PageReader(html).text
        assert "no image was followed through it yet" in text
        assert "--run-experiments" in text
        assert formatting.shape((3, 32, 32)) in Filled(html).values["index.input"]


def test_a_store_without_finished_runs_still_explains(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    for run in [*finished(store)]:
        (store.run_folder(run.run_id) / "run.json").unlink()
    build_site(store, tmp_path / "site")
    for page in (INDEX, RESULTS):
        html = page_of(tmp_path / "site", page)
        assert "data-best" not in html
        assert "<select" not in html
    assert not (tmp_path / "site" / "data" / "pipeline").exists()


def test_imported_runs_lack_a_network(tmp_path: Path) -> None:
    build_site(import_all_kinds(tmp_path), tmp_path / "site")
    filled = Filled(page_of(tmp_path / "site", INDEX)).values
    assert "came without its network" in next(iter(filled["index.missing"]))
    assert filled["index.input"] == {formatting.MISSING}
    assert "--run-experiments" not in page_of(tmp_path / "site", INDEX)


def test_a_model_without_a_walkthrough_hides_what_it_lacks(
    store: ExperimentStore, tmp_path: Path
) -> None:
    made = write_illustrated_store(tmp_path / "results")
    add_walkthroughs(made)
    for run in finished(made):
        if run.run_id != store.read_experiment().run_ids[-1]:
            (made.run_folder(run.run_id) / "walkthrough.json").unlink()
    build_site(made, tmp_path / "site")
    kept = store.read_experiment().run_ids[-1]
    assert first_model(tmp_path / "site") == kept
    assert "index.missing" in Filled(page_of(tmp_path / "site", INDEX)).hidden
    for run in finished(made):
        shard = shard_of(tmp_path / "site", run.run_id)
        assert bool(shard["texts"]["index.missing"]) == (run.run_id != kept)
        assert ("index.steps" in shard["rows"]) == (run.run_id == kept)


def test_a_profile_is_drawn_from_zero() -> None:
    assert profile([1.0, -1.0]) == "M0 50V0H500V100H1000V50z"
    assert profile([0.0]) == f"M0 0V0H{PROFILE_WIDTH}V0z"
    assert profile([3.0, 1.5]) == f"M0 {PROFILE_HEIGHT}V0H500V50H1000V{PROFILE_HEIGHT}z"


def test_a_bar_is_its_share() -> None:
    assert [bar(1.0), bar(0.25), bar(0.0)] == ["M0 4H100", "M0 4H25", "M0 4H0.5"]


def test_large_odds_are_powers_of_ten() -> None:
    assert times_as_probable(0.0) == "1.000"
    assert times_as_probable(2.302585) == "10.00"
    assert times_as_probable(23.02585) == "about 10¹⁰"
    assert times_as_probable(23025.85) == "about 10¹⁰⁰⁰⁰"


def test_small_pictures_are_shown_larger() -> None:
    assert enlarged("a", 8, 8, "").scale == 24
    assert enlarged("a", 96, 32, "").scale == 2
    assert enlarged("a", 320, 240, "").scale == 1
