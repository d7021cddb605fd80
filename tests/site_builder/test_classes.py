"""The pages of the classes, read as a reader would, against the stored predictions."""

import csv
import io
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import binomtest
from sklearn import metrics

from experiments.results.metrics.confusion import most_taken_for
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.explorer.images import images_of
from site_builder.loading import Experiment, load
from site_builder.naming import run_names
from site_builder.pages.classes.confused import N_SHOWN
from site_builder.pages.classes.files import classes_files
from site_builder.pages.classes.runs import N_SHOWN as N_RUNS
from tests.imports import NAMES, import_all_kinds
from tests.made_up import write_made_up_store
from tests.pictures import colour_of, write_illustrated_store
from tests.site_builder.answers import answer, import_counts, store_of
from tests.site_builder.changes import fail, relabel
from tests.site_builder.pages import PageReader

HOSTILE = "<img src=x onerror=alert(1)>"
NBSP = "\u00a0"
N_CLASSES = 3
RUNS, FOR, FROM = "Each run on this class", "What it is taken for", "What is taken for it"


def files_of(experiment: Experiment) -> dict[str, bytes]:
    names = run_names(experiment)
    return dict(classes_files(experiment, names, images_of(experiment)))


def page_of(files: dict[str, bytes], target: int | str) -> PageReader:
    return PageReader(files[f"classes/{target}.html"].decode())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    return write_illustrated_store(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def files(pictures: ExperimentStore) -> dict[str, bytes]:
    return files_of(load(pictures))


@pytest.fixture(scope="module")
def said(pictures: ExperimentStore) -> dict[str, NDArray[np.int32]]:
    """What each run said of each test image, best run first."""
    runs = {run_id: pictures.read_run(run_id) for run_id in pictures.read_experiment().run_ids}
    found = {
        run_id: pictures.read_predictions(run, Split.TEST).predicted for run_id, run in runs.items()
    }
    truth = targets_of(pictures)
    return dict(sorted(found.items(), key=lambda of: -int((of[1] == truth).sum())))


def targets_of(store: ExperimentStore) -> NDArray[np.int64]:
    return np.array([each.target for each in store.read_samples() if each.split == Split.TEST])


def sureness(store: ExperimentStore, run_id: str) -> NDArray[np.float32]:
    found = store.read_predictions(store.read_run(run_id), Split.TEST).top_probabilities
    assert found is not None
    return found[:, 0]


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


@pytest.mark.parametrize("target", range(N_CLASSES))
def test_runs_are_as_scikit_learn_says_best_first(
    pictures: ExperimentStore, files: dict[str, bytes], said: dict[str, NDArray[np.int32]],
    target: int,
) -> None:  # fmt: skip
    truth, class_names = targets_of(pictures), pictures.read_experiment().class_names
    page = page_of(files, target)
    shown = page.tables[RUNS][1:]
    assert len(shown) == len(said)
    for row, small, (run_id, predicted) in zip(
        shown, page.small[RUNS][1:], said.items(), strict=True
    ):
        precision, recall, f1, support = (
            scores[target] for scores in metrics.precision_recall_fscore_support(truth, predicted)
        )
        hits = int(((truth == target) & (predicted == target)).sum())
        assert row[1:5] == [
            percent(recall), percent(precision), percent(f1), f"{hits} of {support}"
        ]  # fmt: skip
        ends = binomtest(hits, int(support)).proportion_ci(method="wilson")
        assert small[1] == f"{percent(ends.low)}–{percent(ends.high)}"
        wrong = Counter(predicted[(truth == target) & (predicted != target)].tolist())
        other, n = min(wrong.items(), key=lambda of: (-of[1], of[0]))
        assert row[5] == f"{class_names[other]}({n})"
        cell = f"../errors.html#view=cell&run={run_id}&target={target}&prediction={other}"
        assert (cell, class_names[other]) in page.links
        assert f"../runs/{run_id}.html" in [href for href, _ in page.links]


@pytest.mark.parametrize("target", range(N_CLASSES))
def test_confusions_are_those_of_all_runs_together(
    pictures: ExperimentStore, files: dict[str, bytes], said: dict[str, NDArray[np.int32]],
    target: int,
) -> None:  # fmt: skip
    truth, names = targets_of(pictures), pictures.read_experiment().class_names
    total = sum(
        metrics.confusion_matrix(truth, predicted, labels=range(N_CLASSES))
        for predicted in said.values()
    )
    page = page_of(files, target)
    others = [other for other in range(N_CLASSES) if other != target]
    for label, counts, whole in (
        (FOR, total[target], total[target].sum()),
        (FROM, total[:, target], total[:, target].sum()),
    ):
        wanted = sorted(others, key=lambda other: -counts[other])
        rows = page.tables[label][1:]
        assert [row[:3] for row in rows] == [
            [names[other], str(counts[other]), percent(counts[other] / whole)] for other in wanted
        ]
        for other in wanted:
            assert (f"../classes/{other}.html", names[other]) in page.links
            cell = (target, other) if label == FOR else (other, target)
            by_run = {
                run_id: int(((truth == cell[0]) & (predicted == cell[1])).sum())
                for run_id, predicted in said.items()
            }
            worst = max(by_run, key=lambda run_id: by_run[run_id])
            href = f"../errors.html#view=cell&run={worst}&target={cell[0]}&prediction={cell[1]}"
            shown = [text for address, text in page.links if address == href]
            assert shown[-1].endswith(f"({by_run[worst]})")
    n_seen = total[target].sum()
    n_wrong = n_seen - total[target, target]
    assert (
        f"Of {n_seen}{NBSP}predictions for images of “{names[target]}” in all 6 runs, "
        f"{n_wrong} name another class." in page.text
    )


def shown_images(html: str, heading: str) -> list[tuple[str, tuple[float, ...], str, str]]:
    """Return address, part of its sheet, sheet and text of each image below a heading."""
    part = html.split(f">{heading}</h")[1].split("</ul>")[0]
    found = re.findall(
        r'<li><a href="([^"]*)"><svg viewBox="([^"]*)".*?<image href="([^"]*)".*?</svg>(.*?)</a>',
        part,
        flags=re.DOTALL,
    )
    return [
        (
            href.replace("&amp;", "&"),
            tuple(map(float, view.split())),
            sheet,
            " ".join(re.sub(r"<[^>]*>", "", text).split()),
        )
        for href, view, sheet, text in found
    ]


@pytest.mark.parametrize("target", range(N_CLASSES))
def test_images_are_the_stored_ones_hardest_first(
    pictures: ExperimentStore, files: dict[str, bytes], said: dict[str, NDArray[np.int32]],
    target: int, tmp_path: Path,
) -> None:  # fmt: skip
    truth, names = targets_of(pictures), pictures.read_experiment().class_names
    test_ids = [each.sample_id for each in pictures.read_samples() if each.split == Split.TEST]
    html = files[f"classes/{target}.html"].decode()
    places = np.flatnonzero(truth == target)
    wrong = {place: sum(of[place] != target for of in said.values()) for place in places.tolist()}
    first = shown_images(html, "What it looks like")
    assert [href for href, *_ in first] == [
        f"../errors.html#view=class&target={target}&image={target}.{rank}" for rank in range(8)
    ]
    hardest = shown_images(html, "The hardest of them")
    ranks = [int(href.rpartition(".")[2]) for href, *_ in hardest]
    n_wrong = [wrong[int(places[rank])] for rank in ranks]
    assert n_wrong == sorted((n for n in wrong.values() if n), reverse=True)[:16]
    # Of the runs that are wrong; of the others it does not matter how sure they are.
    sure = np.ma.mean(
        [
            np.ma.masked_array(sureness(pictures, run_id), mask=predicted == truth)
            for run_id, predicted in said.items()
        ],
        axis=0,
    )
    order = [(n, float(sure[places[rank]])) for rank, n in zip(ranks, n_wrong, strict=True)]
    # Runs' probabilities count in thousandths.
    assert all(a[0] > b[0] or a[1] > b[1] - 0.0011 for a, b in pairwise(order))
    for (href, view, sheet, text), n in zip(hardest, n_wrong, strict=True):
        place = int(places[int(href.rpartition(".")[2])])
        called = Counter(int(of[place]) for of in said.values() if of[place] != target)
        most = min(called, key=lambda other: (-called[other], other))
        runs = "all 6 runs" if n == 6 else f"{n} of 6 runs"
        wrong_in = f"wrong in {runs} → called {names[most]} ({called[most]})"
        assert text.replace(NBSP, " ") == f"{test_ids[place]} {wrong_in}"
        content = sheet_of(pictures, sheet)
        x, y, width, height = view
        with Image.open(io.BytesIO(content)) as picture:
            shown = picture.convert("RGB").getpixel((int(x + width / 2), int(y + height / 2)))
        assert np.abs(np.array(shown) - colour_of(place)).max() < 12


def sheet_of(store: ExperimentStore, address: str) -> bytes:
    """Return a sheet by its address on the site."""
    thumbnails = store.read_experiment().thumbnails
    assert thumbnails is not None
    target, part = map(int, Path(address).stem.split("-"))
    of_class = [sheet for sheet in thumbnails.sheets if sheet.target == target]
    return store.read_thumbnails(of_class[part].file)


@pytest.mark.parametrize("target", range(N_CLASSES))
def test_lists_of_its_images_say_how_many_they_hold(
    pictures: ExperimentStore, files: dict[str, bytes], said: dict[str, NDArray[np.int32]],
    target: int,
) -> None:  # fmt: skip
    truth = targets_of(pictures)
    places = np.flatnonzero(truth == target).tolist()
    best = next(iter(said))
    n_wrong = sum(said[best][place] != target for place in places)
    n_never = sum(all(of[place] != target for of in said.values()) for place in places)
    n_apart = sum(len({int(of[place]) for of in said.values()}) > 1 for place in places)
    page, errors = page_of(files, target), "../errors.html#view="
    shown = {href: text.replace(NBSP, " ") for href, text in page.links}
    assert shown[f"{errors}class&target={target}"] == f"All {len(places)} test images of the class"
    assert shown[f"{errors}confident&run={best}&target={target}"].startswith(f"{n_wrong} are wrong")
    assert shown[f"{errors}all-wrong&target={target}"] == f"{n_never} are wrong in all 6 runs"
    assert shown[f"{errors}disagree&target={target}"].startswith(f"{n_apart} are given different")


def test_the_head_says_what_and_how_many_it_is(
    pictures: ExperimentStore, files: dict[str, bytes], said: dict[str, NDArray[np.int32]]
) -> None:
    record, truth = pictures.read_experiment(), targets_of(pictures)
    page = page_of(files, 1)
    facts = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", files["classes/1.html"].decode())
    assert dict(facts) == {
        "Place in the list": "2 of 3",
        "Superclass": "pointed",
        "Training images": str(record.splits[Split.TRAIN].class_counts[1]),
        "Validation images": str(record.splits[Split.VAL].class_counts[1]),
        "Test images": str(record.splits[Split.TEST].class_counts[1]),
    }
    recalls = [float((of[truth == 1] == 1).mean()) for of in said.values()]
    text = page.text.replace(NBSP, " ")
    assert f"{percent(np.mean(recalls).item())} % of its test images are called so" in text
    assert f"from {percent(min(recalls))} % (" in text
    assert f"to {percent(max(recalls))} % (" in text
    for rel, other, name in (("Before", 0, "circle"), ("After", 2, "star")):
        assert (f"../classes/{other}.html", f"{rel} it: {name}") in page.links


def test_all_classes_are_listed_hardest_first(
    pictures: ExperimentStore, files: dict[str, bytes], said: dict[str, NDArray[np.int32]]
) -> None:
    truth, names = targets_of(pictures), pictures.read_experiment().class_names
    recalls = np.array([[(of[truth == c] == c).mean() for c in range(3)] for of in said.values()])
    never = [
        sum(all(of[place] != c for of in said.values()) for place in np.flatnonzero(truth == c))
        for c in range(3)
    ]
    page = page_of(files, "index")
    rows = page.rows("All classes")
    assert list(rows) == [names[c] for c in np.argsort(recalls.mean(axis=0))]
    for target, name in enumerate(names):
        of_class = recalls[:, target]
        assert rows[name][1:6] == [
            str((truth == target).sum()), percent(of_class.mean()), percent(of_class.min()),
            percent(of_class.max()), str(never[target]),
        ]  # fmt: skip
        assert (f"../classes/{target}.html", name) in page.links
    assert "3\u00a0classes, lowest mean recall of 6\u00a0runs first." in page.text
    exported = list(csv.DictReader(io.StringIO(files["exports/classes.csv"].decode())))
    assert [row["class"] for row in exported] == list(rows)
    for row in exported:
        target = names.index(row["class"])
        assert float(row["mean_recall"]) == pytest.approx(recalls[:, target].mean())
        assert row["superclass"] == ("round" if target == 0 else "pointed")


def test_what_is_taken_away_is_what_is_stored(
    pictures: ExperimentStore, files: dict[str, bytes], said: dict[str, NDArray[np.int32]]
) -> None:
    truth = targets_of(pictures)
    rows = list(csv.DictReader(io.StringIO(files["exports/classes/2.csv"].decode())))
    assert [row["run"] for row in rows] == list(said)
    for row in rows:
        predicted = said[row["run"]]
        assert float(row["recall"]) == pytest.approx((predicted[truth == 2] == 2).mean())
        assert int(row["n_right"]) == int((predicted[truth == 2] == 2).sum())
    assert files["exports/classes/2.tex"].decode().count("\\\\\n") == len(said) + 1


def test_of_many_runs_the_best_are_in_the_page_and_all_in_the_file(tmp_path: Path) -> None:
    models = tuple(f"model{index}" for index in range(16))
    store = write_made_up_store(tmp_path, models=models, n_images=30)
    experiment = load(store)
    made = files_of(experiment)
    page = page_of(made, 0)
    best = [f"../runs/{run.run_id}.html" for run in experiment.ranked[:N_RUNS]]
    assert [href for href, _ in page.links if href.startswith("../runs/")] == best
    assert (
        f"The 30 most accurate of 32{NBSP}runs, the best first; the CSV file has all" in page.text
    )
    rows = list(csv.DictReader(io.StringIO(made["exports/classes/0.csv"].decode())))
    assert [row["run"] for row in rows] == [run.run_id for run in experiment.ranked]


def test_of_many_classes_the_most_frequent_are_named(tmp_path: Path) -> None:
    """All images of the last of 14 classes go to 13 others, one each and four to the first."""
    names = tuple(f"class {index}" for index in range(14))
    targets = np.sort(np.arange(14 * 16) % 14)
    instead = np.ones(len(targets), np.int64)
    last = np.flatnonzero(targets == 13)
    instead[last] = 1 + np.maximum(np.arange(16) - 3, 0)
    store = store_of(tmp_path, {"alpha": targets != 13}, len(targets), class_names=names)
    answer(store, "alpha-none", targets != 13, instead=instead)
    page = page_of(files_of(load(store)), 13)
    rows = page.tables[FOR][1:]
    assert len(rows) == N_SHOWN
    assert rows[0][:3] == ["class 0", "4", "25.0"]
    assert f"16 name another class; the 8 most frequent of 13{NBSP}classes." in page.text
    assert "for images of “class 13” in the one run" in page.text


def test_one_run(tmp_path: Path) -> None:
    store = store_of(tmp_path, {"alpha": 390})
    made = files_of(load(store))
    page = page_of(made, 3)
    text = page.text.replace(NBSP, " ")
    assert "90.0 % of its test images are called so by Alpha" in text
    assert "wrong in all" not in text
    assert "by the runs" not in text
    assert "lowest recall of the one run first." in page_of(made, "index").text
    # The three others are always right, and nothing is taken for two of them.
    easy = page_of(made, 1)
    assert FROM not in easy.tables
    assert "none names another class." in easy.text
    assert "None is wrong in Alpha" in easy.text


def test_a_matrix_from_elsewhere_has_counts_and_no_images(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), augmentations=("none",))
    import_counts(store, "alpha-none")
    page = page_of(files_of(load(store)), 0)
    (row,) = page.tables[RUNS][1:]
    assert row[4].endswith(" of 20")
    assert len(page.tables[FOR]) > 1
    assert "They are not known one by one: imported from a confusion matrix." in page.text
    assert [href for href, _ in page.links if "errors.html#" in href] == []


def test_imports_of_every_kind(tmp_path: Path) -> None:
    made = files_of(load(import_all_kinds(tmp_path)))
    assert len([name for name in made if name.endswith(".html")]) == 1 + len(NAMES)
    for target, name in enumerate(NAMES):
        page = page_of(made, target)
        assert (
            f"<h1>{name.replace('<', '&lt;').replace('>', '&gt;')}</h1>"
            in made[f"classes/{target}.html"].decode()
        )
        assert len(page.tables[RUNS]) == 6
        counted = f"{NBSP}predictions for images of “{name}” in the 4 of 5 runs whose confusion"
        assert counted in page.text
        assert page.text.count(f"Only 3 of 5{NBSP}runs are known image by image.") == 1
        # A report tells neither a matrix nor images.
        report = next(row for row in page.tables[RUNS] if row[0].startswith("Report"))
        assert report[5] == ""
    assert {name.split("/")[-1] for name in made if name.startswith("classes/")} == {
        "index.html", *(f"{target}.html" for target in range(len(NAMES)))
    }  # fmt: skip


def test_a_class_without_test_images(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, class_names=("a", "b", "c", "d"), n_images=3)
    made = files_of(load(store))
    page = page_of(made, 3)
    assert "No test image is of this class." in page.text
    assert all(row[1] == row[4] == "–" for row in page.tables[RUNS][1:])
    assert page_of(made, "index").tables["All classes"][-1][:3] == ["d", "0", "–"]
    row = list(csv.DictReader(io.StringIO(made["exports/classes.csv"].decode())))[-1]
    assert (row["class"], row["mean_recall"]) == ("d", "")


def test_where_all_runs_failed(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), augmentations=("none",))
    fail(store, "alpha-none", "out of memory")
    made = files_of(load(store))
    page = page_of(made, 0)
    assert RUNS not in page.tables
    assert page.text.count("no run has finished.") == 3
    assert "No run has finished." in page.text
    assert "3\u00a0classes; no run has finished." in page_of(made, "index").text
    assert not any(name.startswith("exports/classes/") for name in made)


def test_names_from_data_are_text(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, class_names=(HOSTILE, "../../up", "constructor"))
    relabel(store, "alpha-none", HOSTILE)
    made = files_of(load(store))
    for name, content in made.items():
        assert name.startswith(("classes/", "exports/classes"))
        assert ".." not in name
        if name.endswith(".html"):
            assert b"<img" not in content
            assert b" style=" not in content
    assert HOSTILE in page_of(made, "index").rows("All classes")
    assert ("../classes/1.html", "After it: ../../up") in page_of(made, 0).links


def test_what_a_class_is_most_often_taken_for_is_not_itself() -> None:
    matrix = np.array([[9, 0, 0], [3, 5, 3], [0, 4, 8]])
    other, n = most_taken_for(matrix)
    assert (other.tolist()[1:], n.tolist()) == ([0, 1], [0, 3, 4])
    assert matrix[0, 0] == 9
