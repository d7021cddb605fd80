"""configuration.html says what the store says: shared once, different by run, nothing else."""

import json
import re
import tomllib
from html import unescape
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from experiments.__main__ import main
from experiments.config import load_config, shipped_experiments
from experiments.config_text import config_text
from experiments.results.schema import RunRecord, StrategyConfig, TrainingConfig
from experiments.results.store import ExperimentStore
from site_builder.configuration.differences import default_pair, differences, shard
from site_builder.configuration.planned import is_as_planned
from site_builder.configuration.shared import split_fields
from site_builder.loading import load
from site_builder.naming import RunName, run_names
from site_builder.pages.configuration import configuration_context
from site_builder.pages.run.facts import Fact
from site_builder.render import render
from tests.imports import write_all_kinds
from tests.made_up import made_up_run, write_made_up_store
from tests.site_builder.changes import fail
from tests.site_builder.pages import PageReader

NBSP = "\N{NO-BREAK SPACE}"
CONFIGS = Path(__file__).parents[1] / "configs"


def html_of(store: ExperimentStore) -> str:
    experiment = load(store)
    context = configuration_context(experiment, run_names(experiment))
    return render("pages/configuration.html", context).decode()


def page_of(store: ExperimentStore) -> PageReader:
    return PageReader(html_of(store))


def facts_of(html: str) -> dict[str, str]:
    """Return the values of all lists of facts by their label, without markup and definitions."""
    html = re.sub(r'<span role="tooltip".*?</span>', "", html)
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", html)
    return {text_of(label): text_of(value) for label, value in pairs}


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", html)).strip()


def headings(row: list[str]) -> list[str]:
    """Return column headings without the definitions of terms in them."""
    return [re.sub(r"(?<=[a-z])[A-Z].*", "", text) for text in row]


def reconfigure(store: ExperimentStore, run_id: str, **changes: Any) -> None:
    run = store.read_run(run_id)
    config = run.config.model_copy(update=changes)
    store.write_run(run.model_copy(update={"config": config}))


def code_of(html: str) -> str:
    return text_of(html[html.index("<figure") : html.index("</figure>")].split("</figcaption>")[1])


@pytest.fixture
def store(tmp_path: Path) -> ExperimentStore:
    return write_made_up_store(tmp_path)


def test_what_all_runs_share_is_said_once(store: ExperimentStore) -> None:
    html = html_of(store)
    facts = facts_of(html)
    for label, value in {
        "Strategy": "from scratch",
        "Head": "linear",
        "Seed": "0",
        "Optimizer": "adam",
        "Learning rate": "0.001",
        "Schedule": "constant",
        "Warmup epochs": "0",
        "Label smoothing": "0",
        "Clip norm": "none",
        "Weight decay": "0",
        "Batch size": "32",
        "Max epochs": "3",
        "Patience": "5",
        "Min delta": "0.001",
        "Input size": "32",
        "Resize size": "32",
        "Interpolation": "bicubic",
        "Mean": "0.5, 0.5, 0.5",
        "Deviation": "0.5, 0.5, 0.5",
        "Set by the configuration": "nothing",
        "CPU": "Made-up processor",
        "Threads": "2",
        "GPU": "– (none)",
        "Platform": "Linux x86_64",
        "Commit": "– (not a git checkout)",
        "Python": "3.11.0",
        "torch": "2.0.0",
        "Latency repeats": "100",
        "Throughput batch size": "32",
        "Licence": "CC0",
        "Classes": "3",
        "Coverage of intervals": f"95{NBSP}%",
        "Resamples of the bootstrap": "2,000",
        "Bins of confidence": "15",
        "Level of paired tests": "0.05",
    }.items():
        assert facts[label] == value, label
    # Nothing of the backbone learns at another rate, and no stage is freed: that was not used.
    assert {"Backbone rate", "Momentum", "Stages", "Epochs per stage"}.isdisjoint(facts)
    assert f"4{NBSP}runs of 2{NBSP}models" in text_of(html)


def test_what_models_decide_is_a_row_for_each(store: ExperimentStore) -> None:
    table = page_of(store).tables["Networks, where runs differ"]
    assert headings(table[0]) == ["Model", "Model name", "Parameters"]
    assert table[1:] == [
        ["Alpha", "alpha", f"1.00{NBSP}M"],
        ["Beta", "beta", f"2.00{NBSP}M"],
    ]


def test_augmentation_is_a_row_for_each_kind_with_what_it_uses(tmp_path: Path) -> None:
    kinds = ("none", "standard", "strong")
    table = page_of(write_made_up_store(tmp_path, augmentations=kinds)).tables[
        "Augmentation, where runs differ"
    ]
    assert headings(table[0])[1:4] == ["Min scale", "Flip probability", "Brightness"]
    # In the order of accuracy; rotation and loss of colour are of the strong one alone.
    assert sorted(table[1:]) == [
        ["augmented", "0.6", "0.5", "0.2", "0.2", "0.2", "–", "–"],
        ["no augmentation", *["–"] * 7],
        ["strongly augmented", "0.6", "0.5", "0.2", "0.2", "0.2", "15°", "0.1"],
    ]


def test_what_one_run_alone_has_is_a_row_for_each_run(store: ExperimentStore) -> None:
    training = TrainingConfig(max_epochs=3, learning_rate=0.02)
    reconfigure(store, "beta-none", training=training, strategy="partial")
    page = page_of(store)
    rates = page.tables["Hyperparameters, where runs differ"]
    assert headings(rates[0]) == ["Run", "Learning rate", "Backbone rate"]
    assert {row[0]: row[1:] for row in rates[1:]} == {
        "Alphano augmentation, from scratch": ["0.001", "–"],
        "Alphaaugmented, from scratch": ["0.001", "–"],
        "Betano augmentation, last stages trained": ["0.02", "0.1"],
        "Betaaugmented, from scratch": ["0.001", "–"],
    }
    learning = page.tables["What learns, where runs differ"]
    row = next(row for row in learning if row[0].startswith("Betano"))
    assert row[1:] == ["last stages trained", f"2.00{NBSP}M", "1"]


def test_overrides_of_the_preprocessing_are_named(store: ExperimentStore) -> None:
    for run_id in store.read_experiment().run_ids:
        overrides = store.read_run(run_id).config.preprocessing.model_copy(
            update={"input_size": 32, "crop_fraction": 1.0}
        )
        reconfigure(store, run_id, preprocessing=overrides)
    assert facts_of(html_of(store))["Set by the configuration"] == "input size and crop fraction"


def test_splits_have_their_counts_and_digests(store: ExperimentStore) -> None:
    record = store.read_experiment()
    rows = {row[0]: row[1:] for row in page_of(store).tables["Splits"][1:]}
    assert list(rows) == ["train", "val", "test"]
    for name, (n_images, per_class, _, digest) in rows.items():
        assert (n_images, per_class) == ("60", "20")
        assert digest == record.splits[name].ids_sha256


def test_runs_have_their_digests(store: ExperimentStore) -> None:
    rows = {row[0]: row[1:] for row in page_of(store).tables["Runs"][1:]}
    assert len(rows) == 4
    for name, run_id in (
        ("Alphano augmentation", "alpha-none"),
        ("Betaaugmented", "beta-standard"),
    ):
        config = store.read_run(run_id).config
        assert rows[name] == [
            "finished",
            "2025-01-01 00:00:00 UTC",
            "3, best 3",
            config.digest(),
            "–",
        ]


@pytest.mark.parametrize("path", ["digits", str(CONFIGS / "pets.toml")])
def test_the_file_shown_gives_the_same_experiment(
    store: ExperimentStore, tmp_path: Path, path: str
) -> None:
    config = load_config(path)
    record = store.read_experiment().model_copy(update={"config_toml": config_text(config)})
    store.write_experiment(record, store.read_samples())
    file = tmp_path / "copied.toml"
    file.write_text(code_of(html_of(store)), encoding="utf-8")
    copied = load_config(str(file))
    folders = {"weights_dir": True, "dataset": {"data_dir": True}}
    assert copied.model_dump(exclude=folders) == config.model_dump(exclude=folders)
    assert copied.runs() == config.runs()


def test_runs_made_with_another_configuration_are_named(store: ExperimentStore) -> None:
    assert "Not made with this file" not in html_of(store)
    reconfigure(store, "beta-none", training=TrainingConfig(max_epochs=3, learning_rate=0.02))
    reconfigure(store, "alpha-standard", label="Alfa")
    html = html_of(store)
    said = html[html.index("Not made with this file") : html.index("Two runs compared</h2>")]
    assert re.findall("<li>(.*)</li>", said) == ["Alfa, augmented", "Beta, no augmentation"]


SHIPPED = (*shipped_experiments(), *map(str, sorted(CONFIGS.glob("*.toml"))))


@pytest.mark.parametrize("path", SHIPPED)
def test_every_planned_run_of_a_shipped_file_is_as_planned(path: str) -> None:
    """What a file leaves out has the same defaults here as where runs are planned."""
    config = load_config(path)
    stored = tomllib.loads(config_text(config))
    assert config.runs()
    for run in config.runs().values():
        record = made_up_run("x", "x", "none", 0).model_copy(update={"config": run})
        assert is_as_planned(record, stored)
        other = record.model_copy(update={"config": run.model_copy(update={"seed": 99})})
        assert not is_as_planned(other, stored)


def test_another_strategy_is_another_configuration(store: ExperimentStore) -> None:
    for run_id in store.read_experiment().run_ids:
        reconfigure(store, run_id, strategy_parameters=StrategyConfig(n_stages=2))
    html = html_of(store)
    assert html.count("<li>Alpha, ") == html.count("<li>Beta, ") == 2


def test_the_pair_is_the_best_run_and_the_best_of_another_strategy(store: ExperimentStore) -> None:
    experiment = load(store)
    ranked = [run.run_id for run in experiment.ranked]
    assert [run.run_id for run in default_pair(experiment) or ()] == ranked[:2]
    reconfigure(store, ranked[3], strategy="full")
    assert [run.run_id for run in default_pair(load(store)) or ()] == [ranked[0], ranked[3]]
    page = page_of(store)
    rows = {row[0]: row[1:] for row in page.tables["Where two runs differ"][1:]}
    assert rows["Strategy"] == ["from scratch", "fine-tuned"]
    assert rows["Backbone rate"] == ["–", "0.1"]


def test_a_rule_that_has_a_momentum_says_it(store: ExperimentStore) -> None:
    for run_id in store.read_experiment().run_ids:
        reconfigure(store, run_id, training=TrainingConfig(optimizer="sgd", momentum=0.8))
    assert facts_of(html_of(store))["Momentum"] == "0.8"


def test_fields_that_are_not_in_the_table_are_the_same_in_both(store: ExperimentStore) -> None:
    """Against the records as JSON: what differs there is what is said to differ."""
    training = TrainingConfig(max_epochs=3, weight_decay=0.1, schedule="cosine")
    reconfigure(store, "beta-none", training=training, seed=4)
    one, other = store.read_run("alpha-none"), store.read_run("beta-none")
    found = {row.label: (row.left, row.right) for row in differences(one, other)}
    assert found == {
        "Model name": ("alpha", "beta"),
        "Parameters": (f"1.00{NBSP}M", f"2.00{NBSP}M"),
        "Trained parameters": (f"1.00{NBSP}M", f"2.00{NBSP}M"),
        "Seed": ("0", "4"),
        "Schedule": ("constant", "cosine"),
        "Weight decay": ("0", "0.1"),
    }
    a, b = (run.config.model_dump() for run in (one, other))
    assert {key for key in a if a[key] != b[key]} == {"model", "label", "seed", "training"}
    assert {key for key in a["training"] if a["training"][key] != b["training"][key]} == {
        "schedule",
        "weight_decay",
    }


def test_the_browser_gets_the_fields_of_all_runs(store: ExperimentStore) -> None:
    reconfigure(store, "beta-none", strategy="full")
    fail(store, "beta-standard", "out of memory")
    experiment = load(store)
    made = json.loads(json.dumps(shard(experiment)))
    assert set(made["runs"]) == set(experiment.record.run_ids)
    for one, other in permutations(made["runs"], 2):
        rows = differences(store.read_run(one), store.read_run(other))
        pairs = zip(made["fields"], made["runs"][one], made["runs"][other], strict=True)
        assert [
            [part, label, first or "–", second or "–"]
            for (part, label), first, second in pairs
            if first != second
        ] == [[row.part, row.label, row.left, row.right] for row in rows]


def test_a_failed_run_says_what_it_lacks(store: ExperimentStore) -> None:
    fail(store, "beta-none", "the loss is not finite")
    run = store.read_run("beta-none")
    lost = {"preprocessing": "it failed before", "cost": "it failed before"}
    changes = {
        **dict.fromkeys(lost),
        "absent": run.absent | lost,
        "history": [],
        "best_epoch": None,
    }
    changes["absent"] = changes["absent"] | {"best_epoch": "it failed before"}
    store.write_run(run.model_copy(update=changes))
    html = html_of(store)
    page = PageReader(html)
    rows = {row[0]: row[1:] for row in page.tables["Runs"][1:]}
    assert rows["Betano augmentation"][0::2] == ["failed", "–", "–"]
    assert "Not known of Beta, no augmentation: it failed before." in text_of(html)
    assert "failed: the loss is not finite" in text_of(html)


def test_a_run_that_was_not_done_yet_is_named(store: ExperimentStore) -> None:
    store.remove_run("beta-none")
    page = page_of(store)
    assert "beta-nonehas not been run yet" in page.text.replace("\n", "")
    assert len(page.tables["Runs"]) == 4


def test_an_older_store_says_that_the_file_is_not_there(store: ExperimentStore) -> None:
    path = store.folder / "experiment.json"
    record = json.loads(path.read_text())
    del record["config_toml"]
    path.write_text(json.dumps(record | {"schema_version": 2}))
    html = html_of(store)
    assert "It is not stored: these results were written by an older version" in text_of(html)
    assert "code-block><figure" not in html
    assert facts_of(html)["Optimizer"] == "adam"


def test_a_store_without_runs_has_a_page(store: ExperimentStore) -> None:
    for run_id in store.read_experiment().run_ids:
        store.remove_run(run_id)
    html = html_of(store)
    assert "It takes two runs whose configuration is stored" in html
    assert "None is stored yet." in html
    assert list(PageReader(html).tables) == ["Splits"]


def test_names_from_data_are_text(store: ExperimentStore) -> None:
    reconfigure(store, "alpha-none", label="<i>Alpha</i> & co", model="<u>model</u>")
    html = html_of(store)
    assert "<i>" not in html
    assert "<u>" not in html
    assert "&lt;u&gt;model&lt;/u&gt;" in html


def test_two_models_of_one_name_are_not_thrown_together() -> None:
    runs = [made_up_run("x", model, "none", 0) for model in ("one", "two")]
    records = [
        run.model_copy(update={"config": run.config.model_copy(update={"label": "Same"})})
        for run in runs
    ]
    fields = [(run, (Fact("Size", str(place), ""),)) for place, run in enumerate(records)]
    names = run_names_of(records)
    shared, columns, by, rows = split_fields(fields, names)
    assert (shared, by) == ((), "Run")
    assert [column.label for column in columns] == ["Size"]
    assert [(row.run_id, row.values) for row in rows] == [
        ("one-none", ("0",)),
        ("two-none", ("1",)),
    ]


def run_names_of(records: list[RunRecord]) -> dict[str, Any]:
    return {run.run_id: RunName(run.config.label, run.run_id) for run in records}


def test_imported_runs_say_where_they_come_from(tmp_path: Path) -> None:
    write_all_kinds(tmp_path)
    for run, file in (("One", "one.parquet"), ("Report", "report.json")):
        words = ["import", str(tmp_path / file), "--experiment", "mine", "--run", run]
        assert main([*words, "--results", str(tmp_path)]) == 0
    store = ExperimentStore(tmp_path / "mine")
    html = html_of(store)
    assert "There is none: no run was trained here." in html
    assert "It takes two runs whose configuration is stored" in html
    assert "How they were trained is not stored." in html
    table = PageReader(html).tables["Imported runs, where runs differ"]
    rows = {row[0]: row[1:] for row in table[1:]}
    for name in ("One", "Report"):
        imported = store.read_run(name.lower()).imported
        assert rows[name][:3] == [imported.kind, imported.file, imported.file_sha256]
