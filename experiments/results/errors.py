"""What can go wrong in ways that a user can mend.

Every message names the file, the field and the fix, because it is all that the user sees.
"""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError


class BakeoffError(Exception):
    """The command ends with exit code 2, or as the error says, and this message."""


class ConfigError(BakeoffError):
    """An experiment's configuration, or a command-line option, does not make sense."""


class DataError(BakeoffError):
    """Images, labels or weights are missing or unusable."""


class StoreError(BakeoffError):
    """A stored result is missing, damaged, or of another schema."""


class DiskFullError(StoreError):
    """There is no room for a file; what was there before is as it was."""


class InconsistentError(BakeoffError):
    """Stored numbers that must agree do not; exit code 3, and the site is as it was."""


class OutputError(BakeoffError):
    """The site cannot be written or served where it was asked to be."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the known word nearest to `word`, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def first_problem(error: ValidationError) -> str:
    """Return the first validation error as `field: what is wrong`."""
    problem = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in problem["loc"])
    return f"{field}: {problem['msg']}" if field else problem["msg"]
