"""Confusion matrices and classification reports: counts of images without the images."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import classification_report, confusion_matrix, precision_recall_fscore_support

from experiments.results.counts import Counts
from experiments.results.errors import DataError
from experiments.results.importers import ClassNames, Imported, read_import
from experiments.results.metrics.classification import averaged_scores, class_scores

NAMES = ("cat", "dog", "fox")
KNOWN = ClassNames(NAMES, "experiment 'pets'")
MATRIX = np.array([[5, 1, 0], [2, 7, 1], [0, 0, 4]])
TURNED = np.array([2, 0, 1])


def write(folder: Path, content: str | bytes | dict[str, Any] | list[Any], name: str) -> Path:
    path = folder / name
    match content:
        case bytes():
            path.write_bytes(content)
        case str():
            path.write_bytes(content.encode())
        case _:
            path.write_text(json.dumps(content))
    return path


def counts(imported: Imported) -> Counts:
    assert isinstance(imported.said, Counts)
    return imported.said


def named(matrix: NDArray[np.int64], names: tuple[str, ...], corner: str = "") -> str:
    lines = [",".join([corner, *names])]
    rows = zip(names, matrix.tolist(), strict=True)
    return "\n".join([*lines, *(",".join(map(str, [name, *cells])) for name, cells in rows)]) + "\n"


class TestMatrix:
    @pytest.mark.parametrize(
        ("content", "name"),
        [
            (named(MATRIX, NAMES), "m.csv"),
            (named(MATRIX, NAMES, "true class"), "m.csv"),
            (named(MATRIX[np.ix_(TURNED, TURNED)], ("fox", "cat", "dog")), "m.csv"),
            ("\ufeff" + named(MATRIX, NAMES).replace("\n", "\r\n"), "m.csv"),
            ("5,1,0\n2,7,1\n0,0,4\n", "m.csv"),
            ("5.0e0,1e0,0\n2,7,1\n0,0,4\n", "m.csv"),
            (MATRIX.tolist(), "m.json"),
            ({"confusion": MATRIX.tolist()}, "m.json"),
            (
                {
                    "confusion": MATRIX[np.ix_(TURNED, TURNED)].tolist(),
                    "class_names": ["fox", "cat", "dog"],
                },
                "m.json",
            ),
        ],
    )
    def test_it_is_read_in_the_order_of_the_experiment(
        self, tmp_path: Path, content: Any, name: str
    ) -> None:
        found = read_import(write(tmp_path, content, name), KNOWN)
        of = counts(found)
        assert found.kind == "confusion matrix"
        assert of.confusion is not None
        assert of.confusion.tolist() == MATRIX.tolist()
        assert of.support.tolist() == [6, 10, 4]
        assert of.hits.tolist() == [5, 7, 4]
        assert of.chosen.tolist() == [7, 8, 5]

    def test_rows_may_have_another_order_than_columns(self, tmp_path: Path) -> None:
        lines = named(MATRIX, NAMES).splitlines()
        shuffled = "\n".join([lines[0], lines[3], lines[1], lines[2]])
        of = counts(read_import(write(tmp_path, shuffled, "m.csv"), None))
        assert of.confusion is not None
        assert of.confusion.tolist() == MATRIX.tolist()

    @pytest.mark.parametrize("names", [NAMES, ("target", "dog", "fox"), ("cat", "prediction", "a")])
    @pytest.mark.parametrize("corner", ["", "target", "Prediction", "cat"])
    def test_the_corner_and_the_classes_may_be_called_anything(
        self, tmp_path: Path, names: tuple[str, ...], corner: str
    ) -> None:
        """As `pandas.crosstab(target, prediction)` writes it."""
        found = read_import(write(tmp_path, named(MATRIX, names, corner), "m.csv"), None)
        assert found.class_names == names
        of = counts(found)
        assert of.confusion is not None
        assert of.confusion.tolist() == MATRIX.tolist()

    def test_a_table_without_ids_is_told_so(self, tmp_path: Path) -> None:
        table = "target,prediction\ncat,dog\ndog,dog\n"
        with pytest.raises(DataError, match="has no column 'sample_id'"):
            read_import(write(tmp_path, table, "p.csv"), None)

    def test_without_any_names_classes_are_numbers(self, tmp_path: Path) -> None:
        found = read_import(write(tmp_path, MATRIX.tolist(), "m.json"), None)
        assert found.class_names == ("0", "1", "2")

    def test_classes_called_by_numbers_are_names(self, tmp_path: Path) -> None:
        found = read_import(write(tmp_path, named(MATRIX, ("3", "1", "2")), "m.csv"), None)
        assert found.class_names == ("3", "1", "2")

    def test_a_thousand_classes_of_any_name(self, tmp_path: Path) -> None:
        special = ("null", "NaN", "__proto__", "1", "=1+1", "<b>", '"two\r\nlines"', " ")
        names = (*special, *(f"c{number}" for number in range(992)))
        matrix = np.random.default_rng(0).integers(3, size=(1000, 1000))
        found = read_import(write(tmp_path, named(matrix, names), "m.csv"), None)
        assert found.class_names == tuple(name.strip('"') for name in names)
        of = counts(found)
        assert of.confusion is not None
        assert (of.confusion == matrix).all()

    def test_metrics_given_with_it_are_kept(self, tmp_path: Path) -> None:
        content = {"confusion": MATRIX.tolist(), "metrics": {"accuracy": 0.99, "kappa": 1}}
        found = read_import(write(tmp_path, content, "m.json"), None)
        assert found.reported == {"accuracy": 0.99, "kappa": 1.0}

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "has no rows"),
            (",cat,dog,fox\n", "has 1 rows of 4 cells; a confusion matrix is square"),
            (named(MATRIX, NAMES).rsplit("fox", 1)[0], "has 3 rows of 4 cells; .* square"),
            ("5,1,0\n2,7,1\n", "has 2 rows of 3 cells; .* square"),
            (named(MATRIX, NAMES).replace("fox,0", "cow,0"), "'cow' is no class of the first row"),
            (named(MATRIX, ("cat", "cat", "fox")), "has the class 'cat' twice"),
            (named(MATRIX, ("cat", "dog", "cow")), "'cow' is no class of experiment 'pets'"),
            (
                named(MATRIX, NAMES).replace("7", "0.7"),
                "row 'dog', column 'dog': '0.7' is no count",
            ),
            (named(MATRIX, NAMES).replace("7", "-7"), "row 'dog', column 'dog': '-7' is no count"),
            (
                named(MATRIX, NAMES).replace("7", "nan"),
                "row 'dog', column 'dog': 'nan' is no count",
            ),
            (
                named(MATRIX, NAMES).replace("7", "inf"),
                "row 'dog', column 'dog': 'inf' is no count",
            ),
            (named(MATRIX, NAMES).replace("7", ""), "row 'dog', column 'dog': '' is no count"),
            (named(MATRIX, NAMES).replace("dog,2,", "dog,"), "row 3: has 3 columns where"),
            (named(MATRIX * 0, NAMES), "counts no image"),
            ("1,0\n0,1\n", "has 2 rows, but experiment 'pets' has 3 classes"),
        ],
    )
    def test_csv_that_makes_no_sense_is_named(
        self, tmp_path: Path, content: str, message: str
    ) -> None:
        with pytest.raises(DataError, match=message) as refusal:
            read_import(write(tmp_path, content, "m.csv"), KNOWN)
        assert "m.csv" in str(refusal.value)

    def test_sums_in_the_last_row_and_column_are_refused(self, tmp_path: Path) -> None:
        whole = np.block([[MATRIX, MATRIX.sum(1, keepdims=True)], [MATRIX.sum(0), MATRIX.sum()]])
        with pytest.raises(DataError, match="last row and column are the sums of the others"):
            read_import(write(tmp_path, named(whole, (*NAMES, "All")), "m.csv"), None)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("{", "not JSON"),
            (b"\xff", "not JSON"),
            ("[[1, NaN], [0, 1]]", "not JSON: NaN is no number"),
            (
                '{"confusion": [[1, 0], [0, 1]], "confusion": [[1, 1], [0, 0]]}',
                "'confusion' is there twice",
            ),
            ("3", "holds neither 'confusion'"),
            ("{}", "holds neither 'confusion'"),
            ("[]", "has no rows"),
            ("[1, 2]", "has to be a list of rows"),
            ("[[1, 2], [3]]", r"2 rows of 1 cells; .* \(row 2 of them\)"),
            ("[[1, 2, 0], [3, 4, 0]]", r"2 rows of 3 cells; .* \(row 1 of them\)"),
            ("[[1, 0.5, 0], [3, 4, 0], [0, 0, 1]]", "row 'cat', column 'dog': 0.5 is no count"),
            ("[[1, true, 0], [3, 4, 0], [0, 0, 1]]", "row 'cat', column 'dog': True is no count"),
            ("[[1, null, 0], [3, 4, 0], [0, 0, 1]]", "row 'cat', column 'dog': None is no count"),
            ({"confusion": MATRIX.tolist(), "classes": []}, "'classes': unknown key"),
            ({"confusion": MATRIX.tolist(), "class_names": [1, 2, 3]}, "has to be a list of texts"),
            (
                {"confusion": MATRIX.tolist(), "class_names": ["a", "b"]},
                "3 rows, but 'class_names'",
            ),
            ({"confusion": MATRIX.tolist(), "metrics": [1]}, "'metrics': has to be an object"),
            ({"confusion": MATRIX.tolist(), "metrics": {"f1": "1"}}, "'f1': '1' is not a number"),
        ],
    )
    def test_json_that_makes_no_sense_is_named(
        self, tmp_path: Path, content: Any, message: str
    ) -> None:
        with pytest.raises(DataError, match=message) as refusal:
            read_import(write(tmp_path, content, "m.json"), KNOWN)
        assert "m.json" in str(refusal.value)


def report_of(
    targets: NDArray[np.int64], predicted: NDArray[np.int64], names: tuple[str, ...]
) -> dict[str, Any]:
    report: dict[str, Any] = classification_report(
        targets,
        predicted,
        labels=range(len(names)),
        target_names=names,
        output_dict=True,
        zero_division=0,
    )
    return report


class TestReport:
    @pytest.mark.parametrize("seed", range(20))
    def test_counts_are_recovered(self, tmp_path: Path, seed: int) -> None:
        random = np.random.default_rng(seed)
        names = tuple(f"class {number}" for number in range(8))
        targets = random.integers(8, size=500)
        predicted = np.where(random.random(500) < 0.6, targets, random.integers(8, size=500))
        path = write(tmp_path, report_of(targets, predicted, names), "report.json")
        found = read_import(path, None)
        of = counts(found)
        matrix = confusion_matrix(targets, predicted, labels=range(8))
        assert found.class_names == names
        assert of.confusion is None
        assert of.support.tolist() == matrix.sum(axis=1).tolist()
        assert of.hits.tolist() == matrix.diagonal().tolist()
        assert of.chosen.tolist() == matrix.sum(axis=0).tolist()
        macro = averaged_scores(of.support * 0 + of.hits, of.support, of.chosen, "macro")
        assert found.reported["macro_f1"] == pytest.approx(macro.f1, rel=1e-12)
        assert found.reported["accuracy"] == (targets == predicted).mean()

    def test_a_class_without_hits_is_counted_from_the_others(self, tmp_path: Path) -> None:
        targets, predicted = np.array([0, 0, 1, 2]), np.array([0, 2, 1, 0])
        path = write(tmp_path, report_of(targets, predicted, NAMES), "report.json")
        assert counts(read_import(path, KNOWN)).chosen.tolist() == [2, 1, 1]

    def test_several_such_classes_are_unknown_but_score_all_the_same(self, tmp_path: Path) -> None:
        targets, predicted = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 2, 1, 1])
        path = write(tmp_path, report_of(targets, predicted, NAMES), "report.json")
        of = counts(read_import(path, KNOWN))
        assert of.chosen.tolist() == [1, -1, -1]
        scores = class_scores(of.hits, of.support, of.chosen)
        expected = precision_recall_fscore_support(targets, predicted, zero_division=0)
        for found, truth in zip(
            (scores.precision, scores.recall, scores.f1), expected, strict=False
        ):
            np.testing.assert_allclose(found, truth)
        macro = averaged_scores(of.hits, of.support, of.chosen, "macro")
        assert macro.f1 == pytest.approx(expected[2].mean())

    def test_a_class_that_never_occurs_leaves_no_macro_average_to_compare(
        self, tmp_path: Path
    ) -> None:
        targets, predicted = np.array([0, 0, 1]), np.array([0, 1, 1])
        found = read_import(
            write(tmp_path, report_of(targets, predicted, NAMES), "report.json"), KNOWN
        )
        assert counts(found).chosen.tolist() == [1, 2, 0]
        assert "macro_f1" not in found.reported
        assert found.reported["accuracy"] == pytest.approx(2 / 3)

    def test_classes_may_have_another_order_and_any_name(self, tmp_path: Path) -> None:
        names = ("accuracy", "__proto__", "=1+1")
        targets, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 2])
        report = report_of(targets, predicted, names)
        report["accuracy"] = report_of(targets, predicted, NAMES)["cat"]
        known = ClassNames(names[::-1], "experiment 'names'")
        found = read_import(write(tmp_path, report, "report.json"), known)
        assert counts(found).support.tolist() == [1, 2, 3]
        assert counts(found).hits.tolist() == [1, 2, 2]
        assert "accuracy" not in found.reported

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                lambda report: report["dog"].pop("recall"),
                "class 'dog', 'recall': None is no number",
            ),
            (
                lambda report: report["dog"].update(recall=0.33),
                "'dog': recall times support is 1.98",
            ),
            (lambda report: report["dog"].update(recall=1.5), "'dog', 'recall': 1.5 is no share"),
            (lambda report: report["dog"].update(support=-1), "'dog', 'support': -1 is no number"),
            (
                lambda report: report["dog"].update(support=6.4),
                "support is 6.4, but images come whole",
            ),
            (
                lambda report: report["dog"].update(precision=0),
                "precision or recall is 0, but not both",
            ),
            (lambda report: report["dog"].update(precision=0.7), "hits over precision is"),
            (lambda report: report["dog"].update(precision=1), "the report contradicts itself"),
            (lambda report: report.pop("fox"), "'fox' is no class of the report"),
            (
                lambda report: report.update(cow=report["dog"]),
                "'cow' is no class of experiment 'pets'",
            ),
            (
                lambda report: report.update({"micro avg": report.pop("macro avg")}),
                "'micro avg': is",
            ),
            (lambda report: report.update(accuracy="high"), "'accuracy': 'high' is no number"),
        ],
    )
    def test_what_makes_no_sense_is_named(
        self, tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
    ) -> None:
        targets = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2])
        predicted = np.array([0, 0, 0, 1, 1, 1, 1, 0, 0, 2, 2, 2])
        report = report_of(targets, predicted, NAMES)
        counts(read_import(write(tmp_path, report, "report.json"), KNOWN))
        change(report)
        with pytest.raises(DataError, match=message) as refusal:
            read_import(write(tmp_path, report, "report.json"), KNOWN)
        assert "report.json" in str(refusal.value)
