"""A configuration that is written and read again is the same, but for this machine's folders."""

from pathlib import Path

import pytest

from experiments.config import ExperimentConfig, load_config, shipped_experiments
from experiments.config_text import config_text

CONFIGS = Path(__file__).parents[1] / "configs"
ALL = [*shipped_experiments(), *map(str, sorted(CONFIGS.glob("*.toml")))]


def read_again(config: ExperimentConfig, folder: Path) -> ExperimentConfig:
    path = folder / "again.toml"
    path.write_text(config_text(config), encoding="utf-8")
    return load_config(str(path))


@pytest.mark.parametrize("name", ALL, ids=lambda name: Path(name).stem)
def test_it_gives_the_same_experiment(name: str, tmp_path: Path) -> None:
    config = load_config(name)
    again = read_again(config, tmp_path)
    folders = {"weights_dir": True, "dataset": {"data_dir": True}}
    assert again.model_dump(exclude=folders) == config.model_dump(exclude=folders)
    assert again.runs() == config.runs()
    assert again.weights_dir is None
    assert getattr(again.dataset, "data_dir", None) is None


def test_no_folder_of_the_machine_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\ntitle = "Mine"\nquestion = "Q?"\nstrategy = "frozen"\n'
        f'weights_dir = "{tmp_path}/weights"\n[dataset]\nsource = "manifest"\n'
        f'title = "T"\nfile = "{tmp_path}/tables/labels.csv"\ndata_dir = "~/pictures"\n'
        '[[models]]\nname = "test_vit"\n'
    )
    config = load_config(str(path))
    text = config_text(config)
    assert str(tmp_path) not in text
    assert "~" not in text
    assert "/" not in text
    assert read_again(config, tmp_path).dataset.file == tmp_path / "labels.csv"


def test_awkward_texts_and_unset_values_come_back(tmp_path: Path) -> None:
    config = ExperimentConfig.model_validate(
        {
            "name": "awkward",
            "title": 'Größe "quoted" \\ and\ttabs\nlines 😀 \x7f',
            "question": "'''",
            "strategy": "full",
            "seeds": [3, 1],
            "dataset": {"source": "digits"},
            "training": {"learning_rate": 1e-7, "clip_norm": 1.0},
            "preprocessing": {"mean": (0.1, 0.2, 0.3)},
            "models": [{"name": "test_vit", "label": "#1 = [x]"}],
        }
    )
    assert read_again(config, tmp_path) == config
