"""Show a built site on this machine.

tornado serves it, watchfiles hears of changes, and livereload's script and protocol, on which the
two agree with the browser, load the page again.
"""

import asyncio
import contextlib
import errno
import signal
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import create_server, socket
from typing import Self

from livereload.handlers import LiveReloadHandler, LiveReloadJSHandler
from livereload.server import LiveScriptInjector
from livereload.watcher import Watcher
from tornado.httpserver import HTTPServer
from tornado.web import Application, StaticFileHandler
from tornado.websocket import WebSocketHandler
from watchfiles import Change, awatch

from experiments.results.errors import OutputError
from site_builder import addresses

HOST = "127.0.0.1"
MAX_PORT = 65_535
# A wrong entry in a machine's own registry makes browsers refuse the scripts.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
# A run's record is written last, and checkpoints and caches are no records.
_SOURCES = {".json", ".html", ".css", ".js", ".svg"}


class _Files(StaticFileHandler):
    """Serves files always fresh, under types that do not depend on the machine."""

    def get_content_type(self) -> str:
        return _TYPES.get(Path(self.absolute_path or "").suffix, "application/octet-stream")

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")

    def compute_etag(self) -> str | None:
        # tornado remembers the digest of a file for good, but a build writes it anew.
        return None

    def should_return_304(self) -> bool:
        return False

    def write_error(self, status_code: int, **kwargs: object) -> None:
        page = Path(self.root) / addresses.NOT_FOUND
        if status_code == 404 and page.is_file():
            self.finish(page.read_bytes())
        else:
            super().write_error(status_code, **kwargs)


class _Changes(LiveReloadHandler):  # type: ignore[misc]
    """Tells pages of this server, and of no other, that the site was built again."""

    def check_origin(self, origin: str) -> bool:
        return WebSocketHandler.check_origin(self, origin)


class Server:
    """A server of a folder on the loopback interface; a context manager, which closes it.

    Args:
        folder: A built site, or a folder above some.
        port: 0 to 65535; 0 takes any free port.
        live: Whether pages reload when `changed` is called.

    Raises:
        OutputError: If the port cannot be had.
    """

    def __init__(self, folder: Path, port: int, *, live: bool = False) -> None:
        self._socket = _bind(port)
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self.server_port: int = self._socket.getsockname()[1]
        files = (r"/(.*)", _Files, {"path": str(folder), "default_filename": addresses.INDEX})
        reloading = [(r"/livereload", _Changes), (r"/livereload.js", LiveReloadJSHandler)]
        self._application = Application(
            [*reloading, files] if live else [files],
            transforms=[_injector(self.server_port)] if live else None,
            log_function=lambda handler: None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()
        self._loop.close()

    def serve_forever(self, meanwhile: Coroutine[None, None, None] | None = None) -> None:
        """Answer until `shutdown`, in the thread that calls this.

        Args:
            meanwhile: Is run beside it; what it raises ends the answering, and is raised here.
        """
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(meanwhile))

    async def _serve(self, meanwhile: Coroutine[None, None, None] | None) -> None:
        server = HTTPServer(self._application)
        server.add_socket(self._socket)
        running: set[asyncio.Task[object]] = {asyncio.create_task(self._ended.wait())}
        if meanwhile is not None:
            running.add(asyncio.create_task(meanwhile))
        done, left = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        server.stop()
        await server.close_all_connections()
        await asyncio.get_running_loop().shutdown_default_executor()
        for task in done:
            task.result()

    def shutdown(self) -> None:
        """Stop `serve_forever`, from any thread and even before it is called."""
        self._loop.call_soon_threadsafe(self._ended.set)


def _injector(port: int) -> type[LiveScriptInjector]:
    """Return what puts livereload's script into pages: as a file, which their policy allows."""

    class Injector(LiveScriptInjector):  # type: ignore[misc]
        script = f'<script src="/livereload.js?port={port}"></script>'.encode()

    return Injector


def open_server(folder: Path, port: int, *, live: bool = False) -> Server:
    """Return a server of a built site that listens on the loopback interface.

    Args:
        folder: A built site.
        port: 0 to 65535; 0 takes any free port.
        live: Whether its pages hear of changes.

    Raises:
        OutputError: If there is no site in `folder`, or the port cannot be had.
    """
    if not (folder / addresses.INDEX).is_file():
        raise OutputError(f"{folder}: there is no site to serve; build it first")
    return Server(folder, port, live=live)


def check_port(port: int) -> None:
    """Make sure that a port can be had, before hours of work end in finding that it cannot.

    Raises:
        OutputError: If it is in use or cannot be opened.
    """
    _bind(port).close()


def _bind(port: int) -> socket:
    if not 0 <= port <= MAX_PORT:
        raise OutputError(
            f"--serve {port}: port {port} cannot be opened; name one up to {MAX_PORT}"
        )
    try:
        bound = create_server((HOST, port))
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        reason = "is in use" if in_use else f"cannot be opened ({error})"
        raise OutputError(
            f"--serve {port}: port {port} {reason}; name another, or 0 for any free one"
        ) from None
    bound.setblocking(False)
    return bound


def serve(
    folder: Path,
    port: int,
    announce: Callable[[str], None],
    rebuild: Callable[[], bool],
    watched: Iterable[Path],
) -> None:
    """Serve a built site on the loopback interface until Ctrl-C, and build it again on changes.

    Args:
        folder: A built site.
        port: 0 to 65535; 0 takes any free port.
        announce: Is told the address once the server listens.
        rebuild: Builds the site into `folder`; where it returns that it could, open pages are
            loaded again.
        watched: Folders that the site is made from; `folder` may lie in one of them.

    Raises:
        OutputError: If there is no site in `folder`, the port cannot be had, or what is to be
            watched cannot be.
    """
    sources = Sources(folder.resolve(), [path.resolve() for path in watched])
    with open_server(folder, port, live=True) as server, _ending(server):
        announce(f"http://{HOST}:{server.server_port}/")
        server.serve_forever(_rebuild_on_changes(rebuild, sources))


@contextlib.contextmanager
def _ending(server: Server) -> Iterator[None]:
    """Let Ctrl-C end a server once what it does is done, and a second one end the process.

    An exception in the middle of whatever the loop does could leave its threads waiting.
    """

    def end(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        server.shutdown()

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def _rebuild_on_changes(rebuild: Callable[[], bool], sources: "Sources") -> None:
    # What reloads says, for its log, which of these has changed.
    LiveReloadHandler.watcher = Watcher()
    try:
        async for _ in awatch(*sources.watched, watch_filter=sources.have, step=200):
            # The old site is served until the new one is there.
            if await asyncio.to_thread(rebuild):
                LiveReloadHandler.reload_waiters()
    except OSError as error:
        raise OutputError(f"--serve: cannot watch for changes: {error}") from None


@dataclass(frozen=True)
class Sources:
    """What a site is made from.

    Attributes:
        site: The site's folder, resolved.
        watched: Folders, resolved.
    """

    site: Path
    watched: list[Path]

    def have(self, _: Change, name: str) -> bool:
        """Tell whether a site is made from a file; of results, the record that names the others.

        Not from its own files, nor from hidden ones: caches, locks, and what is being written.
        """
        path = Path(name)
        if path.suffix not in _SOURCES or path.is_relative_to(self.site):
            return False
        below = [path.relative_to(root) for root in self.watched if path.is_relative_to(root)]
        return any(not any(part.startswith(".") for part in way.parts) for way in below)
