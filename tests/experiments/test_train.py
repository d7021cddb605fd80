import math

import pytest
import torch
from timm.models.swin_transformer import SwinTransformer
from torch import nn

from experiments.evaluate import Parts, compute_logits, loss_and_accuracy
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
    assert loss_and_accuracy(model, val, Parts())[0] == pytest.approx(min(losses), abs=1e-6)


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


class Poisoned(nn.Linear):
    """Says NaN in one forward pass, by its number from 1; or in those of validation from one on."""

    def __init__(self, training: int | None = None, validation: int | None = None):
        super().__init__(2, 2)
        self.when, self.n = {True: training, False: validation}, {True: 0, False: 0}

    def forward(self, inputs):
        self.n[self.training] += 1
        poisoned = self.n[self.training] == self.when[self.training]
        return super().forward(inputs) * (torch.nan if poisoned else 1.0)


def plain_losses(n_epochs: int) -> list[list[float]]:
    """Losses of a loop that is not ours, step by step."""
    torch.manual_seed(0)
    model, examples = nn.Linear(2, 2), blobs(64, 1)
    optimizer, generator = torch.optim.SGD(model.parameters(), lr=0.1), torch.Generator()
    generator.manual_seed(0)
    losses = []
    for _ in range(n_epochs):
        of_epoch = []
        for places in torch.randperm(64, generator=generator).split(16):
            loss = nn.functional.cross_entropy(
                model(examples.fetch(places)), examples.targets[places]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            of_epoch.append(loss.item())
        losses.append(of_epoch)
    return losses


def said_by(training: int | None = None, validation: int | None = None) -> tuple[str, float]:
    """Return what stops a poisoned run before the last loss that it names, and that loss."""
    torch.manual_seed(0)
    model = Poisoned(training, validation)
    config = TrainingConfig(optimizer="sgd", momentum=0.0, learning_rate=0.1, max_epochs=5)
    with pytest.raises(DivergedError) as caught:
        fit(
            model,
            blobs(64, 1),
            blobs(16, 2),
            config,
            torch.Generator().manual_seed(0),
            lambda epoch: None,
            lambda epoch: [(model, 1.0)],
        )
    words, loss = str(caught.value).rsplit(" ", 1)
    return words, float(loss)


# Four steps make an epoch: of the first, in its midst, and the first after another.
@pytest.mark.parametrize(("epoch", "step"), [(1, 2), (2, 3), (2, 1)])
def test_step_and_last_finite_loss_of_what_diverged_are_named(epoch, step):
    words, loss = said_by(training=4 * (epoch - 1) + step)
    assert words == (
        f"the loss became nan at step {step} of epoch {epoch}; the last finite loss was"
    )
    finite = [loss for of_epoch in plain_losses(epoch) for loss in of_epoch]
    assert loss == pytest.approx(finite[4 * (epoch - 1) + step - 2], rel=1e-5)


def test_the_very_first_loss_has_no_finite_one_before_it():
    model = Poisoned(training=1)
    with pytest.raises(DivergedError, match=r"nan at step 1 of epoch 1; .* loss was None$"):
        train(TrainingConfig(max_epochs=2), model)


def test_a_loss_of_validation_that_is_no_number_stops_the_run_too():
    words, loss = said_by(validation=3)
    assert words == (
        "the loss became nan on the validation images after epoch 3; the last finite loss was"
    )
    assert loss == pytest.approx(plain_losses(3)[-1][-1], rel=1e-5)


def test_one_example_more_than_a_batch_is_learned_from_with_batch_norm():
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    result = train(TrainingConfig(max_epochs=2), model, train_set=blobs(17, 1))
    assert len(result.history) == 2


def test_the_same_seed_gives_the_same_model():
    states = []
    for _ in range(2):
        torch.manual_seed(5)
        model = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 2))
        train(TrainingConfig(learning_rate=0.01, max_epochs=3), model, seed=5)
        states.append(model.state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_two_threads_give_the_same_model_though_gradients_meet():
    """As they do in a table of relative positions, where many pairs of patches share a number."""
    n_threads = torch.get_num_threads()
    images = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    examples = Examples(lambda places: images[places], torch.arange(8) % 2, 4)
    states = []
    torch.set_num_threads(2)
    try:
        for _ in range(3):
            torch.manual_seed(5)
            model = SwinTransformer(
                img_size=32,
                patch_size=2,
                window_size=16,
                embed_dim=8,
                depths=(1,),
                num_heads=(1,),
                num_classes=2,
            )
            config = TrainingConfig(max_epochs=2, batch_size=4)
            train(config, model, train_set=examples, val_set=examples)
            states.append(model.state_dict())
    finally:
        torch.set_num_threads(n_threads)
    assert not torch.are_deterministic_algorithms_enabled()
    for other in states[1:]:
        assert all(torch.equal(states[0][name], other[name]) for name in other)


def test_logits_come_in_order_without_dropout():
    model = nn.Sequential(nn.Dropout(0.9), nn.Linear(2, 2))
    examples = blobs(33, 0)
    expected = model[1](examples.fetch(torch.arange(33)))
    torch.testing.assert_close(compute_logits(model, examples, Parts()), expected)
