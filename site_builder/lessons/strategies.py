"""Strategies of transfer learning: what learns, when to use which, and how many parameters."""

from dataclasses import dataclass
from typing import get_args

from experiments.results.schema import Architecture, RunConfig, Strategy, StrategyConfig
from site_builder import references
from site_builder.architectures.costs import stage_totals
from site_builder.references import Reference

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)


@dataclass(frozen=True)
class StrategyPart:
    """A strategy as the page shows it.

    Attributes:
        name: Its name in a configuration.
        key: Its place on the page.
        title: Its name for people.
        learns: What learns.
        when: When to use it.
        references: What that rests on.
        snippet: The configuration, below `docs/snippets/`.
        here: Whether runs of this experiment use it.
    """

    name: Strategy
    key: str
    title: str
    learns: str
    when: str
    references: tuple[Reference, ...]
    snippet: str
    here: bool


_STRATEGIES: tuple[tuple[Strategy, str, str, str, tuple[Reference, ...]], ...] = (
    (
        "frozen", "Frozen backbone",
        "The head alone. The features of an image are then the same in every epoch, so without "
        "augmentation they are computed once.",
        "Few images, little time, or many backbones to compare. It is also the safer choice where "
        "images in use will differ from those of training: on such images fine-tuned models did "
        "worse than models of which only the head was trained.",
        (references.KORNBLITH, references.KUMAR),
    ),
    (
        "partial", "Last stages",
        "The head and the last stages of the backbone. Batch normalisation in the frozen stages "
        "keeps its stored mean and variance.",
        "When a frozen backbone falls short and images are few. Early layers find edges and "
        "colours, which carry over to any task; late ones are tied to the classes they were "
        "trained for, so those are the ones to adapt.",
        (references.YOSINSKI, references.ZEILER),
    ),
    (
        "full", "Full fine-tuning",
        "Everything, the backbone at a fraction of the head’s learning rate. The head starts from "
        "random weights and needs large steps; the backbone’s weights are good already.",
        "When images and time suffice: in most comparisons it is the most accurate on images like "
        "those of training.",
        (references.KORNBLITH, references.YOSINSKI),
    ),
    (
        "progressive", "Progressive unfreezing",
        "First the head, then one stage more every few epochs, from the last to the first.",
        "When full fine-tuning begins by getting worse. A random head sends large, meaningless "
        "gradients into the backbone; trained first, it sends small ones. The idea comes from "
        "language models; training the head first has been found to help with images too.",
        (references.HOWARD_RUDER, references.KUMAR),
    ),
    (
        "scratch", "From scratch",
        "Everything, from random weights and at one rate.",
        "When there are no weights to start from, images are unlike photographs, or there are very "
        "many of them. With enough images and enough epochs it can reach what pre-training "
        "reaches; with few it does not.",
        (references.HE_PRETRAINING, references.KORNBLITH),
    ),
)  # fmt: skip


def strategy_parts(used: set[Strategy]) -> tuple[StrategyPart, ...]:
    """Return all strategies.

    Args:
        used: Those of this experiment's runs.
    """
    return tuple(
        StrategyPart(
            name=name,
            key=f"strategy-{name}",
            title=title,
            learns=learns,
            when=when,
            references=sources,
            snippet=f"strategy_{name}.toml",
            here=name in used,
        )
        for name, title, learns, when, sources in _STRATEGIES
    )


def n_learning(made_of: Architecture, strategy: Strategy, n_stages: int) -> int:
    """Return how many parameters of a model learn.

    Args:
        made_of: What the model is made of; its last stage is the head.
        strategy: Which one; under `progressive` those that learn at first.
        n_stages: Last stages of the backbone that learn under `partial`.
    """
    *stages, head = stage_totals(made_of, "n_parameters")
    if strategy in ("frozen", "progressive"):
        return head
    return head + sum(stages[-n_stages:] if strategy == "partial" else stages)


def n_stages_freed(config: RunConfig | None) -> int:
    """Return how many stages `partial` frees: as configured, or by default."""
    parameters = config.strategy_parameters if config else StrategyConfig()
    return parameters.n_stages
