import torch
from torch import nn

from experiments.evaluate import autocast, compute_logits, predict

from .test_learner import SmallMemory
from .test_train import blobs


def test_a_batch_that_does_not_fit_is_predicted_in_parts():
    inputs = torch.randn(13, 2, generator=torch.Generator().manual_seed(0))
    model = nn.Linear(2, 3)
    small = SmallMemory(model, most=4)
    torch.testing.assert_close(predict(small, inputs), model(inputs).detach())
    assert max(size for size in small.sizes if size <= 4) == 4


def test_predictions_carry_no_gradient():
    assert not predict(nn.Linear(2, 3), torch.ones(2, 2)).requires_grad


def test_the_cpu_computes_in_full_precision():
    images = torch.rand(2, 3, 8, 8)
    with autocast(images):
        assert nn.Conv2d(3, 4, 3)(images).dtype == torch.float32


def test_logits_are_those_of_every_example_in_order():
    model = nn.Linear(2, 3)
    examples = blobs(20, 1, batch_size=8)
    everything = examples.fetch(torch.arange(20))
    torch.testing.assert_close(compute_logits(model, examples), model(everything).detach())
