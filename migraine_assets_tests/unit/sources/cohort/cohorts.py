"""Helpers for tests of the synthetic cohort: next-day outcomes, and logistic regression with standard errors."""

from typing import cast

import numpy as np
import pandas as pd
from scipy.special import expit

from migraine_assets.core.contract import ATTACK


def tomorrow(frame: pd.DataFrame) -> np.ndarray:
    """Return the outcome of the day after each row; NaN if the diary has no entry for that day."""
    follows = (frame["participant_id"].shift(-1) == frame["participant_id"]) & (
        frame["date"].shift(-1) - frame["date"] == pd.Timedelta(days=1)
    )
    return cast("np.ndarray", frame[ATTACK].shift(-1).where(follows).to_numpy())


def maximum_likelihood(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return maximum-likelihood coefficients and their standard errors, by Newton's method."""
    beta = np.zeros(x.shape[1])
    for _ in range(12):
        p = expit(x @ beta)
        information = x.T @ (x * (p * (1 - p))[:, None])
        beta += np.linalg.solve(information, x.T @ (y - p))
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))
