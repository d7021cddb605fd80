"""An experiment's configuration as text again, for the store and its site."""

import tomli_w

from experiments.config import ExperimentConfig, ManifestConfig


def config_text(config: ExperimentConfig) -> str:
    """Write a configuration as a TOML file that gives the same experiment.

    What was not set is not written. Neither are folders, since they are those of one machine;
    `--data-dir` and `--weights-dir` name them on another. Of a table of images its name is kept.

    Args:
        config: A configuration, however it was made.
    """
    content = config.model_dump(
        mode="json",
        exclude_unset=True,
        exclude_none=True,
        exclude={"weights_dir": True, "dataset": {"data_dir": True}},
    )
    if isinstance(config.dataset, ManifestConfig):
        content["dataset"]["file"] = config.dataset.file.name
    return tomli_w.dumps(content)
