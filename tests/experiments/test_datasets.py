from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

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


def many(counts: dict[str, int]) -> dict[str, dict[str, int]]:
    """Return two classes of 20 images each, and some small ones, in one place."""
    return {".": {"big": 20, "large": 20, **counts}}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_images", [2, 3])
def test_a_class_of_few_images_is_learned_from_and_tested(image_folder, tmp_path, n_images, seed):
    root = image_folder(many(dict.fromkeys(("x", "y", "z"), n_images)))
    first, again = (
        load_dataset(folder_config(root, split_seed=seed), tmp_path).items for _ in range(2)
    )
    assert first == again
    small = Counter((item.target, item.split) for item in first if item.target > 1)
    for target in (2, 3, 4):
        assert small[target, Split.TRAIN] >= 1
        assert small[target, Split.TEST] >= 1
        assert sum(small[target, split] for split in Split) == n_images


@pytest.mark.parametrize("key", ["test_fraction", "val_fraction"])
def test_a_class_whose_images_all_were_drawn_keeps_one_to_learn_from(image_folder, tmp_path, key):
    root = image_folder(many({"x": 3, "y": 3}))
    for seed in range(4):
        dataset = load_dataset(folder_config(root, **{key: 0.85}, split_seed=seed), tmp_path)
        assert {item.target for item in dataset.of_split(Split.TRAIN)} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"rare": 1}, r"class 'rare' has 1 readable image, and needs 2: .*; add images, or leave"),
        (dict.fromkeys(("rare", "r2", "r3"), 1), r"class 'r2' .*\(so have 2 other classes\)"),
    ],
)
def test_a_class_of_one_image_that_would_be_split_is_named(image_folder, tmp_path, counts, said):
    root = image_folder(many(counts))
    with pytest.raises(DataError, match=said):
        load_dataset(folder_config(root), tmp_path)


def test_a_single_training_image_stays_one_where_the_test_images_are_given(image_folder, tmp_path):
    counts = {"big": 20, "large": 20, "rare": 1, "scarce": 1}
    root = image_folder({"train": counts, "test": dict.fromkeys(counts, 1)})
    dataset = load_dataset(folder_config(root), tmp_path)
    assert sizes(dataset) == {"train": 34, "val": 8, "test": 4}
    training = Counter(item.target for item in dataset.of_split(Split.TRAIN))
    assert training == {0: 16, 1: 16, 2: 1, 3: 1}
    assert {item.target for item in dataset.of_split(Split.VAL)} == {0, 1}


def test_classes_of_one_training_image_leave_nothing_to_hold_out(image_folder, tmp_path):
    counts = {"a": 1, "b": 1}
    root = image_folder({"train": counts, "test": counts})
    with pytest.raises(DataError, match=r"no class has 2 readable images.*give a val split"):
        load_dataset(folder_config(root), tmp_path)


@pytest.mark.parametrize(
    ("fraction", "said"),
    [
        (
            0.05,
            r"val_fraction = 0.05 under \[dataset\] holds 2 of 40 images out.*set it to 0.08 or",
        ),
        (
            0.95,
            r"leaves 2 of 40 images to learn from, fewer than their 4 classes; set it to 0.9 or",
        ),
    ],
)
def test_a_share_too_small_for_the_classes_says_which_would_do(
    image_folder, tmp_path, fraction, said
):
    counts = dict.fromkeys("abcd", 10)
    root = image_folder({"train": counts, "test": dict.fromkeys("abcd", 1)})
    with pytest.raises(DataError, match=said):
        load_dataset(folder_config(root, val_fraction=fraction), tmp_path)
    remedy = float(said.split("set it to ")[1].split()[0])
    dataset = load_dataset(folder_config(root, val_fraction=remedy), tmp_path)
    assert {item.target for item in dataset.of_split(Split.VAL)} == {0, 1, 2, 3}


def test_splits_that_could_be_drawn_before_are_drawn_as_before(image_folder, tmp_path):
    """As scikit-learn draws them, first `test` and of what is left `val`, by id."""
    root = image_folder({".": {"a": 23, "b": 11, "c": 7}})
    dataset = load_dataset(folder_config(root, split_seed=5), tmp_path)
    ids = sorted(item.sample_id for item in dataset.items)
    of_class = {item.sample_id: item.target for item in dataset.items}
    for split in (Split.TEST, Split.VAL):
        ids, drawn = train_test_split(
            sorted(ids), test_size=0.2, random_state=5, stratify=[of_class[i] for i in sorted(ids)]
        )
        assert sorted(drawn) == [item.sample_id for item in dataset.of_split(split)]


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
