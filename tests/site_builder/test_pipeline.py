import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.results.errors import BakeoffError, StoreError
from experiments.results.schema import ExampleSheet
from experiments.results.store import ExperimentStore
from site_builder import payloads
from site_builder.loading import load
from site_builder.pipeline import build_site, site_files
from tests.made_up import write_made_up_store
from tests.site_builder.changes import add_examples, fail, forget_latency, leave_out, relabel
from tests.site_builder.test_output import snapshot

HOSTILE = "</script><img src=x onerror=alert(1)>&\u2028'\""


def read_shard(content: bytes) -> tuple[str, object]:
    arguments = re.fullmatch(r"bakeoff\.data\((.*)\);\n", content.decode(), re.DOTALL)
    assert arguments is not None
    name, value = json.loads(f"[{arguments[1]}]")
    return name, value


class Tags(HTMLParser):
    """Collects tags and the attributes that a Content-Security-Policy would forbid."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.forbidden: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.forbidden += [name for name, _ in attrs if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in dict(attrs)):
            self.forbidden.append(tag)


def test_building_needs_no_torch() -> None:
    code = (
        "import sys, site_builder.pipeline\n"
        "heavy = {'torch', 'torchvision', 'timm', 'sklearn', 'PIL.ImageTk'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_two_builds_are_the_same_bytes(store: ExperimentStore, tmp_path: Path) -> None:
    assert build_site(store, tmp_path / "one").remarks == []
    build_site(store, tmp_path / "two")
    one = snapshot(tmp_path / "one")
    assert one == snapshot(tmp_path / "two")
    assert {"index.html", "compare.html", "assets/plotly.min.js", "data/classes.js"} <= set(one)


def test_nan_never_reaches_a_shard() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        payloads.script("x", [float("nan")])


def test_hostile_names_are_text_everywhere(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, class_names=(HOSTILE, "__proto__", "constructor"))
    plain = write_made_up_store(tmp_path / "plain")
    relabel(store, "alpha-none", HOSTILE)
    build_site(store, tmp_path / "site")
    build_site(plain, tmp_path / "plain-site")
    for name in ("index.html", "compare.html"):
        page = (tmp_path / "site" / name).read_text()
        assert "<img" not in page
        tags, expected = Tags(page), Tags((tmp_path / "plain-site" / name).read_text())
        assert set(tags.names) == set(expected.names)
        assert tags.forbidden == []
    for shard in (tmp_path / "site" / "data").rglob("*.js"):
        content = shard.read_bytes()
        assert b"</script" not in content
        assert b"<img" not in content
        assert "\u2028".encode() not in content
    _, classes = read_shard((tmp_path / "site/data/classes.js").read_bytes())
    assert classes == [HOSTILE, "__proto__", "constructor"]


def test_failed_and_missing_runs_are_said_and_strict_refuses(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    build_site(store, tmp_path / "site")
    fail(store, "alpha-standard", "out of <memory>")
    store.remove_run("beta-none")
    before = snapshot(tmp_path / "site")
    with pytest.raises(BakeoffError, match="alpha-standard failed: out of <memory>; run beta-none"):
        build_site(store, tmp_path / "site", strict=True)
    assert snapshot(tmp_path / "site") == before
    assert build_site(store, tmp_path / "site").remarks == [
        "run alpha-standard failed: out of <memory>",
        "run beta-none has not been run yet",
    ]
    for name in ("index.html", "compare.html"):
        page = (tmp_path / "site" / name).read_text()
        assert "failed: out of &lt;memory&gt;" in page
        assert "has not been run yet" in page
        assert "2 of 4" in page


def test_no_finished_run_is_a_page_too(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    for run_id in store.read_experiment().run_ids:
        store.remove_run(run_id)
    assert len(build_site(store, tmp_path / "site").remarks) == 4
    for name in ("index.html", "compare.html"):
        assert "No run has finished yet" in (tmp_path / "site" / name).read_text()
    assert not (tmp_path / "site/assets/plotly.min.js").exists()


def test_a_missing_cost_shows_its_reason(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    forget_latency(store, "alpha-none", "the timer broke")
    files = dict(site_files(load(store)))
    assert b'data-value=""><span title="the timer broke">' in files["compare.html"]
    _, figure = read_shard(files["data/figures/accuracy-latency.js"])
    assert isinstance(figure, dict)
    # One trace a run; the Pareto front is of none.
    shown = sorted(t["customdata"] for t in figure["data"] if "customdata" in t)
    assert shown == [["alpha-standard"], ["beta-none"], ["beta-standard"]]


def test_examples_are_copied_and_cut_into_cells(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    picture = add_examples(store)
    files = dict(site_files(load(store)))
    assert files["assets/examples.webp"] == picture
    page = files["index.html"].decode()
    assert re.findall(r'viewBox="([\d ]+ 8 8)"', page) == ["0 0 8 8", "8 0 8 8", "0 8 8 8"]
    (store.thumbnails_folder / "examples.webp").write_bytes(b"other")
    with pytest.raises(StoreError, match=r"examples\.file\.sha256"):
        load(store)


def test_of_many_classes_the_first_examples_are_a_picture_of_their_own(tmp_path: Path) -> None:
    store = write_made_up_store(
        tmp_path, class_names=tuple(f"class {index}" for index in range(70)), n_images=70
    )
    # Ten cells a row; every cell of a row has the row's colour.
    whole = Image.new("RGB", (640, 448))
    for row in range(7):
        whole.paste((30 * row, 90, 200 - 20 * row), (0, 64 * row, 640, 64 * row + 64))
    content = io.BytesIO()
    whole.save(content, "WEBP", quality=90)
    record = store.read_experiment()
    sheet = ExampleSheet(
        file=store.write_thumbnails("examples.webp", content.getvalue()),
        cell_px=64,
        n_columns=10,
        sample_ids=[f"test/{index:05d}" for index in range(70)],
    )
    absent = {name: why for name, why in record.absent.items() if name != "examples"}
    store.write_experiment(record.model_copy(update={"examples": sheet, "absent": absent}), None)
    files = dict(site_files(load(store)))
    page = files["index.html"].decode()
    assert "The first 60 of 70 classes." in page
    assert '<a href="assets/examples.webp">' in page
    assert 'href="assets/examples.webp" width' not in page
    assert page.count('<image href="assets/examples-first.webp" width="640" height="384"/>') == 60
    assert "<span>class 59</span>" in page
    assert "<span>class 60</span>" not in page
    assert files["assets/examples.webp"] == content.getvalue()
    with Image.open(io.BytesIO(files["assets/examples-first.webp"])) as shown:
        assert shown.size == (640, 384)
        for row in range(6):
            pixel = shown.convert("RGB").getpixel((320, 64 * row + 32))
            assert np.allclose(pixel, (30 * row, 90, 200 - 20 * row), atol=8)


def test_images_that_were_left_out_are_listed_with_the_reason(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    assert b"Images left out" not in dict(site_files(load(store)))["index.html"]
    leave_out(store, 101)
    page = dict(site_files(load(store)))["index.html"].decode()
    assert "101\u00a0images could not be read" in page
    assert "These are the first 100; the files below the table list all." in page
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td></tr>', page)
    assert [row for row in rows if row[0].startswith("train/")] == [
        (f"train/&lt;{index}&gt;.jpg", "the file is empty") for index in range(100)
    ]
    leave_out(store, 1)
    page = dict(site_files(load(store)))["index.html"].decode()
    assert (
        "1\u00a0image could not be read and was left out before the splits were made.</p>" in page
    )
