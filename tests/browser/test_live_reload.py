"""`build.py --serve` in a real browser: a changed record is on the open page a moment later."""

import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from experiments.results.store import ExperimentStore
from tests.made_up import write_made_up_store
from tests.test_build import ENVIRONMENT, command

pytestmark = pytest.mark.browser


@pytest.fixture
def store(tmp_path: Path) -> ExperimentStore:
    return write_made_up_store(tmp_path / "results")


@pytest.fixture
def served(store: ExperimentStore, tmp_path: Path) -> Iterator[tuple[str, Iterator[str]]]:
    """Serve the site; yield its address and the lines that the command writes from then on."""
    words = ["--results", tmp_path / "results", "--output", tmp_path / "site", "--serve", 0]
    with subprocess.Popen(
        command(*words), stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stderr is not None
        lines = iter(process.stderr)
        yield next(line for line in lines if "http://127.0.0.1:" in line).split()[-1], lines
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert "Traceback" not in "".join(lines)


def test_an_open_page_follows_the_results(
    browser: Browser, store: ExperimentStore, served: tuple[str, Iterator[str]]
) -> None:
    address, lines = served
    page = browser.new_page()
    misdeeds: list[str] = []
    page.on("console", lambda said: said.type == "error" and misdeeds.append(said.text))
    heard: list[object] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame))
    )
    page.goto(address)
    # The server's greeting: from then on it knows the page. It may come at once.
    for _ in range(600):
        if heard:
            break
        page.wait_for_timeout(50)
    assert heard
    expect(page.locator("h1")).to_have_text("Made-up shapes")
    record = store.read_experiment()
    store.write_experiment(record.model_copy(update={"title": "Another title"}), None)
    expect(page.locator("h1")).to_have_text("Another title", timeout=60_000)
    # What cannot be built is told, and the old site stays.
    content = (store.folder / "experiment.json").read_bytes()
    next(line for line in lines if "The site is built" in line)
    (store.folder / "experiment.json").write_bytes(content[:100])
    assert "not JSON" in next(line for line in lines if line.startswith("error: "))
    with urllib.request.urlopen(address) as answer:
        assert b"Another title" in answer.read()
    # And once it is mended, the page follows again.
    store.write_experiment(record, None)
    expect(page.locator("h1")).to_have_text("Made-up shapes", timeout=60_000)
    assert misdeeds == []
    page.close()
