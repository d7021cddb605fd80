"""Show a built site on this machine."""

import contextlib
import errno
import os
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from experiments.results.errors import OutputError

HOST = "127.0.0.1"
# A wrong entry in a machine's own registry makes browsers refuse the scripts.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


class _Handler(SimpleHTTPRequestHandler):
    """Serves files without a log, always fresh, under types that do not depend on the machine."""

    def guess_type(self, path: str | os.PathLike[str]) -> str:
        return _TYPES.get(Path(path).suffix, "application/octet-stream")

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        pass


def open_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of `folder` that listens on the loopback interface.

    Args:
        folder: A built site.
        port: 0 to 65535; 0 takes any free port.

    Raises:
        OutputError: If there is no site in `folder`, or the port cannot be had.
    """
    if not (folder / "index.html").is_file():
        raise OutputError(f"{folder}: there is no site to serve; build it first")
    return _listen(folder, port)


def check_port(port: int) -> None:
    """Make sure that a port can be had, before hours of work end in finding that it cannot.

    Raises:
        OutputError: If it is in use or cannot be opened.
    """
    _listen(Path(), port).server_close()


def _listen(folder: Path, port: int) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Handler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        in_use = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        reason = "is in use" if in_use else f"cannot be opened ({error})"
        raise OutputError(
            f"--serve {port}: port {port} {reason}; name another, or 0 for any free one"
        ) from None


def serve(folder: Path, port: int, announce: Callable[[str], None] | None = None) -> None:
    """Serve a built site on the loopback interface until Ctrl-C.

    Args:
        folder: A built site.
        port: 0 to 65535; 0 takes any free port.
        announce: Is told the address once the server listens.

    Raises:
        OutputError: If there is no site in `folder`, or the port cannot be had.
    """
    with open_server(folder, port) as server, contextlib.suppress(KeyboardInterrupt):
        if announce is not None:
            announce(f"http://{HOST}:{server.server_port}/")
        server.serve_forever()
