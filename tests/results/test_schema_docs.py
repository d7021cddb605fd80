"""The documented schema is the schema."""

import numpy as np

from experiments.results import schema, schema_docs
from experiments.results.predictions import Predictions


def test_the_committed_document_is_what_the_models_generate() -> None:
    assert schema_docs.DOCUMENT.read_text(encoding="utf-8") == schema_docs.markdown(), (
        "run python -m experiments.results.schema_docs"
    )
    assert schema_docs.main(["--check"]) == 0


def test_every_record_and_every_field_with_its_help_is_documented() -> None:
    document = schema_docs.markdown()
    records = [
        kind
        for kind in vars(schema).values()
        if isinstance(kind, type)
        and issubclass(kind, schema.Record)
        and kind not in (schema.Record, schema.PartialRecord)
    ]
    assert len(records) > 10
    for record in records:
        section = document.split(f"\n### {record.__name__}\n")[1].split("\n#")[0]
        for name, field in record.model_fields.items():
            assert field.description, f"{record.__name__}.{name} has no line of help"
            row = next(line for line in section.splitlines() if line.startswith(f"| `{name}` |"))
            assert row.endswith(f"| {field.description} |")


def test_units_ranges_nulls_and_defaults_reach_the_document() -> None:
    lines = schema_docs.markdown().splitlines()
    for line in (
        "| `latency_ms` | number > 0 or null | required "
        "| One image through the model, median, milliseconds. |",
        "| `val_accuracy` | number ≥ 0, ≤ 1 | required | Accuracy on `val`. |",
        '| `optimizer` | `adam`, `adamw` or `sgd` | `"adam"` | Update rule. |',
        "| `mean` | array of 3 × number | required "
        "| Per-channel mean subtracted from pixels in [0, 1]. |",
    ):
        assert line in lines


def test_the_documented_arrays_have_the_documented_types() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 3))
    ids = np.array(["a", "b", "c", "d"])
    predictions = Predictions.from_logits(ids, np.array([0, 1, 2, 0]), logits)
    rows = [line for line in schema_docs.markdown().splitlines() if line.startswith("| `")]
    for name in Predictions.__dataclass_fields__:
        (row,) = (line for line in rows if line.startswith(f"| `{name}` | (N"))
        array = getattr(predictions, name)
        kind = "str" if array.dtype.kind == "U" else array.dtype.name
        assert f"(N{', k' if array.ndim == 2 else ','}) {kind}" in row


def test_every_schema_version_has_a_line_of_history() -> None:
    assert list(schema.SCHEMA_HISTORY) == list(range(1, schema.SCHEMA_VERSION + 1))
    for version, change in schema.SCHEMA_HISTORY.items():
        assert f"| {version} | {change} |" in schema_docs.markdown().splitlines()
