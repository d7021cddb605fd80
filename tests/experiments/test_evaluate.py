import pytest
import torch
from torch import nn

from experiments.evaluate import Parts, autocast, compute_logits, predict

from .test_learner import SmallMemory
from .test_train import blobs


def test_a_batch_that_does_not_fit_is_predicted_in_parts():
    inputs = torch.randn(13, 2, generator=torch.Generator().manual_seed(0))
    model = nn.Linear(2, 3)
    small = SmallMemory(model, most=4)
    torch.testing.assert_close(predict(small, inputs, Parts()), model(inputs).detach())
    assert max(size for size in small.sizes if size <= 4) == 4


def test_what_fitted_is_remembered_and_said(monkeypatch):
    emptied = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))
    small, parts = SmallMemory(nn.Linear(2, 3), most=4), Parts()
    assert parts.notes == []
    for _ in range(2):
        predict(small, torch.ones(13, 2), parts)
    assert small.sizes == [13, 7, 4, 4, 4, 1, 4, 4, 4, 1]
    assert len(emptied) == 2
    (note,) = parts.notes
    assert note.startswith("13 at once did not fit")
    assert "parts of at most 4" in note


def test_images_go_through_a_cpu_in_small_parts_or_smaller():
    images, parts = torch.ones(10, 3, 4, 4), Parts()
    whole = SmallMemory(nn.Flatten(), most=99)
    predict(whole, images, parts)
    assert whole.sizes == [8, 2]
    small = SmallMemory(nn.Flatten(), most=3)
    torch.testing.assert_close(predict(small, images, parts), images.flatten(1))
    assert small.sizes == [8, 4, 2, 2, 2, 2, 2]


def test_one_input_that_does_not_fit_is_an_error():
    with pytest.raises(torch.OutOfMemoryError):
        predict(SmallMemory(nn.Flatten(), most=0), torch.ones(5, 2), Parts())


def test_predictions_carry_no_gradient():
    assert not predict(nn.Linear(2, 3), torch.ones(2, 2), Parts()).requires_grad


def test_the_cpu_computes_in_full_precision():
    images = torch.rand(2, 3, 8, 8)
    with autocast(images):
        assert nn.Conv2d(3, 4, 3)(images).dtype == torch.float32


def test_logits_are_those_of_every_example_in_order():
    model = nn.Linear(2, 3)
    examples = blobs(20, 1, batch_size=8)
    everything = examples.fetch(torch.arange(20))
    torch.testing.assert_close(compute_logits(model, examples, Parts()), model(everything).detach())
