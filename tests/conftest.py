"""What every test shares: the photographs and weights that tests marked `realdata` read."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REALDATA = "BAKEOFF_REALDATA"
_left_out = pytest.StashKey[int]()

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile(
    "bakeoff", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("bakeoff")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_left_out] = 0
    folder = os.environ.get(REALDATA)
    if folder is not None and not (folder and Path(folder).is_dir()):
        raise pytest.UsageError(f"{REALDATA} names no folder: {folder!r}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if REALDATA in os.environ:
        return
    out = [item for item in items if item.get_closest_marker("realdata")]
    config.hook.pytest_deselected(items=out)
    config.stash[_left_out] = len(out)
    items[:] = [item for item in items if item not in out]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if left_out := config.stash[_left_out]:
        terminalreporter.write_line(
            f"tests on real photographs left out: {left_out}; to run them, set {REALDATA} to the "
            "folder that holds datasets/ and weights/",
            yellow=True,
        )


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of photographs and weights, for tests marked `realdata`."""
    return Path(os.environ[REALDATA]).resolve()
