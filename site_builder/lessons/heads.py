"""The three heads that the engine builds: what each is for, and its parameters worked out."""

from dataclasses import dataclass
from itertools import pairwise

from experiments.results.heads import HIDDEN, head_widths, n_head_parameters
from experiments.results.schema import Head
from site_builder import formatting, references
from site_builder.references import Reference


@dataclass(frozen=True)
class HeadPart:
    """A head as the page shows it.

    Attributes:
        name: Its name in a configuration.
        title: Its name for people.
        layers: Its layers, in words.
        when: When to use it.
        references: What that rests on.
        here: Whether runs of this experiment have it.
    """

    name: Head
    title: str
    layers: str
    when: str
    references: tuple[Reference, ...]
    here: bool


_HEADS: tuple[tuple[Head, str, str, tuple[Reference, ...]], ...] = (
    (
        "linear", "Linear",
        "The one to begin with: nothing to tune but the learning rate, and how good it is tells "
        "how good the features are. Comparisons of backbones are made with it.",
        (references.KORNBLITH,),
    ),
    (
        "mlp", "One hidden layer",
        "When the linear head gets even its training images wrong: classes that no straight line "
        "separates can be apart after a hidden layer.",
        (references.BOOK_NETWORKS, references.SRIVASTAVA),
    ),
    (
        "deep", "Two hidden layers",
        "When one hidden layer still falls short and images are many. With few, its parameters "
        "learn the training images by heart: watch the gap between training and validation.",
        (references.BOOK_BASICS, references.SRIVASTAVA),
    ),
)  # fmt: skip


def head_parts(used: set[Head]) -> tuple[HeadPart, ...]:
    """Return all heads.

    Args:
        used: Those of this experiment's runs.
    """
    return tuple(
        HeadPart(name, title, _layers(name), when, sources, name in used)
        for name, title, when, sources in _HEADS
    )


def head_texts(n_features: int, n_classes: int) -> dict[str, str]:
    """Return for each head its parameters, `<head>`, and how they come about, `<head>-terms`."""
    texts: dict[str, str] = {}
    for head in HIDDEN:
        widths = head_widths(head, n_features, n_classes)
        texts[head] = formatting.count(n_head_parameters(head, n_features, n_classes))
        texts[f"{head}-terms"] = " + ".join(
            f"{formatting.shape(pair)} + {pair[1]}" for pair in pairwise(widths)
        )
    return texts


def _layers(head: Head) -> str:
    widths, dropout = HIDDEN[head]
    if not widths:
        return "F → C"
    hidden = " → ".join(formatting.count(width) for width in widths)
    return f"F → {hidden} → C, with ReLU and dropout of {formatting.percent(dropout, 0)} between"
