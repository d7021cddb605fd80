"""How large a site is, and what a host takes.

GitHub Pages publishes sites of up to 1 GB, from repositories whose files are at most 100 MB:
https://docs.github.com/en/pages/getting-started-with-github-pages/github-pages-limits
"""

from dataclasses import dataclass
from pathlib import Path

from experiments.results.errors import OutputError
from site_builder import formatting

MAX_SITE_BYTES = 1_000_000_000
MAX_FILE_BYTES = 100_000_000
N_LARGEST = 3


@dataclass(frozen=True)
class Sizes:
    """The sizes of a site's files.

    Attributes:
        n_files: How many there are.
        n_bytes: What they take together.
        largest: Path below the site's folder and bytes of the largest, the largest first.
    """

    n_files: int
    n_bytes: int
    largest: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        """Return the sizes as a line of text."""
        largest = ", ".join(f"{name} {formatting.size(n)}" for name, n in self.largest)
        files = formatting.count_of(self.n_files, "file")
        return f"{files}, {formatting.size(self.n_bytes)}; the largest: {largest}"


def measure(folder: Path) -> Sizes:
    """Return the sizes of the files in a site's folder."""
    files = [
        (path.relative_to(folder).as_posix(), path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file()
    ]
    files.sort(key=lambda file: (-file[1], file[0]))
    return Sizes(len(files), sum(size for _, size in files), tuple(files[:N_LARGEST]))


def refuse_too_large(sizes: Sizes) -> None:
    """Refuse a site that GitHub Pages would not publish.

    Raises:
        OutputError: If it is larger than `MAX_SITE_BYTES`, or a file than `MAX_FILE_BYTES`.
    """
    too_large = [(name, n) for name, n in sizes.largest if n > MAX_FILE_BYTES]
    if sizes.n_bytes <= MAX_SITE_BYTES and not too_large:
        return
    raise OutputError(
        f"the site would be too large for GitHub Pages, which takes "
        f"{formatting.size(MAX_SITE_BYTES)} and {formatting.size(MAX_FILE_BYTES)} a file: {sizes}. "
        "Show fewer runs, or test on fewer images"
    )
