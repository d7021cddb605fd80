"""What the browser loads when it needs it: scripts that hand one value to `bakeoff.data`.

A script works from `file://`, where `fetch` does not.
"""

import json
from collections.abc import Callable

from site_builder import formatting
from site_builder.loading import Experiment, Run

# Besides what JSON escapes: what ends a script element, and what ends a line in old JavaScript.
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def script(name: str, value: object) -> bytes:
    """Return a script that registers `value` under `name`.

    Args:
        name: Name of the shard, its path below `data/` without the suffix.
        value: Anything that JSON can hold.

    Raises:
        ValueError: If a number is NaN or infinite.
    """
    return f"bakeoff.data({_json(name)},{_json(value)});\n".encode()


def shard(name: str, value: object) -> tuple[str, bytes]:
    """Return the file of a script: its path below the site's root, and `script(name, value)`."""
    return f"data/{name}.js", script(name, value)


def classes(experiment: Experiment) -> list[str]:
    """Return the class names in order, shared by all matrices."""
    return experiment.record.class_names


def facts(run: Run) -> list[tuple[str, str]]:
    """Return the headline numbers of a run as label and text."""
    return [
        ("Accuracy", f"{formatting.percent(run.accuracy)} ({formatting.interval(run.interval)})"),
        ("Right", f"{formatting.count(run.n_correct)} of {formatting.count(run.n_images)} images"),
        ("Macro F1", formatting.percent(run.macro.f1)),
        ("Latency", _fact(run, "latency_ms", lambda n: f"{formatting.milliseconds(n)}, one image")),
        ("Parameters", _fact(run, "n_parameters", formatting.quantity)),
    ]


def _fact(run: Run, field: str, write: Callable[[float], str]) -> str:
    """Return a cost as text, or why there is none."""
    if run.cost is None:
        return f"not measured: {run.record.absent['cost']}"
    value = getattr(run.cost, field)
    return f"not measured: {run.cost.absent[field]}" if value is None else write(value)


def _json(value: object) -> str:
    text = json.dumps(
        value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text
