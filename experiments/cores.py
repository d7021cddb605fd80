"""How many cores there are to use."""

import os


def n_cores() -> int:
    """Return how many cores this process may use: a job may have been granted few of a machine."""
    # Not on every system is it known.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
