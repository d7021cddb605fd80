"""Records as JSON files, and the files that a record names: checked when they are read."""

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from experiments.results.errors import StoreError, first_problem
from experiments.results.files import sha256_of, write_atomically
from experiments.results.schema import SCHEMA_VERSION, Record, StoredFile

R = TypeVar("R", bound=Record)


def read_stored(path: Path, recorded: StoredFile, field: str, record_file: str) -> bytes:
    """Read a file that a record names; refuse another than was recorded.

    Args:
        path: The file.
        recorded: What the record says of it.
        field: Where it says so, for messages.
        record_file: Name of the record's file, for messages.

    Raises:
        StoreError: If the file is missing or is not the one recorded.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != recorded.sha256:
        raise StoreError(
            f"{path}: its content is not what {record_file} recorded (field {field}.sha256); the "
            "file is damaged or was edited. Restore it or run again with --force"
        )
    return content


def write_stored(path: Path, content: bytes) -> StoredFile:
    """Write a file and return what a record says of it."""
    write_atomically(path, content)
    return StoredFile(name=path.name, size_bytes=len(content), sha256=sha256_of(path))


def to_json(record: Record) -> bytes:
    """Return a record as it is stored."""
    return record.model_dump_json(indent=1).encode() + b"\n"


def read_named(path: Path, kind: type[R], field: str, name: str) -> R:
    """Read a record that says what it belongs to.

    Args:
        path: The record.
        kind: What it is.
        field: Its field that says so.
        name: What that has to be: the name of the folder.

    Raises:
        StoreError: As `read_json`, or if it belongs elsewhere.
    """
    record = read_json(path, kind)
    if (said := getattr(record, field)) != name:
        raise StoreError(f"{path}, {field}: is {said!r} but the folder is {name!r}; rename one")
    return record


def read_json(path: Path, kind: type[R]) -> R:
    """Read a record.

    Raises:
        StoreError: If it is missing, damaged, or of a newer schema; names the file and the field.
    """
    try:
        content: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise StoreError(
            f"{path}: not JSON ({error}); it was cut short or edited. Restore it or run again with "
            "--force"
        ) from None
    if not isinstance(content, dict) or "schema_version" not in content:
        raise StoreError(f"{path}, schema_version: missing; this is not a record of bakeoff's")
    version = content["schema_version"]
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: was written with schema version {version}, but this bakeoff reads versions "
            f"up to {SCHEMA_VERSION}; install a newer bakeoff to read it"
        )
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise StoreError(f"{path}, {first_problem(error)}") from None
