"""formulas.html: each filled-in formula comes to what the tables say, or says why it cannot."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from experiments.results.architecture import read_architecture, write_architecture
from experiments.results.schema import Architecture, Layer, ModelStage
from site_builder import formatting, payloads
from site_builder.comparisons import compare_runs
from site_builder.formulas.cells import class_cells
from site_builder.formulas.classes import ClassCounts, class_values, hardest_class
from site_builder.formulas.formula import Missing, Worked
from site_builder.formulas.mathml import mathml, places, split_at_places
from site_builder.formulas.numbers import SECTIONS, Numbers, run_values, shard
from site_builder.loading import Experiment, Run, load
from site_builder.naming import run_names
from site_builder.pages.compare import compare_context
from site_builder.pages.formulas import formulas_context
from site_builder.pages.run.classes import class_table
from site_builder.pages.run.scores import score_tables
from site_builder.render import render
from site_builder.tradeoffs import tradeoffs
from tests.imports import import_all_kinds
from tests.made_up import write_made_up_store
from tests.site_builder.changes import fail, forget_latency
from tests.site_builder.pages import PageReader

NBSP = "\u00a0"
RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
# Their sums and quantiles are checked on their own, below.
NOT_CALCULATED = {"wilson", "bootstrap", "mcnemar", "latency"}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """One run of every kind that can be imported."""
    folder = tmp_path_factory.mktemp("imports")
    return load(import_all_kinds(folder))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """More classes than the matrix is shown of; some without test images, some never named."""
    names = tuple(f"class {index}" for index in range(40))
    folder = tmp_path_factory.mktemp("many")
    return load(write_made_up_store(folder, class_names=names, n_images=35))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    folder = tmp_path_factory.mktemp("two")
    return load(write_made_up_store(folder, class_names=("yes", "no"), n_images=500))


@pytest.fixture(params=["experiment", "imported", "many", "two"])
def any_experiment(request: pytest.FixtureRequest) -> Experiment:
    made: Experiment = request.getfixturevalue(request.param)
    return made


def numbers_of(experiment: Experiment, run: Run, target: int) -> Numbers:
    comparisons = compare_runs(experiment)
    values = run_values(experiment, run, comparisons, run_names(experiment))
    name = experiment.record.class_names[target]
    return Numbers.of({**values, **class_values(ClassCounts.of(run, target), name)})


def page_of(experiment: Experiment) -> str:
    context = formulas_context(experiment, run_names(experiment), compare_runs(experiment))
    return render("pages/formulas.html", context).decode()


def all_worked() -> Iterator[tuple[str, Worked]]:
    for section in SECTIONS:
        for formula in section.formulas:
            for worked in formula.worked:
                yield formula.key, worked


# ---- An evaluator of what a reader sees: the arithmetic on the page is done again. ----


def number(text: str) -> float:
    """Return the number that a text such as `1,234`, `−0.5 points` or `2.35 × 10⁻¹²` stands for."""
    plain = text.replace(",", "").replace("−", "-")
    if "×" in plain:
        digits, power = plain.split("×")
        return float(digits) * 10 ** float(power.strip()[2:].translate(RAISED))
    found = re.match(r"[+-]?[\d.]+", plain)
    assert found, text
    scale = {"k": 1e3, "M": 1e6, "G": 1e9}.get(plain[found.end() :].strip()[:1], 1.0)
    return float(found[0]) * scale / (100 if "%" in plain or "points" in plain else 1)


def last_digit(text: str) -> float:
    """Return one unit of the last digit of a text."""
    digits = re.sub(r"\d", "0", re.match(r"[+−]?([\d.,]+)", text)[1])
    rest = text[re.match(r"[+−]?[\d.,]+", text).end() :]
    return number(f"{digits[:-1]}1{rest}") if "×" not in text else number(text) / 100


def code(element: ElementTree.Element) -> str:
    inner = [code(child) for child in element]
    match element.tag.split("}")[-1]:
        case "mn":
            return str(number(element.text or ""))
        case "mi" | "mtext":
            return {"ms": "/1000"}.get(element.text or "", f" {element.text} ")
        case "mo":
            sign = element.text or ""
            if sign == "|":
                return "abs(" if element.get("form") == "prefix" else ")"
            return {"·": "*", "−": "-", "=": "=="}.get(sign, sign)
        case "mfrac":
            return f"(({inner[0]})/({inner[1]}))"
        case "msup":
            return f"({inner[0]})**({inner[1]})"
        case "msqrt":
            return f"math.sqrt({''.join(inner)})"
        case "mspace" | "msub":  # a letter with an index is left of the calculation
            return " "
        case "math" | "mrow":
            return "".join(inner)
        case tag:
            raise ValueError(tag)


def evaluate(element: ElementTree.Element) -> tuple[float, str]:
    """Return what the formula comes to, and what it says that it comes to."""
    *_, left, _ = code(element).split("==")
    said = [mn.text or "" for mn in element.iter("mn")][-1]
    left = left.replace(")(", ")*(")
    return eval(left, {"math": math, "min": min, "max": max, "abs": abs}), said  # noqa: S307


def parsed(latex: str, values: dict[str, str]) -> ElementTree.Element:
    text = re.sub(r' xmlns="[^"]*"', "", str(mathml(latex, values)))
    return ElementTree.fromstring(text)  # noqa: S314


def test_every_filled_in_formula_comes_to_what_it_says(any_experiment: Experiment) -> None:
    n_checked = 0
    for run in any_experiment.runs:
        for target in range(any_experiment.n_classes):
            numbers = numbers_of(any_experiment, run, target)
            for key, worked in all_worked():
                if key in NOT_CALCULATED or numbers.why_not(worked.latex):
                    continue
                value, said = evaluate(parsed(worked.latex, numbers.values))
                # What goes in was rounded to six digits, in Holm's case to three.
                slack = 0.01 * abs(value) if key == "holm" else 1e-5 * max(abs(value), 0.01)
                edge = said.split(NBSP)[0] in ("0.1", "99.9", "0.001", "0.999")
                unit = last_digit(said) * (1 if edge else 0.501)
                assert abs(value - number(said)) <= unit + slack, (run.run_id, key, said, value)
                n_checked += 1
    assert n_checked > 30


def worked_result(worked: Worked, numbers: Numbers) -> str:
    return numbers.values[places(worked.latex)[-1]]


def test_wilson_is_scipys(experiment: Experiment) -> None:
    for run in experiment.runs:
        values = numbers_of(experiment, run, 0).values
        ends = binomtest(run.n_correct, run.n_images).proportion_ci(0.95, "wilson")
        assert values["accuracy-low"] == formatting.percent(ends.low)
        assert values["accuracy-high"] == formatting.percent(ends.high)
        z, rate, n = (number(values[key]) for key in ("z", "rate", "images"))
        middle, half = (
            rate + z**2 / (2 * n),
            z * math.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2)),
        )
        assert (middle - half) / (1 + z**2 / n) == pytest.approx(ends.low, abs=1e-5)


def test_mcnemar_and_holm_are_done_again_by_hand(experiment: Experiment) -> None:
    right = {}
    for run in experiment.ranked:
        said = run.predictions
        right[run.run_id] = said.predicted == said.targets
    best, second = (run.run_id for run in experiment.ranked[:2])
    p_values = {}
    for one in right:
        for other in right:
            if one < other:
                b, c = (right[one] & ~right[other]).sum(), (right[other] & ~right[one]).sum()
                tail = sum(math.comb(b + c, i) for i in range(min(b, c) + 1)) / 2 ** int(b + c)
                p_values[one, other] = min(1.0, 2 * tail)
    ordered = sorted(p_values.values())
    for run in experiment.runs:
        peer = second if run.run_id == best else best
        values = numbers_of(experiment, run, 0).values
        p = p_values[min(run.run_id, peer), max(run.run_id, peer)]
        assert number(values["p"]) == pytest.approx(p, rel=6e-3)
        only_this = (right[run.run_id] & ~right[peer]).sum()
        assert values["only-this"] == formatting.count_of(only_this, "image")
        m, place = len(ordered), int(values["place"])
        assert values["pairs"] == str(m)
        assert ordered[place - 1] == pytest.approx(p)
        adjusted = [max(min(1.0, (m - j) * ordered[j]) for j in range(n)) for n in range(1, m + 1)]
        assert values["p-shown"] == formatting.p_value(adjusted[place - 1])
        before = adjusted[place - 2] if place > 1 else 0.0
        assert number(values["p-before"]) == pytest.approx(before, rel=6e-3)


def test_a_run_says_what_its_page_says(any_experiment: Experiment) -> None:
    for run in any_experiment.runs:
        values = Numbers.of(
            run_values(any_experiment, run, compare_runs(any_experiment), run_names(any_experiment))
        )
        tables = score_tables(run)
        shown = {row.label.split(",")[0]: row.value for row in tables.scores}
        for label, key in {
            "Accuracy": "accuracy", f"Top-{run.top_k} accuracy": "top-k",
            "Balanced accuracy": "balanced", "Cohen’s kappa": "kappa",
            "Matthews correlation": "matthews", "Log loss": "log-loss", "Brier score": "brier",
            "Expected calibration error": "ece", "Maximum calibration error": "mce",
            "Overconfidence": "overconfidence", "Area under the risk-coverage curve": "area",
        }.items():  # fmt: skip
            if label not in shown:
                assert key in values.missing
            elif shown[label].reason:
                assert values.missing[key] == shown[label].reason
            else:
                assert values.values[key].replace(f"{NBSP}%", "") == shown[label].text
        for row in tables.averages:
            for name, value in zip(("precision", "recall", "f1"), row.values, strict=True):
                mine = values.values.get(f"{row.label.lower()}-{name}", f"{run.accuracy:.1%}")
                assert mine.removesuffix("%").strip() == value.text


@pytest.fixture
def timed(tmp_path: Path) -> Experiment:
    """Three runs of one network, each timed otherwise."""
    store = write_made_up_store(
        tmp_path, models=("alpha",), augmentations=("none",), training_seeds=(0, 1, 2)
    )
    for place, run_id in enumerate(store.read_experiment().run_ids):
        run = store.read_run(run_id)
        assert run.cost is not None
        times = {
            "latency_ms": 2.0 + place,
            "latency_p95_ms": 5.0 + 2 * place,
            "throughput_per_s": 400.0 - 100 * place,
        }
        store.write_run(run.model_copy(update={"cost": run.cost.model_copy(update=times)}))
    return load(store)


def test_a_formula_has_the_runs_own_times_and_says_what_tables_have(timed: Experiment) -> None:
    found = [numbers_of(timed, run, 0).values for run in timed.runs]
    own, shown = (
        ("latency", "p95", "throughput"),
        ("latency-shown", "p95-shown", "throughput-shown"),
    )
    assert [[values[key] for key in own] for values in found] == [
        [f"2.00{NBSP}ms", f"5.00{NBSP}ms", "400/s"],
        [f"3.00{NBSP}ms", f"7.00{NBSP}ms", "300/s"],
        [f"4.00{NBSP}ms", f"9.00{NBSP}ms", "200/s"],
    ]
    for values in found:
        assert [values[key] for key in shown] == [f"3.00{NBSP}ms", f"7.00{NBSP}ms", "300/s"]
    for key in shown:
        assert any(f"@{key}" in of.about for _, of in all_worked()), key


def test_a_run_says_what_the_table_of_runs_says(timed: Experiment) -> None:
    names, comparisons = run_names(timed), compare_runs(timed)
    context = compare_context(timed, names, comparisons, tradeoffs(timed, names))
    page = PageReader(render("pages/compare.html", context).decode())
    costs = {row[0]: row[1:] for row in page.tables["Resources"][1:]}
    heads = [head.split("▾")[0] for head in page.tables["Resources"][0]][1:]
    for run in timed.runs:
        name = names[run.run_id]
        row = next(
            cells for label, cells in costs.items() if label == f"{name.model}{name.variant}"
        )
        shown = dict(zip(heads, row, strict=True))
        values = numbers_of(timed, run, 0).values
        for head, key in {
            "Latency": "latency-shown", "Latency, p95": "p95-shown", "FLOPs": "flops-shown",
            "Parameters": "parameters-shown", "Throughput": "throughput-shown",
        }.items():  # fmt: skip
            cell = next(
                text for of, text in shown.items() if re.match(rf"{head}\W*(more|less|$)", of)
            )
            assert cell.startswith(values[key]), (head, cell)


def test_a_class_says_what_the_table_of_classes_says(any_experiment: Experiment) -> None:
    names = any_experiment.record.class_names
    for run in any_experiment.runs:
        for row in class_table(run, names).rows:
            values = Numbers.of(class_values(ClassCounts.of(run, row.target), names[row.target]))
            for cell, key in zip(row.cells[:3], ("recall", "precision", "f1"), strict=True):
                if key in values.missing:
                    assert cell.value.text in (formatting.MISSING, "0.0")
                else:
                    assert values.values[key].replace(f"{NBSP}%", "") == cell.value.text


def test_the_four_counts_are_scikit_learns(many: Experiment) -> None:
    for run in many.runs:
        said = run.predictions
        expected = metrics.multilabel_confusion_matrix(
            said.targets, said.predicted, labels=range(many.n_classes)
        )
        for target, ((tn, fp), (fn, tp)) in enumerate(expected.tolist()):
            values = class_values(ClassCounts.of(run, target), "x")
            assert [values[key] for key in ("tp", "fp", "fn", "tn")] == [
                *map(str, (tp, fp, fn, tn))
            ]


def test_zero_divided_by_zero_is_said(many: Experiment) -> None:
    run = many.runs[0]
    counts = run.counts
    empty = int(np.flatnonzero(counts.support == 0)[0])
    assert class_values(ClassCounts.of(run, empty), "x")["recall"] == Missing(
        "no test image is of this class"
    )
    unnamed = np.flatnonzero((counts.chosen == 0) & (counts.support > 0))
    values = class_values(ClassCounts.of(run, int(unnamed[0])), "x")
    assert values["precision"] == Missing("no test image was called so")
    assert values["f1"] == f"0.0{NBSP}%"
    nowhere = class_values(ClassCounts(tp=0, fp=0, fn=0, n_images=9), "x")
    assert nowhere["f1"] == Missing("no test image was called so")


def test_the_hardest_class_heads_the_table_of_classes(any_experiment: Experiment) -> None:
    for run in any_experiment.runs:
        rows = class_table(run, any_experiment.record.class_names).rows
        assert rows[0].target == hardest_class(run)


def test_a_small_matrix_is_whole(experiment: Experiment) -> None:
    run = experiment.runs[0]
    cells = class_cells(run.matrix, 1, experiment.record.class_names)
    assert [[int(cell.count) for cell in row.cells] for row in cells.rows] == run.matrix.tolist()
    assert [[cell.kind for cell in row.cells] for row in cells.rows] == [
        ["tn", "fp", "tn"], ["fn", "tp", "fn"], ["tn", "fp", "tn"],
    ]  # fmt: skip
    assert [row.chosen for row in cells.rows] == [False, True, False]


def test_a_large_matrix_keeps_what_the_class_is_confused_with() -> None:
    matrix = np.diag(np.full(20, 5)).astype(np.int64)
    matrix[3, 7], matrix[9, 3], matrix[12, 13] = 4, 1, 6
    cells = class_cells(matrix, 3, [f"c{index}" for index in range(20)])
    assert [row.name for row in cells.rows] == ["c3", "c7", "c9", "17 others"]
    counts = [[int(cell.count) for cell in row.cells] for row in cells.rows]
    assert counts == [[5, 4, 0, 0], [0, 5, 0, 0], [1, 0, 5, 0], [0, 0, 0, 91]]
    assert sum(map(sum, counts)) == matrix.sum()


def test_the_cells_add_up_to_the_four_counts(any_experiment: Experiment) -> None:
    for run in any_experiment.runs:
        if run.matrix is None:
            continue
        for target in range(any_experiment.n_classes):
            cells = class_cells(run.matrix, target, any_experiment.record.class_names)
            values = class_values(ClassCounts.of(run, target), "x")
            for kind in ("tp", "fp", "fn", "tn"):
                found = [c.count for row in cells.rows for c in row.cells if c.kind == kind]
                assert str(sum(map(int, found))) == values[kind]


def test_an_import_says_what_cannot_be_filled_in_and_why(imported: Experiment) -> None:
    by_label = {run.record.label: run for run in imported.runs}
    report = numbers_of(imported, by_label["Report"], 0)
    assert "accuracy" in report.values
    for key in ("kappa", "log-loss", "ece", "f1-low", "p", "top-k", "by-chance"):
        assert "classification report" in report.missing[key]
    for key in ("flops", "latency", "parameters", "throughput"):
        assert report.missing[key] == by_label["Report"].record.absent["cost"]
    assert "kappa" in numbers_of(imported, by_label["Matrix"], 0).values
    assert "log-loss" in numbers_of(imported, by_label["All"], 0).values
    assert "one class" in numbers_of(imported, by_label["One"], 0).missing["log-loss"]
    page = page_of(imported)
    assert "Cannot be filled in: " in page


def test_every_place_has_a_number_or_a_reason(any_experiment: Experiment) -> None:
    for run in any_experiment.runs:
        numbers = numbers_of(any_experiment, run, 0)
        known = numbers.values.keys() | numbers.missing.keys()
        for key, worked in all_worked():
            assert set(places(worked.latex + worked.about)) <= known, key
        assert not numbers.values.keys() & numbers.missing.keys()
        wanted = {place for _, of in all_worked() for place in places(of.latex + of.about)}
        assert known == wanted | {"run", "class"}


def test_a_missing_latency_is_said(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path)
    forget_latency(store, "alpha-none", "the timer broke")
    experiment = load(store)
    assert "Cannot be filled in: the timer broke." in page_of(experiment)


def test_without_runs_the_formulas_stand_alone(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path, models=("alpha",))
    for run_id in ("alpha-none", "alpha-standard"):
        fail(store, run_id, "loss is not finite")
    page = page_of(load(store))
    assert "No run has finished yet." in page
    assert "data-value" not in page
    n_lines = sum(len(formula.latex) for section in SECTIONS for formula in section.formulas)
    assert page.count("<math") == n_lines


def test_names_of_classes_and_runs_are_text(imported: Experiment) -> None:
    page = page_of(imported)
    assert "<img" not in page


def test_the_shard_is_small_and_without_counts_that_the_matrix_has(many: Experiment) -> None:
    comparisons, names = compare_runs(many), run_names(many)
    made = shard(many, many.runs[0], comparisons, names)
    assert "counts" not in made
    assert len(payloads.script("formulas/x", made)) < 4_000


def test_a_report_brings_its_counts(imported: Experiment) -> None:
    report = next(run for run in imported.runs if run.record.label == "Report")
    made = shard(imported, report, compare_runs(imported), run_names(imported))
    assert made["counts"] == [
        of.tolist() for of in (report.counts.hits, report.counts.support, report.counts.chosen)
    ]


# ---- MathML ----


def test_a_place_becomes_a_number_and_is_escaped() -> None:
    made = str(mathml(r"\frac{@tp}{2}", {"tp": "<b>"}))
    assert '<mn data-value="tp">&lt;b&gt;</mn>' in made
    assert 'alttext="&lt;b&gt; / 2"' in made
    assert 'data-words="@tp / 2"' in made


def test_a_place_without_a_number_is_an_error() -> None:
    with pytest.raises(KeyError, match="tp"):
        mathml(r"@tp", {"fp": "1"})


def test_places_are_found_in_sentences_too() -> None:
    assert places("The @p95 of @macro-f1, @p95") == ("p95", "macro-f1")
    assert list(split_at_places("Top @k")) == [("Top ", ""), ("", "k")]


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"\frac{a + b}{c}", "(a + b) / c"),
        (r"\sqrt{x^{2} + 1}", "square root of (x squared + 1)"),
        (r"\sum_{i=1}^{N} p_i", "sum from i = 1 to N of p sub i"),
        (r"\binom{n}{k}", "( n choose k )"),
        (r"\hat p \pm 1", "p hat ± 1"),
    ],
)
def test_a_formula_is_read_aloud(latex: str, words: str) -> None:
    assert f'alttext="{words}"' in str(mathml(latex))


def test_every_formula_has_words_and_no_latex_is_left(experiment: Experiment) -> None:
    page = page_of(experiment)
    shown = re.findall(r"<math[^>]*>.*?</math>", page)
    assert len(shown) == page.count("<math") > 40
    for math_ in shown:
        alt = re.search(r'alttext="([^"]+)"', math_)
        assert alt, math_
        assert "\\" not in math_
        assert "@" not in alt[1]
        assert "@" not in re.sub(r'data-words="[^"]*"', "", math_)


# ---- Layers ----


def layer(name: str, type_: str, **sizes: object) -> Layer:
    given = {"kernel": None, "stride": None, "groups": None, "kind": type_, "stage": 0} | sizes
    return Layer(name=name, type=type_, **given)


@pytest.fixture
def with_layers(tmp_path: Path) -> Experiment:
    """alpha-none has a grouped convolution with biases, and a head of two linear layers."""
    store = write_made_up_store(tmp_path, models=("alpha",))
    layers = [
        # 6 x 6 outputs of 8 channels, each from 3 x 2 numbers of 4 / 2 channels.
        layer("backbone.conv", "convolution", kernel=(3, 2), stride=(1, 1), groups=2,
              input_shape=[4, 8, 8], output_shape=[8, 6, 6], n_parameters=104, flops=6912),
        layer("head.0", "linear", input_shape=[8], output_shape=[5], n_parameters=45, flops=80),
        layer("head.2", "linear", input_shape=[5], output_shape=[3], n_parameters=18, flops=30),
    ]  # fmt: skip
    record = Architecture(
        absent={"skips": "made up"}, run_id="alpha-none", input_shape=(4, 8, 8),
        traced_by="module tree", stages=[ModelStage(name="head", shape=(3, 1, 1))],
        layers=layers, skips=None,
    )  # fmt: skip
    write_architecture(store, record)
    return load(store)


def test_a_convolution_and_the_last_linear_layer_are_calculated(with_layers: Experiment) -> None:
    run = next(run for run in with_layers.runs if run.run_id == "alpha-none")
    values = numbers_of(with_layers, run, 0).values
    shown = [evaluate(parsed(of.latex, values)) for _, of in all_worked() if "-name" in of.about]
    assert [number(said) for _, said in shown] == [value for value, _ in shown]
    assert sorted(value for value, _ in shown) == [18, 30, 104, 6912]
    assert values["conv-name"] == "backbone.conv"
    assert values["linear-name"] == "head.2"


def test_a_layer_that_does_more_than_its_products_is_passed_over(with_layers: Experiment) -> None:
    record = read_architecture(with_layers.store, "alpha-none")
    scaled = record.layers[0].model_copy(update={"n_parameters": 104 + 16})
    write_architecture(
        with_layers.store, record.model_copy(update={"layers": [scaled, *record.layers[1:]]})
    )
    numbers = numbers_of(with_layers, with_layers.runs[0], 0)
    assert "no layer of this kind" in numbers.missing["conv-name"]
    assert numbers.values["linear-name"] == "head.2"


def test_a_store_without_layers_says_so(experiment: Experiment) -> None:
    numbers = numbers_of(experiment, experiment.runs[0], 0)
    assert "not stored" in numbers.missing["conv-flops"]
    assert "Cannot be filled in: which layers the model has is not stored" in page_of(experiment)
