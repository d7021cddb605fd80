"""Push a built site to the branch that GitHub Pages serves, past the working tree."""

import subprocess
from pathlib import Path

from ghp_import import GhpError, ghp_import

from experiments.results.errors import OutputError

BRANCH = "gh-pages"
DEFAULT_REMOTE = "origin"


def check_repository(remote: str) -> None:
    """Make sure that a site can be pushed from here, before hours of work end in finding otherwise.

    Args:
        remote: Name of a remote of the repository around the current folder.

    Raises:
        OutputError: If there is no such repository or remote, the branch is checked out, or git
            does not know who commits.
    """
    _git("rev-parse", "--git-dir", why="this is no git repository; change into yours")
    _git("remote", "get-url", remote, why=f"there is no remote {remote!r}; see `git remote`")
    _git("var", "GIT_COMMITTER_IDENT", why="git does not know who commits; set user.email")
    if f"branch refs/heads/{BRANCH}" in _git("worktree", "list", "--porcelain").splitlines():
        raise OutputError(f"--publish: branch {BRANCH} is checked out; change to another")


def publish(site: Path, remote: str) -> None:
    """Commit a site onto the branch of published sites and push that.

    The commit has the site's files and no others but `CNAME`, where GitHub keeps the custom domain,
    and follows what the remote has. Neither the working tree nor the index nor another branch is
    touched.

    Args:
        site: A built site.
        remote: Name of a remote of the repository around the current folder.

    Raises:
        OutputError: As `check_repository`, or if the remote refuses.
    """
    check_repository(remote)
    domain = _custom_domain(remote) if _fetch(remote) else None
    try:
        ghp_import(
            str(site),
            remote=remote,
            branch=BRANCH,
            mesg="Publish the site",
            push=True,
            cname=domain,
        )
    except (GhpError, subprocess.CalledProcessError) as error:
        raise OutputError(f"--publish {remote}: cannot be pushed: {error}") from None


def _fetch(remote: str) -> bool:
    """Fetch what others may have published; return whether anybody has."""
    # A branch by its full name: `user/gh-pages` ends in the same word.
    head = f"refs/heads/{BRANCH}"
    why = f"the remote {remote!r} does not answer"
    if not _git("ls-remote", "--heads", remote, head, why=why):
        return False
    _git("fetch", "--quiet", remote, f"+{head}:refs/remotes/{remote}/{BRANCH}")
    return True


def _custom_domain(remote: str) -> str | None:
    """Return what `CNAME` holds on the branch that was fetched; None where there is none."""
    published = f"refs/remotes/{remote}/{BRANCH}"
    if not _git("ls-tree", "--name-only", published, "CNAME"):
        return None
    return _git("show", f"{published}:CNAME").strip()


def _git(*words: str, why: str = "") -> str:
    """Return what git says; `why` is what it means that it fails."""
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise OutputError("--publish needs git, which is not installed") from None
    if done.returncode:
        raise OutputError(f"--publish: {why or done.stderr.strip()}")
    return done.stdout
