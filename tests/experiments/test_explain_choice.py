"""Which test images are followed through the layers, by hand-worked predictions."""

import numpy as np
import pytest

from experiments.config import DigitsConfig, FolderConfig
from experiments.datasets import load_dataset
from experiments.explain.choice import choose_samples, named_samples
from experiments.results.errors import ConfigError

N_CLASSES = 9
TARGETS = np.arange(27) % N_CLASSES  # image p is of class p mod 9
IDS = [f"image{place}" for place in range(27)]


def wrong_at(*places):
    predicted = TARGETS.copy()
    for place in places:
        predicted[place] = (predicted[place] + 1) % N_CLASSES
    return predicted.astype(np.int32)


def choose(*predicted):
    samples = choose_samples(IDS, TARGETS, predicted, N_CLASSES)
    return [(int(sample.sample_id.removeprefix("image")), sample.why) for sample in samples]


def test_half_are_of_classes_at_equal_steps_and_half_are_mistakes():
    # Image 10 is wrong in all runs, 20 in two, 5 and 19 in one; 19 is of the class of 10.
    runs = [wrong_at(10, 20, 5, 19), wrong_at(10, 20), wrong_at(10)]
    assert choose(*runs) == [
        (0, "class"),
        (4, "class"),
        (8, "class"),
        (10, "mistake"),
        (20, "mistake"),
        (5, "mistake"),
    ]


def test_of_a_class_the_image_that_most_runs_get_right_is_taken():
    runs = [wrong_at(0, 9, 1, 2, 3), wrong_at(0, 1, 2, 3)]
    # Classes 0, 4, 8; of class 0 image 0 is wrong twice, 9 once and 18 never.
    assert (18, "class") in choose(*runs)


def test_mistakes_are_of_different_classes():
    runs = [wrong_at(1, 10, 19, 2)]
    assert [place for place, why in choose(*runs) if why == "mistake"] == [1, 2]


def test_without_mistakes_all_are_of_classes():
    assert choose(wrong_at()) == [(place, "class") for place in (0, 2, 3, 5, 6, 8)]


def test_the_same_predictions_give_the_same_images():
    runs = [wrong_at(3, 4, 5, 6, 7), wrong_at(7, 6)]
    assert choose(*runs) == choose(*runs)


def test_there_may_be_fewer_images_than_asked_for():
    samples = choose_samples(["a", "b"], np.array([0, 1]), [np.array([0, 0], np.int32)], 2)
    assert [(sample.sample_id, sample.why) for sample in samples] == [
        ("a", "class"),
        ("b", "mistake"),
    ]


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    return load_dataset(DigitsConfig(source="digits"), tmp_path_factory.mktemp("digits"))


def test_named_images_come_in_their_order(digits):
    ids = [item.sample_id for item in digits.of_split("test")][:3][::-1]
    assert [(s.sample_id, s.why) for s in named_samples(digits, ids)] == [
        (sample_id, "named") for sample_id in ids
    ]


def test_an_image_can_be_named_by_its_path(image_folder):
    split = {"a": 2, "b": 2}
    root = image_folder({"train": split, "val": split, "test": split})
    dataset = load_dataset(FolderConfig(source="folder", data_dir=root, title="T"), root)
    item = dataset.of_split("test")[1]
    assert item.path.endswith(".png")
    (sample,) = named_samples(dataset, [item.path])
    assert sample.sample_id == item.sample_id


def test_all_unknown_images_are_named_with_the_nearest(digits):
    known = digits.of_split("test")[0].sample_id
    of_train = digits.of_split("train")[0].sample_id
    with pytest.raises(ConfigError) as caught:
        named_samples(digits, [known, f"{known}x", of_train])
    message = str(caught.value)
    assert f"{known + 'x'!r}; did you mean {known!r}?" in message
    assert repr(of_train) in message
