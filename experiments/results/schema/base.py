"""What all records share: the version, the types of fields, and the rules for what is missing."""

import hashlib
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

SCHEMA_VERSION = 4
SCHEMA_HISTORY = {
    1: "First version: experiments, runs, samples, predictions for val and test, cost, provenance.",
    2: "Runs made elsewhere; digests of images; thumbnails of all test images; embeddings.",
    3: "What networks are made of and what they see: architectures, feature and activation maps, "
    "a photograph followed through each model, augmentations; the configuration. "
    "No release wrote it before all of these were in it.",
    4: "`features_time_s` of features from the cache is what computing them took, not what reading "
    "them took; the patience of `progressive` counts from the last part that is freed.",
}
RUN_ID_PATTERN = r"^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$"
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
RunId = Annotated[str, Field(pattern=RUN_ID_PATTERN, max_length=100)]
SchemaVersion = Annotated[int, Field(ge=1, le=SCHEMA_VERSION, strict=True)]
RGB = tuple[float, float, float]


class Split(StrEnum):
    """Models learn on `train`, are selected on `val` and reported on `test`."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Record(BaseModel):
    """Anything that is stored: immutable, complete, free of NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def digest(self) -> str:
        """Return the SHA-256 of this record's JSON, as 64 hexadecimal digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class PartialRecord(Record):
    """A record some of whose values may be missing, each with the reason."""

    absent: dict[str, str] = Field(
        default_factory=dict, description="Why a field is null: field name to reason."
    )

    @model_validator(mode="before")
    @classmethod
    def _older_records_lack_later_fields(cls, values: Any) -> Any:
        """Give the reason why a record of an older version has no value for a newer field."""
        match values:
            case {"schema_version": int(version), "absent": dict(absent)}:
                if version >= SCHEMA_VERSION:
                    return values
            case _:
                return values
        reason = f"not recorded by schema version {version}"
        later = {
            name: reason
            for name, field in cls.model_fields.items()
            if field.default is None and values.get(name) is None
        }
        return {**values, "absent": later | absent}

    @model_validator(mode="after")
    def _every_null_has_a_reason(self) -> Self:
        null = {name for name in type(self).model_fields if getattr(self, name) is None}
        if unexplained := sorted(null - self.absent.keys()):
            raise ValueError(f"{', '.join(unexplained)}: null without a reason in 'absent'")
        if wrong := sorted(self.absent.keys() - null):
            raise ValueError(f"{', '.join(wrong)}: a reason in 'absent' but not null")
        return self


class StoredFile(Record):
    """A file beside the record, guarded against silent damage."""

    name: str = Field(
        pattern=r"^[a-z0-9_]+\.[a-z0-9]+$", description="Name of the file in its folder."
    )
    size_bytes: PositiveInt = Field(description="Length, bytes.")
    sha256: Sha256 = Field(description="SHA-256 of the content.")
