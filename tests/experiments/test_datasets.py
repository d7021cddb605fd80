from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from experiments.config import DigitsConfig, FolderConfig, OxfordPetsConfig
from experiments.datasets import ImageDataset, load_dataset
from experiments.results.errors import DataError
from experiments.results.schema import Split


def folder_config(root: Path | None, **options: object) -> FolderConfig:
    return FolderConfig(source="folder", data_dir=root, title="Mine", **options)


def sizes(dataset: ImageDataset) -> dict[str, int]:
    return {str(split): len(dataset.of_split(split)) for split in Split}


def test_digits_are_split_by_class_without_overlap(tmp_path):
    dataset = load_dataset(DigitsConfig(source="digits"), tmp_path)
    assert sizes(dataset) == {"train": 1077, "val": 270, "test": 450}
    assert len({item.sample_id for item in dataset.items}) == 1797
    for split in Split:
        counts = Counter(item.target for item in dataset.of_split(split))
        assert max(counts.values()) - min(counts.values()) <= 0.05 * len(dataset.of_split(split))


def test_digits_carry_the_pixels_and_targets_of_scikit_learn(tmp_path):
    bunch = load_digits()
    dataset = load_dataset(DigitsConfig(source="digits"), tmp_path)
    for item in dataset.items[::100]:
        index = int(item.sample_id.removeprefix("digit-"))
        red = np.asarray(dataset.open(item))[:, :, 0]
        assert np.array_equal(red, np.rint(bunch.images[index] * 255 / 16))
        assert item.target == bunch.target[index]


def test_another_seed_splits_otherwise(tmp_path):
    first, same, other = (
        load_dataset(DigitsConfig(source="digits", split_seed=seed), tmp_path).items
        for seed in (0, 0, 1)
    )
    assert first == same
    assert {i.sample_id for i in first if i.split == "test"} != {
        i.sample_id for i in other if i.split == "test"
    }


def test_a_folder_keeps_its_splits_and_names_files_by_path(image_folder, tmp_path):
    root = image_folder(
        {"train": {"b": 3, "a": 4}, "validation": {"a": 1, "b": 1}, "test": {"a": 2, "b": 1}}
    )
    dataset = load_dataset(folder_config(root), tmp_path)
    assert dataset.class_names == ("a", "b")
    assert sizes(dataset) == {"train": 7, "val": 2, "test": 3}
    last = dataset.items[-1]
    assert (last.path, last.target, last.width_px, last.height_px) == ("test/b/0.png", 1, 20, 16)


def test_folders_of_splits_may_be_capitalised(image_folder, tmp_path):
    root = image_folder({"Train": {"b": 3, "a": 3}, "TEST": {"a": 2, "b": 1}})
    dataset = load_dataset(folder_config(root), tmp_path)
    assert dataset.class_names == ("a", "b")
    assert sizes(dataset)["test"] == 3


def test_photographs_of_any_suffix_are_read_or_listed(image_folder, tmp_path):
    """A telephone's HEIC cannot be decoded here; it must not disappear without a word."""
    root = image_folder({"train": {"a": 4, "b": 4}, "test": {"a": 1, "b": 2}})
    (root / "test/b/0.png").rename(root / "test/b/0.JFIF")
    (root / "train/a/photo.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (root / "train/a/notes.txt").write_text("no photograph")
    dataset = load_dataset(folder_config(root, max_unreadable_fraction=0.5), tmp_path)
    assert "test/b/0.JFIF" in {item.path for item in dataset.items}
    assert [unreadable.path for unreadable in dataset.unreadable] == ["train/a/photo.heic"]
    assert dataset.card.n_unreadable == 1


def test_val_is_carved_out_of_train_where_there_is_none(image_folder, tmp_path):
    root = image_folder({"train": {"a": 20, "b": 10}, "test": {"a": 2, "b": 2}})
    dataset = load_dataset(folder_config(root, val_fraction=0.3), tmp_path)
    assert sizes(dataset) == {"train": 21, "val": 9, "test": 4}
    assert Counter(item.target for item in dataset.of_split(Split.VAL)) == {0: 6, 1: 3}
    assert all(item.path.startswith("train/") for item in dataset.of_split(Split.VAL))


def test_how_the_images_were_split_is_said(image_folder, tmp_path):
    root = image_folder({"train": {"a": 9, "b": 9}, "test": {"a": 2, "b": 2}})
    config = folder_config(root, description="Noise.", split_seed=3)
    assert load_dataset(config, tmp_path).card.description == (
        "Noise. The test split is the dataset's own; val was held out of the other images at "
        "random, stratified by class (seed 3)."
    )


def test_one_folder_of_classes_is_split_three_ways(image_folder, tmp_path):
    root = image_folder({".": {"bus": 20, "car": 40, "train": 20}})
    dataset = load_dataset(folder_config(root, test_fraction=0.25, val_fraction=0.5), tmp_path)
    # A class may be called like a split.
    assert dataset.class_names == ("bus", "car", "train")
    assert sizes(dataset) == {"train": 30, "val": 30, "test": 20}
    assert Counter(item.target for item in dataset.of_split(Split.TEST)) == {0: 5, 1: 10, 2: 5}


def test_training_images_without_test_images_are_refused(image_folder, tmp_path):
    root = image_folder({"train": {"a": 9, "b": 9}, "val": {"a": 2, "b": 2}})
    with pytest.raises(DataError, match="there is no folder test/"):
        load_dataset(folder_config(root), tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"looked in .*nowhere.*--data-dir"):
        load_dataset(folder_config(tmp_path / "nowhere"), tmp_path)


def test_an_empty_class_folder_is_named(image_folder, tmp_path):
    root = image_folder({"train": {"a": 2, "b": 2}, "test": {"a": 2, "b": 0}})
    with pytest.raises(DataError, match=r"test/b: the folder of a class holds no image"):
        load_dataset(folder_config(root), tmp_path)


def test_a_class_that_a_split_lacks_is_named(image_folder, tmp_path):
    root = image_folder({"train": {"a": 2, "b": 2, "c": 2}, "test": {"a": 2, "b": 2}})
    with pytest.raises(DataError, match="class 'c' is in only one of train/ and test/"):
        load_dataset(folder_config(root), tmp_path)


def test_a_split_of_one_class_is_refused(image_folder, tmp_path):
    root = image_folder({"train": {"a": 9}, "test": {"a": 2}})
    with pytest.raises(DataError, match="classes in split train are 'a'"):
        load_dataset(folder_config(root), tmp_path)


def test_oxford_pets_out_of_reach_says_where_it_looked(tmp_path):
    config = OxfordPetsConfig(source="oxford-iiit-pet", data_dir=tmp_path)
    with pytest.raises(DataError) as caught:
        load_dataset(config, tmp_path)
    assert str(tmp_path / "oxford-iiit-pet") in str(caught.value)
    assert "--data-dir" in str(caught.value)


@pytest.mark.realdata
def test_real_pets_have_37_breeds(realdata, tmp_path):
    root = realdata / "datasets"
    dataset = load_dataset(OxfordPetsConfig(source="oxford-iiit-pet", data_dir=root), tmp_path)
    assert sizes(dataset) == {"train": 222, "val": 56, "test": 188}
    assert len(dataset.class_names) == 37
    # The breed is in the file's name: an oracle for the target that torchvision is not asked for.
    for item in dataset.items:
        breed = item.sample_id.rsplit("_", 1)[0].replace("_", " ")
        assert breed.lower() == dataset.class_names[item.target].lower()
    # The annotations name files of cats in capitals and files of dogs in small letters.
    names = {item.target: item.sample_id for item in dataset.items}
    expected = ["cat" if names[target][0].isupper() else "dog" for target in range(37)]
    assert list(dataset.superclasses or ()) == expected
    assert expected.count("cat") == 12


@pytest.mark.realdata
def test_real_clothing_keeps_its_official_splits(realdata, tmp_path):
    root = realdata / "datasets" / "clothing"
    assert sizes(load_dataset(folder_config(root), tmp_path)) == {
        "train": 3068,
        "val": 341,
        "test": 372,
    }
