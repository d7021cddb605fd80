"""Classifiers on pooled features."""

from itertools import pairwise

from torch import nn

from experiments.results.schema import Head

# Widths of the hidden layers, and the dropout after each of them.
_HIDDEN: dict[Head, tuple[tuple[int, ...], float]] = {
    "linear": ((), 0.0),
    "mlp": ((512,), 0.5),
    "deep": ((1024, 512), 0.3),
}


def build_head(head: Head, n_features: int, n_classes: int) -> nn.Module:
    """Make a head: (N, F) float features to (N, C) float logits.

    Args:
        head: `linear`: one layer; `mlp`: 512 hidden units, dropout 0.5; `deep`: 1024 and 512 hidden
            units, dropout 0.3. Hidden units are rectified.
        n_features: F, the backbone's.
        n_classes: C.
    """
    hidden, dropout = _HIDDEN[head]
    layers: list[nn.Module] = []
    for n_inputs, n_outputs in pairwise((n_features, *hidden)):
        layers += [nn.Linear(n_inputs, n_outputs), nn.ReLU(), nn.Dropout(dropout)]
    classifier = nn.Linear((n_features, *hidden)[-1], n_classes)
    return nn.Sequential(*layers, classifier) if layers else classifier
