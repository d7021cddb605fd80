"""What must run without torch does. Import directions are import-linter's, in `make check`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

HEAVY = {"torch", "torchvision", "timm", "sklearn"}
LIGHT = (
    "build",
    "experiments.config",
    "experiments.results.schema_docs",
    "experiments.results.store",
    "site_builder.pipeline",
)


def test_the_base_install_never_loads_torch() -> None:
    """In a process of its own, because other tests have loaded torch into this one."""
    script = f"import sys, {', '.join(LIGHT)}; print(*({HEAVY} & set(sys.modules)))"
    child = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (child.returncode, child.stdout) == (0, "\n"), child.stderr
