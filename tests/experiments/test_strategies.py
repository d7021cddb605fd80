import contextlib
import functools
import itertools

import pytest
import torch
from torch import nn

from experiments.examples import Examples
from experiments.models import Classifier, build_backbone
from experiments.results.errors import ConfigError
from experiments.results.schema import RunConfig
from experiments.strategies import learning_modules, refuse_lone_images, stage_freed
from experiments.train import fit

SIDE = 32


@pytest.fixture
def model():
    torch.manual_seed(0)
    backbone = build_backbone("test_resnet", SIDE, pretrained=False, weights_dir=None)
    return Classifier(backbone, 3, SIDE, "mlp")


@pytest.fixture
def configured(quick_config):
    def configure(strategy, *, max_epochs=2, **parameters) -> RunConfig:
        (run,) = quick_config.runs().values()
        return run.model_copy(
            update={
                "strategy": strategy,
                "strategy_parameters": run.strategy_parameters.model_copy(update=parameters),
                "training": run.training.model_copy(
                    update={"backbone_rate": 0.25, "max_epochs": max_epochs, "batch_size": 4}
                ),
            }
        )

    return configure


def in_batches(config: RunConfig, size: int) -> RunConfig:
    training = config.training.model_copy(update={"batch_size": size})
    return config.model_copy(update={"training": training})


def names(model: nn.Module, learning) -> dict[str, float]:
    known = {id(module): name for name, module in model.named_modules()}
    return {known[id(module)]: factor for module, factor in learning}


def test_simple_strategies_are_what_their_names_say(model, configured):
    learning = {
        strategy: names(model, learning_modules(model, configured(strategy), 1))
        for strategy in ("frozen", "full", "scratch")
    }
    assert learning == {
        "frozen": {"head": 1},
        "full": {"head": 1, "backbone": 0.25},
        "scratch": {"": 1},
    }


def test_partial_frees_the_last_stages(model, configured):
    def free(n_stages):
        found = names(model, learning_modules(model, configured("partial", n_stages=n_stages), 7))
        assert set(found.values()) == {1, 0.25}
        # Pooling and the place of the classifier come along, without parameters.
        return {name for name in found if sum(1 for _ in model.get_submodule(name).parameters())}

    assert free(1) == {"head", "backbone.layer4"}
    assert free(2) == {"head", "backbone.layer3", "backbone.layer4"}
    assert free(5) == free(99) == {"head", "backbone"}


def test_progressive_frees_a_stage_every_few_epochs(model, configured):
    config = configured("progressive", epochs_per_stage=2)
    freed = {epoch: stage_freed(model, config, epoch) for epoch in range(1, 16)}
    assert {epoch: name for epoch, name in freed.items() if name} == {
        3: "layer4",
        5: "layer3",
        7: "layer2",
        9: "layer1",
        11: "conv1 to bn1",
    }
    seen = [set(names(model, learning_modules(model, config, epoch))) for epoch in range(1, 11)]
    assert seen[0] == seen[1] == {"head"}
    assert all(before <= after for before, after in itertools.pairwise(seen))
    assert "backbone.layer1" in seen[9]
    # With the stem comes all that is in no stage.
    for epoch in (11, 12, 50):
        assert set(names(model, learning_modules(model, config, epoch))) == {"head", "backbone"}


@pytest.mark.parametrize("strategy", ["frozen", "partial", "full", "scratch"])
def test_only_progressive_frees_stages_during_a_run(model, configured, strategy):
    assert {stage_freed(model, configured(strategy), epoch) for epoch in range(1, 9)} == {None}


@pytest.mark.parametrize(
    ("strategy", "side", "batch_size", "refused"),
    [
        ("scratch", SIDE, 1, True),
        ("full", SIDE, 1, True),
        # The stage that would fail is freed in the third epoch only.
        ("progressive", SIDE, 1, True),
        ("frozen", SIDE, 1, False),
        ("scratch", SIDE, 2, False),
        # What reaches the last stage of a larger image is larger than a pixel.
        ("scratch", 2 * SIDE, 1, False),
    ],
)
def test_a_batch_of_one_is_refused_where_batch_norm_cannot_learn(
    model, configured, strategy, side, batch_size, refused
):
    config = configured(strategy, max_epochs=3, epochs_per_stage=2)
    config = in_batches(config, batch_size)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    drawn = torch.get_rng_state()
    with (
        pytest.raises(ConfigError, match=r"batch_size = 1 under .training.*set batch_size to 2")
        if refused
        else contextlib.nullcontext()
    ):
        refuse_lone_images(model, config, torch.zeros(1, 3, side, side))
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


class OnGpu(torch.Tensor):
    """An image on the CPU that says it is on the second GPU."""

    is_cuda = True
    device = torch.device("cuda:1")


def test_the_trial_gives_the_gpu_back_its_random_state(model, configured, monkeypatch):
    given_back = []

    @contextlib.contextmanager
    def fork_rng(devices):
        given_back.extend(devices)
        yield

    monkeypatch.setattr(torch.random, "fork_rng", fork_rng)
    image = torch.zeros(1, 3, 256, 256).as_subclass(OnGpu)
    refuse_lone_images(model, in_batches(configured("full"), 1), image)
    assert given_back == [torch.device("cuda:1")]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_what_a_run_draws_on_a_gpu_does_not_depend_on_the_trial(model, configured):
    image = torch.zeros(1, 3, 256, 256, device="cuda")
    drawn = torch.cuda.get_rng_state()
    refuse_lone_images(model.cuda(), in_batches(configured("full"), 1), image)
    assert torch.equal(torch.cuda.get_rng_state(), drawn)


@pytest.mark.parametrize(
    ("epochs_per_stage", "max_epochs", "n_epochs"),
    # Of five stages the last is freed in epoch 11, or the third in 13 where there is no more room.
    [(2, 40, 10 + 3), (4, 16, 12 + 3), (4, 13, 13), (50, 40, 1 + 3)],
)
def test_patience_waits_for_the_last_stage_to_be_freed(
    model, configured, epochs_per_stage, max_epochs, n_epochs
):
    config = configured("progressive", max_epochs=max_epochs, epochs_per_stage=epochs_per_stage)
    # Nothing improves by that much after the first epoch.
    changes = {"patience": 3, "min_delta": 100.0, "learning_rate": 1e-9}
    training = config.training.model_copy(update=changes)
    outcome = train(model, config.model_copy(update={"training": training}))
    assert len(outcome.history) == n_epochs
    assert outcome.stopped_early == (n_epochs < max_epochs)


def train(model, config):
    images = torch.rand(12, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1)) * 5
    examples = Examples(lambda places: images[places], torch.arange(12) % 3, batch_size=4)
    return fit(
        model,
        examples,
        examples,
        config.training,
        torch.Generator().manual_seed(2),
        lambda epoch: None,
        functools.partial(learning_modules, model, config),
    )


@pytest.mark.parametrize(
    ("strategy", "max_epochs", "learned"),
    [
        ("frozen", 2, []),
        ("partial", 2, ["layer4"]),
        ("progressive", 3, ["layer4"]),
        ("full", 2, ["conv1", "bn1", "layer1", "layer2", "layer3", "layer4"]),
    ],
)
def test_what_is_frozen_stays_bit_identical(model, configured, strategy, max_epochs, learned):
    config = configured(strategy, max_epochs=max_epochs, epochs_per_stage=2)
    # The best epoch is restored at the end: the last one must be it for the test to see all.
    config = config.model_copy(
        update={"training": config.training.model_copy(update={"learning_rate": 1e-4})}
    )
    before = {name: value.clone() for name, value in model.state_dict().items()}
    train(model, config)
    changed = {
        name for name, value in model.state_dict().items() if not torch.equal(value, before[name])
    }
    of_backbone = [name.removeprefix("backbone.") for name in changed if "backbone" in name]
    assert sorted({name.split(".")[0] for name in of_backbone}) == sorted(learned)
    assert any(name.startswith("head.") for name in changed)
    # Batch norm's statistics are no parameters, and move only where a stage learns.
    assert any("running_mean" in name for name in of_backbone) == bool(learned)
