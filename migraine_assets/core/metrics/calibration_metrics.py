"""Calibration intercept and slope by logistic recalibration. Not here: calibrating a model (`core.models.training`).

Intercept: the `a` of logit P(y=1) = a + logit(p), calibration in the large; 0 is ideal, below 0 the predictions
are too high. Slope: the `b` of logit P(y=1) = a' + b logit(p); 1 is ideal, below 1 they are too extreme
(Cox 1958; Van Calster et al. 2016, J Clin Epidemiol 74:167).

The interval comes from a one-step bootstrap over participants: each replicate takes one Newton step from the
estimate with its own weighted score and information, which are sums over participants (Shao & Tu 1995).
"""

import numpy as np

from migraine_assets.core.metrics.bootstrap import Draws, Floats, Resample, undefined

CLIP = 1e-6
STEPS = 50
TOLERANCE = 1e-9
# A slope beyond this comes from outcomes that the score separates perfectly: the fit runs away to infinity.
LARGEST = 50.0


def recalibration(y: Floats, p: Floats, draw: Resample) -> tuple[Draws, Draws]:
    """Calibration intercept and slope of probabilities `p` [n] for `y` 0/1 [n].

    `p` is clipped to [1e-6, 1 - 1e-6]. Undefined with one class; the slope also where all predictions
    are equal or separate the classes perfectly.
    """
    nothing = undefined(draw.replicates)
    if y.size == 0 or y.min() == y.max():
        return nothing, nothing
    clipped = np.clip(p, CLIP, 1 - CLIP)
    logit = np.log(clipped) - np.log1p(-clipped)
    ones = np.ones((y.size, 1))
    intercept = _fit(y, ones, logit, draw)
    if np.ptp(logit) == 0:
        return intercept[0], nothing
    return intercept[0], _fit(y, np.column_stack([logit, ones]), np.zeros(y.size), draw)[0]


def _fit(y: Floats, x: Floats, offset: Floats, draw: Resample) -> tuple[Draws, ...]:
    """Logistic regression of `y` on `x` float64[n, k]; a `Draws` for each column."""
    columns = int(x.shape[1])
    beta = _maximise(y, x, offset)
    if beta is None:
        return (undefined(draw.replicates),) * columns
    moved = beta + _newton(draw.sums(_terms(y, x, offset, beta))[1], columns)
    return tuple(Draws(float(beta[k]), moved[:, k]) for k in range(columns))


def _maximise(y: Floats, x: Floats, offset: Floats) -> Floats | None:
    """Newton's method from 0, steps halved until the likelihood grows; None without a maximum."""
    beta, best = np.zeros(x.shape[1]), _likelihood(y, x, offset, np.zeros(x.shape[1]))
    for _ in range(STEPS):
        step: Floats = _newton(_terms(y, x, offset, beta).sum(axis=0)[None, :], x.shape[1])[0]
        if not np.isfinite(step).all():
            return None
        while (found := _likelihood(y, x, offset, beta + step)) < best and np.abs(step).max() > TOLERANCE:
            step = step / 2
        beta, best = beta + step, found
        if np.abs(beta).max() > LARGEST:
            return None
        if np.abs(step).max() < TOLERANCE:
            return beta
    return None


def _likelihood(y: Floats, x: Floats, offset: Floats, beta: Floats) -> float:
    linear = x @ beta + offset
    return float(np.dot(y, linear) - np.logaddexp(0.0, linear).sum())


def _terms(y: Floats, x: Floats, offset: Floats, beta: Floats) -> Floats:
    """Each row's share in the score (k columns) and the information matrix (k * k columns)."""
    fitted = 1 / (1 + np.exp(-np.clip(x @ beta + offset, -500, 500)))
    information = (fitted * (1 - fitted))[:, None, None] * x[:, :, None] * x[:, None, :]
    return np.column_stack([(y - fitted)[:, None] * x, information.reshape(y.size, -1)])


def _newton(sums: Floats, size: int) -> Floats:
    """The Newton step for each row of `sums`, float64[R, size]; NaN where the information is singular."""
    score, information = sums[:, :size], sums[:, size:].reshape(-1, size, size)
    scale = np.abs(information).max(axis=(1, 2), initial=0.0)
    regular = np.abs(np.linalg.det(information)) > 1e-12 * np.maximum(1e-150, scale) ** size
    step = np.full(score.shape, np.nan)
    step[regular] = np.linalg.solve(information[regular], score[regular][:, :, None])[:, :, 0]
    return step
