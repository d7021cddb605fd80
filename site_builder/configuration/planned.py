"""Whether the stored runs are those that the stored configuration asks for."""

from typing import Any

from pydantic import ValidationError

from experiments.results.schema import RunConfig, RunRecord

# Tables of the file, by the field of a run's configuration that they become.
_TABLES = {
    "training": "training",
    "preprocessing": "preprocessing",
    "augmentation_parameters": "augmentation",
    "strategy_parameters": "stages",
}


def is_as_planned(record: RunRecord, config: dict[str, Any]) -> bool:
    """Return whether a run was made with the configuration that is stored now.

    A finished run stays as it is when the configuration changes, until it is done again.

    Args:
        record: A run that was trained.
        config: The experiment's configuration, as parsed from TOML.
    """
    run = record.config
    if run is None or not _is_asked_for(run, config):
        return False
    asked: dict[str, Any] = {
        **run.model_dump(include={"model", "label", "augmentation", "seed"}),
        **{key: config[key] for key in ("strategy", "head") if key in config},
        **{field: config.get(table, {}) for field, table in _TABLES.items()},
    }
    try:
        return RunConfig.model_validate(asked) == run
    except ValidationError:
        return False


def _is_asked_for(run: RunConfig, config: dict[str, Any]) -> bool:
    models = {model["name"]: model.get("label") or model["name"] for model in config["models"]}
    return (
        models.get(run.model) == run.label
        and run.augmentation in config.get("augmentations", ["none"])
        and run.seed in config.get("seeds", [0])
    )
