"""Images of a split, found in what predictions are of."""

from pathlib import Path

import numpy as np

from experiments.results.schema import Split
from site_builder.samples import NO_SAMPLES, load_samples
from tests.made_up import write_made_up_store


def test_places_lead_from_the_images_to_the_predictions(tmp_path: Path) -> None:
    test = load_samples(write_made_up_store(tmp_path, n_images=30))[Split.TEST]
    given = np.random.default_rng(0).permutation(test.ids)
    places = test.places_in(given)
    assert places is not None
    assert places.tolist() == [given.tolist().index(name) for name in test.sample_ids]
    assert np.array_equal(test.places_in(test.ids), np.arange(30))


def test_other_images_have_no_place(tmp_path: Path) -> None:
    test = load_samples(write_made_up_store(tmp_path, n_images=30))[Split.TEST]
    assert test.places_in(test.ids[1:]) is None
    assert test.places_in(np.array([*test.sample_ids[1:], "another"])) is None
    assert test.places_in(np.array([*test.sample_ids[1:], test.sample_ids[1]])) is None
    assert NO_SAMPLES.places_in(test.ids) is None
