"""Tampering with a made-up store, by its own means: what the consistency gate is for."""

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.results.architecture import read_architecture, write_architecture
from experiments.results.feature_maps import (
    read_feature_maps,
    read_top_images,
    write_feature_maps,
    write_top_images,
)
from experiments.results.predictions import Predictions
from experiments.results.schema import Sample, Split
from experiments.results.store import ExperimentStore
from experiments.results.walkthrough import read_walkthrough, write_walkthrough

RUN = "alpha-none"
Change = Callable[[ExperimentStore], None]


def change_samples(store: ExperimentStore, change: Callable[[Sample], dict[str, Any]]) -> None:
    samples = [sample.model_copy(update=change(sample)) for sample in store.read_samples()]
    store.write_experiment(store.read_experiment(), samples)


def report(**metrics: float) -> Change:
    return lambda store: change_run(store, reported_metrics=metrics)


def change_run(store: ExperimentStore, **changes: Any) -> None:
    store.write_run(store.read_run(RUN).model_copy(update=changes))


def change_cost(store: ExperimentStore, **changes: Any) -> None:
    cost = store.read_run(RUN).cost
    assert cost is not None
    change_run(store, cost=cost.model_copy(update=changes))


def change_predictions(store: ExperimentStore, name: str, change: Callable[[Any], None]) -> None:
    """Change one array of what a run said about the test images, and the file's digest with it."""
    run = store.read_run(RUN)
    said = {split: store.read_predictions(run, split) for split in (Split.VAL, Split.TEST)}
    array = np.array(getattr(said[Split.TEST], name))
    change(array)
    said[Split.TEST] = Predictions(**(vars(said[Split.TEST]) | {name: array}))
    change_run(store, predictions=store.write_predictions(RUN, said))


def lose_a_hit(store: ExperimentStore) -> None:
    """Let one validation image be taken for its least probable class."""
    run = store.read_run(RUN)
    said = {split: store.read_predictions(run, split) for split in (Split.VAL, Split.TEST)}
    val = said[Split.VAL]
    place = int(np.flatnonzero(val.predicted == val.targets)[0])
    ranked = np.array(val.top_classes)
    ranked[place] = ranked[place, ::-1]
    said[Split.VAL] = Predictions(**(vars(val) | {"top_classes": ranked}))
    change_run(store, predictions=store.write_predictions(RUN, said))


def in_sample(sample_id: str, /, **changes: Any) -> Change:
    return lambda store: change_samples(
        store, lambda sample: changes if sample.sample_id == sample_id else {}
    )


def in_predictions(name: str, place: Any, value: Any) -> Change:
    def change(array: Any) -> None:
        array[place] = value

    return lambda store: change_predictions(store, name, change)


def sha256_of_test_image(store: ExperimentStore) -> None:
    digest = next(s.sha256 for s in store.read_samples() if s.sample_id == "test/00007")
    in_sample("train/00003", sha256=digest)(store)


def swap_class_counts(store: ExperimentStore) -> None:
    record = store.read_experiment()
    counts = {"class_counts": [19, 21, 20]}
    splits = record.splits | {Split.TEST: record.splits[Split.TEST].model_copy(update=counts)}
    samples = store.read_samples()
    store.write_experiment(record.model_copy(update={"splits": splits}), samples)


def history(*val_losses: float, **changes: Any) -> Change:
    """Give a run a history of validation losses; patience is 5 epochs and min_delta 0.001."""

    def change(store: ExperimentStore) -> None:
        run = store.read_run(RUN)
        assert run.config is not None
        first = run.history[0]
        epochs = [
            first.model_copy(update={"epoch": number, "val_loss": loss, "duration_s": 0.1})
            for number, loss in enumerate(val_losses, start=1)
        ]
        training = run.config.training.model_copy(update={"max_epochs": changes.pop("most", 20)})
        config = run.config.model_copy(update={"training": training})
        best = min(epochs, key=lambda epoch: epoch.val_loss).epoch
        fields = {"history": epochs, "config": config, "best_epoch": best, "stopped_early": True}
        change_run(store, **(fields | changes))

    return change


def write_weights(store: ExperimentStore, content: bytes) -> None:
    absent = {k: why for k, why in store.read_run(RUN).absent.items() if k != "weights"}
    change_run(store, weights=store.write_file(RUN, "model.safetensors", content), absent=absent)


def damage_weights(store: ExperimentStore) -> None:
    write_weights(store, b"weights")
    (store.run_folder(RUN) / "model.safetensors").write_bytes(b"weighty")


def lose_weights(store: ExperimentStore) -> None:
    write_weights(store, b"weights")
    (store.run_folder(RUN) / "model.safetensors").unlink()


def finish_at_once(store: ExperimentStore) -> None:
    provenance = store.read_run(RUN).provenance
    assert provenance is not None
    at_once = provenance.model_copy(update={"finished_at": provenance.started_at})
    change_run(store, provenance=at_once)


def change_feature_maps(store: ExperimentStore, **changes: Any) -> None:
    write_feature_maps(store, read_feature_maps(store, RUN).model_copy(update=changes))


def lose_atlas(store: ExperimentStore) -> None:
    (store.run_folder(RUN) / "feature_maps" / "image1_layer1.webp").unlink()


def map_image(sample_id: str) -> Change:
    def change(store: ExperimentStore) -> None:
        _, *others = read_feature_maps(store, RUN).samples
        change_feature_maps(store, samples=[sample_id, *others])

    return change


def respond_to(place: int, n_channels: int | None = None) -> Change:
    """Let a channel of the second layer respond most to the test image in a place."""

    def change(store: ExperimentStore) -> None:
        record = read_feature_maps(store, RUN)
        layers = read_top_images(store, record)
        layers[1][0, 0] = place
        layers[1] = layers[1][:n_channels]
        names = [layer.name for layer in record.layers]
        change_feature_maps(store, top_images=write_top_images(store, RUN, layers, names, []))

    return change


def walk(**changes: Any) -> Change:
    def change(store: ExperimentStore) -> None:
        write_walkthrough(store, read_walkthrough(store, RUN).model_copy(update=changes))

    return change


def map_class(store: ExperimentStore) -> None:
    """Let the first class-activation map be for the next class."""
    activation = read_feature_maps(store, RUN).activation
    assert activation is not None
    first, *others = activation.maps
    moved = first.model_copy(update={"class_index": (first.class_index + 1) % 3})
    maps = {"maps": [moved, *others]}
    change_feature_maps(store, activation=activation.model_copy(update=maps))


def lose_parameter(store: ExperimentStore) -> None:
    """Let the first layer of a network have one parameter less."""
    made_of = read_architecture(store, RUN)
    first, *others = made_of.layers
    fewer = first.model_copy(update={"n_parameters": first.n_parameters - 1})
    write_architecture(store, made_of.model_copy(update={"layers": [fewer, *others]}))
