"""Every snippet that the pages quote runs by itself, offline, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from site_builder.highlight import SNIPPETS

FILES = sorted(SNIPPETS.rglob("*.py"))
TIMEOUT_S = 300


def test_there_are_snippets() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_snippet_runs(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", path],
        cwd=tmp_path,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_snippet_checks_itself(path: Path) -> None:
    assert "\nassert " in path.read_text(encoding="utf-8")
