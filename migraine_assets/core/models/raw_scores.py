"""What a fitted pipeline says before calibration: a score on the log-odds scale, or a severity.

Here belongs how each kind of model is asked. Not here: calibration (`core.models.calibration`), thresholds
(`core.metrics.curves`). One scale for all of them, so that a sigmoid calibrates each and the exported graph computes
the same number.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Shares of votes are cut here before the logit: a forest that is sure is still wrong once in a thousand.
SHARE_MARGIN = 1e-3

# Rows asked at a time: kernel matrices and widened copies of a million rows would fill the memory.
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
    """The decision value: log-odds of a logistic model or booster, signed distance of an SVM."""
    return np.asarray(pipeline.decision_function(X), dtype=np.float64)


@_in_blocks
def margin_xgboost(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """XGBoost's sum of leaves, in log-odds."""
    return np.asarray(pipeline.predict(X, output_margin=True), dtype=np.float64)


@_in_blocks
def margin_lightgbm(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """LightGBM's sum of leaves, in log-odds, from the booster: the wrapper warns about plain arrays."""
    booster = pipeline[-1].booster_
    return np.asarray(booster.predict(pipeline[:-1].transform(X), raw_score=True), dtype=np.float64)


@_in_blocks
def vote_logit(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """The logit of a share of votes (forest, neighbours), cut at `SHARE_MARGIN`."""
    share = np.clip(pipeline.predict_proba(X)[:, 1], SHARE_MARGIN, 1.0 - SHARE_MARGIN)
    return np.asarray(np.log(share) - np.log1p(-share), dtype=np.float64)


@_in_blocks
def joint_log_odds(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """Naive Bayes' log-odds, before they saturate as probabilities."""
    joint = pipeline[-1].predict_joint_log_proba(pipeline[:-1].transform(X))
    return np.asarray(joint[:, 1] - joint[:, 0], dtype=np.float64)


@_in_blocks
def value(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """A regressor's prediction in the outcome's unit."""
    return np.asarray(pipeline.predict(X), dtype=np.float64)


@_in_blocks
def value_lightgbm(pipeline: Any, X: NDArray[np.float32]) -> Floats:
    """LightGBM's prediction in the outcome's unit, from its booster."""
    return np.asarray(pipeline[-1].booster_.predict(pipeline[:-1].transform(X)), dtype=np.float64)
