import os
import time

import pytest
import torch
from torch import nn

from experiments.checkpoint import Checkpoint, Snapshot
from experiments.examples import Examples
from experiments.learner import Learner
from experiments.results.files import write_atomically
from experiments.results.schema import TrainingConfig
from experiments.train import DivergedError, fit

from .test_train import blobs


class PowerCutError(Exception):
    pass


def checkpoint(folder, key: str = "one", said: list[str] | None = None) -> Checkpoint:
    return Checkpoint(folder / "checkpoint.safetensors", key, ([] if said is None else said).append)


def network() -> nn.Sequential:
    torch.manual_seed(11)
    body = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3))
    return nn.Sequential(body, nn.Linear(8, 2))


def train(config, model=None, stop_after=None, kept=None, stages=True):
    """Train with all that is random; stop as if the power went after an epoch."""
    model = model or network()
    generator = torch.Generator().manual_seed(5)

    def on_epoch(epoch):
        if epoch.epoch == stop_after:
            raise PowerCutError

    def learning(epoch):
        body = [(model[0], 0.5)] if stages and epoch > 2 else []
        return [(model[1], 1.0), *body]

    return model, fit(
        model, blobs(70, 1), blobs(40, 2), config, generator, on_epoch, learning, kept
    )


def without_times(history):
    return [epoch.model_copy(update={"duration_s": 1.0}) for epoch in history]


@pytest.mark.parametrize("stop_after", [1, 2, 3, 5, 6])
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_a_resumed_run_ends_as_an_uninterrupted_one(tmp_path, optimizer, stop_after, monkeypatch):
    # Every epoch is written, however little time it took.
    monkeypatch.setattr("experiments.checkpoint._TRAINING_TO_WRITING", 0)
    config = TrainingConfig(
        optimizer=optimizer, learning_rate=0.3, schedule="cosine", warmup_epochs=1, max_epochs=6
    )
    model, whole = train(config)
    with pytest.raises(PowerCutError):
        train(config, stop_after=stop_after, kept=checkpoint(tmp_path))
    torch.rand(7)  # another process would not be where this one is
    said = []
    resumed, rest = train(config, kept=checkpoint(tmp_path, said=said))
    assert len(said) == 1
    assert without_times(rest.history) == without_times(whole.history)
    assert (rest.best_epoch, rest.stopped_early) == (whole.best_epoch, whole.stopped_early)
    for name, value in model.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_the_best_epoch_survives_an_interruption(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.checkpoint._TRAINING_TO_WRITING", 0)
    # A step size that overshoots: later epochs are worse.
    config = TrainingConfig(optimizer="sgd", learning_rate=4.0, max_epochs=8, patience=None)
    model, whole = train(config)
    assert whole.best_epoch < 7
    with pytest.raises(PowerCutError):
        train(config, stop_after=7, kept=checkpoint(tmp_path))
    resumed, rest = train(config, kept=checkpoint(tmp_path))
    assert rest.best_epoch == whole.best_epoch
    assert all(torch.equal(v, resumed.state_dict()[n]) for n, v in model.state_dict().items())


def test_patience_goes_on_counting(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.checkpoint._TRAINING_TO_WRITING", 0)
    config = TrainingConfig(learning_rate=1e-9, max_epochs=30, patience=4)
    _, whole = train(config)
    with pytest.raises(PowerCutError):
        train(config, stop_after=3, kept=checkpoint(tmp_path))
    _, rest = train(config, kept=checkpoint(tmp_path))
    assert len(rest.history) == len(whole.history) < 30


@pytest.mark.parametrize("step", [1, 3])
def test_what_diverges_after_an_interruption_says_what_it_would_have(tmp_path, step, monkeypatch):
    """The last finite loss of the first step is that of the epoch before, in another process."""
    monkeypatch.setattr("experiments.checkpoint._TRAINING_TO_WRITING", 0)
    config = TrainingConfig(learning_rate=0.1, max_epochs=4)
    n_steps = 5  # of 16 of 70 examples in each epoch

    def diverges(stop_after=None, n_before=0, kept=None):
        model, n = network(), n_before

        def poison(module, inputs):
            nonlocal n
            n += model[1].training
            return (inputs[0] * torch.nan,) if n == 2 * n_steps + step else None

        model[1].register_forward_pre_hook(poison)
        with pytest.raises((PowerCutError, DivergedError)) as caught:
            train(config, model, stop_after, kept)
        return str(caught.value)

    whole = diverges()
    assert f"nan at step {step} of epoch 3; the last finite loss was 0." in whole
    diverges(stop_after=2, kept=checkpoint(tmp_path))
    assert diverges(n_before=2 * n_steps, kept=checkpoint(tmp_path)) == whole


def test_the_time_of_both_sessions_counts(tmp_path):
    with pytest.raises(PowerCutError):
        train(TrainingConfig(max_epochs=3), stop_after=1, kept=checkpoint(tmp_path))
    kept = checkpoint(tmp_path)
    first = kept.read()
    first.facts["duration_s"] += 1000
    kept.offer(lambda: first)
    _, rest = train(TrainingConfig(max_epochs=3), kept=checkpoint(tmp_path))
    assert 1000 < rest.duration_s < 1100
    assert rest.duration_s > 1000 + sum(epoch.duration_s for epoch in rest.history[1:])


def test_only_what_learns_is_written(tmp_path):
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 5000), nn.Linear(5000, 8)), nn.Linear(8, 2))
    train(TrainingConfig(max_epochs=1), model, kept=checkpoint(tmp_path), stages=False)
    size_bytes = (tmp_path / "checkpoint.safetensors").stat().st_size
    # The states of torch's generators take 5 kB each.
    assert size_bytes < 20_000 < 4 * 5000 * 8


def test_another_runs_checkpoint_is_left_alone(tmp_path):
    with pytest.raises(PowerCutError):
        train(TrainingConfig(max_epochs=3), stop_after=1, kept=checkpoint(tmp_path))
    assert checkpoint(tmp_path, key="one").read() is not None
    assert checkpoint(tmp_path, key="two").read() is None


@pytest.mark.parametrize("length", [0, 7, 100, 3000, -1])
def test_a_damaged_checkpoint_is_none(tmp_path, length):
    with pytest.raises(PowerCutError):
        train(TrainingConfig(max_epochs=3), stop_after=1, kept=checkpoint(tmp_path))
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    assert checkpoint(tmp_path).read() is None


def test_a_checkpoint_with_a_flipped_bit_is_none(tmp_path):
    with pytest.raises(PowerCutError):
        train(TrainingConfig(max_epochs=3), stop_after=1, kept=checkpoint(tmp_path))
    path = tmp_path / "checkpoint.safetensors"
    content = path.read_bytes()
    # The header with its length and the history in it, and some of the tensors.
    n_header = 8 + int.from_bytes(content[:8], "little")
    for place in [*range(n_header), *range(n_header, len(content), 500)]:
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        assert checkpoint(tmp_path).read() is None, place


def test_a_checkpoint_being_written_is_one_file_that_is_known_to_be(tmp_path, monkeypatch):
    """Otherwise another writer takes it for a leftover, and of a killed one nobody removes it."""
    path = tmp_path / "checkpoint.safetensors"
    sync, seen = os.fsync, []

    def look_around(descriptor):
        if not seen:
            seen.append(None)
            write_atomically(tmp_path / "another", b"")
            seen.extend(file for file in tmp_path.iterdir() if file.stat().st_size)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", look_around)
    checkpoint(tmp_path).offer(lambda: Snapshot({"values": torch.ones(3)}, {}))
    (written,) = seen[1:]
    assert written.name.startswith(f".{path.name}.")
    assert written.name.endswith(".unfinished")
    assert checkpoint(tmp_path).read() is not None


def test_writing_takes_a_small_share_of_the_time(tmp_path):
    n_taken = 0

    def take():
        nonlocal n_taken
        n_taken += 1
        time.sleep(0.02)
        return Snapshot({"values": torch.ones(3)}, {})

    kept = checkpoint(tmp_path)
    for _ in range(50):
        kept.offer(take)
    assert n_taken == 1
    time.sleep(10 * kept._writing_s)
    kept.offer(take)
    assert n_taken == 2


def test_a_model_in_channels_last_keeps_its_layout(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 2))
    model.to(memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(20, 3, 3, 3).contiguous(memory_format=torch.channels_last)
    targets = torch.arange(20) % 2
    examples = Examples(lambda places: images[places], targets, 8)
    config, learning = TrainingConfig(max_epochs=1), lambda epoch: [(model, 1.0)]
    kept = checkpoint(tmp_path)
    fit(model, examples, examples, config, generator, lambda _: None, learning, kept)
    snapshot = checkpoint(tmp_path).read()
    learner = Learner(model, config, learning)
    kept = {n: v for n, v in snapshot.tensors.items() if n.startswith("optimizer.")}
    learner.restore({name.removeprefix("optimizer."): value for name, value in kept.items()}, 1)
    moments = learner.optimizer.state[model[0].weight]["exp_avg"]
    assert moments.stride() == model[0].weight.stride()
