"""From what people call something to a name that is safe for a folder and an address."""

import re
import unicodedata

from experiments.results.errors import ConfigError
from experiments.results.schema import RUN_ID_PATTERN

_MAX_LENGTH = 100
# Windows opens a device by these names, whatever suffix follows them.
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)")


def id_of(name: str) -> str:
    """Return the id of a run or an experiment from its name.

    Letters lose case and accents; whatever else an id cannot hold becomes a hyphen. No id leads out
    of a folder, differs from another in case only, or names a device.

    Raises:
        ConfigError: If nothing is left, or more than an id may be long.

    Example:
        >>> id_of("Größe 2 (EMA)"), id_of("resnet50.a1_in1k"), id_of("../secret"), id_of("AUX")
        ('gro-e-2-ema', 'resnet50.a1_in1k', 'secret', 'run-aux')
    """
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("._-")
    if not kept:
        raise ConfigError(f"{name!r}: a name needs a letter from a to z or a digit")
    if names_device(kept):
        kept = f"run-{kept}"
    if len(kept) > _MAX_LENGTH:
        raise ConfigError(f"{name!r}: is longer than {_MAX_LENGTH} characters; shorten it")
    return kept


def check_id(name: str) -> None:
    """Refuse a name that is no id.

    Raises:
        ConfigError: Suggests the nearest that is one.
    """
    if not re.fullmatch(RUN_ID_PATTERN, name) or len(name) > _MAX_LENGTH or names_device(name):
        raise ConfigError(
            f"{name!r}: a name has lower-case letters, digits, '.', '_' and '-' only, and is none "
            f"of a device; take {id_of(name)!r}"
        )


def names_device(name: str) -> bool:
    """Return whether Windows takes the name of a file or folder for a device."""
    return _DEVICE.match(name.lower()) is not None
