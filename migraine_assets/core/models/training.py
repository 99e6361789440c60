"""Fitting one model: out-of-fold predictions, final fit, calibration, decision threshold, interval.

Here belongs how a row of `core.models.catalogue` becomes a fitted model. Not here: the folds
(`core.evaluation.folds`), scores and intervals (`core.metrics.metrics`), the search for hyperparameters
(`core.models.tuning`).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.models.calibration import UNCALIBRATED, Conformal, Sigmoid, conformal, cross_fit, fit_sigmoid
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import quietly
from migraine_assets.core.models.hyperparameters import Params
from migraine_assets.core.models.threshold import choose_threshold
from migraine_assets.errors import DataRefused


def subsample(y: NDArray[np.float64], limit: int | None, *, seed: int, by_class: bool) -> NDArray[np.int64]:
    """Row numbers, ascending: all of them, or `limit` drawn without replacement.

    `by_class`: the share of each value of y [n] stays the same. At least one row of each class is kept.
    """
    everything = np.arange(len(y), dtype=np.int64)
    if limit is None or len(y) <= limit:
        return everything
    random = np.random.default_rng(seed)
    groups = [everything[y == label] for label in np.unique(y)] if by_class else [everything]
    drawn = [random.choice(rows, _share(len(rows), len(y), limit), replace=False) for rows in groups]
    return np.sort(np.concatenate(drawn))


def _share(rows: int, of: int, limit: int) -> int:
    return max(1, rows * limit // of)


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrainingSet:
    """The training part, labelled rows only: X float32[n, F], y float64[n], participant codes, fold 0..k-1."""

    X: NDArray[np.float32]
    names: tuple[str, ...]
    y: Floats
    participant: NDArray[np.int64]
    fold: NDArray[np.int8]

    def rows(self, chosen: NDArray[np.bool_]) -> "TrainingSet":
        """The part of the set where `chosen`, bool[n]."""
        y, participant, fold = self.y[chosen], self.participant[chosen], self.fold[chosen]
        return TrainingSet(self.X[chosen], self.names, y, participant, fold)


@dataclass(frozen=True)
class FittedModel:
    """A fitted pipeline with everything that turns features into the number that is served.

    `oof` float64[n]: out-of-fold predictions (attack: cross-fitted probabilities). `train_prediction`
    float64[n]: the final model on its own training rows. `used`: what really ran. `bounds`: a severity is cut
    to the range of the training outcomes. `notes`: what the libraries warned of. `seconds`: CPU time of all
    fits.
    """

    estimator: Estimator
    pipeline: Any
    calibration: Sigmoid | None
    threshold: float | None
    conformal: Conformal | None
    bounds: tuple[float, float] | None
    oof: Floats
    train_prediction: Floats
    used: str
    params: Params
    seed: int
    notes: tuple[str, ...]
    seconds: float

    def predict(self, X: NDArray[np.float32]) -> Floats:
        """Probabilities or severities float64[n] for X float32[n, F], by the Python pipeline."""
        return _finish(self.estimator.score(self.pipeline, X), self.calibration, self.bounds)


def fit_model(
    estimator: Estimator,
    data: TrainingSet,
    *,
    params: Mapping[str, object] | None = None,
    seed: int = 0,
    threads: int = 1,
    calibrate: bool = True,
    clock: Callable[[], float] = time.process_time,
) -> FittedModel:
    """Cross-validate, fit on all rows, calibrate. The same arguments give the same model.

    Raises `ConfigurationError` for unknown hyperparameters and `DataRefused` where the rows outside some fold
    hold one class only. A warning of the libraries becomes one of `notes`.
    """
    began, resolved = clock(), estimator.params(params)
    _refuse_unfit(estimator, data)
    with quietly(threads) as notes:
        raw = out_of_fold(estimator, data, resolved, seed=seed, threads=threads)
        pipeline = fit_pipeline(estimator, data, resolved, n_rows=len(data.y), seed=seed, threads=threads)
        in_sample = estimator.score(pipeline, data.X)
    ending = _attack(raw, data, calibrate=calibrate) if estimator.task == "attack" else _severity(raw, data)
    return FittedModel(
        estimator=estimator,
        pipeline=pipeline,
        calibration=ending.calibration,
        threshold=ending.threshold,
        conformal=ending.conformal,
        bounds=ending.bounds,
        oof=ending.oof,
        train_prediction=_finish(in_sample, ending.calibration, ending.bounds),
        used=estimator.runs(len(data.y)),
        params=resolved,
        seed=seed,
        notes=tuple(notes),
        seconds=clock() - began,
    )


def out_of_fold(estimator: Estimator, data: TrainingSet, params: Params, *, seed: int, threads: int) -> Floats:
    """Raw scores float64[n], each by a pipeline fitted on the other folds."""
    raw = np.empty(len(data.y))
    for number in np.unique(data.fold):
        held = data.fold == number
        rest = data.rows(~held)
        # The whole set's size decides what runs, so that cross-validation judges the model that is kept.
        pipeline = fit_pipeline(estimator, rest, params, n_rows=len(data.y), seed=seed, threads=threads)
        raw[held] = estimator.score(pipeline, data.X[held])
    return raw


def fit_pipeline(
    estimator: Estimator, data: TrainingSet, params: Params, *, n_rows: int, seed: int, threads: int
) -> Any:
    """One pipeline fitted on `data`, or on as many of its rows as the model's limit allows."""
    labels = data.y.astype(np.int64) if estimator.task == "attack" else data.y
    kept = subsample(data.y, estimator.row_limit, seed=seed, by_class=estimator.task == "attack")
    pipeline = estimator.build(params, n_rows, seed=seed, threads=threads)
    pipeline.fit(data.X[kept], labels[kept])
    if estimator.key == "random_forest":
        # Asked by several threads, a forest adds up its trees in the order in which they finish.
        pipeline.set_params(model__n_jobs=1)
    return pipeline


@dataclass(frozen=True)
class _Ending:
    oof: Floats
    calibration: Sigmoid | None = None
    threshold: float | None = None
    conformal: Conformal | None = None
    bounds: tuple[float, float] | None = None


def _attack(raw: Floats, data: TrainingSet, *, calibrate: bool) -> _Ending:
    sigmoid = fit_sigmoid(raw, data.y) if calibrate else UNCALIBRATED
    oof = cross_fit(raw, data.y, data.fold) if calibrate else sigmoid.apply(raw)
    return _Ending(oof, calibration=sigmoid, threshold=choose_threshold(data.y, oof))


def _severity(raw: Floats, data: TrainingSet) -> _Ending:
    bounds = float(data.y.min()), float(data.y.max())
    oof = _finish(raw, None, bounds)
    return _Ending(oof, conformal=conformal(data.y - oof), bounds=bounds)


def _finish(raw: Floats, calibration: Sigmoid | None, bounds: tuple[float, float] | None) -> Floats:
    if calibration is not None:
        return calibration.apply(raw)
    return raw if bounds is None else np.clip(raw, *bounds)


def _refuse_unfit(estimator: Estimator, data: TrainingSet) -> None:
    folds = np.unique(data.fold)
    if len(folds) < 2:
        raise DataRefused(f"Cross-validation of '{estimator.key}' needs at least 2 folds; the rows fill {len(folds)}.")
    for number in folds if estimator.task == "attack" else ():
        if len(np.unique(data.y[data.fold != number])) < 2:
            raise DataRefused(
                f"'{estimator.key}' cannot be trained: the rows outside fold {number} are all with or all "
                "without an attack. More participants or longer diaries are needed."
            )
