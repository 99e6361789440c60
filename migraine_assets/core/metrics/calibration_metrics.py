"""Calibration intercept and slope by logistic recalibration, with intervals.

The intercept is `a` in logit P(y=1) = a + logit(p), the calibration in the large. 0 is ideal; below 0, predictions are
too high. The slope is `b` in logit P(y=1) = a' + b logit(p). 1 is ideal; below 1, predictions are too extreme (Cox
1958; Van Calster et al. 2016, J Clin Epidemiol 74:167).

The interval comes from a one-step bootstrap over participants: each replicate takes one Newton step from the estimate
with its own weighted gradient and information, which are sums over participants (Shao & Tu 1995).

Not here: the solver (`core.metrics.logistic`), calibrating a model (`core.models.calibration`).
"""

from dataclasses import dataclass

import numpy as np

from migraine_assets.core.metrics.bootstrap import Draws, Floats, Resample, undefined
from migraine_assets.core.metrics.logistic import maximize

CLIP = 1e-6
TOLERANCE = 1e-9
# A larger slope means that the prediction separates the outcomes perfectly, so that the likelihood has no maximum.
LIMIT = 50.0


def recalibration(y: Floats, p: Floats, draw: Resample) -> tuple[Draws, Draws]:
    """Return the calibration intercept and slope of probabilities `p` [n] for outcomes `y` 0/1 [n].

    `p` is clipped to [1e-6, 1 - 1e-6]. Both are undefined if there is only one class. The slope is also undefined if
    all predictions are equal or separate the classes perfectly.
    """
    unknown = undefined(draw.replicates)
    if y.size == 0 or y.min() == y.max():
        return unknown, unknown
    clipped = np.clip(p, CLIP, 1 - CLIP)
    logit = np.log(clipped) - np.log1p(-clipped)
    ones = np.ones((y.size, 1))
    intercept = _fit(_Recalibration(y, ones, logit), draw)[0]
    if np.ptp(logit) == 0:
        return intercept, unknown
    return intercept, _fit(_Recalibration(y, np.column_stack([logit, ones]), np.zeros(y.size)), draw)[0]


@dataclass(frozen=True)
class _Recalibration:
    """The log-likelihood of logit P(y = 1) = X beta + offset, with `y` float64[n] and `X` float64[n, k]."""

    y: Floats
    X: Floats
    offset: Floats

    def value(self, beta: Floats) -> float:
        eta = self.X @ beta + self.offset
        return float(np.dot(self.y, eta) - np.logaddexp(0.0, eta).sum())

    def step(self, beta: Floats) -> Floats:
        step: Floats = _newton_steps(self.terms(beta).sum(axis=0)[None, :], beta.size)[0]
        return step

    def terms(self, beta: Floats) -> Floats:
        """Return each row's contribution to the gradient (k columns) and to the information matrix (k * k columns)."""
        p = 1 / (1 + np.exp(-np.clip(self.X @ beta + self.offset, -500, 500)))
        information = (p * (1 - p))[:, None, None] * self.X[:, :, None] * self.X[:, None, :]
        return np.column_stack([(self.y - p)[:, None] * self.X, information.reshape(self.y.size, -1)])


def _fit(likelihood: _Recalibration, draw: Resample) -> tuple[Draws, ...]:
    """Return each coefficient's estimate, with one Newton step from it in each replicate."""
    size = int(likelihood.X.shape[1])
    beta = maximize(likelihood, np.zeros(size), tolerance=TOLERANCE, min_step=TOLERANCE, limit=LIMIT)
    if beta is None:
        return (undefined(draw.replicates),) * size
    replicates = beta + _newton_steps(draw.sums(likelihood.terms(beta))[1], size)
    return tuple(Draws(float(beta[k]), replicates[:, k]) for k in range(size))


def _newton_steps(sums: Floats, size: int) -> Floats:
    """Return the Newton step for each row of `sums`, which are sums of `terms`: float64[R, size].

    The step is NaN if the information matrix is singular.
    """
    gradient, information = sums[:, :size], sums[:, size:].reshape(-1, size, size)
    scale = np.abs(information).max(axis=(1, 2), initial=0.0)
    regular = np.abs(np.linalg.det(information)) > 1e-12 * np.maximum(1e-150, scale) ** size
    step = np.full(gradient.shape, np.nan)
    step[regular] = np.linalg.solve(information[regular], gradient[regular][:, :, None])[:, :, 0]
    return step
