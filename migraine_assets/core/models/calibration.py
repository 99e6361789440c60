"""Sigmoid calibration of raw scores, and split-conformal intervals of regression.

Here belongs what turns a score into a probability and an error into an interval. Not here: measuring how well
calibrated a probability is (`core.metrics.calibration_metrics`).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEPS = 100
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Sigmoid:
    """P(attack) = 1 / (1 + exp(-(slope * score + intercept)))."""

    slope: float
    intercept: float

    def apply(self, score: Floats) -> Floats:
        """float64[n] scores to float64[n] probabilities."""
        from scipy.special import expit

        return np.asarray(expit(self.slope * score + self.intercept), dtype=np.float64)


@dataclass(frozen=True)
class Conformal:
    """prediction +- `quantile` holds the outcome with probability `coverage`.

    Over patients and days together; it does not hold for every single patient.
    """

    coverage: float
    quantile: float


UNCALIBRATED = Sigmoid(1.0, 0.0)


def fit_sigmoid(score: Floats, y: Floats) -> Sigmoid:
    """The sigmoid of greatest likelihood for scores [n] and outcomes 0/1 [n], against softened targets.

    Platt 1999; Newton's method with halved steps as in Lin, Lin & Weng 2007 (Mach Learn 68:267). A model that
    orders the days the wrong way round (slope not above 0) is not turned over: it gets the base rate.
    """
    positive, n = float(y.sum()), float(len(y))
    target = np.where(y > 0, (positive + 1) / (positive + 2), 1 / (n - positive + 2))
    spread = float(score.std())
    if spread > 0:
        centre = float(score.mean())
        slope, intercept = _newton((score - centre) / spread, target)
        if slope > 0:
            return Sigmoid(slope / spread, intercept - slope * centre / spread)
    return Sigmoid(0.0, math.log((positive + 1) / (n - positive + 1)))


def cross_fit(score: Floats, y: Floats, fold: NDArray[np.int8]) -> Floats:
    """Calibrated probabilities float64[n]: each fold through the sigmoid fitted on the others."""
    calibrated = np.empty_like(score)
    for number in np.unique(fold):
        held, rest = fold == number, fold != number
        calibrated[held] = fit_sigmoid(score[rest], y[rest]).apply(score[held])
    return calibrated


def conformal(residual: Floats, *, coverage: float = 0.9) -> Conformal:
    """The ceil((n + 1) * coverage)-th smallest absolute residual [n].

    Vovk et al. 2005; Lei et al. 2018, JASA 113:1094. With too few residuals for that rank the
    largest one stands in.
    """
    ordered = np.sort(np.abs(residual))
    rank = min(math.ceil((len(ordered) + 1) * coverage), len(ordered))
    return Conformal(coverage, float(ordered[rank - 1]))


def _newton(x: Floats, target: Floats) -> tuple[float, float]:
    design = np.column_stack([x, np.ones_like(x)])
    mean = float(target.mean())
    beta = np.array([0.0, math.log(mean / (1 - mean))])
    for _ in range(_STEPS):
        p = Sigmoid(1.0, 0.0).apply(design @ beta)
        gradient = design.T @ (target - p)
        curvature = (design * (p * (1 - p))[:, None]).T @ design + 1e-12 * np.eye(2)
        step = np.asarray(np.linalg.solve(curvature, gradient), dtype=np.float64)
        beta, moved = _uphill(design, target, beta, step)
        if moved < _TOLERANCE:
            break
    return float(beta[0]), float(beta[1])


def _uphill(design: Floats, target: Floats, beta: Floats, step: Floats) -> tuple[Floats, float]:
    before = _likelihood(design @ beta, target)
    for halving in range(30):
        tried = beta + step / 2**halving
        if _likelihood(design @ tried, target) >= before:
            return tried, float(np.abs(tried - beta).max())
    return beta, 0.0


def _likelihood(eta: Floats, target: Floats) -> float:
    return float((target * eta - np.logaddexp(0.0, eta)).sum())
