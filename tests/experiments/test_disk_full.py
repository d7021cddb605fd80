"""A disk without room: a small tmpfs where one can be mounted, else a limit on file length."""

import resource
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from experiments.checkpoint import Checkpoint, Snapshot
from experiments.config import DigitsConfig
from experiments.datasets import load_dataset
from experiments.examples import Examples
from experiments.experiment import run_experiment
from experiments.features import FrozenBackbone, cached_features
from experiments.pixels import Geometry, load_pixels
from experiments.results.errors import DiskFullError
from experiments.results.files import write_atomically
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore

ROOM_BYTES = 1 << 20


@dataclass
class SmallDisk:
    """A folder with room for one MiB, until room is made."""

    folder: Path
    mounted: bool

    def make_room(self) -> None:
        if self.mounted:
            command = ["mount", "-o", "remount,size=64m", str(self.folder)]
            subprocess.run(command, check=True)
        else:
            _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    if not mounted:
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, limits[1]))
    yield SmallDisk(folder, mounted)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_message_names_the_file_and_the_bytes_and_the_old_content_stays(disk):
    path = disk.folder / "run.json"
    write_atomically(path, b"old")
    with pytest.raises(DiskFullError, match=rf"{path}: no room for its 3,000,000 bytes"):
        write_atomically(path, bytes(3_000_000))
    assert path.read_bytes() == b"old"
    assert list(disk.folder.iterdir()) == [path]


def test_pixels_without_room_are_an_error_and_not_a_crash(disk, tmp_path, progress):
    dataset = load_dataset(DigitsConfig(source="digits"), tmp_path)
    items = dataset.of_split(Split.TEST)
    n_bytes = len(items) * 3 * 32 * 32 + 128
    assert n_bytes > ROOM_BYTES
    with pytest.raises(DiskFullError, match=f"no room for its {n_bytes:,} bytes"):
        load_pixels(dataset, items, Geometry("center", 32, 32, "bilinear"), disk.folder, progress)
    assert list(disk.folder.iterdir()) == []


def test_features_without_room_are_an_error(disk, progress):
    images = torch.zeros(300, 3, 32, 32)
    targets = torch.zeros(300, dtype=torch.int64)
    examples = Examples(lambda places: images[places], targets, 50, "key")
    with pytest.raises(DiskFullError, match="no room for its 3,686,400 bytes"):
        cached_features(FrozenBackbone(nn.Flatten()), examples, disk.folder, progress)
    assert list(disk.folder.iterdir()) == []


def offered(path, n_values, **facts):
    """Write a checkpoint of so many float32 values."""
    snapshot = Snapshot({"values": torch.ones(n_values)}, facts)
    Checkpoint(path, "key", lambda _: None).offer(lambda: snapshot)


@pytest.mark.parametrize("reserving", [True, False])
def test_a_checkpoint_without_room_is_a_full_disk_and_the_last_one_stays(
    disk, reserving, monkeypatch
):
    if not reserving:
        # As on systems where no room can be taken beforehand, or where others take it meanwhile.
        monkeypatch.delattr("os.posix_fallocate")
    path = disk.folder / "checkpoint.safetensors"
    offered(path, 1000)
    before = path.read_bytes()
    with pytest.raises(DiskFullError, match=rf"{path}: no room for its 3,000,\d\d\d bytes"):
        offered(path, 750_000)
    assert path.read_bytes() == before
    assert list(disk.folder.iterdir()) == [path]


def test_what_a_checkpoint_says_in_words_takes_room_too(disk):
    path = disk.folder / "checkpoint.safetensors"
    with pytest.raises(DiskFullError, match=rf"{path}: no room for its 1,20\d,\d\d\d bytes"):
        offered(path, 1, history="x" * 1_200_000)
    assert list(disk.folder.iterdir()) == []


def test_a_checkpoint_needs_no_more_room_than_its_own(disk):
    path = disk.folder / "checkpoint.safetensors"
    offered(path, 200_000)
    assert 800_000 < path.stat().st_size < ROOM_BYTES


def test_an_experiment_goes_on_once_there_is_room(disk, quick_config, around, tmp_path):
    store = ExperimentStore(disk.folder / "results" / "quick")
    with pytest.raises(DiskFullError):
        run_experiment(quick_config, store, around, downloads=tmp_path)
    assert not store.has_run("test_vit-none")
    disk.make_room()
    (record,) = run_experiment(quick_config, store, around, downloads=tmp_path)
    assert record.status == "finished"
    # As on a disk that always had room.
    elsewhere = ExperimentStore(tmp_path / "elsewhere" / "quick")
    other = replace(around, cache=tmp_path / "other-cache")
    (expected,) = run_experiment(quick_config, elsewhere, other, downloads=tmp_path)
    assert record.predictions.sha256 == expected.predictions.sha256
    ours = store.read_predictions(record, Split.TEST)
    assert np.array_equal(ours.targets, elsewhere.read_predictions(expected, Split.TEST).targets)
