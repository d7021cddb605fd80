"""Tables of predictions: what is told survives, what is not told is absent, nonsense is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, log_loss, top_k_accuracy_score

from experiments.results.errors import DataError
from experiments.results.importers import ClassNames, Imported, read_import
from experiments.results.metrics import classification, probabilities
from experiments.results.predictions import Predictions
from tests.results.test_store import HOSTILE

NAMES = ("cat", "dog", "fox")
KNOWN = ClassNames(NAMES, "experiment 'pets'")


def write(folder: Path, content: str | bytes, name: str = "said.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def said(imported: Imported) -> Predictions:
    assert isinstance(imported.said, Predictions)
    return imported.said


def drawn(n_images: int, n_classes: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    random = np.random.default_rng(5)
    targets = random.integers(n_classes, size=n_images)
    return targets, random.dirichlet(np.ones(n_classes), size=n_images)


def table(names: tuple[str, ...], targets: NDArray[np.int64], shares: NDArray[np.float64]) -> str:
    lines = [",".join(["sample_id", "target", *names])]
    for row, (target, of_image) in enumerate(zip(targets, shares, strict=True)):
        lines.append(",".join([f"image {row}", names[target], *(f"{p:.8f}" for p in of_image)]))
    return "\n".join(lines) + "\n"


class TestProbabilities:
    def test_scores_are_those_of_scikit_learn(self, tmp_path: Path) -> None:
        names = tuple(f"class {number}" for number in range(12))
        targets, shares = drawn(300, 12)
        found = read_import(write(tmp_path, table(names, targets, shares)), None)
        assert found.class_names == names
        of = said(found)
        assert of.target_ranks is not None
        assert of.target_probabilities is not None
        assert (of.predicted == of.targets).mean() == accuracy_score(targets, shares.argmax(axis=1))
        in_top = classification.n_in_top_k(of.target_ranks, 5) / 300
        assert in_top == top_k_accuracy_score(targets, shares, k=5, labels=range(12))
        expected = log_loss(targets, shares, labels=range(12))
        assert probabilities.log_loss(of.target_probabilities) == pytest.approx(expected, rel=1e-5)

    def test_columns_may_have_another_order_than_the_experiment(self, tmp_path: Path) -> None:
        path = write(tmp_path, "target,fox,cat,sample_id,dog\ndog,0.2,0.1,a,0.7\n")
        found = read_import(path, KNOWN)
        assert found.class_names == NAMES
        assert said(found).top_classes.tolist() == [[1, 2, 0]]
        assert said(found).targets.tolist() == [1]

    def test_a_stated_prediction_decides_between_equal_ones(self, tmp_path: Path) -> None:
        path = write(tmp_path, "sample_id,target,prediction,cat,dog,fox\na,cat,fox,.4,.2,.4\n")
        of = said(read_import(path, None))
        assert of.top_classes.tolist() == [[2, 0, 1]]
        assert of.target_ranks is not None
        assert of.target_ranks.tolist() == [2]

    def test_rounding_is_divided_out(self, tmp_path: Path) -> None:
        path = write(tmp_path, "sample_id,target,cat,dog,fox\na,cat,.33,.33,.33\n")
        of = said(read_import(path, None))
        assert of.top_probabilities is not None
        np.testing.assert_allclose(of.top_probabilities, 1 / 3, rtol=1e-6)

    def test_a_thousand_classes_of_any_name(self, tmp_path: Path) -> None:
        special = (
            "null",
            "NaN",
            "__proto__",
            "1",
            "=1+1",
            "<b>",
            "two\r\nlines",
            " ",
            "None",
            "-0",
        )
        names = (*special, *(f"c{number}" for number in range(990)))
        targets, shares = drawn(20, 1000)
        columns = {"sample_id": list("abcdefghijklmnopqrst"), "target": [names[t] for t in targets]}
        columns |= {name: list(shares[:, place]) for place, name in enumerate(names)}
        pq.write_table(pa.table(columns), tmp_path / "said.parquet")
        found = read_import(tmp_path / "said.parquet", None)
        assert found.class_names == names
        assert said(found).targets.tolist() == targets.tolist()
        assert (said(found).predicted == shares.argmax(axis=1)).all()
        assert said(found).top_classes.shape == (20, 20)


class TestOneClassEach:
    def test_what_is_not_told_is_absent(self, tmp_path: Path) -> None:
        path = write(
            tmp_path, "sample_id,target,prediction,confidence\na,cat,dog,0.9\nb,fox,fox,1\n"
        )
        found = read_import(path, None)
        of = said(found)
        assert found.class_names == ("cat", "dog", "fox")
        assert of.predicted.tolist() == [1, 2]
        assert of.top_probabilities is not None
        assert of.top_probabilities.tolist() == [[np.float32(0.9)], [1.0]]
        assert of.target_ranks is None
        assert of.target_probabilities is None

    def test_without_confidence_there_are_no_probabilities(self, tmp_path: Path) -> None:
        of = said(read_import(write(tmp_path, "sample_id,target,prediction\na,1,0\nb,0,0\n"), None))
        assert of.top_probabilities is None
        assert of.predicted.tolist() == [0, 0]

    def test_labels_are_names_or_else_indices(self, tmp_path: Path) -> None:
        path = write(tmp_path, "sample_id,target,prediction\na,2,0\nb,1,1\n")
        assert said(read_import(path, KNOWN)).targets.tolist() == [2, 1]
        numbers = ClassNames(("3", "2", "1"), "experiment 'numbers'")
        assert said(read_import(write(tmp_path, path.read_text()), None)).targets.tolist() == [2, 1]
        names = write(tmp_path, "sample_id,target,prediction\na,2,3\nb,1,1\n")
        assert said(read_import(names, numbers)).targets.tolist() == [1, 2]
        assert said(read_import(names, numbers)).predicted.tolist() == [0, 2]

    def test_labels_that_are_numbers_are_sorted_by_value(self, tmp_path: Path) -> None:
        path = write(tmp_path, "sample_id,target,prediction\na,10,9\nb,9,100\n")
        assert read_import(path, None).class_names == ("9", "10", "100")

    @pytest.mark.parametrize("name", [name for name in HOSTILE if "\n" not in name])
    def test_hostile_names_are_just_names(self, tmp_path: Path, name: str) -> None:
        quoted = '"' + name.replace('"', '""') + '"'
        path = write(
            tmp_path,
            f"sample_id,target,prediction\r\n{quoted},{quoted},other\r\nb,other,{quoted}\r\n",
        )
        found = read_import(path, None)
        assert set(found.class_names) == {name, "other"}
        assert said(found).sample_ids.tolist() == [name, "b"]

    def test_a_table_from_excel_reads_the_same(self, tmp_path: Path) -> None:
        plain = "sample_id,target,prediction\na,cat,dog\nb,dog,dog\n"
        excel = "\ufeff" + plain.replace("\n", "\r\n").replace("sample_id", " Sample_ID ") + "\r\n"
        first = said(read_import(write(tmp_path, plain), None))
        second = said(read_import(write(tmp_path, excel), None))
        assert first.sample_ids.tolist() == second.sample_ids.tolist()
        assert first.predicted.tolist() == second.predicted.tolist()

    def test_parquet_reads_the_same(self, tmp_path: Path) -> None:
        columns = {
            "sample_id": [7, 8],
            "target": [0, 2],
            "prediction": [1, 2],
            "confidence": [0.5, 1],
        }
        pq.write_table(pa.table(columns), tmp_path / "said.parquet")
        of = said(read_import(tmp_path / "said.parquet", KNOWN))
        text = "sample_id,target,prediction,confidence\n7,0,1,0.5\n8,2,2,1\n"
        other = said(read_import(write(tmp_path, text), KNOWN))
        for name, array in vars(of).items():
            np.testing.assert_array_equal(array, getattr(other, name))


HEAD = "sample_id,target,prediction,confidence\n"
WIDE = "sample_id,target,cat,dog,fox\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no rows"),
        (HEAD, "has no rows; a run needs at least one image"),
        (
            "sample_id;target;prediction\na;cat;dog\n",
            "its cells are apart by ';'; save it with commas",
        ),
        ("sample_id,target\na,cat\n", "has no column 'prediction'; it has 'sample_id', 'target'"),
        ("target,prediction\ncat,dog\n", "has no column 'sample_id'"),
        (
            "sample_id,target,predicton\na,cat,dog\n",
            "row 2, column 'predicton': 'dog' is not a number",
        ),
        ("sample_id,target,prediction,target\na,cat,cat,dog\n", "has the column 'target' twice"),
        (WIDE.replace("fox", "cat") + "a,cat,1,0,0\n", "has the column 'cat' twice"),
        (WIDE.replace("fox", "") + "a,cat,1,0,0\n", "column 5 has no name"),
        (HEAD + "a,cat,cow,0.5\n", "row 2, column 'prediction': 'cow' is none of the 3 classes of"),
        (HEAD + "a,cat,dog,1\nb,dgo,dog,1\n", "row 3, column 'target': 'dgo' is none of the 3"),
        (HEAD + "a,cat,dog,1\nb,dgo,dog,1\n", "did you mean 'dog'?"),
        (HEAD + "a,3,0,0.5\n", "row 2, column 'target': '3' is none of the 3 classes"),
        (HEAD + "a,-1,0,0.5\n", "row 2, column 'target': '-1' is none of"),
        (HEAD + "a,,cat,0.5\n", "row 2, column 'target': is empty; give every image a label"),
        (HEAD + ",cat,cat,0.5\n", "row 2, column 'sample_id': is empty"),
        (
            HEAD + "a,cat,cat,1\n\nb,cat,cat,1\na,cat,cat,1\n",
            "row 5, column 'sample_id': 'a' is there",
        ),
        (HEAD + "a,cat,cat,1\n\nb,cat,cat,1\na,cat,cat,1\n", "row 2, column 'sample_id': here)"),
        (HEAD + "a\0,cat,cat,1\n", "row 2, column 'sample_id': holds a NUL character"),
        (HEAD + "a,cat,cat,1.2\n", "row 2, column 'confidence': 1.2 is no probability"),
        (HEAD + "a,cat,cat,nan\n", "row 2, column 'confidence': nan is no finite number"),
        (HEAD + "a,cat,cat,97 %\n", "row 2, column 'confidence': '97 %' is not a number"),
        (HEAD + "a,cat,cat\n", "row 2: has 3 columns where the header has 4"),
        (
            WIDE + "a,cat,1,0,0\nb,cat,0.5,0.2,0.14\n",
            "row 3: the probabilities add up to 0.84, 0.16",
        ),
        (WIDE + "a,cat,1,0.5,0\nb,cat,1,1,0\n", "add up to 1.5, 0.5 too much"),
        (WIDE + "a,cat,1,0.5,0\nb,cat,1,1,0\n", "rounding; 1 more are off as well"),
        (WIDE + "a,cat,1,0,0\nb,cat,nan,0,1\n", "row 3, column 'cat': nan is no finite number"),
        (WIDE + "a,cat,inf,0,0\n", "row 2, column 'cat': inf is no finite number"),
        (
            WIDE + "a,cat,2.5,-1,0\n",
            "row 2, column 'cat': 2.5 is no probability, from 0 to 1; logits",
        ),
        ("sample_id,target,cat,dog\na,cat,1,0\n", "'fox' is no class of the columns of"),
        ("sample_id,target,cat,dog,fix\na,cat,1,0,0\n", "'fix' is no class of experiment 'pets'"),
        (
            "sample_id,target,prediction,cat,dog,fox\na,cat,dog,0.6,0.4,0\n",
            "row 2, column 'prediction': is 'dog', but the most probable is 'cat'",
        ),
        (
            "sample_id,target,confidence,cat,dog,fox\na,cat,0.9,0.6,0.4,0\n",
            "row 2, column 'confidence': is 0.9, but the largest probability is 0.6",
        ),
        (b"sample_id,target,prediction\na,cat,dog\nb,caf\xe9,dog\n", "line 3: is not UTF-8"),
        ("sample_id,target,prediction\na,cat,dog\n".encode("utf-16"), "line 1: is not UTF-8"),
        (HEAD + '"a,cat,cat,1\n', "is not CSV"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(DataError) as refusal:
        read_import(path, KNOWN)
    assert str(path) in str(refusal.value)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"target": ["cat", None]}, "row 3, column 'target': is empty"),
        ({"cat": [0.2, None]}, "row 3, column 'cat': nan is no finite number"),
        ({"cat": ["0.2", "0.3"]}, "column 'cat': every column but .* but holds string"),
    ],
)
def test_parquet_that_makes_no_sense_is_named(
    tmp_path: Path, columns: dict[str, list[Any]], message: str
) -> None:
    whole: dict[str, list[Any]] = {"sample_id": ["a", "b"], "target": ["cat", "dog"]}
    whole |= {name: [1 / 3, 1 / 3] for name in NAMES}
    pq.write_table(pa.table(whole | columns), tmp_path / "said.parquet")
    with pytest.raises(DataError, match=message):
        read_import(tmp_path / "said.parquet", KNOWN)


@pytest.mark.parametrize("name", ["said.xlsx", "said", "said.pkl"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"cannot be imported; it has to be \.csv, \.parquet"):
        read_import(tmp_path / name, None)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for name in ("none.csv", "none.parquet", "none.npz", "none.json"):
        with pytest.raises(DataError, match=rf"{name}: cannot be read: No such file"):
            read_import(tmp_path / name, None)


class TestClassNames:
    def test_a_list_is_read_line_by_line(self, tmp_path: Path) -> None:
        lines = ["null", "NaN", "__proto__", "1", "=1+1", "\u2028line", " spaces ", "naïve 猫"]
        path = write(tmp_path, "\ufeff" + "\r\n".join(lines) + "\r\n", "classes.txt")
        assert ClassNames.read(path).names == tuple(lines)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"cat\ndog\ncat\n", "has the class 'cat' twice"),
            (b"cat\n\ndog\n", "has an empty name"),
            (b"cat\n", "names 1 classes; two are the least"),
            (b"cat\n\xff\n", "is not UTF-8"),
        ],
    )
    def test_a_list_that_makes_no_sense_is_refused(
        self, tmp_path: Path, content: bytes, message: str
    ) -> None:
        with pytest.raises(DataError, match=message):
            ClassNames.read(write(tmp_path, content, "classes.txt"))
