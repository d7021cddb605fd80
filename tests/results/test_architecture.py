"""What a model is made of, in the store: written, read back, and refused where it is damaged."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from experiments.results.architecture import (
    ARCHITECTURE_FILE,
    has_architecture,
    read_architecture,
    write_architecture,
)
from experiments.results.errors import StoreError
from experiments.results.schema import SCHEMA_VERSION, Architecture
from experiments.results.store import ExperimentStore
from tests.architectures import made_up_architecture

RUN = "alpha-none"


@pytest.fixture
def store(tmp_path: Path) -> ExperimentStore:
    return ExperimentStore(tmp_path / "results")


def made_of(**changes: Any) -> Architecture:
    content = made_up_architecture(RUN, 1_000_000, 250_000_000).model_dump() | changes
    return Architecture.model_validate(content)


@pytest.mark.parametrize("traced", [True, False])
def test_what_is_written_is_read_back(store: ExperimentStore, traced: bool) -> None:
    record = made_up_architecture(RUN, 1_000_000, 250_000_000, traced=traced)
    assert not has_architecture(store, RUN)
    write_architecture(store, record)
    assert has_architecture(store, RUN)
    assert read_architecture(store, RUN) == record
    assert (record.n_parameters, record.flops) == (1_000_000, 250_000_000)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"skips": None}, "skips: null without a reason"),
        ({"skips": [{"first": 3, "join": 3}]}, "first must come before join"),
        ({"skips": [{"first": 3, "join": 7}]}, "and join be a layer"),
        ({"stages": made_of().model_dump()["stages"][:3]}, "a stage beyond the last"),
        ({"layers": []}, "at least 1 item"),
        ({"colour": "blue"}, "Extra inputs"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        made_of(**changes)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("run_id", "beta-none", "rename one"),
        ("schema_version", SCHEMA_VERSION + 1, "install a newer bakeoff"),
        ("traced_by", "hand", "traced_by"),
    ],
)
def test_a_damaged_file_is_refused_by_name(
    store: ExperimentStore, field: str, value: object, message: str
) -> None:
    write_architecture(store, made_of())
    path = store.run_folder(RUN) / ARCHITECTURE_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(StoreError, match=message) as caught:
        read_architecture(store, RUN)
    assert str(path) in str(caught.value)
