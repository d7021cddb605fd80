"""The page of one run, read as a reader would, against scikit-learn and the stored record."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from bakeoff.arguments import parse_arguments
from experiments.results.counts import Counts
from experiments.results.predictions import Predictions
from experiments.results.schema import ImportProvenance, RunRecord, Split, Unfreezing
from experiments.results.store import ExperimentStore
from site_builder.architectures.networks import NOT_RECORDED
from site_builder.comparisons import compare_runs
from site_builder.features.stored import NOT_MADE, feature_maps
from site_builder.loading import Experiment, load
from site_builder.naming import run_names
from site_builder.pages.run.classes import MAX_CLASSES, class_table, other_classes
from site_builder.pages.run.page import page_order, run_context
from site_builder.render import render
from tests.architectures import add_architecture
from tests.feature_maps import NO_ACTIVATION, add_feature_maps
from tests.made_up import write_made_up_store
from tests.site_builder.answers import change, import_counts, store_of
from tests.site_builder.changes import fail, forget_latency, relabel
from tests.site_builder.pages import PageReader

HOSTILE = "<img src=x onerror=alert(1)>"
NBSP = "\u00a0"


def page_of(experiment: Experiment, run_id: str) -> PageReader:
    return PageReader(html_of(experiment, run_id))


def html_of(experiment: Experiment, run_id: str) -> str:
    record = next(record for record in page_order(experiment) if record.run_id == run_id)
    names = run_names(experiment)
    context = run_context(
        experiment, names, compare_runs(experiment), feature_maps(experiment), record
    )
    return render("pages/run.html", context).decode()


@pytest.fixture(scope="module")
def page(experiment: Experiment) -> PageReader:
    return page_of(experiment, "beta-standard")


@pytest.fixture(scope="module")
def said(store: ExperimentStore) -> Predictions:
    return store.read_predictions(store.read_run("beta-standard"), Split.TEST)


def full_probabilities(said: Predictions) -> np.ndarray:
    """Return (N, C) probabilities in class order, adding up to 1 in float64 too."""
    table = np.zeros(said.top_probabilities.shape)
    np.put_along_axis(table, said.top_classes, said.top_probabilities, axis=1)
    return table / table.sum(axis=1, keepdims=True)


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def test_scores_are_scikit_learns(page: PageReader, said: Predictions) -> None:
    truth, chosen = said.targets, said.top_classes[:, 0]
    probabilities = full_probabilities(said)
    shown = {label: cells[0] for label, cells in page.rows("Scores").items()}
    assert shown["Accuracy, %"] == percent(metrics.accuracy_score(truth, chosen))
    top_2 = metrics.top_k_accuracy_score(truth, probabilities, k=2)
    assert shown["Top-2 accuracy, %"] == percent(top_2)
    balanced = metrics.balanced_accuracy_score(truth, chosen)
    assert shown["Balanced accuracy, %"] == percent(balanced)
    assert shown["Cohen’s kappa"] == f"{metrics.cohen_kappa_score(truth, chosen):.3f}"
    assert shown["Matthews correlation"] == f"{metrics.matthews_corrcoef(truth, chosen):.3f}"
    assert float(shown["Log loss, nats"]) == pytest.approx(
        metrics.log_loss(truth, probabilities), rel=5e-3
    )
    one_hot = np.eye(probabilities.shape[1])[truth]
    brier = ((probabilities - one_hot) ** 2).sum(axis=1).mean()
    assert float(shown["Brier score"]) == pytest.approx(brier, rel=5e-3)


@pytest.mark.parametrize("average", ["macro", "weighted", "micro"])
def test_averages_are_scikit_learns(page: PageReader, said: Predictions, average: str) -> None:
    expected = metrics.precision_recall_fscore_support(
        said.targets, said.top_classes[:, 0], average=average
    )[:3]
    shown = page.rows("Averages over classes, %")[average.capitalize()][:3]
    assert shown == [percent(value) for value in expected]


def test_classes_are_scikit_learns_and_the_hardest_comes_first(
    page: PageReader, said: Predictions
) -> None:
    expected = metrics.classification_report(
        said.targets, said.top_classes[:, 0], output_dict=True,
        target_names=["circle", "square", "star"],
    )  # fmt: skip
    rows = page.rows("Classes")
    for name, (recall, precision, f1, images, _) in rows.items():
        scores = expected[name]
        assert [recall, precision, f1, images] == [
            *(percent(scores[key]) for key in ("recall", "precision", "f1-score")),
            f"{scores['support']:.0f}",
        ]
    recalls = [expected[name]["recall"] for name in rows]
    assert recalls == sorted(recalls)
    assert set(rows) == {"circle", "square", "star"}
    assert ("../classes/1.html", "square") in page.links
    n_images = rows["square"][3]
    assert ("../errors.html#view=class&run=beta-standard&target=1", n_images) in page.links


def test_a_class_says_what_it_is_most_often_taken_for(page: PageReader, said: Predictions) -> None:
    names = ["circle", "square", "star"]
    matrix = metrics.confusion_matrix(said.targets, said.top_classes[:, 0])
    np.fill_diagonal(matrix, 0)
    for target, name in enumerate(names):
        most = int(matrix[target].argmax())
        expected = f"{names[most]} ({matrix[target, most]})" if matrix[target].any() else ""
        assert page.rows("Classes")[name][-1] == expected


def test_calibration_is_recomputed_image_by_image(page: PageReader, said: Predictions) -> None:
    confidence = said.top_probabilities[:, 0].astype(float)
    right = said.top_classes[:, 0] == said.targets
    gaps = 0.0
    rows = page.rows("Confidence and accuracy")
    for place in range(15):
        inside = (confidence > place / 15) & (confidence <= (place + 1) / 15)
        key = f"{percent(place / 15)}–{percent((place + 1) / 15)}"
        assert (key in rows) == bool(inside.any())
        if inside.any():
            mean, accuracy = confidence[inside].mean(), right[inside].mean()
            gaps += inside.sum() * abs(mean - accuracy)
            assert rows[key][:3] == [str(inside.sum()), percent(mean), percent(accuracy)]
    shown = page.rows("Scores")["Expected calibration error, %"][0]
    assert shown == percent(gaps / len(right))


def test_errors_among_the_surest_are_recounted(page: PageReader, said: Predictions) -> None:
    right = said.top_classes[:, 0] == said.targets
    surest = np.argsort(-said.top_probabilities[:, 0])
    rows = page.rows("Images answered and errors")
    assert len(rows) == 10
    for coverage, (n_images, errors) in rows.items():
        answered = right[surest[: int(n_images)]]
        assert coverage == percent(int(n_images) / len(right))
        assert errors == percent((~answered).mean())


def test_the_epochs_are_the_history(page: PageReader, store: ExperimentStore) -> None:
    record = store.read_run("beta-standard")
    rows = page.rows("Epochs")
    assert [float(row[0]) for row in rows.values()] == pytest.approx(
        [epoch.train_loss for epoch in record.history], rel=5e-3
    )
    assert [row[3] for row in rows.values()] == [percent(e.val_accuracy) for e in record.history]
    kept = [row[0] for row in page.small["Epochs"] if row and row[0] == "kept"]
    assert kept == ["kept"]
    assert page.tables["Epochs"][record.best_epoch or 0][0] == "3"


def test_the_group_is_what_mcnemar_and_holm_say(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha", "beta", "gamma"))
    experiment = load(store)
    best, *others = sorted(experiment.runs, key=lambda run: -run.n_correct)
    p_values = {run.run_id: mcnemar_p(store, best.run_id, run.run_id) for run in others}
    rising = sorted(p_values, key=p_values.__getitem__)
    adjusted, tied = 0.0, {best.run_id}
    for place, run_id in enumerate(rising):
        adjusted = max(adjusted, p_values[run_id] * (len(rising) - place))
        if adjusted > 0.05:
            tied.add(run_id)
    assert 1 < len(tied) < len(experiment.runs)
    for run in experiment.runs:
        text = page_of(experiment, run.run_id).text
        leading = f"in the leading group, with {len(tied) - 1}{NBSP}other run"
        assert (leading in text) == (run.run_id in tied)
        assert ("group 2" in text) == (run.run_id not in tied)


def mcnemar_p(store: ExperimentStore, one: str, other: str) -> float:
    ours, theirs = (
        store.read_predictions(store.read_run(run_id), Split.TEST) for run_id in (one, other)
    )
    hits, other_hits = (of.targets == of.top_classes[:, 0] for of in (ours, theirs))
    only_ours, only_theirs = (hits & ~other_hits).sum(), (other_hits & ~hits).sum()
    if not only_ours + only_theirs:
        return 1.0
    return float(binomtest(only_ours, only_ours + only_theirs).pvalue)


def test_every_cost_is_shown_and_a_missing_one_says_why(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    forget_latency(store, "alpha-none", "the <timer> broke")
    text = page_of(load(store), "alpha-none").text
    for shown in ("1.00 M", "250 M", "4.00 MB", "4.50 s", "2.50 ms", "900/s", "300 MB"):
        assert shown.replace(" ", NBSP) in text
    assert "– (the <timer> broke)" in text
    assert "– (nothing is frozen)" in text
    assert f"Made-up processor, 2{NBSP}threads" in text


def test_only_what_counts_parts_of_a_network_is_abbreviated(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",), training_seeds=(20240101,))
    text = page_of(load(store), "alpha-none-seed20240101").text.replace(NBSP, " ")
    assert "20240101" in text
    assert "20.2 M" not in text
    assert "1.00 M" in text


def test_the_configuration_leaves_out_what_nothing_used(experiment: Experiment) -> None:
    plain, augmented = (page_of(experiment, f"beta-{name}").text for name in ("none", "standard"))
    assert "Flip probability" in augmented
    assert "Flip probability" not in plain
    assert "Epochs per stage" not in augmented
    for text in (plain, augmented):
        assert "Learning rate" in text
        assert "Seed" in text


def test_parts_that_began_to_learn_are_named(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    record = store.read_run("alpha-none")
    began = [Unfreezing(epoch=2, stage="stage <4>"), Unfreezing(epoch=2, stage="stage 3")]
    store.write_run(record.model_copy(update={"unfreezings": began}))
    rows = page_of(load(store), "alpha-none").rows("Epochs")
    assert [row[-1] for row in rows.values()] == ["", "stage <4>, stage 3", ""]


def test_failed_runs_have_a_page_that_says_why(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    fail(store, "alpha-none", "out of <memory>")
    failed = page_of(load(store), "alpha-none")
    assert "out of <memory>" in failed.text
    for sentence in (
        "There are none: the run failed.",
        "Nothing is known about them: the run failed.",
        "There is none: the run failed.",
        "The run failed.",
    ):
        assert sentence in failed.text
    assert "Scores" not in failed.tables
    assert len(failed.rows("Epochs")) == 3
    assert "bakeoff --experiment" in failed.text


def test_a_run_that_failed_at_once_has_no_curves(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    fail(store, "alpha-none", "no weights")
    record = store.read_run("alpha-none")
    absent = record.absent | {"best_epoch": "no epoch", "cost": "the run failed"}
    changes = {"history": [], "best_epoch": None, "cost": None, "absent": absent}
    store.write_run(record.model_copy(update=changes))
    text = page_of(load(store), "alpha-none").text
    assert "No finished epoch is stored." in text
    assert "Not known: the run failed." in text


NO_IMAGES = "the file counts images and does not say which"


def make_imported(store: ExperimentStore, run_id: str, counts: Counts) -> None:
    """Forget all of a run but its counts, as if they had been imported."""
    trained = store.read_run(run_id)
    nothing = dict.fromkeys(
        ("config", "preprocessing", "best_epoch", "stopped_early", "cost", "provenance"),
        "trained elsewhere",
    )
    absent = {"predictions": NO_IMAGES, "weights": "trained elsewhere", "embedding": NO_IMAGES}
    store.write_run(
        RunRecord(
            run_id=run_id,
            experiment=trained.experiment,
            status="finished",
            origin="imported",
            label="Brought <along>",
            history=[],
            predictions=None,
            weights=None,
            counts=store.write_counts(run_id, counts),
            imported=ImportProvenance(
                kind="confusion matrix",
                file="matrix.csv",
                file_sha256="0" * 64,
                imported_at=datetime(2025, 1, 1, tzinfo=UTC),
                bakeoff_version="0.1.0",
            ),
            **dict.fromkeys(nothing),
            absent=nothing | absent,
        )
    )


def test_an_imported_matrix_has_all_scores_that_it_tells(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    matrix = np.array([[18, 1, 1], [0, 20, 0], [4, 0, 16]])
    make_imported(store, "alpha-none", Counts.of(matrix))
    page = page_of(load(store), "alpha-none")
    truth, chosen = (np.repeat(side, matrix.ravel()) for side in np.indices((3, 3)).reshape(2, 9))
    shown = page.rows("Scores")
    assert shown["Accuracy, %"][0] == percent(54 / 60)
    assert shown["Cohen’s kappa"][0] == f"{metrics.cohen_kappa_score(truth, chosen):.3f}"
    for label in ("Log loss, nats", "Brier score", "Expected calibration error, %"):
        assert shown[label][0] == "–"
        assert NO_IMAGES in shown[label][-1]
    assert page.rows("Classes")["star"][-1] == "circle (4)"
    assert "Epochs" not in page.tables
    assert "how it learned is not known" in page.text
    assert page.text.count("Not known: trained elsewhere.") == 3
    assert f"{NO_IMAGES[0].upper()}{NO_IMAGES[1:]}." in page.text
    assert "matrix.csv" in page.text
    assert "import matrix.csv --experiment made-up --run 'Brought <along>' --force" in page.text


def test_an_imported_report_has_scores_by_class_but_no_matrix(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    support, hits, chosen = np.array([20, 20, 20]), np.array([18, 20, 16]), np.array([22, 21, 17])
    make_imported(store, "alpha-none", Counts(support, hits, chosen))
    page = page_of(load(store), "alpha-none")
    assert page.rows("Classes")["circle"] == ["90.0", percent(18 / 22), percent(36 / 42), "20", ""]
    assert page.rows("Scores")["Cohen’s kappa"][0] == "–"
    assert f"There is none: {NO_IMAGES}." in page.text


def test_previous_and_next_go_through_all_runs_by_accuracy(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    fail(store, "alpha-none", "out of memory")
    experiment = load(store)
    expected = sorted(experiment.runs, key=lambda run: -run.n_correct)
    order = [run.run_id for run in expected] + ["alpha-none"]
    for place, run_id in enumerate(order):
        texts = {"Before it": place - 1, "After it": place + 1}
        beside = {
            text.split(":")[0]: href
            for href, text in page_of(experiment, run_id).links
            if text.startswith(tuple(texts))
        }
        assert beside == {
            text: f"../runs/{order[at]}.html" for text, at in texts.items() if 0 <= at < len(order)
        }


def test_the_command_is_one_that_build_understands(experiment: Experiment) -> None:
    html = html_of(experiment, "beta-none")
    line = html.split("<code>")[1].split("</code>")[0]
    words = shlex.split(line)
    assert words[0] == "bakeoff"
    arguments = parse_arguments(words[1:])
    assert arguments.experiment == "made-up"
    assert arguments.runs == ["beta-none"]
    assert arguments.models is None
    assert arguments.run_experiments
    assert arguments.force


def test_the_commit_is_checked_out_first(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    set_commit(store, "alpha-none", "0123abc")
    set_commit(store, "beta-none", "0123abc+")
    experiment = load(store)
    assert "<code>git checkout 0123abc\nbakeoff" in html_of(experiment, "alpha-none")
    changed = html_of(experiment, "beta-none")
    assert "git checkout" not in changed
    assert "changes on top of commit 0123abc." in changed


def set_commit(store: ExperimentStore, run_id: str, commit: str) -> None:
    record = store.read_run(run_id)
    assert record.provenance is not None
    absent = {key: why for key, why in record.provenance.absent.items() if key != "commit"}
    origin = record.provenance.model_copy(update={"commit": commit, "absent": absent})
    store.write_run(record.model_copy(update={"provenance": origin}))


def test_every_table_has_a_label(page: PageReader) -> None:
    # The matrix of the partial has a caption instead.
    unlabelled = [label for label in page.tables if label.startswith("unlabelled")]
    assert len(unlabelled) <= 1


def test_names_from_data_are_text(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, class_names=(HOSTILE, "__proto__", "constructor"))
    relabel(store, "alpha-none", HOSTILE)
    html = html_of(load(store), "alpha-none")
    assert "<img" not in html
    assert " style=" not in html
    assert HOSTILE in PageReader(html).text
    assert HOSTILE in PageReader(html).rows("Classes")


def test_of_many_classes_the_hardest_are_in_the_page_and_the_others_beside_it(
    tmp_path: Path,
) -> None:
    names = tuple(f"class {index}" for index in range(120))
    store = write_made_up_store(tmp_path, class_names=names, n_images=119 * 6, models=("alpha",))
    run = load(store).runs[0]
    said = store.read_predictions(run.record, Split.TEST)
    expected = metrics.precision_recall_fscore_support(
        said.targets, said.top_classes[:, 0], labels=range(120), zero_division=0
    )
    table = class_table(run, list(names))
    assert len(table.rows) == MAX_CLASSES
    shown = [
        (row.target, [cell.value.text for cell in (*row.cells, row.images)]) for row in table.rows
    ] + [
        (target, [text for text, _, _ in cells])
        for target, cells, _ in other_classes(run, list(names))
    ]  # type: ignore[misc]
    assert sorted(target for target, _ in shown) == list(range(120))
    for target, (recall, precision, f1, images) in shown:
        assert int(images) == expected[3][target]
        assert recall == percent(expected[1][target])
        named = bool((said.predicted == target).any())
        assert precision == (percent(expected[0][target]) if named else "–")
        assert f1 == percent(expected[2][target])
    recalls = [expected[1][target] for target, _ in shown]
    assert recalls == sorted(recalls)


def test_as_many_right_of_fewer_images_is_a_place_before(tmp_path: Path) -> None:
    """300 of 400 by the run, 300 of 300 by a matrix from elsewhere."""
    store = store_of(tmp_path, {"alpha": 300, "beta": 300})
    assert "Place 1 of 2\u00a0runs, level with" in page_of(load(store), "alpha-none").text
    import_counts(store, "beta-none")
    counts = Counts.of(np.diag([75, 75, 75, 75]))
    change(store, "beta-none", counts=store.write_counts("beta-none", counts))
    assert "Place 2 of 2\u00a0runs." in page_of(load(store), "alpha-none").text
    assert "Place 1 of 2\u00a0runs." in page_of(load(store), "beta-none").text


def test_a_run_alone_in_its_group_says_from_whom_it_is_told_apart(tmp_path: Path) -> None:
    experiment = load(store_of(tmp_path, {"alpha": 390, "beta": 340, "gamma": 200}))
    middle, last = (page_of(experiment, run_id).text for run_id in ("beta-none", "gamma-none"))
    apart = "tells it apart from the best of each group before it"
    assert f"It is alone in group 2: an exact McNemar test with Holm’s correction {apart}" in middle
    assert f"{apart} and from all after it." in middle
    assert f"{apart}." in last


def test_a_class_that_was_never_predicted_has_no_precision_but_counts_in_the_mean(
    tmp_path: Path,
) -> None:
    """All of class a are right, b is taken for c: the precisions are 1, none and 1/2."""
    correct = np.arange(300) // 100 != 1
    store = store_of(tmp_path, {"alpha": correct}, 300, class_names=tuple("abc"))
    run = load(store).runs[0]
    page = page_of(load(store), "alpha-none")
    rows = page.rows("Classes")
    assert rows["b"][:3] == ["0.0", "–", "0.0"]
    assert rows["c"][:3] == ["100.0", "50.0", "66.7"]
    cells = {row.name: row.cells for row in class_table(run, list("abc")).rows}
    assert cells["b"][1].value.reason == "no test image was called so"
    # 100 of the 200 that were called c are of it.
    ends = binomtest(100, 200).proportion_ci(method="wilson")
    assert cells["c"][1].value.interval == f"{percent(ends.low)}–{percent(ends.high)}"
    assert page.rows("Averages over classes, %")["Macro"][0] == percent((1 + 0 + 0.5) / 3)


def test_a_class_without_images_comes_last_and_says_so(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, class_names=("a", "b", "c", "d"), n_images=3)
    rows = page_of(load(store), "alpha-none").tables["Classes"]
    assert rows[-1][:2] == ["d", "–"]
    small = page_of(load(store), "alpha-none").small["Classes"]
    assert small[-1][1] == "no test image is of this class"


def test_it_leads_into_the_network_or_says_why_not(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",))
    bare = page_of(load(store), "alpha-none")
    assert bare.text.count(f"there is none, {NOT_MADE}") == 2
    assert f"there is none, {NOT_RECORDED}" in bare.text
    add_feature_maps(store)
    add_architecture(store, "alpha-none")
    experiment = load(store)
    links = [href for href, _ in page_of(experiment, "alpha-none").links]
    assert links.count("../feature-maps.html#run=alpha-none") == 2
    assert "../architectures.html#a=alpha-none" in links
    # The last run has feature maps without activation maps.
    page = page_of(experiment, "alpha-standard")
    links = [href for href, _ in page.links]
    assert links.count("../feature-maps.html#run=alpha-standard") == 1
    assert f"there is none, {NO_ACTIVATION}" in page.text
    fail(store, "alpha-standard", "out of memory")
    assert page_of(load(store), "alpha-standard").text.count("there is none, the run failed") == 3
