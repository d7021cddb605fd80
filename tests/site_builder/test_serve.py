"""The server, asked as a browser asks it."""

import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from experiments.results.errors import OutputError
from site_builder.output import write_site
from site_builder.serve import open_server, serve

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
