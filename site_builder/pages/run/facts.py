"""What a run's record says of its cost, its configuration and its origin, field by field.

Names, units and explanations come from the schema: a field that is added there is shown here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic.fields import FieldInfo

from experiments.results.schema import (
    PartialRecord,
    Record,
    RunConfig,
    RunRecord,
    StoredEmbedding,
    StoredFile,
)
from site_builder import formatting

_UNITS: dict[str, Callable[[float], str]] = {
    "_per_s": formatting.throughput,
    "_ms": formatting.milliseconds,
    "_s": formatting.duration,
    "_bytes": formatting.size,
    "_px": lambda value: formatting.pixels(int(value)),
    "_degrees": formatting.degrees,
}
_LARGE_COUNT = re.compile(r"^n_(trained_)?parameters$|flops$|macs$")
_WORDS = {
    "cpu": "CPU", "gpu": "GPU", "flops": "FLOPs", "macs": "multiply-adds", "std": "deviation",
    "sha256": "SHA-256", "p95": "95th percentile", "id": "name",
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """A field of a record: its name in words, its value, and what it is."""

    label: str
    value: str
    meaning: str


def facts(record: Record, *, without: tuple[str, ...] = ()) -> tuple[Fact, ...]:
    """Return the fields of a record, those of records within it in their place.

    Args:
        record: Any part of what a run stored.
        without: Names of fields that are shown elsewhere.
    """
    return tuple(_facts(record, {"absent", *without}))


def configuration(config: RunConfig) -> tuple[Fact, ...]:
    """Return what was asked for, without the parameters that nothing used."""
    unused = ["preprocessing"]
    if config.augmentation == "none":
        unused.append("augmentation_parameters")
    if config.strategy not in ("partial", "progressive"):
        unused.append("strategy_parameters")
    return facts(config, without=tuple(unused))


def files(record: RunRecord) -> tuple[Fact, ...]:
    """Return the files beside a run's record, with their digests."""
    return tuple(
        Fact(f"{_label(name)} file", _text(name, value), _meaning(field))
        for name, field in type(record).model_fields.items()
        if isinstance(value := getattr(record, name), StoredFile | StoredEmbedding)
    )


def _facts(record: Record, without: set[str]) -> Iterator[Fact]:
    for name, field in type(record).model_fields.items():
        value = getattr(record, name)
        if name in without:
            continue
        if isinstance(value, Record) and not isinstance(value, StoredFile):
            yield from _facts(value, {"absent"})
        elif value is None:
            yield Fact(_label(name), _reason(record, name), _meaning(field))
        else:
            yield Fact(_label(name), _text(name, value), _meaning(field))


def _meaning(field: FieldInfo) -> str:
    """Return what the schema says of a field, without its marks for code."""
    return (field.description or "").replace("`", "")


def _reason(record: Record, name: str) -> str:
    """Say why a field is null: a partial record knows, elsewhere null is a choice."""
    if isinstance(record, PartialRecord):
        return f"{formatting.MISSING} ({record.absent[name]})"
    return "none"


def _label(name: str) -> str:
    """Return a field's name in words: `n_trained_parameters` is `Trained parameters`."""
    bare = re.sub(r"^n_|_per_s$|_ms$|_s$|_bytes$|_px$|_degrees$", "", name)
    words = " ".join(_WORDS.get(word, word) for word in bare.split("_"))
    return words[0].upper() + words[1:]


def _text(name: str, value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(name, value)
        case datetime():
            return formatting.moment(value)
        case StoredFile():
            return f"{value.name}, {formatting.size(value.size_bytes)}, SHA-256 {value.sha256}"
        case StoredEmbedding():
            return _text(name, value.file)
        case dict():
            return ", ".join(f"{key} {text}" for key, text in sorted(value.items())) or "none"
        case list() | tuple():
            return ", ".join(_text(name, item) for item in value) or "none"
        case _:
            return str(value) or "none"


def _number(name: str, value: float) -> str:
    for suffix, write in _UNITS.items():
        if name.endswith(suffix):
            return write(value)
    if _LARGE_COUNT.search(name):
        return formatting.quantity(value)
    if name.startswith("n_"):
        return formatting.count(int(value))
    return formatting.setting(value)
