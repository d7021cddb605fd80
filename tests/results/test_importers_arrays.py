"""Logits and probabilities as arrays, from a file or from a training loop."""

import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

from experiments.results.errors import BakeoffError, DataError, StoreError
from experiments.results.importers import ClassNames, read_import
from experiments.results.predictions import Predictions
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from tests.results.test_store import HOSTILE, Exploit

KNOWN = ClassNames(("cat", "dog", "fox"), "experiment 'pets'")
RANDOM = np.random.default_rng(8)
LOGITS = RANDOM.normal(scale=3, size=(40, 3)).astype(np.float32)
TARGETS = RANDOM.integers(3, size=40)
IDS = np.array([f"image {number}" for number in range(40)])


def read(folder: Path, known: ClassNames | None = None, **arrays: Any) -> Predictions:
    np.savez(folder / "said.npz", **arrays)
    found = read_import(folder / "said.npz", known).said
    assert isinstance(found, Predictions)
    return found


def same(one: Predictions, other: Predictions) -> None:
    for name, array in vars(one).items():
        if array.dtype == np.float32:
            np.testing.assert_allclose(array, getattr(other, name), atol=1e-6)
        else:
            np.testing.assert_array_equal(array, getattr(other, name))


def test_logits_and_their_softmax_are_the_same(tmp_path: Path) -> None:
    of_logits = read(tmp_path, logits=LOGITS, targets=TARGETS, sample_ids=IDS)
    assert of_logits.predicted.tolist() == LOGITS.argmax(axis=1).tolist()
    shares = softmax(LOGITS.astype(np.float64), axis=1)
    same(of_logits, read(tmp_path, probabilities=shares, targets=TARGETS, sample_ids=IDS))
    np.testing.assert_allclose(
        of_logits.target_probabilities, shares[np.arange(40), TARGETS], rtol=1e-5
    )


def test_classes_may_have_another_order_than_the_experiment(tmp_path: Path) -> None:
    straight = read(tmp_path, KNOWN, logits=LOGITS, targets=TARGETS, sample_ids=IDS)
    order = np.array([2, 0, 1])
    names = np.array(KNOWN.names)[order]
    turned = {"logits": LOGITS[:, order], "class_names": names, "sample_ids": IDS}
    same(straight, read(tmp_path, KNOWN, targets=np.argsort(order)[TARGETS], **turned))
    same(straight, read(tmp_path, KNOWN, targets=np.array(KNOWN.names)[TARGETS], **turned))


def test_numbers_are_indices_even_where_classes_are_called_by_numbers(tmp_path: Path) -> None:
    names = np.array(["2", "1", "0"])
    numbers = read(tmp_path, logits=LOGITS, targets=TARGETS, class_names=names)
    assert numbers.targets.tolist() == TARGETS.tolist()
    texts = read(tmp_path, logits=LOGITS, targets=TARGETS.astype(str), class_names=names)
    assert texts.targets.tolist() == (2 - TARGETS).tolist()


def test_images_without_names_are_called_by_their_numbers(tmp_path: Path) -> None:
    assert read(tmp_path, logits=LOGITS, targets=TARGETS).sample_ids[[0, 39]].tolist() == [
        "0",
        "39",
    ]


def test_encoded_texts_are_decoded(tmp_path: Path) -> None:
    names = np.char.encode(np.array(["naïve", "猫", "=1+1"]), "utf-8")
    np.savez(tmp_path / "said.npz", logits=LOGITS, targets=TARGETS, class_names=names)
    assert read_import(tmp_path / "said.npz", None).class_names == ("naïve", "猫", "=1+1")


GOOD: dict[str, Any] = {"logits": LOGITS, "targets": TARGETS, "sample_ids": IDS}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"logits": None}, "needs an array 'probabilities' or 'logits'"),
        ({"probabilities": softmax(LOGITS, axis=1)}, "'probabilities' or 'logits', one of them"),
        ({"targets": None}, "has no array 'targets'"),
        ({"targets": None, "target": TARGETS}, "unknown array 'target'; did you mean 'targets'?"),
        ({"targets": TARGETS[1:]}, r"array 'targets': has shape \(39,\) .* be 40 texts"),
        ({"targets": TARGETS * 1.0}, "array 'targets': .* type float64"),
        ({"targets": TARGETS + 1}, "array 'targets', row .*: '3' is none of the 3 classes"),
        ({"targets": TARGETS - 1}, "array 'targets', row .*: '-1' is none of the 3 classes"),
        ({"sample_ids": np.full(40, "a")}, r"array 'sample_ids', row 1 .*'a' is there already"),
        ({"sample_ids": np.full(40, "")}, r"array 'sample_ids', row 0 \(from 0\): is empty"),
        ({"logits": LOGITS[:, 0]}, r"array 'logits': has shape \(40,\)"),
        ({"logits": LOGITS[:0]}, "array 'logits': has no rows"),
        ({"logits": LOGITS.astype(str)}, "array 'logits': has shape .* type <U"),
        ({"logits": LOGITS[:, :2]}, "has 2 columns, but experiment 'pets' has 3 classes"),
        (
            {"logits": np.where(np.arange(120).reshape(40, 3) == 10, np.nan, LOGITS)},
            r"array 'logits', row 3 \(from 0\): class 'dog': nan is no finite number",
        ),
        (
            {"logits": None, "probabilities": softmax(LOGITS, axis=1) / 2},
            r"array 'probabilities', row 0 \(from 0\): .* add up to 0.5, 0.5 too little",
        ),
        (
            {"class_names": np.array(["cat", "dog", "cow"])},
            "'cow' is no class of experiment 'pets'",
        ),
        ({"class_names": np.array(["cat", "dog", "cat"])}, "has the class 'cat' twice"),
        ({"sample_ids": IDS.astype(object)}, "array of Python objects, .* np.asarray"),
    ],
)
def test_what_makes_no_sense_is_named(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    arrays = {name: array for name, array in (GOOD | changes).items() if array is not None}
    with pytest.raises(DataError, match=message) as refusal:
        read(tmp_path, KNOWN, **arrays)
    assert "said.npz" in str(refusal.value)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    exploit = np.array([Exploit(trace)] * 40, dtype=object)
    with pytest.raises(DataError, match="Python objects"):
        read(tmp_path, logits=LOGITS, targets=TARGETS, sample_ids=exploit)
    (tmp_path / "said.npz").write_bytes(pickle.dumps(Exploit(trace)))
    with pytest.raises(StoreError, match=r"said\.npz: cannot be read"):
        read_import(tmp_path / "said.npz", None)
    assert not trace.exists()


class TestInPython:
    """`ExperimentStore.add_predictions`."""

    def test_three_lines_make_an_experiment(self, tmp_path: Path) -> None:
        store = ExperimentStore(tmp_path / "mine")
        run = store.add_predictions(
            run="My model",
            sample_ids=IDS.tolist(),
            targets=[KNOWN.names[target] for target in TARGETS],
            probabilities=softmax(LOGITS, axis=1).tolist(),
            class_names=KNOWN.names,
            now=datetime(2025, 1, 1, tzinfo=UTC),
        )
        assert store.read_run("my-model") == run
        assert (run.label, run.origin, run.status) == ("My model", "imported", "finished")
        assert run.imported is not None
        assert run.imported.imported_at == datetime(2025, 1, 1, tzinfo=UTC)
        assert store.read_experiment().class_names == list(KNOWN.names)
        assert [sample.sample_id for sample in store.read_samples()] == IDS.tolist()
        said = store.read_predictions(run, Split.TEST)
        assert said.predicted.tolist() == LOGITS.argmax(axis=1).tolist()

    def test_texts_as_pandas_holds_them_are_texts(self, tmp_path: Path) -> None:
        store = ExperimentStore(tmp_path / "mine")
        store.add_predictions(
            run="a", sample_ids=IDS.astype(object), targets=TARGETS.astype(object), logits=LOGITS
        )
        assert [sample.sample_id for sample in store.read_samples()] == IDS.tolist()

    def test_hostile_names_come_back_unchanged(self, tmp_path: Path) -> None:
        store = ExperimentStore(tmp_path / "mine")
        n = len(HOSTILE)
        run = store.add_predictions(
            run="a", sample_ids=HOSTILE, targets=range(n), logits=np.eye(n), class_names=HOSTILE
        )
        assert store.read_experiment().class_names == list(HOSTILE)
        assert [sample.sample_id for sample in store.read_samples()] == list(HOSTILE)
        assert store.read_predictions(run, Split.TEST).sample_ids.tolist() == list(HOSTILE)

    def test_what_makes_no_sense_changes_nothing(self, tmp_path: Path) -> None:
        store = ExperimentStore(tmp_path / "mine")
        with pytest.raises(BakeoffError, match="run 'a', array 'targets', row 0"):
            store.add_predictions(run="a", sample_ids=IDS, targets=TARGETS + 5, logits=LOGITS)
        assert not store.folder.exists()
