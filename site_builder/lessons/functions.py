"""Activation functions as small drawings."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from scipy.special import expit, ndtr, softmax

from site_builder import formatting, references
from site_builder.formulas.mathml import mathml
from site_builder.references import Reference

LOGITS = (3.0, 1.0, 0.0, -1.0)
"""An example for softmax."""
_WIDTH, _HEIGHT, _REACH = 200, 100, 4.0


@dataclass(frozen=True)
class Curve:
    """A function of one number as drawn.

    Attributes:
        name: Its name.
        formula: Its formula.
        path: Its graph, for SVG's `d`.
        zero: Where the horizontal axis is, px from the top.
        top: The value at the upper end of the drawing.
        bottom: The value at the lower end.
        use: Where it is used.
        references: What that rests on.
    """

    name: str
    formula: Markup
    path: str
    zero: str
    top: str
    bottom: str
    use: str
    references: tuple[Reference, ...]


@dataclass(frozen=True)
class Bar:
    """A logit, its power of e and its probability, the last also in percent, as long as its bar."""

    logit: str
    power: str
    probability: str
    percent: str


def curves() -> tuple[Curve, ...]:
    """Return the functions of one number."""
    return (
        _curve(
            "ReLU", r"\max(0, x)", lambda x: np.maximum(x, 0), (-1, 4),
            "Between the hidden layers of a head, and in many convolutional networks. Without "
            "something that is not linear between them, two linear layers are no more than one.",
            (references.BOOK_NETWORKS,),
        ),
        _curve(
            "GELU", r"x\,\Phi(x)", lambda x: x * ndtr(x), (-1, 4),
            "In ViT, Swin and ConvNeXt: like ReLU, but smooth near 0. Φ is the normal "
            "distribution function.",
            (references.HENDRYCKS,),
        ),
        _curve(
            "Sigmoid", r"\frac{1}{1 + e^{-x}}", expit, (0, 1),
            "For labels that do not exclude each other, one probability each. Not here: each image "
            "has one class.",
            (references.BOOK_NETWORKS,),
        ),
    )  # fmt: skip


def softmax_bars() -> tuple[Bar, ...]:
    """Return `LOGITS` and the probabilities that softmax makes of them."""
    return tuple(
        Bar(
            logit=formatting.plain(logit),
            power=formatting.coefficient(np.exp(logit))
            if logit < 0
            else formatting.precise(np.exp(logit)),
            probability=formatting.coefficient(probability),
            percent=f"{100 * probability:.1f}",
        )
        for logit, probability in zip(LOGITS, softmax(LOGITS).tolist(), strict=True)
    )


def _curve(
    name: str,
    latex: str,
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    reach: tuple[float, float],
    use: str,
    sources: tuple[Reference, ...],
) -> Curve:
    low, high = reach
    xs = np.linspace(-_REACH, _REACH, 81)
    across = (xs + _REACH) / (2 * _REACH) * _WIDTH
    down = (high - function(xs)) / (high - low) * _HEIGHT
    points = " ".join(f"{x:.1f} {y:.1f}" for x, y in zip(across, down, strict=True))
    return Curve(
        name=name,
        formula=mathml(latex),
        path=f"M{points}",
        zero=f"{high / (high - low) * _HEIGHT:.1f}",
        top=formatting.plain(high),
        bottom=formatting.plain(low),
        use=use,
        references=sources,
    )
