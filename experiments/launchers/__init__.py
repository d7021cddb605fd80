"""Where runs are done: in this process, in processes of their own, or on a Ray cluster.

Each does the same tasks with the same results; only what holds a run together differs.
"""

from experiments.launchers.local import in_processes
from experiments.launchers.ray_tasks import on_ray
from experiments.launchers.tasks import Launcher, Task, in_this_process

__all__ = ["Launcher", "Task", "in_processes", "in_this_process", "on_ray"]
