"""A reader sees the old content or the new, whatever happens to the writer."""

import fcntl
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import BinaryIO

import pytest

from experiments.results.files import fresh_path, replacing_folder, sha256_of, write_atomically


def test_the_folder_is_made_and_the_content_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.json"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.json"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_writer_that_fails_midway_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    """The limit on file size stands in for a full disk: the write stops after 1,000 bytes."""
    path = tmp_path / "file.json"
    path.write_bytes(b"old")
    script = """
        import resource, sys
        from pathlib import Path
        from experiments.results.errors import DiskFullError
        from experiments.results.files import write_atomically
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_atomically(Path(sys.argv[1]), b"x" * 5000)
        except DiskFullError as error:
            print("refused:", error)
    """
    child = subprocess.run(
        [sys.executable, "-c", dedent(script), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.startswith(f"refused: {path}: no room for its 5,000 bytes (File too large)")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.json"]


def test_what_cannot_be_written_leaves_no_temporary_file(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_atomically(tmp_path / "file.json", "not bytes")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_never_leaves_half_a_file(tmp_path: Path) -> None:
    """Kill -9 a process that writes without pause, at ever other moments, and read as it writes."""
    path = tmp_path / "file.json"
    contents = {letter * 2_000_000 for letter in (b"a", b"b")}
    write_atomically(path, b"a" * 2_000_000)
    script = """
        import sys
        from pathlib import Path
        from experiments.results.files import write_atomically
        print("ready", flush=True)
        while True:
            for letter in (b"b", b"a"):
                write_atomically(Path(sys.argv[1]), letter * 2_000_000)
    """
    for round_ in range(15):
        with subprocess.Popen(
            [sys.executable, "-c", dedent(script), str(path)], stdout=subprocess.PIPE
        ) as writer:
            try:
                assert writer.stdout is not None
                writer.stdout.readline()
                end = time.monotonic() + 0.02 + 0.0037 * round_
                while time.monotonic() < end:
                    assert path.read_bytes() in contents, "half a file, while it is written"
            finally:
                writer.kill()
        assert path.read_bytes() in contents, "half a file, after the kill"


def killed_midway(path: Path) -> list[str]:
    """Kill -9 a process in the middle of writing; return what it left."""
    script = """
        import os, sys
        from pathlib import Path
        from experiments.results.files import fresh_path
        with fresh_path(Path(sys.argv[1]), 3_000_000):
            os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", dedent(script), str(path)], check=False)
    return [entry.name for entry in path.parent.iterdir() if entry.stat().st_size == 3_000_000]


def test_what_a_killed_writer_left_goes_with_the_next_file_of_the_folder(tmp_path: Path) -> None:
    assert len(killed_midway(tmp_path / "pixels.npy")) == 1
    write_atomically(tmp_path / "other.json", b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["other.json"]


def test_a_file_that_is_still_being_written_is_not_taken_for_a_leftover(tmp_path: Path) -> None:
    with fresh_path(tmp_path / "slow.json", 0) as partial:
        partial.write_bytes(b"slow")
        write_atomically(tmp_path / "slow.json", b"another's")
        write_atomically(tmp_path / "other.json", b"new")
    assert (tmp_path / "slow.json").read_bytes() == b"slow"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["other.json", "slow.json"]


def test_a_file_that_was_taken_for_a_leftover_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    lock = fcntl.flock

    def late(file: BinaryIO, operation: int) -> None:
        made.append(str(file.fileno()))
        if len(made) == 1:
            (leftover,) = tmp_path.iterdir()
            leftover.unlink()
        lock(file, operation)

    monkeypatch.setattr("experiments.results.files.fcntl.flock", late)
    write_atomically(tmp_path / "file.json", b"new")
    assert len(made) == 2
    assert (tmp_path / "file.json").read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.json"]


def test_other_hidden_files_are_left_alone(tmp_path: Path) -> None:
    for name in (".file.json.original", ".lock", "my.unfinished"):
        (tmp_path / name).touch()
    write_atomically(tmp_path / "file.json", b"new")
    assert len(list(tmp_path.iterdir())) == 4


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_atomically(folder / "old.json", b"old")
    with replacing_folder(folder):
        write_atomically(folder / "new.json", b"new")
    assert [path.name for path in folder.iterdir()] == ["new.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_whose_replacement_fails_stays(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_atomically(folder / "old.json", b"old")

    def replace() -> None:
        with replacing_folder(folder):
            write_atomically(folder / "new.json", b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace()
    assert [path.name for path in folder.iterdir()] == ["old.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_a_killed_process_set_aside_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_atomically(folder / "old.json", b"old")
    script = """
        import os, sys
        from pathlib import Path
        from experiments.results.files import replacing_folder, write_atomically
        with replacing_folder(Path(sys.argv[1])):
            write_atomically(Path(sys.argv[1]) / "half.json", b"half")
            os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", dedent(script), str(folder)], check=False)
    assert [path.name for path in folder.iterdir()] == ["half.json"]
    with pytest.raises(ValueError, match="no"), replacing_folder(folder):
        raise ValueError("no")
    assert [path.name for path in folder.iterdir()] == ["old.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_new_folder_stays_where_the_removal_of_the_old_one_is_killed(tmp_path: Path) -> None:
    """Killed as it removes the first of the old files, the block itself being done."""
    folder = tmp_path / "run"
    for place in range(20):
        write_atomically(folder / "deep" / f"old-{place}.json", b"old")
    script = """
        import os, shutil, sys
        from pathlib import Path
        from experiments.results.files import replacing_folder, write_atomically
        def dying(event, arguments):
            if written and event == "os.remove":
                os.kill(os.getpid(), 9)
        written = []
        sys.addaudithook(dying)
        with replacing_folder(Path(sys.argv[1])):
            write_atomically(Path(sys.argv[1]) / "new.json", b"new")
            written.append(True)
    """
    child = subprocess.run([sys.executable, "-c", dedent(script), str(folder)], check=False)
    assert child.returncode == -9
    assert [path.name for path in folder.iterdir()] == ["new.json"]
    with pytest.raises(ValueError, match="no"), replacing_folder(folder):
        raise ValueError("no")
    assert [path.name for path in folder.iterdir()] == ["new.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_digest_is_sha_256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
