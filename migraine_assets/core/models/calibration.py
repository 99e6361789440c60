"""Sigmoid calibration of raw scores, and split-conformal intervals for regression.

Not here: the solver (`core.metrics.logistic`), measuring calibration (`core.metrics.calibration_metrics`).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.metrics.logistic import maximize

Floats = NDArray[np.float64]

TOLERANCE = 1e-10


@dataclass(frozen=True)
class Sigmoid:
    """A sigmoid calibration: P(attack) = 1 / (1 + exp(-(slope * score + intercept)))."""

    slope: float
    intercept: float

    def apply(self, score: Floats) -> Floats:
        """Return the probabilities float64[n] of scores float64[n]."""
        from scipy.special import expit

        return np.asarray(expit(self.slope * score + self.intercept), dtype=np.float64)


@dataclass(frozen=True)
class Conformal:
    """The interval prediction +- `quantile`, which covers the outcome with probability `coverage`.

    The coverage is marginal over participants and days; it is not guaranteed for each participant.
    """

    coverage: float
    quantile: float


UNCALIBRATED = Sigmoid(1.0, 0.0)


def fit_sigmoid(score: Floats, y: Floats) -> Sigmoid:
    """Fit a sigmoid to `score` [n] and outcomes `y` 0/1 [n] by maximum likelihood with smoothed targets (Platt 1999).

    If a model ranks the days in reverse (slope not above 0), its sigmoid is not inverted but predicts the base rate.
    """
    positive, n = float(y.sum()), float(len(y))
    target = np.where(y > 0, (positive + 1) / (positive + 2), 1 / (n - positive + 2))
    spread = float(score.std())
    if spread > 0:
        center = float(score.mean())
        likelihood = _Platt(np.column_stack([(score - center) / spread, np.ones_like(score)]), target)
        beta = maximize(likelihood, likelihood.start(), tolerance=TOLERANCE)
        if beta is not None and beta[0] > 0:
            slope, intercept = float(beta[0]), float(beta[1])
            return Sigmoid(slope / spread, intercept - slope * center / spread)
    return Sigmoid(0.0, math.log((positive + 1) / (n - positive + 1)))


def cross_fit(score: Floats, y: Floats, fold: NDArray[np.int8]) -> Floats:
    """Return calibrated probabilities float64[n]; each fold is calibrated by a sigmoid fitted on the other folds."""
    calibrated = np.empty_like(score)
    for number in np.unique(fold):
        inside, rest = fold == number, fold != number
        calibrated[inside] = fit_sigmoid(score[rest], y[rest]).apply(score[inside])
    return calibrated


def conformal(residual: Floats, *, coverage: float = 0.9) -> Conformal:
    """Return the split-conformal interval of residuals [n].

    Its quantile is the ceil((n + 1) * coverage)-th smallest absolute residual, or the largest if there are fewer.

    Vovk et al. 2005; Lei et al. 2018, JASA 113:1094.
    """
    ordered = np.sort(np.abs(residual))
    rank = min(math.ceil((len(ordered) + 1) * coverage), len(ordered))
    return Conformal(coverage, float(ordered[rank - 1]))


@dataclass(frozen=True)
class _Platt:
    """The log-likelihood of logit P = X beta for targets `target` float64[n]; `X` float64[n, 2] is (score, 1)."""

    X: Floats
    target: Floats

    def start(self) -> Floats:
        """Return the start of the iteration: slope 0, and the log-odds of the mean target."""
        mean = float(self.target.mean())
        return np.array([0.0, math.log(mean / (1 - mean))])

    def value(self, beta: Floats) -> float:
        eta = self.X @ beta
        return float((self.target * eta - np.logaddexp(0.0, eta)).sum())

    def step(self, beta: Floats) -> Floats:
        p = UNCALIBRATED.apply(self.X @ beta)
        gradient = self.X.T @ (self.target - p)
        # The ridge keeps the matrix regular if all probabilities are close to 0 or 1.
        information = (self.X * (p * (1 - p))[:, None]).T @ self.X + 1e-12 * np.eye(2)
        return np.asarray(np.linalg.solve(information, gradient), dtype=np.float64)
