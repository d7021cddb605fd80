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
        OutputError: As `check_repository`, if the branch has commits that the remote lacks, or if
            the remote refuses; the branch is then as it was.
    """
    check_repository(remote)
    domain = _custom_domain(remote) if _fetch(remote) else None
    _refuse_unpushed(remote)
    before = _tip(f"refs/heads/{BRANCH}")
    try:
        ghp_import(
            str(site),
            remote=remote,
            branch=BRANCH,
            mesg="Publish the site",
            push=True,
            cname=domain,
        )
    except (GhpError, subprocess.CalledProcessError, OSError, TypeError) as error:
        _put_back(before)
        # Where git cannot commit, ghp_import fails in telling so: it writes bytes as text.
        why = (
            "git cannot commit it" if isinstance(error, TypeError) else f"cannot be pushed: {error}"
        )
        raise OutputError(f"--publish {remote}: {why}") from None


def _refuse_unpushed(remote: str) -> None:
    """Refuse to let go of commits that only this repository has: ghp_import would."""
    ours, theirs = f"refs/heads/{BRANCH}", f"refs/remotes/{remote}/{BRANCH}"
    if _tip(ours) and _tip(theirs) and _git("rev-list", "--max-count=1", f"{theirs}..{ours}"):
        raise OutputError(
            f"--publish: branch {BRANCH} has commits that {remote!r} lacks; push them "
            f"(git push {remote} {BRANCH}) or let them go (git branch -D {BRANCH})"
        )


def _tip(ref: str) -> str:
    """Return the commit of a branch; empty where there is none."""
    return _git("for-each-ref", "--format=%(objectname)", ref).strip()


def _put_back(tip: str) -> None:
    """Let the branch be what it was: an unpushed commit of ours would be in the way next time."""
    ref = f"refs/heads/{BRANCH}"
    if _tip(ref) != tip:
        _git("update-ref", *([ref, tip] if tip else ["-d", ref]))


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
