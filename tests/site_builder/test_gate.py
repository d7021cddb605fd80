"""What a build does about checks that fail, and the checks of the finished site."""

from pathlib import Path

import pytest

from experiments.results.errors import InconsistentError
from experiments.results.predictions import Predictions
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.checks import check_site, check_store, results_of
from site_builder.checks.base import Finding, Status
from site_builder.checks.links import Links
from site_builder.comparisons import compare_runs
from site_builder.loading import load
from site_builder.pages import site as frame
from site_builder.pipeline import build_site
from tests.made_up import write_made_up_store
from tests.site_builder.answers import import_counts
from tests.site_builder.tampering import in_predictions, swap_class_counts
from tests.site_builder.test_output import snapshot


@pytest.fixture
def store(tmp_path: Path) -> ExperimentStore:
    return write_made_up_store(tmp_path / "results")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExperimentStore, Path]:
    folder = tmp_path_factory.mktemp("built")
    store = write_made_up_store(folder / "results")
    assert build_site(store, folder / "site").remarks == []
    return store, folder / "site"


def check(store: ExperimentStore, folder: Path) -> dict[str, Finding]:
    groups = check_site(load(store), folder)
    return {type(r.rule).__name__: r.finding for group in groups for r in group.results}


def edited(site: Path, copy: Path, name: str, old: str, new: str) -> Path:
    for path, content in snapshot(site).items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes(content)
    page = (copy / name).read_text()
    assert old in page
    (copy / name).write_text(page.replace(old, new, 1))
    return copy


def test_a_built_site_passes(built: tuple[ExperimentStore, Path]) -> None:
    found = check(*built)
    assert {finding.status for finding in found.values()} == {Status.PASSED}
    n_pages = len([page for page in built[1].rglob("*.html") if page.name != "404.html"])
    assert found["Links"].found.endswith(f" on {n_pages}\u00a0pages")


def test_an_accuracy_that_is_not_that_of_the_matrix_is_found(
    built: tuple[ExperimentStore, Path], tmp_path: Path
) -> None:
    store, site = built
    run = load(store).ranked[0]
    shown = f"{100 * run.accuracy:.1f}"
    off = f"{100 * run.accuracy + 0.1:.1f}"
    old, new = (f"<b>{text}</b>" for text in (shown, off))
    copy = edited(site, tmp_path, "compare.html", old, new)
    finding = check(store, copy)["ShownAccuracy"]
    assert finding.status == Status.FAILED
    right = f"{run.n_correct} of 60 are right"
    assert finding.details == (f"{run.run_id}: compare.html shows {off}, but {right}",)


@pytest.mark.parametrize(
    ("page", "markup"),
    [
        # The first sentence, a row of the ranking, and the first sentence of a run's page.
        ("index.html", "<b>{accuracy}\u00a0%</b>"),
        ("index.html", '<td data-accuracy-of="{run}"><b>{accuracy}</b>'),
        ("runs/{run}.html", "<b>{accuracy}\u00a0%</b>"),
    ],
)
def test_every_page_that_shows_an_accuracy_is_read(
    built: tuple[ExperimentStore, Path], tmp_path: Path, page: str, markup: str
) -> None:
    store, site = built
    run = load(store).ranked[0]
    shown, off = f"{100 * run.accuracy:.1f}", f"{100 * run.accuracy + 0.1:.1f}"
    name = page.format(run=run.run_id)
    old, new = (markup.format(run=run.run_id, accuracy=text) for text in (shown, off))
    finding = check(store, edited(site, tmp_path, name, old, new))["ShownAccuracy"]
    assert finding.status == Status.FAILED
    said = f"{run.run_id}: {name} shows {off}, but {run.n_correct} of 60 are right"
    assert finding.details == (said,)


def test_an_accuracy_that_is_not_shown_is_missed(
    built: tuple[ExperimentStore, Path], tmp_path: Path
) -> None:
    store, site = built
    run_id = load(store).ranked[0].run_id
    name = f"runs/{run_id}.html"
    copy = edited(site, tmp_path, name, f'data-accuracy-of="{run_id}"', "")
    finding = check(store, copy)["ShownAccuracy"]
    assert finding.details == (f"{run_id}: {name} shows no accuracy",)


def test_means_over_seeds_and_imported_counts_are_read_too(tmp_path: Path) -> None:
    """A mean that is off by a tenth of a point, and a matrix from elsewhere."""
    store = write_made_up_store(
        tmp_path / "results", augmentations=("none",), training_seeds=(0, 1, 2)
    )
    import_counts(store, "beta-none")
    assert build_site(store, tmp_path / "site").remarks == []
    found = check(store, tmp_path / "site")["ShownAccuracy"]
    assert (found.status, found.details) == (Status.PASSED, ())
    group = compare_runs(load(store)).seed_groups[0]
    mean = 100 * group.summary.mean
    ids = " ".join(run.run_id for run in group.runs)
    old, new = (f'data-accuracy-of="{ids}"><b>{text:.1f}</b>' for text in (mean, mean + 0.1))
    copy = edited(tmp_path / "site", tmp_path / "copy", "index.html", old, new)
    finding = check(store, copy)["ShownAccuracy"]
    assert finding.details == (
        f"{group.run.run_id}: index.html shows {mean + 0.1:.1f}, but the mean over 3 seeds is "
        "another",
    )


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("index.html", 'href="compare.html"', 'href="compared.html"'),
        ("index.html", 'href="compare.html"', 'href="/compare.html"'),
        ("index.html", 'href="compare.html"', 'href="../site/compare.html"'),
        ("index.html", 'href="compare.html"', 'href="compare.html#nowhere"'),
        ("index.html", 'href="#main"', 'href="#man"'),
        ("runs/alpha-none.html", 'src="../assets/js/core.js"', 'src="assets/js/core.js"'),
        ("compare.html", '<plotly-figure data-name="', '<plotly-figure data-name="x'),
    ],
)
def test_a_broken_link_is_found(
    built: tuple[ExperimentStore, Path],
    tmp_path: Path,
    name: str,
    old: str,
    new: str,
) -> None:
    store, site = built
    finding = check(store, edited(site, tmp_path, name, old, new))["Links"]
    assert finding.status == Status.FAILED
    assert len(finding.details) == 1
    assert finding.details[0].startswith(f"{name}: ")


def test_links_that_lead_somewhere_are_left_alone(
    built: tuple[ExperimentStore, Path], tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a b.html").write_text('<p id="größe"><a href="sub/c.html?x=1#run=a">c</a>')
    (tmp_path / "sub" / "c.html").write_text(
        '<a href="../a%20b.html#gr%C3%B6%C3%9Fe">b</a><a href="https://example.org/x">x</a>'
        '<a href="#">top</a><img src="data:image/png;base64,xx"><a href="mailto:a@b">m</a>'
    )
    finding = Links().find(load(built[0]), tmp_path)
    assert finding == Finding(Status.PASSED, "3\u00a0links on 2\u00a0pages")


def test_a_failure_stops_the_build_and_leaves_the_old_site(
    store: ExperimentStore, tmp_path: Path
) -> None:
    build_site(store, tmp_path / "site")
    before = snapshot(tmp_path / "site")
    swap_class_counts(store)
    with pytest.raises(InconsistentError) as refusal:
        build_site(store, tmp_path / "site")
    assert "Rows of the confusion matrix add up" in str(refusal.value)
    assert "alpha-none: 20 images of 'circle'" in str(refusal.value)
    assert snapshot(tmp_path / "site") == before


def test_where_failures_are_allowed_every_page_tells_of_them(
    store: ExperimentStore, tmp_path: Path
) -> None:
    swap_class_counts(store)
    in_predictions("sample_ids", 3, "<b>x</b>")(store)
    warnings = build_site(store, tmp_path / "site", allow_inconsistent=True).remarks
    assert len(warnings) == 3
    assert all(line.startswith("check failed: ") for line in warnings)
    for page in (tmp_path / "site").rglob("*.html"):
        assert 'checks.html">3\u00a0checks failed</a>' in page.read_text()
    text = (tmp_path / "site" / "checks.html").read_text()
    assert text.count('<span class="mark failed">Failed</span>') == 3 + 1
    assert "such as &lt;b&gt;x&lt;/b&gt;" in text


def test_a_failure_of_the_finished_site_is_told_on_every_page_too(
    store: ExperimentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = (*frame._PAGES, ("nowhere.html", "Nowhere"))
    monkeypatch.setattr(frame, "_PAGES", pages)
    with pytest.raises(InconsistentError, match="Every link inside the site"):
        build_site(store, tmp_path / "site")
    assert not (tmp_path / "site").exists()
    build_site(store, tmp_path / "site", allow_inconsistent=True)
    for page in (tmp_path / "site").rglob("*.html"):
        assert 'checks.html">1\u00a0check failed</a>' in page.read_text()


def test_nothing_is_said_where_nothing_failed(store: ExperimentStore, tmp_path: Path) -> None:
    assert build_site(store, tmp_path / "site", allow_inconsistent=True).remarks == []
    for page in (tmp_path / "site").rglob("*.html"):
        assert 'class="alarm"' not in page.read_text()
    text = (tmp_path / "site" / "checks.html").read_text()
    groups = check_store(load(store))
    for result in results_of(groups, Status.PASSED):
        assert f"<h3>{result.rule.name}</h3>".replace("'", "&#39;") in text


def test_a_run_on_fewer_images_is_shown_but_compared_with_none(
    store: ExperimentStore, tmp_path: Path
) -> None:
    run = store.read_run("beta-none")
    said = store.read_predictions(run, Split.TEST)
    fewer = Predictions(**{name: array[:30] for name, array in vars(said).items()})
    stored = store.write_predictions("beta-none", {Split.TEST: fewer})
    store.write_run(run.model_copy(update={"predictions": stored}))
    with pytest.raises(InconsistentError, match="beta-none: 30\u00a0images left out"):
        build_site(store, tmp_path / "site")
    build_site(store, tmp_path / "site", allow_inconsistent=True)
    assert 'data-run="beta-none"' in (tmp_path / "site" / "compare.html").read_text()
    comparisons = compare_runs(load(store))
    assert [run.run_id for run in comparisons.untested] == ["beta-none"]
