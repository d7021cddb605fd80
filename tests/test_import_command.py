"""`python -m experiments import` as a user runs it, and the site that comes of imports alone."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
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
    assert build_site(store_of(folder), folder / "site", strict=True) == []
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
    assert "python build.py --experiment mine" in said
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
    assert build_site(store_of(tmp_path), tmp_path / "site") == []


def test_a_score_that_is_not_known_is_said_at_once_and_by_the_build(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(snippet("csv"))
    said = import_file(tmp_path, "p.csv", "Mine", "--metric", "acc=0.75")
    assert "note: The score 'acc' came with the import, but is held against nothing" in said
    assert "accuracy, balanced_accuracy, cohen_kappa" in said
    (remark,) = build_site(store_of(tmp_path), tmp_path / "site")
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
    assert build_site(store, tmp_path / "site") == []
    assert "Always right" in page_of(tmp_path, "compare.html").text
