"""The whole of some pages for a made-up store, as they were when somebody last looked at them.

After a change that is meant, look at the pages, then write the new ones and read the diff:

    BAKEOFF_UPDATE_GOLDEN=1 python -m pytest tests/site_builder/test_golden.py
    git diff tests/golden
"""

import os
import re
from pathlib import Path

import pytest

from experiments.results.store import ExperimentStore
from site_builder.loading import load
from site_builder.pipeline import site_files
from tests.made_up import write_made_up_store
from tests.site_builder.changes import add_examples, fail, forget_latency

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = {
    "index.html": "index.html",
    "compare.html": "compare.html",
    "classes/index.html": "classes.html",
    "classes/1.html": "class.html",
    "data/matrix/alpha-none.js": "matrix-alpha-none.js",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    store: ExperimentStore = write_made_up_store(tmp_path_factory.mktemp("results"))
    add_examples(store)
    fail(store, "beta-standard", "loss is not finite in epoch 2")
    forget_latency(store, "beta-none", "the timer broke")
    return dict(site_files(load(store)))


def normalised(content: bytes) -> str:
    """Leave out what changes with matplotlib's version and with ours."""
    text = re.sub(
        r"(<svg[^>]* class=\"still.*?>).*?</svg>", r"\1</svg>", content.decode(), flags=re.S
    )
    return re.sub(r"bakeoff \d+\.\d+[\w.]*", "bakeoff VERSION", text)


@pytest.mark.parametrize("name", FILES)
def test_pages_are_as_they_were(files: dict[str, bytes], name: str) -> None:
    golden = GOLDEN / FILES[name]
    if os.environ.get("BAKEOFF_UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(normalised(files[name]), encoding="utf-8")
    assert normalised(files[name]) == golden.read_text(encoding="utf-8")
