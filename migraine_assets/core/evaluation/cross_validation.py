"""Training one model and judging it on the training part alone: scores, baselines beside it, flags.

Here belongs what every model asset does. Not here: files, tracking, the test part
(`core.evaluation.champion_analysis`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.evaluation.baselines import fit_baselines, predict_baseline
from migraine_assets.core.evaluation.datasets import TaskData
from migraine_assets.core.evaluation.flags import Flag, FlagLimits, attack_flags, severity_flags
from migraine_assets.core.evaluation.selection import lead
from migraine_assets.core.metrics.bootstrap import Draws, Resample, resample
from migraine_assets.core.metrics.interval import Interval, Scores
from migraine_assets.core.metrics.metrics import attack_draws, intervals, severity_draws
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.training import FittedModel, fit_model

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A fitted model with its scores. `lead`: by baseline, how far it is ahead out of fold in the headline metric."""

    fitted: FittedModel
    cv: Scores
    train: Scores
    lead: Mapping[str, Interval]
    flags: tuple[Flag, ...]


def train_and_judge(
    estimator: Estimator,
    data: TaskData,
    *,
    params: Mapping[str, Any],
    seed: int,
    threads: int,
    replicates: int,
    horizon: int,
    limits: FlagLimits,
) -> Judged:
    """Fit `estimator` on the training part and say how good it is there, out of fold and in sample."""
    fitted = fit_model(estimator, data.train, params=params, seed=seed, threads=threads)
    draw = resample(data.train.participant, replicates=replicates)
    cv = draws(data.task, data.train.y, fitted.oof, draw, threshold=fitted.threshold)
    # An interval of the in-sample score would say nothing: only the estimate is compared.
    alone = resample(np.zeros(len(data.train.y), dtype=np.int64))
    train = intervals(draws(data.task, data.train.y, fitted.train_prediction, alone, threshold=fitted.threshold))
    ahead = _leads(data, cv, draw)
    flags = attack_flags if data.task == "attack" else severity_flags
    found = flags(train=train, validation=intervals(cv), lead=ahead, horizon=horizon, limits=limits)
    return Judged(fitted, intervals(cv), train, ahead, found)


@dataclass(frozen=True)
class Scorer:
    """Scores on both parts of `data`, with the same draws of participants for every model and baseline."""

    data: TaskData
    replicates: int

    def train(self, prediction: Floats) -> Scores:
        """Scores of a prediction float64[n] for the training rows."""
        return self._scores(prediction, None, self.data.train.y, self.data.train.participant)

    def test(self, prediction: Floats | None, threshold: float | None) -> Scores | None:
        """Scores of a prediction float64[n] for the test rows; None for none."""
        if prediction is None:
            return None
        return self._scores(prediction, threshold, self.data.test.y, self.data.test.participant)

    def _scores(self, prediction: Floats, threshold: float | None, y: Floats, participant: NDArray[np.int64]) -> Scores:
        draw = resample(participant, replicates=self.replicates)
        return intervals(draws(self.data.task, y, prediction, draw, threshold=threshold))


def draws(task: str, y: Floats, prediction: Floats, draw: Resample, *, threshold: float | None) -> dict[str, Draws]:
    """Every metric of the task on the data and in each replicate."""
    if task == "attack":
        return attack_draws(y, prediction, draw, threshold=0.5 if threshold is None else threshold)
    return severity_draws(y, prediction, draw)


def baseline_predictions(data: TaskData) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """What each baseline, fitted on the training part, says of the training rows and of the test rows."""
    fits = fit_baselines(data.target, data.train.y, data.train.participant, data.train_columns)
    train: dict[str, Floats] = {}
    test: dict[str, Floats] = {}
    for key, fit in fits.items():
        train[key] = predict_baseline(fit, data.train_columns, rows=len(data.train.y))
        test[key] = predict_baseline(fit, data.test.columns, rows=len(data.test.y))
    return train, test


def _leads(data: TaskData, ours: Mapping[str, Draws], draw: Resample) -> dict[str, Interval]:
    theirs, _ = baseline_predictions(data)
    return {
        key: lead(data.task, ours, draws(data.task, data.train.y, prediction, draw, threshold=None))
        for key, prediction in theirs.items()
    }
