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
    samples = choose_samples(IDS, TARGETS, predicted)
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
    # Mistakes are of classes 0, 1 and 2; of class 3 image 3 is wrong twice, and 12 never.
    assert (12, "class") in choose(*runs)


def test_mistakes_are_of_different_classes():
    runs = [wrong_at(1, 10, 19, 2)]
    assert [place for place, why in choose(*runs) if why == "mistake"] == [1, 2]


def test_without_mistakes_all_are_of_classes():
    assert choose(wrong_at()) == [(place, "class") for place in (0, 2, 3, 5, 6, 8)]


def test_classes_of_mistakes_are_passed_over():
    # Classes 0, 4 and 8 have the mistakes: of 1, 2, 3, 5, 6, 7 the first, the third and the last.
    runs = [wrong_at(0, 4, 8)]
    assert choose(*runs) == [(place, "class") for place in (1, 3, 7)] + [
        (place, "mistake") for place in (0, 4, 8)
    ]


def test_too_few_classes_are_gone_through_again():
    # Three classes of four images: 0 to 3 are wrong, one a class is shown; 2 is left of class 2.
    targets = np.arange(12) % 3
    predicted = targets.copy()
    predicted[:4] = (targets[:4] + 1) % 3
    samples = choose_samples([str(place) for place in range(12)], targets, [predicted])
    assert [(sample.sample_id, sample.why) for sample in samples] == [
        ("6", "class"),
        ("4", "class"),
        ("5", "class"),
        ("0", "mistake"),
        ("1", "mistake"),
        ("2", "mistake"),
    ]


def test_an_image_that_is_left_is_no_reason_to_wait_for_others():
    # The classes of both mistakes have one image more; no third one is left.
    targets = np.array([0, 0, 1, 1])
    samples = choose_samples(list("abcd"), targets, [np.array([1, 0, 0, 1], np.int32)])
    assert [sample.sample_id for sample in samples] == ["b", "d", "a", "c"]


def test_the_same_predictions_give_the_same_images():
    runs = [wrong_at(3, 4, 5, 6, 7), wrong_at(7, 6)]
    assert choose(*runs) == choose(*runs)


def test_there_may_be_fewer_images_than_asked_for():
    samples = choose_samples(["a", "b"], np.array([0, 1]), [np.array([0, 0], np.int32)])
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
