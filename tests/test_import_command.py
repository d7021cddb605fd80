"""`python -m experiments import` as a user runs it, and the site that comes of imports alone."""

import json
import os
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from experiments.__main__ import main
from experiments.results.errors import DataError
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.pages.run.command import command as run_command
from site_builder.pipeline import build_site
from tests.imports import ALL_KINDS, NAMES, write_all_kinds
from tests.made_up import write_made_up_store
from tests.test_build import ENVIRONMENT, QUICK, ROOT

DOCUMENT = ROOT / "docs" / "importing.md"


def command(tmp_path: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the command where its results are kept."""
    return subprocess.run(
        [sys.executable, "-m", "experiments", *map(str, words)],
        cwd=tmp_path,
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def import_file(tmp_path: Path, file: str, run: str, *words: object) -> str:
    """Import a file into the experiment `mine`; return what the command says."""
    done = command(tmp_path, "import", file, "--experiment", "mine", "--run", run, *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def snippet(language: str, place: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[place]


def store_of(tmp_path: Path) -> ExperimentStore:
    return ExperimentStore(tmp_path / "results" / "mine")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of one model, imported from a file of every kind, and their site."""
    folder = tmp_path_factory.mktemp("imported")
    write_all_kinds(folder)
    for run, file in ALL_KINDS.items():
        import_file(folder, file, run, "--title", "Names <b>")
    assert build_site(store_of(folder), folder / "site", strict=True).remarks == []
    return folder


def test_every_kind_of_file_tells_the_same(imported: Path) -> None:
    store = store_of(imported)
    assert store.read_experiment().class_names == list(NAMES)
    whole = store.read_predictions(store.read_run("all"), Split.TEST)
    arrays = store.read_predictions(store.read_run("arrays"), Split.TEST)
    one = store.read_predictions(store.read_run("one"), Split.TEST)
    assert whole.top_classes.tolist() == arrays.top_classes.tolist()
    assert whole.predicted.tolist() == one.predicted.tolist()
    matrix, report = (store.read_counts(store.read_run(run_id)) for run_id in ("matrix", "report"))
    assert matrix.hits.sum() == (whole.predicted == whole.targets).sum()
    for name in ("support", "hits", "chosen"):
        assert getattr(matrix, name).tolist() == getattr(report, name).tolist()


class Text(HTMLParser):
    """The text of a page, and the tags that are in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.parts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.parts).split())


def page_of(folder: Path, name: str) -> Text:
    return Text((folder / "site" / name).read_text())


def test_the_command_on_its_page_imports_a_run_again(tmp_path: Path) -> None:
    write_all_kinds(tmp_path)
    extras = ("--cost", "latency_ms=3.25", "--cost", "device=cuda", "--metric", "accuracy=0.5")
    import_file(tmp_path, "one.parquet", "one <b>", *extras)
    store = store_of(tmp_path)
    (run_id,) = store.read_experiment().run_ids
    record = store.read_run(run_id)
    words = shlex.split(run_command(record).lines)
    assert words[:3] == ["python", "-m", "experiments"]
    done = command(tmp_path, *words[3:])
    assert done.returncode == 0, done.stderr
    again = store.read_run(run_id)
    assert again.imported is not None
    assert record.imported is not None
    assert again.imported.imported_at > record.imported.imported_at
    assert again.model_copy(update={"imported": record.imported}) == record


def test_pages_say_what_an_import_lacks(imported: Path) -> None:
    report = page_of(imported, "runs/report.html").text
    assert "only a classification report was imported" in report
    assert "There is none" in report
    assert "only a confusion matrix was imported" in page_of(imported, "runs/matrix.html").text
    one = page_of(imported, "runs/one.html").text
    assert "what was imported names one class for each image" in one
    assert "not measured: the run was imported without costs" in one
    index = page_of(imported, "index.html").text
    assert "5 runs, made elsewhere" in index.replace("\u00a0", " ")
    assert "validation" not in index


def test_names_are_shown_as_text(imported: Path) -> None:
    for path in (imported / "site").rglob("*.html"):
        if path.parent.name == "pipeline":  # its pages have pictures of their own
            continue
        page = Text(path.read_text())
        assert "img" not in page.tags
    shown = page_of(imported, "index.html").text
    for name in NAMES:
        assert " ".join(name.split()) in shown
    assert "Names <b>" in shown


def test_the_example_of_the_documentation_works(tmp_path: Path) -> None:
    (tmp_path / "predictions.csv").write_text(snippet("csv"))
    (tmp_path / "wide.csv").write_text(snippet("csv", 1))
    said = import_file(tmp_path, "predictions.csv", "My model")
    assert "Stored as run my-model of experiment mine." in said
    assert "bakeoff --experiment mine" in said
    import_file(tmp_path, "wide.csv", "My other model")
    store = store_of(tmp_path)
    narrow, wide = (
        store.read_predictions(store.read_run(run_id), Split.TEST)
        for run_id in ("my-model", "my-other-model")
    )
    assert narrow.predicted.tolist() == wide.predicted.tolist() == [0, 2, 1, 2]
    assert store.read_experiment().class_names == ["circle", "square", "star"]


def test_the_loop_of_the_documentation_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {
        "sample_ids": ["a", "b"],
        "targets": [1, 0],
        "probabilities": [[0.4, 0.6], [0.3, 0.7]],
        "class_names": ["cat", "dog"],
    }
    exec(snippet("python"), given)  # noqa: S102 - it is our own documentation
    store = ExperimentStore(Path("results/shapes"))
    said = store.read_predictions(store.read_run("my-model"), Split.TEST)
    assert said.predicted.tolist() == [1, 1]
    assert said.targets.tolist() == [1, 0]


def test_costs_and_scores_given_beside_are_stored(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(snippet("csv"))
    words = ["--cost", "latency_ms=3.2", "--cost", "device=cuda", "--metric", "accuracy=0.75"]
    import_file(tmp_path, "p.csv", "Mine", *words)
    run = store_of(tmp_path).read_run("mine")
    assert run.cost is not None
    assert (run.cost.latency_ms, run.cost.device) == (3.2, "cuda")
    assert run.reported_metrics == {"accuracy": 0.75}
    assert build_site(store_of(tmp_path), tmp_path / "site").remarks == []


def test_a_score_that_is_not_known_is_said_at_once_and_by_the_build(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(snippet("csv"))
    said = import_file(tmp_path, "p.csv", "Mine", "--metric", "acc=0.75")
    assert "note: The score 'acc' came with the import, but is held against nothing" in said
    assert "accuracy, balanced_accuracy, cohen_kappa" in said
    (remark,) = build_site(store_of(tmp_path), tmp_path / "site").remarks
    assert remark.startswith("check noted: Imported scores agree with imported results")
    assert "The score &#39;acc&#39; came" in (tmp_path / "site/runs/mine.html").read_text()


def test_scores_that_contradict_the_results_stop_the_build(tmp_path: Path) -> None:
    parts = {"confusion": [[3, 1], [0, 4]], "metrics": {"accuracy": 0.9}}
    (tmp_path / "m.json").write_text(json.dumps(parts))
    import_file(tmp_path, "m.json", "Mine")
    done = subprocess.run(
        [sys.executable, ROOT / "build.py", "--experiment", "mine"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "accuracy was given as 0.9 and comes to 0.875" in done.stderr


def test_images_are_found_by_path_or_name(tmp_path: Path) -> None:
    ids = ["circle/001.png", "circle\\002", "003", "star/001.png"]
    for place, name in enumerate(("circle/001", "circle/002", "square/003", "star/001")):
        path = tmp_path / "photos" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40 + place, 20), (60 * place, 100, 100)).save(path)
    rows = zip(ids, ("circle", "circle", "square", "star"), strict=True)
    lines = ["sample_id,target,prediction", *(f"{name},{label},star" for name, label in rows)]
    (tmp_path / "p.csv").write_text("\n".join(lines))
    # Images may come with a later import too.
    import_file(tmp_path, "p.csv", "First")
    store = store_of(tmp_path)
    assert store.read_experiment().thumbnails is None
    import_file(tmp_path, "p.csv", "Second", "--images", "photos")
    record = store.read_experiment()
    assert record.thumbnails is not None
    assert record.examples is not None
    assert [sheet.n_images for sheet in record.thumbnails.sheets] == [2, 1, 1]
    assert record.examples.sample_ids == ["circle/001.png", "003", "star/001.png"]
    samples = store.read_samples()
    assert [sample.path for sample in samples] == [
        "circle/001.png", "circle/002.png", "square/003.png", "star/001.png"
    ]  # fmt: skip
    assert [sample.width_px for sample in samples] == [40, 41, 42, 43]
    assert all(sample.sha256 for sample in samples)
    build_site(store, tmp_path / "site")


@pytest.mark.parametrize(
    ("sample_id", "message"),
    [
        ("001", "there is two files named '001'"),
        ("../secret", "there is no file named '../secret'"),
        ("empty", "empty.png: the file is empty; mend the image"),
    ],
)
def test_images_that_are_not_there_are_named(tmp_path: Path, sample_id: str, message: str) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    for name in ("a/001.png", "b/001.png", "empty.png", "good.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9)).save(path)
    (tmp_path / "photos" / "empty.png").write_bytes(b"")
    (tmp_path / "p.csv").write_text(f"sample_id,target,prediction\n{sample_id},0,1\ngood,1,1\n")
    words = ["import", "p.csv", "--experiment", "mine", "--run", "a", "--images", "photos"]
    done = command(tmp_path, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert not store_of(tmp_path).exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--run", "模型"], "'模型': a name needs a letter from a to z or a digit"),
        (["--experiment", "../mine"], "'../mine': a name has lower-case letters"),
        (["--classes", "none.txt"], "none.txt: cannot be read"),
        (["--cost", "latency_ms"], "--cost latency_ms: has to be NAME=VALUE"),
        (["--cost", "speed=1"], "cost 'speed': there is no such cost"),
        (["--metric", "accuracy=high"], "--metric accuracy=high: has to be a number"),
        (["--metric", "accuracy=nan"], "--metric accuracy=nan: has to be a number"),
        (["--metric", "a=1", "--metric", "a=2"], "--metric a=2: has to be NAME=VALUE, each name"),
        (["--images", "nowhere"], "--images nowhere: there is no such folder"),
        (["--results", "p.csv"], "p.csv"),
    ],
)
def test_bad_input_ends_with_code_2_and_writes_nothing(
    tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "p.csv").write_text(snippet("csv"))
    done = command(tmp_path, "import", "p.csv", "--experiment", "mine", "--run", "a", *words)
    assert done.returncode == 2, done.stderr
    assert "error: " in done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not store_of(tmp_path).exists()


HUGE = "1" + "0" * 400
REPORT = (
    '{"a": {"precision": 1.0, "recall": 1.0, "f1-score": 1.0, "support": 2},'
    ' "b": {"precision": 1.0, "recall": 1.0, "f1-score": 1.0, "support": 3}}'
)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.json", "[[1e300, 0], [0, 1]]", "row '0', column '0': 1e+300 is no count of images"),
        ("m.json", f"[[1, {HUGE}], [0, 1]]", "row '0', column '1': 10000"),
        ("m.json", "[[9e15, 0], [0, 9e15]]", "counts 1.8e+16 images in all"),
        ("m.json", "[[9e18, 0], [0, 9e18]]", "row '0', column '0': 9e+18 is no count of images"),
        ("m.csv", "1e300,0\n0,1\n", "row '0', column '0': '1e300' is no count of images"),
        ("m.csv", f"1,0\n{HUGE},1\n", "row '1', column '0': '10000"),
        ("m.csv", ",a,b\na,1,0\nb,9e18,9e18\n", "row 'b', column 'a': '9e18' is no count"),
        (
            "m.json",
            '{"confusion": [[1, 0], [0, 1]], "metrics": {"accuracy": 1e999}}',
            "'metrics', 'accuracy': inf is not a number",
        ),
        (
            "m.json",
            '{"confusion": [[1, 0], [0, 1]], "metrics": {"accuracy": ' + HUGE + "}}",
            "'metrics', 'accuracy': 10000",
        ),
        ("r.json", REPORT.replace('": 2', '": 1e999'), "class 'a', 'support': inf is no number"),
        ("r.json", REPORT.replace('": 2', '": 9e18'), "class 'a': support is 9e+18"),
        ("r.json", REPORT.replace('": 2', f'": {HUGE}'), "class 'a', 'support': 10000"),
        (
            "r.json",
            REPORT.replace('": 2', '": 9e15').replace('": 3', '": 9e15'),
            "counts 1.8e+16 images in all",
        ),
        ("r.json", REPORT.replace("1.0", "1e-320", 1), "class 'a': hits over precision is inf"),
        ("r.json", REPORT.replace("1.0", HUGE, 1), "class 'a', 'precision': 10000"),
        (
            "m.json",
            '{"confusion": [[1, 0], [0, 1]], "class_names": ["a", "\\ud800"]}',
            r"the class '\ud800' holds half of a surrogate pair",
        ),
        (
            "m.json",
            '{"confusion": [[1, 0], [0, 1]], "metrics": {"\\ud800": 1}}',
            r"'\ud800': is no text that a file can hold",
        ),
    ],
)
def test_numbers_and_texts_beyond_all_bounds_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(content)
    assert main(["import", name, "--experiment", "mine", "--run", "a"]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said) < 400
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("words", [["--cost", f"flops={HUGE}"], ["--cost", "latency_ms=1e300"]])
def test_costs_beyond_all_bounds_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.csv").write_text("1,0\n0,1\n")
    assert main(["import", "m.csv", "--experiment", "mine", "--run", "a", *words]) == 2
    assert f"cost {words[1].partition('=')[0]}: has to be at most 1e+18" in capsys.readouterr().err


def test_ids_that_no_file_can_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'b\\ud800' holds half of a surrogate pair"):
        store_of(tmp_path).add_predictions(
            run="a", sample_ids=["a", "b\ud800"], targets=[0, 1], probabilities=[[1, 0], [0, 1]]
        )
    assert not (tmp_path / "results").exists()


def test_a_file_whose_name_is_no_text_is_imported_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path(os.fsdecode(b"m\xff.csv"))
    try:
        file.write_text("1,0\n0,1\n")
    except OSError:
        pytest.skip("this file system has no such names")
    assert main(["import", str(file), "--experiment", "mine", "--run", "a"]) == 0
    imported = store_of(tmp_path).read_run("a").imported
    assert imported is not None
    assert imported.file == "m?.csv"


def test_work_that_took_no_time_passes_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever says that no features had to be computed is believed."""
    monkeypatch.chdir(tmp_path)
    Path("m.csv").write_text("1,0\n0,1\n")
    words = ["--cost", "features_time_s=0", "--cost", "reading_time_s=0"]
    assert main(["import", "m.csv", "--experiment", "mine", "--run", "a", *words]) == 0
    build_site(store_of(tmp_path), tmp_path / "site")
    assert main(["import", "m.csv", "--experiment", "mine", "--run", "b", "--cost",
                 "train_time_s=0"]) == 2  # fmt: skip


def test_a_class_list_gives_indices_their_names(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("sample_id,target,prediction\na,0,1\nb,2,2\n")
    (tmp_path / "classes.txt").write_text("zebra\ncat\ndog\n")
    import_file(tmp_path, "p.csv", "Mine", "--classes", "classes.txt")
    assert store_of(tmp_path).read_experiment().class_names == ["zebra", "cat", "dog"]
    (tmp_path / "classes.txt").write_text("cat\nzebra\ndog\n")
    words = ["--experiment", "mine", "--run", "b", "--classes", "classes.txt"]
    done = command(tmp_path, "import", "p.csv", *words)
    assert done.returncode == 2
    assert "is not the list of experiment 'mine', in its order" in done.stderr


def test_importing_never_loads_torch(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("sample_id,target,prediction\na,0,1\nb,1,1\n")
    for name in ("a", "b"):
        (tmp_path / "photos").mkdir(exist_ok=True)
        Image.new("RGB", (9, 9)).save(tmp_path / "photos" / f"{name}.png")
    words = ["import", "p.csv", "--experiment", "mine", "--run", "a", "--images", "photos"]
    program = (
        f"import sys; from experiments.__main__ import main; assert main({words!r}) == 0; "
        "print(sorted({'torch', 'torchvision', 'timm', 'sklearn'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_two_cannot_write_at_once(tmp_path: Path) -> None:
    from filelock import FileLock

    (tmp_path / "p.csv").write_text(snippet("csv"))
    folder = store_of(tmp_path).folder
    folder.mkdir(parents=True)
    with FileLock(folder / ".lock"):
        done = command(tmp_path, "import", "p.csv", "--experiment", "mine", "--run", "a")
    assert done.returncode == 2
    assert "another process is writing there" in done.stderr


def test_training_keeps_what_was_imported(tmp_path: Path) -> None:
    toml = tmp_path / "quick.toml"
    toml.write_text(QUICK.replace('name = "quick"', 'name = "mine"'))
    train = [sys.executable, ROOT / "build.py", "--experiment", toml, "--run-experiments"]
    train += ["--models", "test_vit"]

    def run() -> None:
        done = subprocess.run(
            train, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    run()
    store = store_of(tmp_path)
    tests = [sample for sample in store.read_samples() if sample.split == Split.TEST]
    rows = "\n".join(f"{sample.sample_id},{sample.target},3" for sample in tests)
    (tmp_path / "p.csv").write_text(f"sample_id,target,prediction\n{rows}\n")
    import_file(tmp_path, "p.csv", "Always three")
    run()
    assert store.read_experiment().run_ids[-1] == "always-three"
    shown = page_of(tmp_path, "index.html").text
    assert "Always three" in shown


def test_help_says_what_can_be_imported(tmp_path: Path) -> None:
    assert "import" in command(tmp_path, "--help").stdout
    said = " ".join(command(tmp_path, "import", "--help").stdout.split())
    for word in (".parquet", ".npz", "confusion matrix", "--images", "--cost"):
        assert word in said
    assert command(tmp_path).returncode == 2


def test_a_made_up_experiment_takes_an_import_too(tmp_path: Path) -> None:
    store = write_made_up_store(tmp_path / "results", name="mine")
    rows = [
        f"{sample.sample_id},{sample.target},{sample.target}"
        for sample in store.read_samples()
        if sample.split == Split.TEST
    ]
    (tmp_path / "p.csv").write_text("sample_id,target,prediction\n" + "\n".join(rows))
    import_file(tmp_path, "p.csv", "Always right")
    assert build_site(store, tmp_path / "site").remarks == []
    assert "Always right" in page_of(tmp_path, "compare.html").text
