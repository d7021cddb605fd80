"""What `pip install` gives: sdist and wheel, and the command where there is no torch."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import distribution, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.made_up import write_made_up_store

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def run(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=240, check=False
    )


def sources() -> set[str]:
    """Return the files that an installation needs, by their places in it."""
    packages = [
        path.relative_to(ROOT).as_posix()
        for name in ("bakeoff", "experiments", "site_builder")
        for path in (ROOT / name).rglob("*.*")
        if path.suffix in (".py", ".toml")
    ]
    shown = [
        f"site_builder/{path.relative_to(ROOT).as_posix()}"
        for name in ("templates", "static", "docs/snippets")
        for path in (ROOT / name).rglob("*.*")
        if "__pycache__" not in path.parts
    ]
    return {*packages, *shown}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and from it, unpacked, the wheel."""
    folder = tmp_path_factory.mktemp("built")
    backend = "import hatchling.build as backend, sys; backend.build_sdist(sys.argv[1])"
    made = run(sys.executable, "-c", backend, folder, cwd=ROOT)
    assert made.returncode == 0, made.stderr
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        sdist.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    words = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    made = run(sys.executable, *words, "--wheel-dir", folder, unpacked, cwd=folder)
    assert made.returncode == 0, made.stderr
    return folder


def test_the_wheel_has_templates_and_static_files(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == sources()


def needed(names: list[str]) -> set[str]:
    """Return the distributions that these requirements ask for, and all that those ask for."""
    found: set[str] = set()
    waiting = [Requirement(name) for name in names]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += map(Requirement, requires(name) or [])
    return found


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the commands of a new environment that has the base install alone.

    What it depends on is linked from this environment: nothing is fetched.
    """
    folder = tmp_path_factory.mktemp("installed") / "venv"
    made = run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=built)
    assert made.returncode == 0, made.stderr
    (packages,) = folder.glob("lib/python*/site-packages")
    tops = {
        distribution(name).locate_file(file.parts[0])
        for name in needed(PROJECT["dependencies"])
        for file in distribution(name).files or []
        if file.parts[0] not in ("..", "__pycache__")
    }
    for top in map(Path, map(str, tops)):
        if not (packages / top.name).exists():
            (packages / top.name).symlink_to(top)
    (wheel,) = built.glob("*.whl")
    words = ["-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"]
    made = run(sys.executable, *words, "--no-index", wheel, cwd=built)
    assert made.returncode == 0, made.stderr
    return folder / "bin"


def test_the_command_builds_a_site_from_any_folder_without_torch(
    installed: Path, tmp_path: Path
) -> None:
    absent = run(installed / "python", "-c", "import torch", cwd=tmp_path)
    assert "No module named 'torch'" in absent.stderr
    store = write_made_up_store(tmp_path / "results")
    done = run(installed / "bakeoff", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Made-up shapes" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "site" / "assets" / "css" / "base.css").is_file()
    # The same bytes as from the checkout.
    words = ["build.py", "--results", store.folder.parent, "--output", tmp_path / "other"]
    done = run(sys.executable, *words, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / "site") == content(tmp_path / "other")


def test_running_without_torch_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "bakeoff", "--run-experiments", cwd=tmp_path)
    assert done.returncode == 2
    assert "pip install 'bakeoff[train]'" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_command_has_the_options_of_build_py(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "COLUMNS": "100"}
    helps = [
        subprocess.run([*words, "--help"], capture_output=True, text=True, env=environment)
        for words in ([installed / "bakeoff"], [sys.executable, ROOT / "build.py"])
    ]
    # Each by the name that it was called by.
    assert helps[0].stdout.startswith("usage: bakeoff [")
    assert helps[1].stdout.startswith("usage: build.py [")
    first, second = (done.stdout.partition("\n\n")[2] for done in helps)
    assert first == second != ""


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
