"""The three heads: widths, dropout, and how many parameters they have."""

from itertools import pairwise

from experiments.results.schema import Head

HIDDEN: dict[Head, tuple[tuple[int, ...], float]] = {
    "linear": ((), 0.0),
    "mlp": ((512,), 0.5),
    "deep": ((1024, 512), 0.3),
}
"""Widths of the hidden layers, and the share of units that dropout leaves out after each."""


def head_widths(head: Head, n_features: int, n_classes: int) -> tuple[int, ...]:
    """Return the widths from a head's input to its output.

    Args:
        head: Which one.
        n_features: F, the backbone's.
        n_classes: C.

    Example:
        >>> head_widths("mlp", 1024, 37)
        (1024, 512, 37)
    """
    return (n_features, *HIDDEN[head][0], n_classes)


def n_head_parameters(head: Head, n_features: int, n_classes: int) -> int:
    """Return the parameters of a head: weights and a bias for every output of each linear layer.

    Example:
        >>> n_head_parameters("linear", 1024, 37)
        37925
    """
    widths = head_widths(head, n_features, n_classes)
    return sum(n_inputs * n_outputs + n_outputs for n_inputs, n_outputs in pairwise(widths))
