"""Classifiers on pooled features."""

from itertools import pairwise

from torch import nn

from experiments.results.heads import HIDDEN, head_widths
from experiments.results.schema import Head


def build_head(head: Head, n_features: int, n_classes: int) -> nn.Module:
    """Make a head: (N, F) float features to (N, C) float logits.

    Args:
        head: `linear`: one layer; `mlp`: 512 hidden units, dropout 0.5; `deep`: 1024 and 512 hidden
            units, dropout 0.3. Hidden units are rectified.
        n_features: F, the backbone's.
        n_classes: C.
    """
    *hidden, n_outputs = head_widths(head, n_features, n_classes)
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise(hidden):
        layers += [nn.Linear(n_in, n_out), nn.ReLU(), nn.Dropout(HIDDEN[head][1])]
    classifier = nn.Linear(hidden[-1], n_outputs)
    return nn.Sequential(*layers, classifier) if layers else classifier
