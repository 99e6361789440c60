"""Maximum likelihood of logistic models with one or two coefficients, by Newton's method.

Calibration (`core.models.calibration`) and recalibration (`core.metrics.calibration_metrics`) use this solver with
different likelihoods. The former sums by matrix products, the latter needs the contribution of each row for the
bootstrap.
"""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAX_STEPS = 100


class Likelihood(Protocol):
    """A concave log-likelihood of coefficients float64[k]."""

    def value(self, beta: Floats) -> float:
        """Return the log-likelihood at `beta`."""

    def step(self, beta: Floats) -> Floats:
        """Return the Newton step at `beta`, float64[k]; NaN if the information matrix is singular."""


def maximize(
    likelihood: Likelihood, start: Floats, *, tolerance: float, min_step: float = 0.0, limit: float = math.inf
) -> Floats | None:
    """Return the coefficients float64[k] of maximum likelihood; None if there is no maximum.

    A Newton step is halved until the likelihood does not decrease (Lin, Lin & Weng 2007, Mach Learn 68:267) or no
    coefficient changes by more than `min_step`. The iteration ends when no coefficient changes by `tolerance` or more.
    If a coefficient exceeds `limit`, the classes are separated perfectly and there is no maximum.
    """
    beta, best = start, likelihood.value(start)
    for _ in range(MAX_STEPS):
        step = likelihood.step(beta)
        if not np.isfinite(step).all():
            return None
        while (value := likelihood.value(beta + step)) < best and np.abs(step).max() > min_step:
            step = step / 2
        change = np.abs((beta + step) - beta).max()
        beta, best = beta + step, value
        if np.abs(beta).max() > limit:
            return None
        if change < tolerance:
            return beta
    return None
