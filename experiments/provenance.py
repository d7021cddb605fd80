"""Where a result comes from: versions, hardware, commit, configuration."""

import platform
import subprocess
from datetime import datetime
from importlib import metadata
from pathlib import Path

import torch

from experiments.results.schema import Provenance, RunConfig

_BAKEOFF = "bakeoff"
PACKAGES = ("torch", "torchvision", "timm", "scikit-learn", "numpy", "pillow")


def versions() -> dict[str, str]:
    """Return the versions of bakeoff and of all that results depend on, by name."""
    return {name: metadata.version(name) for name in (_BAKEOFF, *PACKAGES)}


def collect_provenance(
    config: RunConfig,
    device: torch.device,
    *,
    weights: str | None,
    started_at: datetime,
    finished_at: datetime,
) -> Provenance:
    """Describe this machine, this code and this configuration.

    Args:
        config: What was run.
        device: Where it ran.
        weights: Where the initial weights came from; None where training began from scratch.
        started_at: Start of the run, UTC.
        finished_at: End of the run, UTC.
    """
    packages = versions()
    commit = _commit()
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    reasons = {
        "commit": "the code is not in a git checkout" if commit is None else None,
        "gpu": "the run used the CPU" if gpu is None else None,
        "weights": "trained from scratch" if weights is None else None,
    }
    return Provenance(
        absent={field: reason for field, reason in reasons.items() if reason},
        started_at=started_at,
        finished_at=finished_at,
        config_sha256=config.digest(),
        bakeoff_version=packages.pop(_BAKEOFF),
        commit=commit,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages=packages,
        cpu=_cpu(),
        n_threads=torch.get_num_threads(),
        gpu=gpu,
        weights=weights,
    )


def _commit() -> str | None:
    """Return the commit of this code, with `+` where the checkout was changed since."""
    folder = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(  # noqa: S603 - fixed words
            ["git", "-C", str(folder), *words],  # noqa: S607 - the git that is on PATH
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    try:
        # An install inside some other project's checkout is not that project's commit.
        git("ls-files", "--error-unmatch", Path(__file__).name)
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _cpu() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine() or "unknown"
