import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from experiments.learner import Learner
from experiments.results.schema import TrainingConfig


def batch(n: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(n, 4, generator=generator), torch.arange(n) % 3


def network() -> nn.Sequential:
    torch.manual_seed(7)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


def learner(model: nn.Module, **options) -> Learner:
    made = Learner(model, TrainingConfig(**options), lambda epoch: [(model, 1.0)])
    made.begin_epoch(1)
    return made


class SmallMemory(nn.Module):
    """Runs out of memory where more than `most` examples go through at once."""

    def __init__(self, model: nn.Module, most: int) -> None:
        super().__init__()
        self.model, self.most, self.sizes = model, most, []

    def forward(self, inputs):
        self.sizes.append(len(inputs))
        if len(inputs) > self.most:
            raise torch.OutOfMemoryError
        return self.model(inputs)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("adam", lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1)),
        ("adamw", lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)),
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.01, weight_decay=0.1, momentum=0.5)),
    ],
)
def test_steps_are_those_of_a_plain_loop(name, make):
    model, plain = network(), network()
    optimizer = make(plain.parameters())
    ours = learner(model, optimizer=name, learning_rate=0.01, weight_decay=0.1, momentum=0.5)
    inputs, targets = batch()
    for _ in range(5):
        loss, hits = ours.step(inputs, targets)
        optimizer.zero_grad()
        logits = plain(inputs)
        expected = functional.cross_entropy(logits, targets)
        expected.backward()
        optimizer.step()
        torch.testing.assert_close(loss, expected.detach())
        assert hits == (logits.argmax(1) == targets).sum()
    torch.testing.assert_close(model.state_dict(), plain.state_dict())


@pytest.mark.parametrize("part_size", [1, 5, 15])
def test_parts_of_a_batch_give_the_batchs_update(part_size):
    models = network(), network()
    options = {"learning_rate": 0.05, "label_smoothing": 0.1, "clip_norm": 0.3}
    whole, parts = (learner(model, **options) for model in models)
    parts.part_size = part_size
    for _ in range(5):
        torch.testing.assert_close(parts.step(*batch()), whole.step(*batch()))
    torch.testing.assert_close(models[0].state_dict(), models[1].state_dict())


def test_out_of_memory_halves_the_batch_and_changes_nothing_else():
    plain, small = network(), SmallMemory(network(), most=5)
    whole, halved = learner(plain, batch_size=16), learner(small, batch_size=16)
    assert whole.note is None
    for _ in range(3):
        torch.testing.assert_close(halved.step(*batch()), whole.step(*batch()))
    torch.testing.assert_close(small.model.state_dict(), plain.state_dict())
    # It tries 16, then 8, then 4; the later steps know.
    assert small.sizes == [16, 8, *[4] * 12]
    assert "batches of 16" in halved.note
    assert "at most 4" in halved.note


def test_memory_that_runs_out_halfway_through_a_batch():
    class Leaky(SmallMemory):
        def forward(self, inputs):
            # The second part of the first attempt at halves does not fit any more.
            self.most = 4 if len(self.sizes) == 2 else 8
            return super().forward(inputs)

    plain, small = network(), Leaky(network(), most=8)
    whole, halved = learner(plain, batch_size=16), learner(small, batch_size=16)
    torch.testing.assert_close(halved.step(*batch()), whole.step(*batch()))
    torch.testing.assert_close(small.model.state_dict(), plain.state_dict())
    assert small.sizes == [16, 8, 8, 4, 4, 4, 4]


def test_one_example_that_does_not_fit_is_an_error():
    with pytest.raises(torch.OutOfMemoryError):
        learner(SmallMemory(network(), most=0)).step(*batch())


def with_batch_norm() -> nn.Sequential:
    torch.manual_seed(7)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def test_parts_are_even_since_batch_norm_cannot_learn_from_one_example():
    small = SmallMemory(with_batch_norm(), most=4)
    ours = learner(small, batch_size=16)
    ours.part_size = 4
    ours.step(*batch(13))
    assert small.sizes == [4, 3, 3, 3]


def test_an_odd_batch_of_which_two_examples_fit_or_three_is_learned_from():
    """Batch norm needs two in each part, so an odd batch has one of three."""
    small, plain = SmallMemory(with_batch_norm(), most=3), with_batch_norm()
    ours, by_hand = (learner(model, batch_size=16) for model in (small, plain))
    ours.part_size = 2
    loss, _ = ours.step(*batch(13))
    assert small.sizes == [3, 2, 2, 2, 2, 2]
    assert ours.part_size == 2
    assert "in parts of at most 3" in ours.note
    # The arithmetic is the batch's: the mean loss of all 13, whatever part they are in.
    parts = zip(*(values.split(small.sizes) for values in batch(13)), strict=True)
    expected = sum(
        functional.cross_entropy(plain(inputs), targets, reduction="sum") / 13
        for inputs, targets in parts
    )
    expected.backward()
    by_hand.optimizer.step()
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(small.model.state_dict(), plain.state_dict())


def test_an_odd_batch_without_batch_norm_has_no_more_than_two_in_a_part():
    small = SmallMemory(network(), most=2)
    ours = learner(small, batch_size=16)
    ours.part_size = 2
    ours.step(*batch(13))
    assert small.sizes == [2] * 6 + [1]
    assert "in parts of at most 2" in ours.note


def test_an_odd_batch_of_which_no_three_fit_is_out_of_memory():
    small = SmallMemory(with_batch_norm(), most=2)
    ours = learner(small, batch_size=16)
    ours.step(*batch(16))
    assert ours.part_size == 2
    with pytest.raises(torch.OutOfMemoryError, match="of a batch of 16 fewer than 3 fit"):
        ours.step(*batch(13))


def test_what_batch_norm_says_of_a_batch_of_one_is_not_taken_for_memory():
    ours = learner(with_batch_norm(), batch_size=16)
    ours.part_size = 2
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        ours.step(*batch(1))
    assert ours.part_size == 2


@pytest.mark.parametrize("make", [network, with_batch_norm])
def test_that_batch_norm_saw_parts_is_said(make):
    halved = learner(SmallMemory(make(), most=8), batch_size=16)
    halved.step(*batch())
    assert ("batch norm's statistics are those of a part" in halved.note) == (
        make is with_batch_norm
    )


def test_batch_norm_that_does_not_learn_saw_no_parts():
    model = with_batch_norm()
    halved = Learner(model, TrainingConfig(batch_size=16), lambda epoch: [(model[3], 1.0)])
    halved.begin_epoch(1)
    halved.part_size = 8
    assert "batch norm" not in halved.note


def test_batch_norm_of_which_one_example_fits_is_out_of_memory():
    ours = learner(SmallMemory(with_batch_norm(), most=1), batch_size=16)
    with pytest.raises(torch.OutOfMemoryError, match=r"16 fewer than 3 fit.*input_size"):
        ours.step(*batch())


@pytest.mark.parametrize(
    ("optimizer", "said"),
    [("adam", "adam keeps 2 .* 67 parameters.* 0 MB"), ("sgd", "sgd keeps 1 .* 67 parameters")],
)
def test_memory_that_the_optimiser_has_not_is_named(optimizer, said, monkeypatch):
    ours = learner(network(), optimizer=optimizer)

    def no_room():
        raise torch.OutOfMemoryError("tried to allocate 20 MiB")

    monkeypatch.setattr(ours.optimizer, "step", no_room)
    with pytest.raises(torch.OutOfMemoryError, match=f"no room for what the optimiser.*{said}"):
        ours.step(*batch())


def test_smoothing_changes_what_is_learned_and_not_what_is_reported():
    model, by_hand = network(), network()
    inputs, targets = batch()
    # Without momentum yet, the first step of SGD is the gradient times the rate.
    ours = learner(model, optimizer="sgd", learning_rate=1.0, label_smoothing=0.3)
    loss, _ = ours.step(inputs, targets)
    logits = by_hand(inputs)
    soft = 0.7 * functional.one_hot(targets, 3) + 0.3 / 3
    (-(soft * logits.log_softmax(1)).sum(1).mean()).backward()
    torch.testing.assert_close(loss, functional.cross_entropy(logits, targets).detach())
    for ours_, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours_, theirs - theirs.grad)


@pytest.mark.parametrize(("clip_norm", "expected"), [(0.01, 0.01), (None, None)])
def test_the_gradient_is_clipped_as_a_whole(clip_norm, expected):
    model = network()
    before = copy.deepcopy(model)
    options = {"optimizer": "sgd", "learning_rate": 1.0, "clip_norm": clip_norm}
    learner(model, **options).step(*batch())
    moved = [b - a for a, b in zip(model.parameters(), before.parameters(), strict=True)]
    norm = math.sqrt(sum(float(m.detach().square().sum()) for m in moved))
    if expected is None:
        assert norm > 0.1
    else:
        assert norm == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [0.6] * 6),
        ({"warmup_epochs": 2}, [0.2, 0.4, 0.6, 0.6, 0.6, 0.6]),
        (
            {"warmup_epochs": 2, "schedule": "cosine"},
            [0.2, 0.4, *(0.3 * (1 + math.cos(math.pi * i / 4)) for i in range(4))],
        ),
        ({"warmup_epochs": 9}, [0.06 * i for i in range(1, 7)]),
    ],
)
def test_the_rate_over_the_epochs(options, expected):
    model = network()
    config = TrainingConfig(learning_rate=0.6, max_epochs=6, **options)
    ours = Learner(model, config, lambda epoch: [(model[0], 0.1), (model[2], 1.0)])
    rates = [ours.begin_epoch(epoch) for epoch in range(1, 7)]
    assert rates == pytest.approx(expected)
    assert [group["lr"] for group in ours.optimizer.param_groups] == pytest.approx(
        [0.1 * rates[-1], rates[-1]]
    )


def test_what_does_not_learn_stays_as_it_was():
    body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5))
    model = nn.Sequential(body, nn.Linear(8, 3))
    before = copy.deepcopy(body.state_dict())
    ours = Learner(model, TrainingConfig(), lambda epoch: [(model[1], 1.0)])
    ours.begin_epoch(1)
    assert not any(module.training for module in (model, *body))
    assert model[1].training
    head = copy.deepcopy(model[1].state_dict())
    ours.step(*batch())
    assert all(torch.equal(before[name], value) for name, value in body.state_dict().items())
    assert not torch.equal(head["weight"], model[1].weight)
    assert ours.n_parameters == 8 * 3 + 3
    assert ours.learned_names() == {"1.weight", "1.bias"}


def test_a_part_that_is_freed_later_joins_and_the_rest_goes_on():
    model = network()
    stages = {1: [(model[2], 1.0)], 2: [(model[2], 1.0), (model[0], 0.1)]}
    ours = Learner(model, TrainingConfig(), stages.__getitem__)
    ours.begin_epoch(1)
    ours.step(*batch())
    first = model[0].weight.detach().clone()
    moments = ours.optimizer.state[model[2].weight]["exp_avg"].clone()
    ours.begin_epoch(2)
    assert len(ours.optimizer.param_groups) == 2
    assert torch.equal(ours.optimizer.state[model[2].weight]["exp_avg"], moments)
    ours.step(*batch())
    assert ours.optimizer.state[model[2].weight]["step"] == 2
    assert ours.optimizer.state[model[0].weight]["step"] == 1
    assert not torch.equal(first, model[0].weight)


def test_a_whole_that_is_freed_after_its_part_brings_only_the_rest():
    model = network()
    stages = {1: [(model[2], 1.0)], 2: [(model, 0.1)]}
    ours = Learner(model, TrainingConfig(), stages.__getitem__)
    ours.begin_epoch(1)
    ours.begin_epoch(2)
    assert [len(group["params"]) for group in ours.optimizer.param_groups] == [2, 2]
    assert ours.learned_names() == set(model.state_dict())
