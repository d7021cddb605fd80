"""The server, asked as a browser asks it."""

import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.error import HTTPError

import pytest
from watchfiles import Change

from experiments.results.errors import OutputError
from site_builder.output import write_site
from site_builder.serve import Sources, open_server, serve

IDLE = (lambda address: None, lambda: True, [])


@contextmanager
def served(folder: Path, *, live: bool = False) -> Iterator[str]:
    with open_server(folder, 0, live=live) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_page_that_is_not_there_is_the_sites_own(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b""), ("404.html", b"lost")])
    (tmp_path / "secret.txt").write_text("secret")
    with served(tmp_path / "site") as address:
        for way in ("/nothing.html", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"):
            with pytest.raises(HTTPError) as error:
                urllib.request.urlopen(address + way)
            assert error.value.code in (403, 404)
            assert b"secret" not in error.value.read()
        with pytest.raises(HTTPError) as error:
            urllib.request.urlopen(f"{address}/nothing.html")
        assert (error.value.code, error.value.read()) == (404, b"lost")


def test_a_site_built_again_is_served_at_once_and_folders_have_their_page(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_site(site, [("index.html", b"old"), ("deep/index.html", b"deep")])
    with served(site) as address:
        assert urllib.request.urlopen(address).read() == b"old"
        assert urllib.request.urlopen(f"{address}/deep").read() == b"deep"
        write_site(site, [("index.html", b"new")])
        assert urllib.request.urlopen(address).read() == b"new"


def test_only_pages_that_are_to_be_reloaded_get_a_script(tmp_path: Path) -> None:
    html = b"<head></head><p>text"
    write_site(tmp_path / "site", [("index.html", html), ("a.js", b"// </head>")])
    with served(tmp_path / "site") as address:
        assert urllib.request.urlopen(address).read() == html
    with served(tmp_path / "site", live=True) as address:
        page = urllib.request.urlopen(address).read().decode()
        assert 'src="/livereload.js?port=' in page
        assert "<script>" not in page
        assert urllib.request.urlopen(f"{address}/a.js").read() == b"// </head>"
        assert b"LiveReload" in urllib.request.urlopen(f"{address}/livereload.js").read()


def test_scripts_are_served_as_scripts_on_loopback(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b"<p>hi"), ("a.js", b"1"), ("b.css", b"")])
    types = {}
    with served(tmp_path / "site") as address:
        assert address.startswith("http://127.0.0.1:")
        for name in ("index.html", "a.js", "b.css"):
            with urllib.request.urlopen(f"{address}/{name}") as answer:
                types[name] = answer.headers["Content-Type"]
    assert types == {"index.html": "text/html", "a.js": "text/javascript", "b.css": "text/css"}


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b"")])
    with open_server(tmp_path / "site", 0) as server:
        port = server.server_port
        with pytest.raises(OutputError, match=f"port {port} is in use; name another"):
            serve(tmp_path / "site", port, *IDLE)


def test_an_impossible_port_and_a_missing_site_are_named(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b"")])
    with pytest.raises(OutputError, match="port 70000 cannot be opened"):
        serve(tmp_path / "site", 70_000, *IDLE)
    with pytest.raises(OutputError, match="there is no site to serve"):
        serve(tmp_path / "nowhere", 0, *IDLE)


def test_serving_ends_where_watching_fails(tmp_path: Path) -> None:
    """In threads: a browser's loop may be running in this one."""
    write_site(tmp_path / "site", [("index.html", b"hi")])

    async def fail() -> None:
        raise RuntimeError("no more watches")

    with open_server(tmp_path / "site", 0) as server, ThreadPoolExecutor(1) as pool:
        answering = pool.submit(server.serve_forever, fail())
        try:
            with pytest.raises(RuntimeError, match="no more watches"):
                answering.result(timeout=10)
        finally:
            server.shutdown()


def test_what_cannot_be_watched_ends_serving_with_a_message(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b"hi")])
    gone = _SERVING.replace("[site])", "[site / 'gone'])")
    words = [sys.executable, "-c", gone, str(tmp_path / "site")]
    done = subprocess.run(words, timeout=30, check=False, capture_output=True, text=True)
    assert "OutputError: --serve: cannot watch for changes" in done.stderr


_SERVING = """
import sys
from pathlib import Path
from site_builder.serve import serve
site = Path(sys.argv[1])
serve(site, 0, lambda address: print(address, flush=True), lambda: True, [site])
"""


def test_ctrl_c_ends_serving(tmp_path: Path) -> None:
    """In a process of its own: a browser's loop may be running in this one."""
    write_site(tmp_path / "site", [("index.html", b"hi")])
    words = [sys.executable, "-c", _SERVING, str(tmp_path / "site")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert urllib.request.urlopen(address).read().endswith(b"hi")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def test_ctrl_c_before_the_first_answer_ends_serving(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b"hi")])
    early = _SERVING.replace("print(address, flush=True)", "signal.raise_signal(signal.SIGINT)")
    words = [sys.executable, "-c", f"import signal\n{early}", str(tmp_path / "site")]
    assert subprocess.run(words, timeout=30, check=False).returncode == 0


_REBUILDING = """
import signal, sys, time
from pathlib import Path
from site_builder.output import write_site
from site_builder.serve import serve
results, seconds = Path(sys.argv[1]), float(sys.argv[2])

def rebuild():
    print("begins", flush=True)
    time.sleep(seconds)
    write_site(results / "site", [("index.html", b"hi"), ("data/a.js", b"1")])
    print("built", flush=True)
    return True

write_site(results / "site", [("index.html", b"")])
serve(results / "site", 0, lambda address: print(address, flush=True), rebuild, [results])
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)
"""


@contextmanager
def rebuilding(results: Path, seconds: float) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """Serve a site that lies among its results, until it builds for the first time."""
    words = [sys.executable, "-c", _REBUILDING, str(results), str(seconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout
        assert said is not None
        assert said.readline().startswith("http://")
        try:
            # The watcher begins to listen some time after the server.
            threading.Thread(target=lambda: _change_until_heard(results, process)).start()
            assert said.readline() == "begins\n"
            (results / "heard").touch()
            yield process, said
        finally:
            process.kill()


def _change_until_heard(results: Path, process: subprocess.Popen[str]) -> None:
    while not (results / "heard").exists() and process.poll() is None:
        (results / "run.json").write_text("{}")
        time.sleep(0.5)


def test_a_site_among_its_results_is_not_built_because_it_was(tmp_path: Path) -> None:
    with rebuilding(tmp_path, 0.0) as (process, said):
        time.sleep(2.5)
        process.send_signal(signal.SIGINT)
        # One more where the change was written again meanwhile; then the signal is whose it was.
        rest = said.read().splitlines()
        assert rest.count("built") <= 2
        assert rest[-1] == "True"
        assert process.wait(timeout=30) == 0


def test_a_site_is_made_from_neither_itself_nor_hidden_files(tmp_path: Path) -> None:
    templates = tmp_path / ".venv" / "templates"
    sources = Sources(tmp_path / "site", [tmp_path, templates])
    for name, is_source in {
        "digits/runs/a/run.json": True,
        "sitemap/experiment.json": True,
        "digits/runs/a/predictions.npz": False,
        "site/data/classes.js": False,
        ".site.x1y2/index.html": False,
        ".cache/verdicts.json": False,
        "digits/runs/.a.replaced/run.json": False,
        ".venv/templates/base.html": True,
        ".venv/templates/.base.html": False,
    }.items():
        assert sources.have(Change.modified, str(tmp_path / name)) == is_source, name


def test_a_second_ctrl_c_does_not_wait_for_a_build(tmp_path: Path) -> None:
    with rebuilding(tmp_path, 60.0) as (process, _):
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=2)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == -signal.SIGINT
