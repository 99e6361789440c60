"""Raw scores of fitted pipelines, before calibration: a score on the log-odds scale, or a severity.

All classifiers use the same scale, so that a sigmoid can calibrate each of them and the exported graph computes the
same value. Every function takes a fitted pipeline and `X` float32[n, F], and returns float64[n]. Not here: calibration
(`core.models.calibration`), the decision threshold (`core.models.threshold`).
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Shares of votes are clipped to [SHARE_MARGIN, 1 - SHARE_MARGIN], so that their logit is finite.
SHARE_MARGIN = 1e-3

# Number of rows to score at a time; the kernel matrix of a million rows would not fit into memory.
BLOCK_ROWS = 65_536

Floats = NDArray[np.float64]
Score = Callable[[Any, NDArray[np.float32]], Floats]


def _in_blocks(score: Score) -> Score:
    @functools.wraps(score)
    def blockwise(pipeline: Any, X: NDArray[np.float32]) -> Floats:
        starts = range(0, max(len(X), 1), BLOCK_ROWS)
        return np.concatenate([score(pipeline, X[start : start + BLOCK_ROWS]) for start in starts])

    return blockwise


@_in_blocks
def decision(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """Return the decision function: the log-odds of a logistic model or booster, or the signed distance of an SVM."""
    return np.asarray(pipeline.decision_function(X), dtype=np.float64)


@_in_blocks
def margin_xgboost(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """Return the sum of XGBoost's leaves, in log-odds."""
    return np.asarray(pipeline.predict(X, output_margin=True), dtype=np.float64)


@_in_blocks
def margin_lightgbm(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """Return the sum of LightGBM's leaves, in log-odds.

    The booster is called directly, because its wrapper warns about arrays without feature names.
    """
    booster = pipeline[-1].booster_
    return np.asarray(booster.predict(pipeline[:-1].transform(X), raw_score=True), dtype=np.float64)


@_in_blocks
def vote_logit(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """Return the logit of the share of votes for an attack (forest, nearest neighbors), clipped at `SHARE_MARGIN`."""
    share = np.clip(pipeline.predict_proba(X)[:, 1], SHARE_MARGIN, 1.0 - SHARE_MARGIN)
    return np.asarray(np.log(share) - np.log1p(-share), dtype=np.float64)


@_in_blocks
def joint_log_odds(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """Return the log-odds of naive Bayes from the joint log-probabilities, since probabilities would saturate."""
    joint = pipeline[-1].predict_joint_log_proba(pipeline[:-1].transform(X))
    return np.asarray(joint[:, 1] - joint[:, 0], dtype=np.float64)


@_in_blocks
def value(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """Return the prediction of a regressor, in the unit of the outcome."""
    return np.asarray(pipeline.predict(X), dtype=np.float64)


@_in_blocks
def value_lightgbm(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """Return the prediction of a LightGBM regressor's booster, in the unit of the outcome."""
    return np.asarray(pipeline[-1].booster_.predict(pipeline[:-1].transform(X)), dtype=np.float64)
