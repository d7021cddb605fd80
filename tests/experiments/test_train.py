import math

import pytest
import torch
from torch import nn

from experiments.evaluate import compute_logits, loss_and_accuracy
from experiments.examples import Examples
from experiments.results.schema import TrainingConfig
from experiments.train import DivergedError, fit


def blobs(n: int, seed: int, batch_size: int = 16) -> Examples:
    """Two clouds of points that a line separates."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(n) % 2
    values = torch.randn(n, 2, generator=generator) + 6.0 * targets[:, None]
    return Examples(lambda places: values[places], targets, batch_size)


def train(config: TrainingConfig, model: nn.Module, seed: int = 0, train_set=None, val_set=None):
    torch.manual_seed(seed)
    seen = []
    generator = torch.Generator().manual_seed(seed)
    result = fit(
        model,
        train_set or blobs(64, 1),
        val_set or blobs(40, 2),
        config,
        generator,
        seen.append,
        lambda epoch: [(model, 1.0)],
    )
    assert seen == result.history
    return result


def test_batches_cover_everything_once():
    examples = blobs(50, 0)
    order = torch.cat([targets for _, targets in examples.in_order()])
    assert torch.equal(order, examples.targets)
    inputs = torch.cat(
        [inputs for inputs, _ in examples.shuffled(torch.Generator().manual_seed(0))]
    )
    expected = examples.fetch(torch.arange(50))
    assert torch.equal(inputs.sort(0).values, expected.sort(0).values)
    assert not torch.equal(inputs, expected)


def test_a_last_batch_of_one_is_left_out_of_training_only():
    examples = blobs(33, 0)
    assert [len(t) for _, t in examples.shuffled(torch.Generator())] == [16, 16]
    assert [len(t) for _, t in examples.in_order()] == [16, 16, 1]


def test_a_separable_problem_is_learned():
    result = train(TrainingConfig(learning_rate=0.05, max_epochs=20), nn.Linear(2, 2))
    assert result.history[-1].val_accuracy == 1.0
    assert result.history[-1].train_loss < result.history[0].train_loss


def test_the_best_epochs_weights_are_kept():
    model = nn.Linear(2, 2)
    val = blobs(40, 2)
    # A step size that overshoots: the loss goes up and down.
    config = TrainingConfig(optimizer="sgd", learning_rate=2.0, max_epochs=15, patience=None)
    result = train(config, model, val_set=val)
    losses = [epoch.val_loss for epoch in result.history]
    assert result.best_epoch == losses.index(min(losses)) + 1
    assert result.best_epoch < len(losses)
    assert loss_and_accuracy(model, val)[0] == pytest.approx(min(losses), abs=1e-6)


def test_patience_counts_epochs_without_enough_improvement():
    config = TrainingConfig(learning_rate=1e-9, max_epochs=30, patience=3)
    result = train(config, nn.Linear(2, 2))
    # The first epoch improves on nothing; then three that do not improve by min_delta.
    assert len(result.history) == 4
    assert result.stopped_early


def test_without_patience_every_epoch_runs():
    config = TrainingConfig(learning_rate=1e-9, max_epochs=9, patience=None)
    result = train(config, nn.Linear(2, 2))
    assert (len(result.history), result.stopped_early) == (9, False)


def test_the_cosine_schedule_falls_from_the_peak():
    config = TrainingConfig(learning_rate=0.4, schedule="cosine", max_epochs=4, patience=None)
    rates = [epoch.learning_rate for epoch in train(config, nn.Linear(2, 2)).history]
    assert rates == pytest.approx([0.2 * (1 + math.cos(math.pi * i / 4)) for i in range(4)])


def test_an_infinite_loss_stops_the_run_as_diverged():
    config = TrainingConfig(optimizer="sgd", learning_rate=1e38, max_epochs=5)
    with pytest.raises(DivergedError, match=r"the loss became (nan|inf) at step \d+"):
        train(config, nn.Linear(2, 2))


def test_the_same_seed_gives_the_same_model():
    states = []
    for _ in range(2):
        torch.manual_seed(5)
        model = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 2))
        train(TrainingConfig(learning_rate=0.01, max_epochs=3), model, seed=5)
        states.append(model.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_logits_come_in_order_without_dropout():
    model = nn.Sequential(nn.Dropout(0.9), nn.Linear(2, 2))
    examples = blobs(33, 0)
    expected = model[1](examples.fetch(torch.arange(33)))
    torch.testing.assert_close(compute_logits(model, examples), expected)
