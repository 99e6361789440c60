"""Cross-validation of one model on the training data: fit, scores, lead over the baselines, flags.

Not here: fitting (`core.models.training`), metrics (`core.metrics.metrics`), the test data
(`core.evaluation.champion_analysis`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.evaluation.baselines import BaselineFit, BaselineKey, fit_baselines, predict_baseline
from migraine_assets.core.evaluation.datasets import TaskData
from migraine_assets.core.evaluation.flags import Flag, FlagLimits, attack_flags, severity_flags
from migraine_assets.core.evaluation.selection import lead
from migraine_assets.core.metrics.bootstrap import Draws, Resample, resample
from migraine_assets.core.metrics.interval import Interval, Scores
from migraine_assets.core.metrics.metrics import attack_draws, intervals, severity_draws
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.threshold import choose_threshold
from migraine_assets.core.models.training import FittedModel, fit_model

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CrossValidated:
    """A fitted model with its scores. `lead`: out-of-fold lead in the headline metric, by baseline."""

    fitted: FittedModel
    cv: Scores
    train: Scores
    lead: Mapping[str, Interval]
    flags: tuple[Flag, ...]


def train_and_score(
    estimator: Estimator,
    data: TaskData,
    *,
    params: Mapping[str, Any],
    seed: int,
    threads: int,
    replicates: int,
    horizon: int,
    limits: FlagLimits,
) -> CrossValidated:
    """Fit `estimator` on the training data, and score it out of fold and in sample.

    Raises the errors of `core.models.training.fit_model`.
    """
    fitted = fit_model(estimator, data.train, params=params, seed=seed, threads=threads)
    known, y = data.train.predicted, data.train.y
    draw = resample(data.train.cluster[known], replicates=replicates)
    cv = draws(data.task, y[known], fitted.oof[known], draw, threshold=fitted.threshold, one_person=data.one_person)
    # In-sample scores need no interval, so treat all rows as one participant, which gives no replicates.
    no_draw = resample(np.zeros(len(y), dtype=np.int64))
    train = intervals(draws(data.task, y, fitted.train_prediction, no_draw, threshold=fitted.threshold))
    leads = _leads(data, cv, draw)
    find_flags = attack_flags if data.task == "attack" else severity_flags
    flags = find_flags(train=train, validation=intervals(cv), lead=leads, horizon=horizon, limits=limits)
    return CrossValidated(fitted, intervals(cv), train, leads, flags)


@dataclass(frozen=True)
class Scorer:
    """A scorer of predictions for `data` that draws the same participants for every model and baseline."""

    data: TaskData
    replicates: int

    def train(self, prediction: Floats, threshold: float | None) -> Scores:
        """Score predictions float64[n] for the training rows, on those that cross-validation predicts."""
        train, known = self.data.train, self.data.train.predicted
        return self._scores(prediction[known], threshold, train.y[known], train.cluster[known])

    def test(self, prediction: Floats | None, threshold: float | None) -> Scores | None:
        """Score predictions float64[n] for the test rows; None if there are no predictions."""
        if prediction is None:
            return None
        return self._scores(prediction, threshold, self.data.test.y, self.data.test.cluster)

    def _scores(self, prediction: Floats, threshold: float | None, y: Floats, cluster: NDArray[np.int64]) -> Scores:
        draw = resample(cluster, replicates=self.replicates)
        one_person = self.data.one_person
        return intervals(draws(self.data.task, y, prediction, draw, threshold=threshold, one_person=one_person))


def draws(
    task: str, y: Floats, prediction: Floats, draw: Resample, *, threshold: float | None, one_person: bool = False
) -> dict[str, Draws]:
    """Return all metrics of the task, on the data and in each replicate.

    The ROC-AUC of `one_person` is the one within a person: the groups of `draw` are then weeks.
    """
    if task != "attack":
        return severity_draws(y, prediction, draw)
    metrics = attack_draws(y, prediction, draw, threshold=0.5 if threshold is None else threshold)
    return metrics | {"within_person_auc": metrics["roc_auc"]} if one_person else metrics


def baseline_fits(data: TaskData) -> dict[BaselineKey, BaselineFit]:
    """Fit the baselines on the training rows."""
    train = data.train
    return fit_baselines(data.target, train.y, train.participant, data.train_columns, one_day=data.one_day)


def baseline_predictions(data: TaskData) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Fit each baseline on the training rows. Return its predictions for the training rows and for the test rows."""
    fits = baseline_fits(data)
    train: dict[str, Floats] = {}
    test: dict[str, Floats] = {}
    for key, fit in fits.items():
        train[key] = predict_baseline(fit, data.train_columns, rows=len(data.train.y))
        test[key] = predict_baseline(fit, data.test.columns, rows=len(data.test.y))
    return train, test


def baseline_threshold(data: TaskData, prediction: Floats) -> float | None:
    """Choose the decision threshold of a baseline from its predictions float64[n] for the training rows.

    The rule is that for models, so that metrics at the threshold can be compared. Returns None for severity.
    """
    known = data.train.predicted
    return choose_threshold(data.train.y[known], prediction[known]) if data.task == "attack" else None


def _leads(data: TaskData, model: Mapping[str, Draws], draw: Resample) -> dict[str, Interval]:
    baselines, _ = baseline_predictions(data)
    known, y = data.train.predicted, data.train.y
    return {
        key: lead(data.task, model, draws(data.task, y[known], prediction[known], draw, threshold=None))
        for key, prediction in baselines.items()
    }
