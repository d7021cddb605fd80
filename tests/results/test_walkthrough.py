"""Walkthroughs and what explains images, written and read back; what is wrong is refused."""

import io

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from experiments.results.errors import StoreError
from experiments.results.schema import STEPS, Split
from experiments.results.teaching import has_teaching, read_augmentations, read_teaching
from experiments.results.walkthrough import (
    has_walkthrough,
    read_walkthrough,
    read_walkthrough_picture,
    remove_walkthrough,
)
from tests.made_up import write_made_up_store
from tests.walkthrough import CELL_PX, add_walkthroughs, grey_of_cell


@pytest.fixture
def store(tmp_path):
    made = write_made_up_store(tmp_path)
    assert not has_walkthrough(made, "alpha-none")
    assert not has_teaching(made)
    add_walkthroughs(made)
    return made


def test_what_was_written_is_read(store):
    record = read_walkthrough(store, "alpha-none")
    assert has_walkthrough(store, "alpha-none")
    assert [step.name for step in record.steps] == list(STEPS)
    said = store.read_predictions(store.read_run("alpha-none"), Split.TEST)
    place = said.sample_ids.tolist().index(record.sample_id)
    assert record.probabilities == pytest.approx(said.top_probabilities[place])
    logits = np.exp(np.array(record.logits))
    assert record.probabilities == pytest.approx(logits / logits.sum(), abs=1e-5)
    photo = read_walkthrough_picture(store, "alpha-none", record.step("photo").picture)
    shape = record.step("photo").shape
    assert Image.open(io.BytesIO(photo)).size == (shape[2], shape[1])


def test_each_transform_is_in_the_cells_that_the_record_names(store):
    gallery = read_teaching(store).gallery
    sheet = np.asarray(
        Image.open(io.BytesIO(read_augmentations(store, gallery.sheet))).convert("L")
    )
    strong = gallery.transforms[-1]
    row, column = divmod(strong.first_cell, gallery.n_columns)
    assert sheet[row * CELL_PX, column * CELL_PX] == grey_of_cell(strong.first_cell)


def test_what_is_damaged_or_of_another_is_refused(store):
    record = read_walkthrough(store, "alpha-none")
    folder = store.run_folder("alpha-none")
    (folder / "walkthrough" / "photo.webp").write_bytes(b"other")
    with pytest.raises(StoreError, match=r"photo\.webp: its content is not what walkthrough\.json"):
        read_walkthrough_picture(store, "alpha-none", record.step("photo").picture)
    (store.run_folder("beta-none") / "walkthrough.json").write_bytes(
        (folder / "walkthrough.json").read_bytes()
    )
    with pytest.raises(StoreError, match="is 'alpha-none' but the folder is 'beta-none'"):
        read_walkthrough(store, "beta-none")
    teaching = store.folder / "teaching.json"
    teaching.write_text(teaching.read_text().replace('"made-up"', '"other"'))
    with pytest.raises(StoreError, match="is 'other' but the folder is 'made-up'"):
        read_teaching(store)


def test_removed_it_is_gone_with_its_pictures(store):
    remove_walkthrough(store, "alpha-none")
    assert not has_walkthrough(store, "alpha-none")
    assert not [*(store.run_folder("alpha-none") / "walkthrough").iterdir()]
    assert has_walkthrough(store, "beta-none")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda walk: walk["steps"].pop(3), "steps: must be photo, resize"),
        (lambda walk: walk["logits"].pop(), "one for each of classes"),
        (lambda walk: walk["steps"][0]["axes"].pop(), "one name for each number"),
        (lambda walk: walk["steps"][0]["colours"].pop(), "red, green and blue"),
    ],
)
def test_what_does_not_fit_together_is_refused(store, change, complaint):
    record = read_walkthrough(store, "alpha-none")
    values = record.model_dump()
    change(values)
    with pytest.raises(ValidationError, match=complaint):
        type(record).model_validate(values)


def test_cells_that_overlap_are_refused(store):
    gallery = read_teaching(store).gallery
    values = gallery.model_dump()
    values["transforms"][1]["first_cell"] += 1
    with pytest.raises(ValidationError, match="must begin at cell"):
        type(gallery).model_validate(values)
