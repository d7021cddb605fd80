"""Changes to a made-up store, for what rarely happens."""

import io
from dataclasses import replace

from experiments.results.schema import ExampleSheet, UnreadableImage
from experiments.results.store import ExperimentStore
from site_builder.loading import Run


def relabel(store: ExperimentStore, run_id: str, label: str) -> None:
    run = store.read_run(run_id)
    config = run.config.model_copy(update={"label": label})
    store.write_run(run.model_copy(update={"config": config}))


def fail(store: ExperimentStore, run_id: str, failure: str) -> None:
    run = store.read_run(run_id)
    absent = run.absent | {"predictions": "the run failed"}
    changes = {"status": "failed", "failure": failure, "predictions": None, "absent": absent}
    store.write_run(run.model_copy(update=changes))


def forget_latency(store: ExperimentStore, run_id: str, reason: str) -> None:
    run = store.read_run(run_id)
    assert run.cost is not None
    cost = run.cost.model_copy(
        update={"latency_ms": None, "absent": run.cost.absent | {"latency_ms": reason}}
    )
    store.write_run(run.model_copy(update={"cost": cost}))


def elsewhere(run: Run) -> Run:
    """Return a run that was timed on another machine."""
    made = run.record.provenance
    assert made is not None
    update = {"provenance": made.model_copy(update={"cpu": "Another processor"})}
    return replace(run, record=run.record.model_copy(update=update))


def add_examples(store: ExperimentStore) -> bytes:
    """Give every class a cell of 8 px in a picture two cells wide; returns the picture."""
    from PIL import Image

    record = store.read_experiment()
    content = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(content, "WEBP")
    file = store.write_thumbnails("examples.webp", content.getvalue())
    ids = [f"test/{index:05d}" for index in range(len(record.class_names))]
    sheet = ExampleSheet(file=file, cell_px=8, n_columns=2, sample_ids=ids)
    absent = {name: why for name, why in record.absent.items() if name != "examples"}
    store.write_experiment(
        record.model_copy(update={"examples": sheet, "absent": absent}), store.read_samples()
    )
    return content.getvalue()


def leave_out(store: ExperimentStore, n_images: int) -> None:
    """Say that so many images were unreadable; their names look like markup."""
    record = store.read_experiment()
    unreadable = [
        UnreadableImage(path=f"train/<{index}>.jpg", reason="the file is empty")
        for index in range(n_images)
    ]
    card = record.dataset.model_copy(update={"n_unreadable": n_images})
    changes = {"unreadable": unreadable, "dataset": card}
    store.write_experiment(record.model_copy(update=changes), store.read_samples())
