import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.results.errors import OutputError
from experiments.results.store import ExperimentStore
from site_builder.output import check_output, write_site
from site_builder.pipeline import build_site
from site_builder.serve import open_server, serve


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_foreign_folder_is_refused_and_untouched(store: ExperimentStore, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match="not empty and bakeoff did not make it"):
        build_site(store, tmp_path / "site")
    assert snapshot(tmp_path) == {"site/thesis.txt": b"years of work"}


def test_a_file_is_refused_and_untouched(store: ExperimentStore, tmp_path: Path) -> None:
    (tmp_path / "site").write_text("not a folder")
    with pytest.raises(OutputError, match="is a file"):
        build_site(store, tmp_path / "site")
    assert snapshot(tmp_path) == {"site": b"not a folder"}


def test_new_empty_and_own_folders_are_taken(tmp_path: Path) -> None:
    site = tmp_path / "deep" / "site"
    check_output(site)
    write_site(site, [("a/b.txt", b"1"), ("c.txt", b"2")])
    check_output(site)
    write_site(site, [("a/b.txt", b"3")])
    assert set(snapshot(tmp_path)) == {"deep/site/.bakeoff", "deep/site/a/b.txt"}
    assert (site / "a" / "b.txt").read_bytes() == b"3"
    (tmp_path / "empty").mkdir()
    write_site(tmp_path / "empty", [("d.txt", b"4")])
    assert (tmp_path / "empty" / "d.txt").read_bytes() == b"4"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_failed_build_leaves_the_old_site_whole(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def breaks_off() -> Iterator[tuple[str, bytes]]:
        yield "index.html", b"new"
        raise error("in the middle")

    site = tmp_path / "site"
    write_site(site, [("index.html", b"old"), ("data/x.js", b"old too")])
    before = snapshot(tmp_path)
    with pytest.raises((error, OutputError)):
        write_site(site, breaks_off())
    assert snapshot(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_scripts_are_served_as_scripts_on_loopback(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b"<p>hi"), ("a.js", b"1"), ("b.css", b"")])
    with open_server(tmp_path / "site", 0) as server:
        assert server.server_address[0] == "127.0.0.1"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        types = {}
        for name in ("index.html", "a.js", "b.css"):
            address = f"http://127.0.0.1:{server.server_port}/{name}"
            with urllib.request.urlopen(address) as answer:
                types[name] = answer.headers["Content-Type"]
        server.shutdown()
        thread.join()
    assert types == {"index.html": "text/html", "a.js": "text/javascript", "b.css": "text/css"}


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b"")])
    with open_server(tmp_path / "site", 0) as server:
        port = server.server_port
        with pytest.raises(OutputError, match=f"port {port} is in use; name another"):
            serve(tmp_path / "site", port)


def test_an_impossible_port_and_a_missing_site_are_named(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b"")])
    with pytest.raises(OutputError, match="port 70000 cannot be opened"):
        serve(tmp_path / "site", 70_000)
    with pytest.raises(OutputError, match="there is no site to serve"):
        serve(tmp_path / "nowhere", 0)


def test_ctrl_c_ends_serving(tmp_path: Path) -> None:
    write_site(tmp_path / "site", [("index.html", b"")])
    said: list[str] = []

    def interrupt(address: str) -> None:
        said.append(address)
        raise KeyboardInterrupt

    serve(tmp_path / "site", 0, interrupt)
    assert said[0].startswith("http://127.0.0.1:")
