"""Publishing against a bare repository, with the real git."""

import subprocess
from pathlib import Path

import pytest

from experiments.results.errors import OutputError
from site_builder.output import write_site
from site_builder.publish import BRANCH, publish

NAMES = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "HOME": "/nowhere"}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a change in the index and one outside it; `remote` is where it pushes."""
    for name, value in NAMES.items():
        monkeypatch.setenv(name, value)
    git(tmp_path, "init", "--quiet", "--bare", "remote")
    folder = tmp_path / "checkout"
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", "checkout")
    git(folder, "config", "user.name", "Test")
    git(folder, "config", "user.email", "test@example.org")
    git(folder, "remote", "add", "origin", str(tmp_path / "remote"))
    (folder / "notes.txt").write_text("committed")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Begin")
    (folder / "notes.txt").write_text("staged")
    git(folder, "add", ".")
    (folder / "notes.txt").write_text("not staged")
    (folder / "new.txt").write_text("unknown to git")
    monkeypatch.chdir(folder)
    return folder


def published(tmp_path: Path) -> dict[str, str]:
    names = git(tmp_path / "remote", "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    return {name: git(tmp_path / "remote", "show", f"{BRANCH}:{name}") for name in names}


def state(folder: Path) -> tuple[str, ...]:
    words = (("status", "--porcelain"), ("diff"), ("diff", "--staged"), ("rev-parse", "HEAD"))
    said = [git(folder, *([word] if isinstance(word, str) else word)) for word in words]
    return (*said, (folder / ".git" / "HEAD").read_text())


def test_the_branch_has_the_site_and_the_working_tree_is_untouched(
    checkout: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    write_site(site, [("index.html", b"one"), (".nojekyll", b""), ("runs/a.html", b"a")])
    before = state(checkout)
    publish(site, "origin")
    found = published(tmp_path)
    assert {name: found[name] for name in found if name != ".bakeoff"} == {
        "index.html": "one",
        ".nojekyll": "",
        "runs/a.html": "a",
    }
    assert state(checkout) == before
    # Again: what is gone from the site is gone, and what others published came before.
    git(tmp_path, "clone", "--quiet", "--branch", BRANCH, "remote", "other")
    for key in ("user.name", "user.email"):
        git(tmp_path / "other", "config", key, "other@example.org")
    (tmp_path / "other" / "CNAME").write_text("example.org\n")
    (tmp_path / "other" / "notes.html").write_text("gone with the next site")
    git(tmp_path / "other", "add", ".")
    git(tmp_path / "other", "commit", "--quiet", "--message", "By another")
    git(tmp_path / "other", "push", "--quiet")
    write_site(site, [("index.html", b"two")])
    publish(site, "origin")
    assert set(published(tmp_path)) == {"index.html", ".bakeoff", "CNAME"}
    assert published(tmp_path)["index.html"] == "two"
    assert published(tmp_path)["CNAME"].strip() == "example.org"
    log = git(tmp_path / "remote", "log", "--format=%s", BRANCH).splitlines()
    assert log == ["Publish the site", "By another", "Publish the site"]
    assert state(checkout) == before


def test_another_branch_of_that_last_name_is_not_taken_for_it(
    checkout: Path, tmp_path: Path
) -> None:
    git(checkout, "push", "--quiet", "origin", f"main:refs/heads/user/{BRANCH}")
    site = tmp_path / "site"
    write_site(site, [("index.html", b"one")])
    publish(site, "origin")
    assert published(tmp_path)["index.html"] == "one"


def test_what_stands_in_the_way_is_named(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    write_site(site, [("index.html", b"one")])
    with pytest.raises(OutputError, match="there is no remote 'upstream'"):
        publish(site, "upstream")
    git(checkout, "remote", "add", "gone", str(tmp_path / "gone"))
    with pytest.raises(OutputError, match="'gone' does not answer"):
        publish(site, "gone")
    git(checkout, "checkout", "--quiet", "-b", BRANCH)
    with pytest.raises(OutputError, match=f"branch {BRANCH} is checked out"):
        publish(site, "origin")
    git(checkout, "checkout", "--quiet", "main")
    hook = tmp_path / "remote" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(OutputError, match="cannot be pushed"):
        publish(site, "origin")
    git(checkout, "config", "--unset", "user.email")
    git(checkout, "config", "user.useConfigOnly", "true")
    with pytest.raises(OutputError, match="does not know who commits"):
        publish(site, "origin")
    (tmp_path / "plain").mkdir()
    monkeypatch.chdir(tmp_path / "plain")
    with pytest.raises(OutputError, match="no git repository"):
        publish(site, "origin")


def test_commits_that_only_this_repository_has_are_not_let_go(
    checkout: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    write_site(site, [("index.html", b"one")])
    publish(site, "origin")
    tree = git(checkout, "rev-parse", f"{BRANCH}^{{tree}}").strip()
    mine = git(checkout, "commit-tree", "-p", BRANCH, "-m", "Mine", tree).strip()
    git(checkout, "update-ref", f"refs/heads/{BRANCH}", mine)
    write_site(site, [("index.html", b"two")])
    with pytest.raises(OutputError, match="has commits that 'origin' lacks; push them"):
        publish(site, "origin")
    assert git(checkout, "rev-parse", BRANCH).strip() == mine
    assert published(tmp_path)["index.html"] == "one"
    git(checkout, "push", "--quiet", "origin", BRANCH)
    publish(site, "origin")
    log = git(tmp_path / "remote", "log", "--format=%s", BRANCH).splitlines()
    assert log == ["Publish the site", "Mine", "Publish the site"]


def test_what_was_refused_is_not_in_the_way_of_the_next_time(
    checkout: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    write_site(site, [("index.html", b"one")])
    hook = tmp_path / "remote" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    for already in ([], ["Publish the site"]):
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        with pytest.raises(OutputError, match="cannot be pushed"):
            publish(site, "origin")
        words = ("for-each-ref", "--format=%(subject)", f"refs/heads/{BRANCH}")
        assert git(checkout, *words).splitlines() == already
        hook.unlink()
        publish(site, "origin")
    log = git(tmp_path / "remote", "log", "--format=%s", BRANCH).splitlines()
    assert log == ["Publish the site"] * 2


def test_a_commit_that_git_refuses_is_an_error_and_not_a_traceback(
    checkout: Path, tmp_path: Path
) -> None:
    write_site(tmp_path / "site", [("index.html", b"one")])
    (checkout / ".git" / "refs" / "heads" / f"{BRANCH}.lock").touch()
    with pytest.raises(OutputError, match="--publish origin: git cannot commit it"):
        publish(tmp_path / "site", "origin")
