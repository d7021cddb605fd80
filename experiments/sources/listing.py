"""What every source returns: which images there are, their classes and official splits."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from experiments.results.schema import DatasetCard, Split


@dataclass(frozen=True)
class Entry:
    """One labelled image file.

    Attributes:
        sample_id: Unique within the dataset.
        split: The split it belongs to; `train` where the source has none.
        target: Index of its class.
        path: Path below the dataset's folder, with forward slashes; empty if there is no file.
    """

    sample_id: str
    split: Split
    target: int
    path: str


@dataclass(frozen=True)
class Listing:
    """What a source offers; nothing has been decoded yet.

    Attributes:
        card: What the images are; how they are split and which are unreadable is added later.
        class_names: Names of the classes; targets index into it.
        entries: All images, in any order.
        read: Returns the encoded image file of an entry; may be called from several threads, and be
            sent to another process.
        superclasses: For each class the group it belongs to; None where there are no groups.
    """

    card: DatasetCard
    class_names: tuple[str, ...]
    entries: tuple[Entry, ...]
    read: Callable[[Entry], bytes]
    superclasses: tuple[str, ...] | None = None


def files_below(root: Path) -> Callable[[Entry], bytes]:
    """Return what reads entries from their paths below a folder."""
    return partial(_read_file, root)


def _read_file(root: Path, entry: Entry) -> bytes:
    return (root / entry.path).read_bytes()


def reason_of(error: Exception) -> str:
    """Return the first line of what went wrong, or the error's kind where it says nothing."""
    said = str(getattr(error, "reason", None) or error)
    return said.splitlines()[0] if said else type(error).__name__
