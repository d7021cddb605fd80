"""What Lighthouse says of the pages of a built site; run by hand, not by the tests.

    python -m tests.benchmarks.lighthouse SITE

Each page is loaded as by a phone, from the loopback interface, gzipped as GitHub Pages does it.
This needs Node and Lighthouse, which is no dependency of bakeoff:

    npm install --prefix ~/lighthouse lighthouse@12
    PATH=~/lighthouse/node_modules/.bin:$PATH python -m tests.benchmarks.lighthouse SITE

and a Chrome or Chromium, found as the browser tests find theirs. Every page is to score at least
95 in performance and 100 in accessibility. Scores depend on the machine and what else it does.

Measured on two idle cores of an Intel Xeon (Sapphire Rapids), with Lighthouse 12, for the two
stores of tests/benchmarks/site.py: accessibility 100 for every page; performance 96 to 100 for 10
runs x 37 classes x 3,669 images and for 100 runs x 1,000 classes x 50,000 images. The lowest are
feature-maps.html (96, 96) and formulas.html (100, 97).
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from site_builder.serve import HOST
from tests.ensure_chromium import find

LEAST = {"performance": 95, "accessibility": 100}
_TEXTS = {".css", ".html", ".js", ".svg"}
_FLAGS = "--headless=new --no-sandbox --disable-gpu"


def main() -> int:
    """Measure the pages, print their scores, and return 1 if one is too low."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("--pages", nargs="+", help="below the site (default: one of each kind)")
    arguments = parser.parse_args()
    chromium, lighthouse = find(), shutil.which("lighthouse")
    if chromium is None or lighthouse is None:
        parser.error("needs a Chromium, and lighthouse on the PATH; the docstring says how")
    low = False
    with ThreadingHTTPServer((HOST, 0), partial(_Gzipping, directory=arguments.site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(*LEAST, "page", sep="  ")
        for page in arguments.pages or one_of_each(arguments.site):
            found = scores(lighthouse, chromium, f"http://{HOST}:{server.server_port}/{page}")
            low |= any(found[name] < least for name, least in LEAST.items())
            print(*(f"{found[name]:>{len(name)}}" for name in LEAST), page, sep="  ")
        server.shutdown()
    return int(low)


def one_of_each(site: Path) -> list[str]:
    """Return the addresses of all pages at the top of a site, and of the first in each folder."""
    first: dict[Path, Path] = {}
    for path in sorted(site.rglob("*.html")):
        first.setdefault(path if path.parent == site else path.parent, path)
    return [path.relative_to(site).as_posix() for path in first.values()]


def scores(lighthouse: str, chromium: str, address: str) -> dict[str, int]:
    """Return what Lighthouse gives a page, from 0 to 100, as on a phone."""
    done = subprocess.run(
        [lighthouse, address, "--quiet", "--output=json", f"--chrome-flags={_FLAGS}",
         f"--only-categories={','.join(LEAST)}"],
        env={**os.environ, "CHROME_PATH": str(chromium)},
        check=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    categories = json.loads(done.stdout)["categories"]
    return {name: round(100 * (categories[name]["score"] or 0)) for name in LEAST}


class _Gzipping(SimpleHTTPRequestHandler):
    """Serves files without a log, texts gzipped."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        self.send_response(200)
        if path.suffix in _TEXTS:
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        pass


if __name__ == "__main__":
    sys.exit(main())
