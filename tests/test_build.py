"""The command, run as a user runs it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader
from rich.console import Console

from bakeoff.arguments import parse_arguments
from bakeoff.command import build_again, main
from experiments.config import CONFIGS_FOLDER
from experiments.results.store import ExperimentStore
from site_builder.render import environment
from tests.made_up import write_made_up_store

ROOT = Path(__file__).parents[1]
# Tiny models gain nothing from threads, and lose much where other tests use the cores.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
QUICK = """
name = "quick"
title = "Quick digits"
question = "Does the path work from end to end?"
strategy = "scratch"
[dataset]
source = "digits"
[training]
batch_size = 64
max_epochs = 1
[preprocessing]
input_size = 32
crop_fraction = 1.0
[[models]]
name = "test_vit"
[[models]]
name = "test_efficientnet"
"""


def command(*words: object) -> list[str]:
    return [sys.executable, str(ROOT / "build.py"), *map(str, words)]


def build(tmp_path: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("--results", tmp_path / "results", "--output", tmp_path / "site", *words),
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=240,
        check=False,
    )


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def quick(tmp_path):
    path = tmp_path / "quick.toml"
    path.write_text(QUICK)
    return path


def test_one_command_leads_from_a_configuration_to_a_site(tmp_path, quick):
    done = build(tmp_path, "--experiment", quick, "--run-experiments", "--strict")
    assert done.returncode == 0, done.stderr
    # Plain lines where there is no terminal: which run, each epoch's figures, how it ended.
    for text in ("[1/2] test_vit-none", "epoch   1  loss ", "val accuracy", "stored; best epoch 1"):
        assert text in done.stderr
    assert f"open {tmp_path / 'site' / 'index.html'}" in done.stderr
    assert "Quick digits" in (tmp_path / "site" / "index.html").read_text()
    # From the stored results alone, by name, without the configuration's file.
    before = content(tmp_path / "site")
    quick.unlink()
    again = build(tmp_path, "--experiment", "quick")
    assert again.returncode == 0, again.stderr
    assert content(tmp_path / "site") == before


def test_a_run_that_failed_is_shown_and_the_exit_code_says_so(tmp_path, quick):
    quick.write_text(
        QUICK.replace("batch_size", 'optimizer = "sgd"\nlearning_rate = 1e30\nbatch_size')
    )
    done = build(
        tmp_path, "--experiment", quick, "--run-experiments", "--models", "test_efficientnet"
    )
    assert done.returncode == 1
    assert "warning: run test_efficientnet-none failed: DivergedError" in done.stderr
    assert "warning: run test_vit-none has not been run yet" in done.stderr
    assert "DivergedError" in (tmp_path / "site" / "index.html").read_text()


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path, quick):
    words = ["--results", tmp_path / "results", "--output", tmp_path / "site"]
    words += ["--experiment", quick, "--run-experiments"]
    with subprocess.Popen(
        command(*words), stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        for line in process.stderr:
            if line.startswith("[2/2]"):
                break
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in errors
    assert "Traceback" not in errors
    store = ExperimentStore(tmp_path / "results" / "quick")
    assert store.read_run("test_vit-none").status == "finished"
    assert not store.has_run("test_efficientnet-none")
    finished = content(store.run_folder("test_vit-none"))
    assert build(tmp_path, *words[4:]).returncode == 0
    assert store.read_run("test_efficientnet-none").status == "finished"
    # What it stored is untouched; feature maps are added after the last run.
    assert content(store.run_folder("test_vit-none")).items() >= finished.items()


def changed(key: str, value: str) -> str:
    text = QUICK.replace(key, value)
    assert text != QUICK
    return text


FOLDER = """source = "folder"
title = "Photos"
data_dir = "photos"
"""


@pytest.mark.parametrize(
    ("toml", "words", "message"),
    [
        (None, ["--experiment", "digit"], "did you mean 'digits'?"),
        (None, ["--experiment", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (changed("max_epochs", "max_epoch"), [], "max_epoch: unknown key; did you mean"),
        (changed('"test_vit"', '"test_vitt"'), [], "no model 'test_vitt'; did you mean 'test_vit'"),
        (QUICK, ["--models", "test_vot"], "did you mean 'test_vit'"),
        (QUICK, ["--data-dir", "."], "brings its own data"),
        (changed('source = "digits"\n', FOLDER), [], "photos. Set data_dir"),
    ],
)
def test_bad_input_ends_with_code_2_and_changes_nothing(tmp_path, quick, toml, words, message):
    write_made_up_store(tmp_path / "results")
    before = content(tmp_path)
    if toml is not None:
        quick.write_text(toml)
        before["quick.toml"] = toml.encode()
        words = ["--experiment", quick, *words]
    done = build(tmp_path, "--run-experiments", *words)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ")
    assert message in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert content(tmp_path) == before


def test_results_that_are_a_file_are_an_error_and_not_a_traceback(tmp_path, quick):
    done = build(tmp_path, "--experiment", quick, "--run-experiments", "--results", quick)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"error: {quick}")
    assert "Traceback" not in done.stderr
    assert quick.read_text() == QUICK


def test_an_experiment_without_results_says_how_to_make_them(tmp_path):
    done = build(tmp_path)
    assert done.returncode == 2
    assert "add --run-experiments" in done.stderr


def test_a_folder_that_is_not_ours_is_refused_before_anything_runs(tmp_path, quick):
    foreign = tmp_path / "site"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine")
    done = build(tmp_path, "--experiment", quick, "--run-experiments")
    assert done.returncode == 2
    assert f"--output {foreign}: is not empty and bakeoff did not make it" in done.stderr
    assert not (tmp_path / "results").exists()
    assert content(foreign) == {"thesis.txt": b"mine"}


def test_a_port_in_use_is_refused_before_anything_runs(tmp_path, quick):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = build(tmp_path, "--experiment", quick, "--run-experiments", "--serve", port)
    assert done.returncode == 2
    assert f"port {port} is in use" in done.stderr
    assert not (tmp_path / "results").exists()


def test_strict_refuses_a_site_with_a_missing_run(tmp_path):
    store = write_made_up_store(tmp_path / "results")
    store.remove_run("alpha-none")
    assert build(tmp_path, "--experiment", "made-up", "--strict").returncode == 2
    assert not (tmp_path / "site").exists()
    relaxed = build(tmp_path, "--experiment", "made-up")
    assert relaxed.returncode == 0
    assert "warning: run alpha-none has not been run yet" in relaxed.stderr


def test_numbers_that_disagree_end_with_code_3_unless_that_is_allowed(tmp_path):
    store = write_made_up_store(tmp_path / "results")
    assert build(tmp_path, "--experiment", "made-up").returncode == 0
    before = content(tmp_path / "site")
    run = store.read_run("beta-none")
    store.write_run(run.model_copy(update={"best_epoch": 1}))
    done = build(tmp_path, "--experiment", "made-up")
    assert done.returncode == 3
    assert "error: The best epoch has the lowest validation loss: not so in 1 of 4" in done.stderr
    assert "error:   beta-none: epoch 1 was kept, but epoch 3 has the lowest loss" in done.stderr
    assert "--allow-inconsistent" in done.stderr
    assert content(tmp_path / "site") == before
    done = build(tmp_path, "--experiment", "made-up", "--allow-inconsistent")
    assert done.returncode == 0
    assert "warning: check failed: The best epoch has the lowest" in done.stderr
    assert "2\u00a0checks failed" in (tmp_path / "site" / "index.html").read_text()
    assert "epoch 1 was kept" in (tmp_path / "site" / "checks.html").read_text()


def test_options_for_running_need_running(tmp_path):
    done = build(tmp_path, "--force")
    assert done.returncode == 2
    assert "--force needs --run-experiments" in done.stderr


def test_help_names_the_experiments_that_come_with_it(tmp_path):
    done = build(tmp_path, "--help")
    assert done.returncode == 0
    for path in CONFIGS_FOLDER.glob("*.toml"):
        assert path.stem in done.stdout


def test_serving_answers_until_ctrl_c(tmp_path):
    write_made_up_store(tmp_path / "results")
    words = ["--results", tmp_path / "results", "--output", tmp_path / "site"]
    with subprocess.Popen(
        command(*words, "--experiment", "made-up", "--serve", 0),
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        address = next(line for line in process.stderr if "http://127.0.0.1:" in line).split()[-1]
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert b"Made-up shapes" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_a_stored_experiment_is_run_by_its_file(tmp_path):
    write_made_up_store(tmp_path / "results")
    done = build(tmp_path, "--experiment", "made-up", "--run-experiments")
    assert done.returncode == 2
    assert "give the path of its TOML file" in done.stderr


def test_what_changed_is_markdown_on_standard_output_and_tables_go_to_a_folder(
    tmp_path: Path,
) -> None:
    write_made_up_store(tmp_path / "results", name="first", n_images=30)
    second = write_made_up_store(tmp_path / "results", name="second", n_images=30, seed=1)
    shutil.copytree(tmp_path / "results", tmp_path / "old")
    second.remove_run("alpha-none")
    done = build(
        tmp_path, "--summary", "--compare-with", tmp_path / "old",
        "--base-url", "https://example.org/lab", "--export", tmp_path / "tables",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # Nothing but Markdown: each line is text, a heading, an entry of a list, or a row of a table.
    blocks = done.stdout.split("\n\n")
    assert blocks[0] == "## Made-up shapes"
    headings = [block for block in blocks if block.startswith("#")]
    of_first = ["## Made-up shapes", "### Changes", "### Performance", "### Resources"]
    assert headings == [*of_first, of_first[0], "### Runs without results", *of_first[1:]]
    assert "Of 4 runs: 4 same." in done.stdout
    assert "Of 4 runs: 1 gone, 3 same." in done.stdout
    assert "built" not in done.stdout
    assert "warning: second: run alpha-none has not been run yet" in done.stderr
    for name in ("first", "second"):
        assert f"https://example.org/lab/{name}/compare.html" in read(tmp_path, "sitemap.xml")
        canonical = f'<link rel="canonical" href="https://example.org/lab/{name}/">'
        assert canonical in read(tmp_path, f"{name}/index.html")
        tables = content(tmp_path / "tables" / name)
        assert tables == content(tmp_path / "site" / name / "exports")
        assert {"changes.csv", "performance.csv", "runs/beta-none-matrix.tex"} <= tables.keys()
    n_files = len(content(tmp_path / "tables"))
    assert f"{n_files} files are written to {tmp_path / 'tables'}" in done.stderr


def test_the_store_is_read_once_for_site_summary_and_tables(tmp_path, monkeypatch, capsys):
    store = write_made_up_store(tmp_path / "results")
    read_predictions, asked = ExperimentStore.read_predictions, []

    def counted(self, record, split):
        asked.append((record.run_id, split))
        return read_predictions(self, record, split)

    monkeypatch.setattr(ExperimentStore, "read_predictions", counted)
    words = ["--results", store.folder.parent, "--output", tmp_path / "site"]
    assert main([*map(str, words)]) == 0
    once = sorted(asked)
    asked.clear()
    assert main([*map(str, [*words, "--summary", "--export", tmp_path / "tables"])]) == 0
    assert sorted(asked) == once
    assert capsys.readouterr().out.startswith("## Made-up shapes")


def read(folder: Path, page: str) -> str:
    return (folder / "site" / page).read_text(encoding="utf-8")


def test_older_results_that_are_not_there_are_missed_before_anything_runs(tmp_path, quick):
    done = build(
        tmp_path, "--experiment", quick, "--run-experiments", "--compare-with", tmp_path / "old"
    )
    assert done.returncode == 2
    assert f"--compare-with {tmp_path / 'old'}: holds no results" in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_site_is_published_into_the_repository_around(tmp_path, monkeypatch):
    for name, value in {
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "HOME": "/nowhere",
        "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.org",
        "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.org",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
        monkeypatch.setitem(ENVIRONMENT, name, value)
    checkout = tmp_path / "checkout"
    git(tmp_path, "init", "--quiet", "--bare", "remote")
    git(tmp_path, "init", "--quiet", "checkout")
    git(checkout, "remote", "add", "mirror", tmp_path / "remote")
    monkeypatch.chdir(checkout)
    write_made_up_store(tmp_path / "results")
    done = build(tmp_path, "--publish", "mirror")
    assert done.returncode == 0, done.stderr
    assert "The site is pushed to branch gh-pages of mirror" in done.stderr
    names = git(tmp_path / "remote", "ls-tree", "-r", "--name-only", "gh-pages").splitlines()
    assert set(names) == set(content(tmp_path / "site"))
    assert git(tmp_path / "remote", "show", "gh-pages:index.html") == read(tmp_path, "index.html")
    # Another remote is named, and asked for before anything is built.
    (tmp_path / "site" / "index.html").unlink()
    done = build(tmp_path, "--publish")
    assert done.returncode == 2
    assert "there is no remote 'origin'" in done.stderr
    assert not (tmp_path / "site" / "index.html").exists()


def git(folder: Path, *words: object) -> str:
    done = subprocess.run(
        ["git", *map(str, words)], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_only_the_runs_named_are_run(tmp_path, quick):
    words = ["--experiment", quick, "--run-experiments", "--runs", "test_vit-none"]
    done = build(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "[1/1] test_vit-none" in done.stderr
    assert "warning: run test_efficientnet-none has not been run yet" in done.stderr
    store = ExperimentStore(tmp_path / "results" / "quick")
    assert store.read_run("test_vit-none").status == "finished"
    assert not store.has_run("test_efficientnet-none")
    done = build(tmp_path, *words, "test_vot-none")
    assert done.returncode == 2
    assert "did you mean 'test_vit-none'" in done.stderr


def test_jobs_share_the_runs_and_a_later_call_builds_the_site(tmp_path, quick, monkeypatch):
    """The one job on Ray, the other here, as two of an array do it."""
    monkeypatch.setitem(ENVIRONMENT, "RAY_AUTH_TOKEN", "of a test")
    words = ["--experiment", quick, "--run-experiments"]
    for model, launcher in (("test_vit", "local"), ("test_efficientnet", "ray")):
        job = ["--runs", f"{model}-none", "--launcher", launcher, "--no-site"]
        done = build(tmp_path, *words, *job)
        assert done.returncode == 0, done.stderr
        assert f"[1/1] {model}-none" in done.stderr
        assert not (tmp_path / "site").exists()
    done = build(tmp_path, *words, "--strict")
    assert done.returncode == 0, done.stderr
    assert "epoch" not in done.stderr
    assert (tmp_path / "site" / "index.html").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--no-site"], "--no-site needs --run-experiments"),
        (["--run-experiments", "--ray-address", "auto"], "--ray-address needs --launcher ray"),
        (["--run-experiments", "--no-site", "--serve"], "--serve needs the site"),
        (["--run-experiments", "--no-site", "--summary"], "--summary needs the site"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(words, message, capsys):
    with pytest.raises(SystemExit) as ended:
        parse_arguments(words)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_template_that_fails_leaves_the_site_as_it_was(tmp_path, monkeypatch, capsys):
    """While serving; the real templates, one of them with a mistake that is none of Jinja's."""
    write_made_up_store(tmp_path / "results")
    templates = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", templates)
    loader = FileSystemLoader(templates)
    monkeypatch.setattr(environment(), "loader", loader)
    environment().cache.clear()
    words = ["--results", str(tmp_path / "results"), "--output", str(tmp_path / "site")]
    arguments, console = parse_arguments(words), Console(stderr=True)
    assert build_again(arguments, "", console)
    before = content(tmp_path / "site")
    page = templates / "pages" / "compare.html"
    page.write_text(
        page.read_text().replace("{% block content %}", "{% block content %}{{ 1 + 'a' }}")
    )
    assert not build_again(arguments, "", console)
    environment().cache.clear()
    assert "error: TypeError: unsupported operand" in capsys.readouterr().err
    assert content(tmp_path / "site") == before
