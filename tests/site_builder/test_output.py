from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.results.errors import OutputError, StoreError
from experiments.results.store import ExperimentStore
from site_builder.output import check_output, write_site
from site_builder.pipeline import build_site
from tests.made_up import write_made_up_store


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


@pytest.mark.parametrize(
    "name",
    [
        "../out.html",
        "/etc/passwd",
        "runs/../../out.html",
        "runs//a.html",
        "C:/out.html",
        "..\\out.html",
        "runs/con.html",
        "data/AUX",
        "a" * 300 + ".html",
        "🙂" * 64 + ".html",
        "trailing.",
        "new\nline.html",
    ],
)
def test_a_name_that_is_unsafe_anywhere_is_refused(tmp_path: Path, name: str) -> None:
    write_site(tmp_path / "deep" / "site", [("index.html", b"old")])
    before = snapshot(tmp_path)
    with pytest.raises(OutputError, match="no file of a site can be called so"):
        write_site(tmp_path / "deep" / "site", [("index.html", b"new"), (name, b"x")])
    assert snapshot(tmp_path) == before


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"'runs/A.html' and 'runs/a.html' are one file"):
        write_site(tmp_path / "site", [("runs/a.html", b""), ("runs/A.html", b"")])


def test_a_link_out_of_a_store_is_refused_and_one_within_it_is_not(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results")
    secret = tmp_path / "secret.npz"
    predictions = store.run_folder("beta-none") / "predictions.npz"
    predictions.rename(secret)
    predictions.symlink_to(secret)
    with pytest.raises(StoreError, match=r"predictions.npz: is a link that leads out of the store"):
        build_site(store, tmp_path / "site")
    assert not (tmp_path / "site").exists()
    predictions.unlink()
    secret.rename(store.folder / "kept.npz")
    predictions.symlink_to(Path("..", "..", "kept.npz"))
    build_site(store, tmp_path / "site")
    # The store itself may lie on another disk.
    (tmp_path / "elsewhere").symlink_to(store.folder, target_is_directory=True)
    build_site(ExperimentStore(tmp_path / "elsewhere"), tmp_path / "site")
    (store.folder / "runs" / "gamma").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(StoreError, match="gamma: is a link"):
        build_site(store, tmp_path / "site")
