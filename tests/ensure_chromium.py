"""Find a Chromium that runs, or install one: `python tests/ensure_chromium.py`.

Tried in this order: an installed Chrome or Chromium, Playwright's own, Playwright's download, and
Debian's package where we are root. The browser tests drive what `find()` returns.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

COMMANDS = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
ANSWER_TIMEOUT_S = 60
DOWNLOAD_TIMEOUT_S = 300
CONNECT_TIMEOUT_MS = 10_000


def find() -> Path | None:
    """Return the first Chrome or Chromium that runs; call it before a Playwright session begins."""
    return next((path for path in _candidates() if _runs(path)), None)


def main() -> None:
    """Make sure that there is a Chromium, and say which."""
    chromium = find() or _installed_by_playwright() or _installed_by_debian()
    if chromium is None:
        sys.exit(
            "no Chromium: install Google Chrome or Chromium so that `google-chrome` or `chromium` "
            "is on PATH; neither `playwright install chromium` nor apt-get could"
        )
    print(f"browser tests use {chromium}")


def _candidates() -> Iterator[Path]:
    for command in COMMANDS:
        if found := shutil.which(command):
            yield Path(found)
    yield from (path for path in map(Path, APPLICATIONS) if path.exists())
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    if own.exists():
        yield own


def _runs(path: Path) -> bool:
    """Ask for the version: some systems ship a placeholder, or lack a library it needs."""
    return _succeeds([str(path), "--version"], ANSWER_TIMEOUT_S, quiet=True)


def _installed_by_playwright() -> Path | None:
    # A network without a way to the download must fail soon, not after Playwright's many retries.
    os.environ.setdefault("PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT", str(CONNECT_TIMEOUT_MS))
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    return find() if _succeeds(command, DOWNLOAD_TIMEOUT_S) else None


def _installed_by_debian() -> Path | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    if not _succeeds(["apt-get", "update"], DOWNLOAD_TIMEOUT_S):
        return None
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
    return find() if _succeeds(install, DOWNLOAD_TIMEOUT_S) else None


def _succeeds(command: list[str], timeout_s: int, *, quiet: bool = False) -> bool:
    output = subprocess.DEVNULL if quiet else None
    try:
        return (
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=timeout_s,
                check=False,
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return False


if __name__ == "__main__":
    main()
