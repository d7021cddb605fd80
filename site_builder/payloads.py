"""What the browser loads when it needs it: scripts that hand one value to `bakeoff.data`.

A script works from `file://`, where `fetch` does not.
"""

import json

import numpy as np
from numpy.typing import NDArray

from site_builder import formatting
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName

N_PAIRS = 10
"""Confused pairs in the list beside the matrix."""

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


def classes(experiment: Experiment) -> list[str]:
    """Return the class names in order, shared by all matrices."""
    return experiment.record.class_names


def matrix(run: Run, name: RunName) -> dict[str, object]:
    """Return a run's confusion matrix and what is written beside it.

    Returns:
        `model`, `variant`: the run's name; `facts`: pairs of label and text; `cells`: target,
        prediction and count of every cell that is not empty, one after the other, row by row;
        `pairs`: as `confused_pairs`.
    """
    rows, columns = np.nonzero(run.matrix)
    cells = np.stack([rows, columns, run.matrix[rows, columns]], axis=1)
    return {
        "model": name.model,
        "variant": name.variant,
        "facts": facts(run),
        "cells": cells.ravel().tolist(),
        "pairs": confused_pairs(run.matrix),
    }


def facts(run: Run) -> list[tuple[str, str]]:
    """Return the headline numbers of a run as label and text."""
    cost = run.cost
    latency = cost.latency_ms if cost else None
    parameters = cost.n_parameters if cost else None
    return [
        ("Accuracy", f"{formatting.percent(run.accuracy)} ({formatting.interval(run.interval)})"),
        ("Right", f"{formatting.count(run.n_correct)} of {formatting.count(run.n_images)} images"),
        ("Macro F1", formatting.percent(run.macro.f1)),
        (
            "Latency",
            f"{formatting.milliseconds(latency)}, one image" if latency else formatting.MISSING,
        ),
        ("Parameters", formatting.quantity(parameters) if parameters else formatting.MISSING),
    ]


def confused_pairs(matrix: NDArray[np.int64]) -> list[tuple[int, int, int, str]]:
    """Return the largest cells off the diagonal.

    Args:
        matrix: (C, C) int64 confusion matrix, rows are targets.

    Returns:
        At most `N_PAIRS` of target, prediction, count and share of the row as text; equal counts
        in the order of the classes.
    """
    errors = matrix.copy()
    np.fill_diagonal(errors, 0)
    rows, columns = np.nonzero(errors)
    counts = errors[rows, columns]
    largest = np.argsort(-counts, kind="stable")[:N_PAIRS]
    support = matrix.sum(axis=1)
    return [
        (
            int(rows[place]),
            int(columns[place]),
            int(counts[place]),
            formatting.share(int(counts[place]), int(support[rows[place]])),
        )
        for place in largest
    ]


def _json(value: object) -> str:
    text = json.dumps(
        value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True
    )
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text
