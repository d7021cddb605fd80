"""Strategies: which parts of a classifier learn in an epoch, and at what rate."""

import copy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from experiments.models import Classifier
from experiments.results.errors import ConfigError
from experiments.results.schema import RunConfig
from experiments.stages import Stage, backbone_stages


def learning_modules(
    model: Classifier, config: RunConfig, epoch: int
) -> list[tuple[nn.Module, float]]:
    """Return the modules that learn in an epoch, each with its share of the learning rate.

    All that is in none of them is frozen: no gradients, batch norm and dropout in eval mode.

    - `frozen`: the head.
    - `partial`: the head, and the last stages of the backbone at `backbone_rate`.
    - `full`: the head, and the whole backbone at `backbone_rate`.
    - `progressive`: the head, and at `backbone_rate` one stage more every few epochs, from the last
      to the first. With the first comes what is in no stage, such as position embeddings.
    - `scratch`: everything, at one rate.

    Args:
        model: Backbone and head.
        config: Names the strategy and has its parameters.
        epoch: Number of the epoch, from 1.
    """
    if config.strategy == "scratch":
        return [(model, 1.0)]
    rate = config.training.backbone_rate
    n_free = _n_free(config, epoch)
    if config.strategy == "full":
        learning = [model.backbone]
    elif n_free:
        learning = _last(n_free, backbone_stages(model.backbone), model.backbone)
    else:
        learning = []
    return [(model.head, 1.0), *((module, rate) for module in learning)]


def stage_freed(model: Classifier, config: RunConfig, epoch: int) -> str | None:
    """Return the name of the stage that `progressive` frees at the start of an epoch, from 1."""
    n_free = _n_free(config, epoch)
    if config.strategy != "progressive" or n_free == _n_free(config, epoch - 1):
        return None
    stages = backbone_stages(model.backbone)
    return stages[-n_free].name if n_free <= len(stages) else None


def refuse_lone_images(model: Classifier, config: RunConfig, image: Tensor) -> None:
    """Refuse batches of one image from which batch norm cannot learn, before any work is done.

    Args:
        model: Backbone and head; left as it is.
        config: Names the batch size, and the strategy.
        image: (1, 3, H, W) float, on the device of the model.

    Raises:
        ConfigError: If one image is a batch, and is 1 x 1 where batch norm is to learn from it.
    """
    if config.training.batch_size > 1:
        return

    def look(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if norm.training and inputs[0].numel() == inputs[0].shape[1]:
            raise ConfigError(
                "batch_size = 1 under [training] leaves batch norm one value per channel to learn "
                f"from, as {config.model} makes a single image 1 x 1; set batch_size to 2 or more"
            )

    # A copy: batch norm's statistics move.
    trial = copy.deepcopy(model).eval()
    for module, _ in learning_modules(trial, config, config.training.max_epochs):
        module.train()
    for norm in trial.modules():
        if isinstance(norm, _BatchNorm):
            norm.register_forward_pre_hook(look)
    # Dropout draws at random, on a GPU from that one's generator: what the run draws must not
    # depend on this.
    gpus = [image.device] if image.is_cuda else []
    with torch.no_grad(), torch.random.fork_rng(gpus):
        trial(image)


def _n_free(config: RunConfig, epoch: int) -> int:
    """Return how many stages learn in an epoch, if there are as many."""
    parameters = config.strategy_parameters
    if config.strategy == "progressive":
        return max(epoch - 1, 0) // parameters.epochs_per_stage
    return parameters.n_stages if config.strategy == "partial" else 0


def _last(n_stages: int, stages: list[Stage], backbone: nn.Module) -> list[nn.Module]:
    if n_stages >= len(stages):
        return [backbone]
    # The last one first: a stage freed later comes after those that learn already.
    return [module for place in range(1, n_stages + 1) for module in stages[-place].modules]
