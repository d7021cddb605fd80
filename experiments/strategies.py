"""Strategies: which parts of a classifier learn in an epoch, and at what rate."""

from torch import nn

from experiments.models import Classifier
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
