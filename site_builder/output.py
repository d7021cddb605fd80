"""Where a site may be written, and how it gets there whole."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from experiments.results.errors import OutputError
from experiments.results.names import names_device
from site_builder.sizes import measure, refuse_too_large

MARKER = ".bakeoff"
"""The file by which we know a folder as a site that we made, and may replace."""


def check_output(output: Path) -> None:
    """Make sure that writing a site to `output` destroys nothing that is not ours.

    Raises:
        OutputError: If it is a file, or a folder with content that bakeoff did not make.
    """
    if not output.exists():
        return
    if not output.is_dir():
        raise OutputError(f"--output {output}: is a file; name a folder")
    if any(output.iterdir()) and not (output / MARKER).is_file():
        raise OutputError(
            f"--output {output}: is not empty and bakeoff did not make it; "
            "name another folder or empty this one yourself"
        )


Files = Iterable[tuple[str, bytes]]
"""Path below the site's folder, with `/` between folders, and content."""


def write_site(
    output: Path, files: Files, last: Callable[[Path], Files] = lambda folder: ()
) -> None:
    """Write a site beside `output` and swap it in; on any failure the old site stays.

    Args:
        output: The folder to replace or create.
        files: What the site consists of.
        last: Called once they are written, with the folder that holds them; returns further files,
            which may replace them.

    Raises:
        OutputError: If `output` is not ours, the disk refuses, or the site is too large to publish.
    """
    check_output(output)
    output = output.resolve()
    fresh = None
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
        fresh.chmod(0o755)
        marker = b"A site made by bakeoff, which replaces this folder whole.\n"
        (fresh / MARKER).write_bytes(marker)
        _write_files(fresh, files)
        _write_files(fresh, last(fresh))
        refuse_too_large(measure(fresh))
        _swap(fresh, output)
    except OSError as error:
        raise OutputError(f"--output {output}: cannot be written: {error}") from None
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)


_MAX_NAME_BYTES = 255


def refuse_unsafe(name: str) -> None:
    """Refuse the path of a file that could leave the site's folder, or that some systems refuse.

    Args:
        name: Path below the site's folder, with `/` between folders.

    Raises:
        OutputError: If it is absolute, goes up, has a part that is empty, longer than 255 bytes or
            a device of Windows, or a sign that a path cannot have everywhere.
    """
    for part in name.split("/"):
        if (
            part in ("", ".", "..")
            or len(part.encode()) > _MAX_NAME_BYTES
            or part[-1] in ". "
            or any(sign in '<>:"\\|?*' or not sign.isprintable() for sign in part)
            or names_device(part)
        ):
            raise OutputError(f"{name!r}: no file of a site can be called so; rename what it shows")


def _write_files(folder: Path, files: Files) -> None:
    # By case alone two names are one file on Windows and macOS; `last` may replace files.
    written: dict[str, str] = {}
    for name, content in files:
        refuse_unsafe(name)
        if written.setdefault(name.lower(), name) != name:
            raise OutputError(
                f"{name!r} and {written[name.lower()]!r} are one file on some systems"
            )
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _swap(fresh: Path, output: Path) -> None:
    """Put `fresh` in the place of `output`. A folder cannot be renamed over one with content."""
    if not output.exists():
        fresh.rename(output)
        return
    old = fresh.with_name(f"{fresh.name}.old")
    output.rename(old)
    try:
        fresh.rename(output)
    except BaseException:
        old.rename(output)
        raise
    shutil.rmtree(old)
