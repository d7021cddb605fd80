"""What hosts, crawlers and people who share a link look for."""

import io
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.results.errors import ConfigError
from experiments.results.store import ExperimentStore
from site_builder.loading import load
from site_builder.naming import run_names
from site_builder.pipeline import build_site
from site_builder.preview import HEIGHT_PX, WIDTH_PX, preview
from site_builder.publication import Publication, base_url
from site_builder.several import build_sites
from tests.made_up import write_made_up_store

BASE = "https://user.github.io/repo/"


class Head(HTMLParser):
    """What a page says of itself: properties and names of `meta`, and `link` by its `rel`."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.said: dict[str, str] = {}
        self.order: list[str] = []
        self.addresses: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.addresses += [given[name] for name in ("href", "src") if name in given]
        key = given.get("property") or given.get("name") or given.get("http-equiv")
        if tag == "meta" and key:
            self.said[key] = given["content"]
            self.order.append(key)
        if tag == "link":
            self.said[given["rel"]] = given["href"]


@pytest.fixture(scope="module")
def site(store: ExperimentStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build_site(store, folder)
    return folder


@pytest.fixture(scope="module")
def published(store: ExperimentStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    build_site(store, folder, base_url=BASE)
    return folder


def test_every_page_has_a_policy_before_anything_that_it_governs(site: Path) -> None:
    for path in site.rglob("*.html"):
        head = Head(path)
        assert head.order[0] == "Content-Security-Policy"
        rules = dict(rule.split(" ", 1) for rule in head.said[head.order[0]].split("; "))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == "'self'"
        assert "unsafe" not in head.said[head.order[0]]
        assert "style=" not in (text := path.read_text(encoding="utf-8"))
        assert " onclick=" not in text


def test_without_an_address_all_ways_are_relative(site: Path) -> None:
    for path in site.rglob("*.html"):
        head = Head(path)
        assert [address for address in head.addresses if address.startswith("/")] == []
        assert "canonical" not in head.said
        assert "og:url" not in head.said
        assert (path.parent / head.said["og:image"]).is_file()
    assert not (site / "sitemap.xml").exists()
    assert (site / ".nojekyll").read_bytes() == b""


def test_with_an_address_pages_know_theirs(published: Path) -> None:
    of_run = Head(published / "runs" / "alpha-none.html").said
    assert of_run["canonical"] == of_run["og:url"] == f"{BASE}runs/alpha-none.html"
    assert of_run["og:image"] == f"{BASE}assets/preview.png"
    summary = Head(published / "index.html").said
    assert summary["canonical"] == BASE
    assert summary["og:title"] == "Summary · Made-up shapes"
    assert summary["og:description"] == "Does the site show what is stored?"


def test_the_sitemap_lists_every_page_once(published: Path) -> None:
    tree = ElementTree.parse(published / "sitemap.xml")  # noqa: S314 (our own)
    listed = [element.text for element in tree.iter() if element.tag.endswith("loc")]
    pages = {path.relative_to(published).as_posix() for path in published.rglob("*.html")}
    expected = {f"{BASE}{page.removesuffix('index.html')}" for page in pages - {"404.html"}}
    assert set(listed) == expected
    assert len(listed) == len(expected)


def test_the_page_for_what_is_missing_finds_the_site_from_anywhere(
    site: Path, published: Path
) -> None:
    ways = Head(published / "404.html").addresses
    assert ways
    assert all(way.startswith("/repo/") for way in ways if way != "#main")
    for way in ways:
        assert way == "#main" or (published / way.removeprefix("/repo/")).is_file(), way
    assert {"index.html", "../index.html"} <= set(Head(site / "404.html").addresses)


def test_the_preview_is_a_picture_of_this_experiment(tmp_path: Path) -> None:
    drawn = []
    for name, title in (("one", "A $x title"), ("two", "A $x title"), ("three", "模型")):
        store = write_made_up_store(tmp_path / name)
        store.write_experiment(
            store.read_experiment().model_copy(update={"title": title, "question": "Why? " * 99}),
            None,
        )
        experiment = load(store)
        drawn.append(preview(experiment, run_names(experiment))[1])
    assert drawn[0] == drawn[1] != drawn[2]
    picture = Image.open(io.BytesIO(drawn[0]))
    assert picture.size == (WIDTH_PX, HEIGHT_PX)
    assert picture.format == "PNG"
    assert "Software" not in picture.info
    # Nothing runs into the edge.
    pixels = np.asarray(picture.convert("L"))
    assert (pixels[:, -30:] > 240).all()
    assert (pixels[-20:] > 240).all()
    assert len(drawn[0]) < 100_000


def test_only_the_index_of_a_folder_goes_by_the_folders_address() -> None:
    place = Publication(BASE)
    pages = ("index.html", "pipeline/index.html", "runs/my-index.html", "myindex.html")
    assert [place.address(page).removeprefix(BASE) for page in pages] == [
        "",
        "pipeline/",
        *pages[2:],
    ]


def test_a_preview_without_a_question_has_its_title(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    asked = store.read_experiment()
    drawn = {}
    for question in ("", "Why?"):
        store.write_experiment(asked.model_copy(update={"question": question}), None)
        experiment = load(store)
        picture = Image.open(io.BytesIO(preview(experiment, run_names(experiment))[1]))
        drawn[question] = np.asarray(picture.convert("L"))
    differs = np.flatnonzero((drawn[""] != drawn["Why?"]).any(axis=1))
    assert differs.size
    # Where the question stands, and nowhere else.
    assert 0.15 * HEIGHT_PX < differs.min() < differs.max() < 0.35 * HEIGHT_PX
    assert (drawn[""][differs.min() : differs.max()] > 240).all()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://a.org", "https://a.org/"),
        ("https://a.org/x/", "https://a.org/x/"),
        ("http://localhost:8000/x", "http://localhost:8000/x/"),
    ],
)
def test_an_address_ends_with_a_slash(given: str, expected: str) -> None:
    assert base_url(given) == expected


@pytest.mark.parametrize(
    "given", ["a.org", "file:///x", "https://", "https://a.org/?q=1", "/x/", "http://[x"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match=r"--base-url .*: has to be the address of the site"):
        base_url(given)


def test_several_experiments_have_a_page_that_lists_them(tmp_path: Path) -> None:
    stores = [
        write_made_up_store(tmp_path / "results", name="first"),
        write_made_up_store(tmp_path / "results", name="second", seed=1, augmentations=("none",)),
    ]
    stores[1].remove_run("alpha-none")
    stores[1].remove_run("beta-none")
    sites = build_sites(stores, tmp_path / "site", base_url=BASE)
    assert [remark for site in sites for remark in site.remarks] == [
        "second: run alpha-none has not been run yet",
        "second: run beta-none has not been run yet",
    ]
    front = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    best = load(stores[0]).ranked[0]
    assert f"{100 * best.accuracy:.1f}" in front
    assert "no run has finished" in front
    head = Head(tmp_path / "site" / "index.html")
    for way in head.addresses:
        if not way.startswith(("#", "http")):
            assert (tmp_path / "site" / way).is_file(), way
    page = Head(tmp_path / "site" / "first" / "runs" / "beta-none.html")
    assert page.said["canonical"] == f"{BASE}first/runs/beta-none.html"
    assert "../../index.html" in page.addresses
    # Each is the site that it would be by itself, but for where it is.
    build_site(stores[0], tmp_path / "alone")
    data = Path("data", "matrix", "alpha-none.js")
    alone, among = tmp_path / "alone" / data, tmp_path / "site" / "first" / data
    assert alone.read_bytes() == among.read_bytes()
    listed = (tmp_path / "site" / "sitemap.xml").read_text(encoding="utf-8")
    assert f"<loc>{BASE}</loc>" in listed
    assert f"<loc>{BASE}first/</loc>" in listed
    assert "404" not in listed
    lost = Head(tmp_path / "site" / "404.html").addresses
    assert all(way.startswith("/repo/") or way == "#main" for way in lost)


def test_one_experiment_has_no_page_before_it(store: ExperimentStore, tmp_path: Path) -> None:
    build_sites([store], tmp_path / "site")
    assert "All experiments" not in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
