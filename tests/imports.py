"""Files to import: what one model said about 70 images, in every way that can be told."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.metrics import classification_report

from experiments.__main__ import main
from experiments.results.store import ExperimentStore

NAMES = ("null", "NaN", "__proto__", "1", "=1+1", "<img src=x onerror=alert(1)>", "two\nlines")

ALL_KINDS = {
    "All": "all.parquet",
    "One": "one.parquet",
    "Arrays": "said.npz",
    "Matrix": "matrix.json",
    "Report": "report.json",
}


def write_all_kinds(folder: Path) -> None:
    """Write what one model said about 70 images as a file of every kind, hostile names and all."""
    random = np.random.default_rng(4)
    targets = np.arange(70) % 7
    shares = random.dirichlet(np.ones(7), size=70)
    shares[np.arange(70), targets] += 1
    shares /= shares.sum(axis=1, keepdims=True)
    predicted = shares.argmax(axis=1)
    labels = np.array(NAMES)
    ids = [f"{NAMES[target]}/{row}" for row, target in enumerate(targets)]
    table = {"sample_id": ids, "target": labels[targets].tolist()}
    table |= {name: shares[:, place].tolist() for place, name in enumerate(NAMES)}
    pq.write_table(pa.table(table), folder / "all.parquet")
    one = {"sample_id": ids, "target": labels[targets].tolist()}
    one |= {"prediction": labels[predicted].tolist(), "confidence": shares.max(axis=1).tolist()}
    pq.write_table(pa.table(one), folder / "one.parquet")
    arrays = {"sample_ids": ids, "targets": targets, "class_names": NAMES}
    np.savez(folder / "said.npz", logits=np.log(shares), **arrays)
    matrix = np.zeros((7, 7), dtype=int)
    np.add.at(matrix, (targets, predicted), 1)
    parts = {"confusion": matrix.tolist(), "class_names": NAMES}
    (folder / "matrix.json").write_text(json.dumps(parts))
    report = classification_report(
        targets, predicted, target_names=NAMES, output_dict=True, zero_division=0
    )
    (folder / "report.json").write_text(json.dumps(report))


def import_all_kinds(folder: Path) -> ExperimentStore:
    """Import a run from a file of every kind into the experiment `mine`."""
    write_all_kinds(folder)
    for run, file in ALL_KINDS.items():
        words = ["import", folder / file, "--experiment", "mine", "--run", run]
        assert main([*map(str, words), "--results", str(folder)]) == 0
    return ExperimentStore(folder / "mine")
