"""An experiment's configuration: one TOML file, validated, unknown keys refused."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from experiments.results.errors import ConfigError, nearest
from experiments.results.names import id_of
from experiments.results.schema import (
    Augmentation,
    AugmentationConfig,
    Fraction,
    Head,
    PreprocessingConfig,
    Record,
    RunConfig,
    RunId,
    Strategy,
    StrategyConfig,
    TrainingConfig,
)

CONFIGS_FOLDER = Path(__file__).parent / "configs"

Share = Annotated[float, Field(gt=0, lt=1)]


class DatasetOptions(Record):
    """What every source of images understands."""

    val_fraction: Share = Field(
        0.2, description="Share of what is not `test` held out as `val`, where there is no `val`."
    )
    test_fraction: Share = Field(
        0.2, description="Share of all images held out as `test`, where there is no `test`."
    )
    split_seed: int = Field(0, description="Seed of the stratified split.")
    max_unreadable_fraction: Fraction = Field(
        0.01, description="Largest share of unreadable images that are left out without complaint."
    )


class DigitsConfig(DatasetOptions):
    """scikit-learn's bundled handwritten digits; nothing is downloaded."""

    source: Literal["digits"]
    test_fraction: Share = Field(0.25, description="Share of all images held out as `test`.")


class OxfordPetsConfig(DatasetOptions):
    """The Oxford-IIIT Pet dataset in torchvision's layout; downloaded where there is a network."""

    source: Literal["oxford-iiit-pet"]
    data_dir: Path | None = Field(None, description="Folder that holds `oxford-iiit-pet/`.")


class TorchvisionConfig(DatasetOptions):
    """A classification dataset of torchvision; downloaded where there is a network."""

    source: Literal["torchvision"]
    dataset: str = Field(description="Name of the class in `torchvision.datasets`.")
    data_dir: Path | None = Field(None, description="Folder that torchvision calls `root`.")
    licence: str = Field("not stated", description="Licence of the images.")


class OwnImages(DatasetOptions):
    """What only the owner of the images can say about them."""

    title: str = Field(description="Name of the dataset for people.")
    description: str = Field("", description="What the images show.")
    licence: str = Field("not stated", description="Licence of the images.")
    origin: str = Field("not stated", description="Where the images come from.")


class FolderConfig(OwnImages):
    """Images in one folder per class, below `train/`, `val/` and `test/` or all in one place."""

    source: Literal["folder"]
    data_dir: Path | None = Field(None, description="Folder of the splits, or of the classes.")


class ManifestConfig(OwnImages):
    """Images listed in a table: `path`, `label`, and perhaps `split` and `superclass`."""

    source: Literal["manifest"]
    file: Path = Field(description="The table, CSV or Parquet.")
    data_dir: Path | None = Field(
        None, description="Folder that paths are relative to; the table's own where it is not set."
    )


DatasetConfig = Annotated[
    DigitsConfig | OxfordPetsConfig | TorchvisionConfig | FolderConfig | ManifestConfig,
    Field(discriminator="source"),
]


class ModelConfig(Record):
    """One model of the comparison."""

    name: str = Field(description="timm's own name, or `torchvision/` and torchvision's.")
    label: str = Field("", description="Name for people; `name` where it is empty.")


class ExplainConfig(Record):
    """What feature maps are made of; nothing in it changes a run."""

    images: list[str] = Field(
        [],
        max_length=20,
        description="Test images, by id or path; where it is empty, chosen by what the runs said.",
    )
    layers: list[str] = Field(
        [],
        max_length=20,
        description="Modules of the backbones; a model that has none of them, and every one where "
        "it is empty, gets a spread from input to output.",
    )


class ResourcesConfig(Record):
    """What each run may use of a machine; nothing in it changes what is learned, but rounding."""

    num_cpus: int | None = Field(
        None, ge=1, description="Threads of a run; every core of this machine where it is not set."
    )
    num_gpus: float | None = Field(
        None,
        ge=0,
        description="GPUs of a run on a Ray cluster, 0.5 for two runs on each; one where it is not "
        "set and the cluster has any.",
    )


class ExperimentConfig(Record):
    """One question, one dataset; every model under every augmentation and seed is one run."""

    name: RunId = Field(description="Name of the experiment and of its folder in the store.")
    title: str = Field(description="Title of the site.")
    question: str = Field(description="What the experiment asks, in a sentence.")
    strategy: Strategy = Field(description="What learns.")
    head: Head = Field("linear", description="Classifier on the pooled features.")
    augmentations: list[Augmentation] = Field(["none"], min_length=1)
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1)
    weights_dir: Path | None = Field(
        None, description="Folder of `<model>.safetensors` or `<model>.pth` files."
    )
    dataset: DatasetConfig
    training: TrainingConfig = TrainingConfig()
    stages: StrategyConfig = StrategyConfig()
    preprocessing: PreprocessingConfig = PreprocessingConfig.model_validate({})
    augmentation: AugmentationConfig = AugmentationConfig()
    explain: ExplainConfig = ExplainConfig.model_validate({})
    resources: ResourcesConfig = ResourcesConfig.model_validate({})
    models: list[ModelConfig] = Field(min_length=1)

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        for field, values in (
            ("augmentations", self.augmentations),
            ("seeds", self.seeds),
            # Their runs' folders must differ too: by more than case, or a sign that ids lack.
            ("models", [id_of(model.name) for model in self.models]),
            ("explain.images", self.explain.images),
            ("explain.layers", self.explain.layers),
        ):
            if len(set(values)) != len(values):
                raise ValueError(f"{field}: the same one is there twice")
        return self

    def runs(
        self, models: Iterable[str] | None = None, run_ids: Iterable[str] | None = None
    ) -> dict[str, RunConfig]:
        """Return the planned runs by id, in the order of the file.

        Args:
            models: Names of the models to keep; all where it is None.
            run_ids: Ids of the runs to keep, among those of these models; all where it is None.

        Raises:
            ConfigError: If a name in `models`, or an id in `run_ids`, is not one of them.
        """
        names = [model.name for model in self.models]
        chosen = self._known("models", models, names)
        planned = {
            _run_id(model.name, augmentation, seed): self._run(model, augmentation, seed)
            for model in self.models
            if model.name in chosen
            for augmentation in self.augmentations
            for seed in self.seeds
        }
        kept = self._known("runs", run_ids, list(planned))
        return {run_id: run for run_id, run in planned.items() if run_id in kept}

    def _known(self, option: str, asked: Iterable[str] | None, names: list[str]) -> list[str]:
        """Return what was asked for, or everything, if the experiment has it."""
        chosen = names if asked is None else list(asked)
        for name in chosen:
            if name not in names:
                raise ConfigError(
                    f"--{option}: {name!r} is not in experiment {self.name!r}"
                    f"{nearest(name, names)}; it has {', '.join(names)}"
                )
        return chosen

    def _run(self, model: ModelConfig, augmentation: Augmentation, seed: int) -> RunConfig:
        return RunConfig(
            model=model.name,
            label=model.label or model.name,
            strategy=self.strategy,
            head=self.head,
            augmentation=augmentation,
            seed=seed,
            training=self.training,
            preprocessing=self.preprocessing,
            augmentation_parameters=self.augmentation,
            strategy_parameters=self.stages,
        )


def _run_id(model: str, augmentation: str, seed: int) -> str:
    """Name a run by what tells it from the others, whichever of them are planned with it."""
    return id_of(f"{model}-{augmentation}" + (f"-seed{seed}" if seed else ""))


def shipped_experiments() -> list[str]:
    """Return the names of the configurations that come with bakeoff."""
    return sorted(path.stem for path in CONFIGS_FOLDER.glob("*.toml"))


def load_config(name_or_path: str) -> ExperimentConfig:
    """Read a configuration by the name of a shipped one, or by the path of a TOML file.

    Relative folders in the file are relative to the file.

    Raises:
        ConfigError: If there is no such file, it is not TOML, or a key is unknown or wrong.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = CONFIGS_FOLDER / f"{name_or_path}.toml"
        if name_or_path not in (shipped := shipped_experiments()):
            raise ConfigError(
                f"--experiment: there is no experiment {name_or_path!r}"
                f"{nearest(name_or_path, shipped)}; give the path of a TOML file, or one of "
                f"{', '.join(shipped)}"
            )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        config = ExperimentConfig.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}, {line}" for line in _explain(error))) from None
    return _resolve_folders(config, path.parent)


def _resolve_folders(config: ExperimentConfig, base: Path) -> ExperimentConfig:
    changes: dict[str, Any] = {}
    if config.weights_dir is not None:
        changes["weights_dir"] = base / config.weights_dir.expanduser()
    paths = {key: getattr(config.dataset, key, None) for key in ("data_dir", "file")}
    resolved = {key: base / path.expanduser() for key, path in paths.items() if path is not None}
    changes["dataset"] = config.dataset.model_copy(update=resolved)
    return config.model_copy(update=changes)


def _explain(error: ValidationError) -> Iterable[str]:
    """Yield one line for each thing that is wrong: the key, the problem, the nearest good key."""
    for problem in error.errors(include_url=False, include_context=False):
        keys = [str(part) for part in problem["loc"] if part not in _SOURCES]
        if problem["type"] == "extra_forbidden":
            yield f"{'.'.join(keys)}: unknown key{nearest(keys[-1], _KNOWN_KEYS)}"
        else:
            yield f"{'.'.join(keys) or 'the file'}: {problem['msg']}"


_DATASETS = (DigitsConfig, OxfordPetsConfig, TorchvisionConfig, FolderConfig, ManifestConfig)
# pydantic puts the tag of the chosen dataset into the path of a problem; the file has no such key.
_SOURCES = {get_args(model.model_fields["source"].annotation)[0] for model in _DATASETS}
_KNOWN_KEYS = {
    key
    for model in (
        ExperimentConfig,
        ModelConfig,
        TrainingConfig,
        StrategyConfig,
        PreprocessingConfig,
        AugmentationConfig,
        ExplainConfig,
        ResourcesConfig,
        *_DATASETS,
    )
    for key in model.model_fields
}
