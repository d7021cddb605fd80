"""What a model gains by leaving out the images that it is least sure of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.results.metrics.calibration import check_confidences

_N_POINTS = 200


@dataclass(frozen=True)
class RiskCoverage:
    """Error rate against the share of images answered, the most confident first.

    Attributes:
        coverage: (P,) float64 in (0, 1], rising to 1; P is at most 200.
        risk: (P,) float64 in [0, 1], error rate of the images answered; 1 - accuracy at the end.
        area: Mean risk over all N coverages 1 / N, 2 / N, ... 1, in [0, 1]; lower is better.
    """

    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]
    area: float

    def at(self, coverage: float) -> int:
        """Return the place of the first point that answers at least this share, in (0, 1]."""
        # Shares are quotients: 0.3 may be stored as a hair less.
        return int(np.searchsorted(self.coverage, coverage - 1e-9))


def risk_coverage(confidences: NDArray[np.floating], correct: NDArray[np.bool_]) -> RiskCoverage:
    """Trace the error rate while more and more images are answered.

    Images of equal confidence have no order: among them the risk is the one expected over all
    orders, so that the result does not depend on the order of the images. Source: Geifman and
    El-Yaniv (2017), "Selective classification for deep neural networks", NeurIPS; the area is the
    AURC of Geifman, Uziel and El-Yaniv (2019), "Bias-reduced uncertainty estimation", ICLR.

    Args:
        confidences: (N,) float in [0, 1], probability of the chosen class.
        correct: (N,) bool, whether it is the true one.

    Raises:
        ValueError: If there is no image, or a confidence is not in [0, 1].

    Example:
        >>> curve = risk_coverage(np.array([0.9, 0.6, 0.8]), np.array([True, False, True]))
        >>> curve.risk.round(4).tolist(), round(curve.area, 4)
        ([0.0, 0.0, 0.3333], 0.1111)
    """
    check_confidences(confidences, correct)
    n = len(correct)
    n_answered = np.arange(1, n + 1)
    risk = _expected_errors(confidences, correct) / n_answered
    shown = np.linspace(0, n - 1, min(n, _N_POINTS)).round().astype(np.intp)
    return RiskCoverage(n_answered[shown] / n, risk[shown], float(risk.mean()))


def _expected_errors(
    confidences: NDArray[np.floating], correct: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return (N,) float64: errors expected among the 1, 2, ... N most confident images.

    They are known where a group of equal confidence ends, and grow evenly within it.
    """
    order = np.argsort(-confidences)
    falling, errors = confidences[order], np.cumsum(~correct[order])
    last = np.flatnonzero(np.append(falling[1:] < falling[:-1], True))
    n_answered = np.arange(1, len(order) + 1)
    expected: NDArray[np.float64] = np.interp(
        n_answered, np.append(0, last + 1), np.append(0, errors[last])
    )
    return expected
