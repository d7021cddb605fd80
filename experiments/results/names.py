"""From what people call something to a name that is safe for a folder and an address."""

import re
import unicodedata

from experiments.results.errors import ConfigError
from experiments.results.schema import RUN_ID_PATTERN

_MAX_LENGTH = 100


def id_of(name: str) -> str:
    """Return the id of a run or an experiment from its name.

    Letters lose case and accents; whatever else an id cannot hold becomes a hyphen.

    Raises:
        ConfigError: If nothing is left, or more than an id may be long.

    Example:
        >>> id_of("Größe 2 (EMA)"), id_of("resnet50.a1_in1k"), id_of("../secret")
        ('gro-e-2-ema', 'resnet50.a1_in1k', 'secret')
    """
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^a-z0-9._-]+", "-", plain).strip("._-")
    if not kept:
        raise ConfigError(f"{name!r}: a name needs a letter from a to z or a digit")
    if len(kept) > _MAX_LENGTH:
        raise ConfigError(f"{name!r}: is longer than {_MAX_LENGTH} characters; shorten it")
    return kept


def check_id(name: str) -> None:
    """Refuse a name that is no id.

    Raises:
        ConfigError: Suggests the nearest that is one.
    """
    if not re.fullmatch(RUN_ID_PATTERN, name) or len(name) > _MAX_LENGTH:
        raise ConfigError(
            f"{name!r}: a name has lower-case letters, digits, '.', '_' and '-' only; take "
            f"{id_of(name)!r}"
        )
