"""Training of one model: out-of-fold predictions, final fit, calibration, decision threshold, prediction interval.

Not here: the table of models (`core.models.catalogue`), the folds (`core.evaluation.folds`), metrics
(`core.metrics.metrics`), the search for hyperparameters (`core.models.tuning`).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.models.calibration import UNCALIBRATED, Conformal, Sigmoid, conformal, cross_fit, fit_sigmoid
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import collected_warnings
from migraine_assets.core.models.hyperparameters import Params
from migraine_assets.core.models.threshold import choose_threshold
from migraine_assets.errors import DataRefused


def subsample(y: NDArray[np.float64], limit: int | None, *, seed: int, by_class: bool) -> NDArray[np.int64]:
    """Return the indices of the rows to fit on, int64[m], ascending: all rows, or `limit` drawn without replacement.

    If `by_class`, the draw is stratified by the values of `y` float64[n], and at least one row of each value is drawn.
    """
    indices = np.arange(len(y), dtype=np.int64)
    if limit is None or len(y) <= limit:
        return indices
    random = np.random.default_rng(seed)
    groups = [indices[y == label] for label in np.unique(y)] if by_class else [indices]
    drawn = [random.choice(rows, _share(len(rows), len(y), limit), replace=False) for rows in groups]
    return np.sort(np.concatenate(drawn))


def _share(rows: int, of: int, limit: int) -> int:
    return max(1, rows * limit // of)


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TimeOrder:
    """The day of each row and the last day that its label depends on, days since 1970-01-01: int64[n] each."""

    day: NDArray[np.int64]
    label_day: NDArray[np.int64]


@dataclass(frozen=True)
class TrainingSet:
    """The labeled training rows.

    `X` float32[n, F] with columns `names`; `y` float64[n]; `participant` int64[n] codes; `fold` int8[n], 0..k-1. With
    `order`, the folds follow each other in time: a fold is predicted from all days before it, and fold 0 never is.
    """

    X: NDArray[np.float32]
    names: tuple[str, ...]
    y: Floats
    participant: NDArray[np.int64]
    fold: NDArray[np.int8]
    order: TimeOrder | None = None

    def rows(self, mask: NDArray[np.bool_]) -> "TrainingSet":
        """Return the rows for which `mask` bool[n] is True."""
        order = TimeOrder(self.order.day[mask], self.order.label_day[mask]) if self.order else None
        return TrainingSet(self.X[mask], self.names, self.y[mask], self.participant[mask], self.fold[mask], order)

    @cached_property
    def predicted_folds(self) -> NDArray[np.int8]:
        """The folds that cross-validation predicts, ascending."""
        folds = np.unique(self.fold)
        return folds[folds > 0] if self.order else folds

    @cached_property
    def predicted(self) -> NDArray[np.bool_]:
        """The rows that cross-validation predicts, bool[n]."""
        return np.isin(self.fold, self.predicted_folds)

    @cached_property
    def cluster(self) -> NDArray[np.int64]:
        """The group of each row that a bootstrap draws as a whole: its participant; of a single one, its week."""
        return clusters(self.participant, self.order.day if self.order else None)

    def training_for(self, number: int) -> NDArray[np.bool_]:
        """The rows that a model is fitted on to predict fold `number`, bool[n]: no label of them reaches into it."""
        if self.order is None:
            others: NDArray[np.bool_] = self.fold != number
            return others
        first = int(self.order.day[self.fold == number].min())
        earlier: NDArray[np.bool_] = (self.fold < number) & (self.order.label_day < first)
        return earlier


def clusters(participant: NDArray[np.int64], day: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Groups of rows within which days may be correlated, int64[n]: participants, or the weeks of a single one.

    `day` int64[n]: days since 1970-01-01; None: participants, however few. Weeks begin on Monday.
    """
    one = day is not None and participant.size > 0 and (participant == participant[0]).all()
    return (day + 3) // 7 if one and day is not None else participant


@dataclass(frozen=True)
class FittedModel:
    """A fitted pipeline, with everything that is needed to serve its predictions.

    `oof` float64[n]: out-of-fold predictions (for attacks, cross-fitted probabilities), NaN in a fold that is not
    predicted. `train_prediction` float64[n]: predictions of the final model for its own training rows. `used`:
    description of the estimator that was fitted. `exporter`: name of the function that exports it. `bounds`: range of
    the training outcomes, to which severities are clipped. `notes`: warnings of the libraries. `seconds`: CPU time of
    all fits.
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
    exporter: str
    params: Params
    seed: int
    notes: tuple[str, ...]
    seconds: float

    def predict(self, X: NDArray[np.float32]) -> Floats:
        """Return probabilities or severities float64[n] for `X` float32[n, F], computed by the Python pipeline."""
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
    """Cross-validate, fit on all rows and calibrate. The same arguments give the same model.

    Raises `ConfigurationError` for unknown hyperparameters, and `DataRefused` if the rows outside a fold have only one
    class.
    """
    start, resolved = clock(), estimator.params(params)
    _refuse_untrainable(estimator, data)
    with collected_warnings(threads) as notes:
        raw = out_of_fold(estimator, data, resolved, seed=seed, threads=threads)
        pipeline = fit_pipeline(estimator, data, resolved, n_rows=len(data.y), seed=seed, threads=threads)
        in_sample = estimator.score(pipeline, data.X)
    output = _attack(raw, data, calibrate=calibrate) if estimator.task == "attack" else _severity(raw, data)
    return FittedModel(
        estimator=estimator,
        pipeline=pipeline,
        calibration=output.calibration,
        threshold=output.threshold,
        conformal=output.conformal,
        bounds=output.bounds,
        oof=output.oof,
        train_prediction=_finish(in_sample, output.calibration, output.bounds),
        used=estimator.runs(len(data.y)),
        exporter=estimator.exporter_for(len(data.y)),
        params=resolved,
        seed=seed,
        notes=tuple(notes),
        seconds=clock() - start,
    )


def out_of_fold(estimator: Estimator, data: TrainingSet, params: Params, *, seed: int, threads: int) -> Floats:
    """Return raw scores float64[n]; each row is scored by a pipeline that is fitted on the other folds.

    In time, it is fitted on earlier folds, and a fold that is not predicted has NaN.
    """
    raw = np.full(len(data.y), np.nan)
    for number in data.predicted_folds:
        inside = data.fold == number
        rest = data.rows(data.training_for(number))
        # `n_rows` is the size of the whole set, so that cross-validation evaluates the same estimator as the final fit.
        pipeline = fit_pipeline(estimator, rest, params, n_rows=len(data.y), seed=seed, threads=threads)
        raw[inside] = estimator.score(pipeline, data.X[inside])
    return raw


def fit_pipeline(
    estimator: Estimator, data: TrainingSet, params: Params, *, n_rows: int, seed: int, threads: int
) -> Any:
    """Return a pipeline fitted on `data`, or on a sample of it if the model has a row limit.

    `n_rows` is the size of the whole training set, which decides whether a substitute replaces the model.
    """
    labels = data.y.astype(np.int64) if estimator.task == "attack" else data.y
    sample = subsample(data.y, estimator.row_limit, seed=seed, by_class=estimator.task == "attack")
    pipeline = estimator.build(params, n_rows, seed=seed, threads=threads)
    pipeline.fit(data.X[sample], labels[sample])
    if estimator.serial_scoring:
        pipeline.set_params(model__n_jobs=1)
    return pipeline


@dataclass(frozen=True)
class _Output:
    oof: Floats
    calibration: Sigmoid | None = None
    threshold: float | None = None
    conformal: Conformal | None = None
    bounds: tuple[float, float] | None = None


def _attack(raw: Floats, data: TrainingSet, *, calibrate: bool) -> _Output:
    """Calibrated output. Folds in time share one sigmoid, which leaves the order of the days as it is.

    A sigmoid of the other folds knows their rate of attacks, and so predicts fewer attacks where there are more: with a
    few dozen attacks of one person, this alone can turn a ROC-AUC of 0.6 into one below 0.5.
    """
    known = data.predicted
    y, score = data.y[known], raw[known]
    sigmoid = fit_sigmoid(score, y) if calibrate else UNCALIBRATED
    oof = np.full(len(raw), np.nan)
    crossed = calibrate and data.order is None
    oof[known] = cross_fit(score, y, data.fold[known]) if crossed else sigmoid.apply(score)
    return _Output(oof, calibration=sigmoid, threshold=choose_threshold(y, oof[known]))


def _severity(raw: Floats, data: TrainingSet) -> _Output:
    bounds = float(data.y.min()), float(data.y.max())
    oof = _finish(raw, None, bounds)
    return _Output(oof, conformal=conformal((data.y - oof)[data.predicted]), bounds=bounds)


def _finish(raw: Floats, calibration: Sigmoid | None, bounds: tuple[float, float] | None) -> Floats:
    if calibration is not None:
        return calibration.apply(raw)
    return raw if bounds is None else np.clip(raw, *bounds)


def _refuse_untrainable(estimator: Estimator, data: TrainingSet) -> None:
    folds = np.unique(data.fold)
    if len(folds) < 2:
        raise DataRefused(
            f"Cross-validation of '{estimator.key}' needs at least 2 folds; the rows are in {len(folds)}."
        )
    where = "before" if data.order else "outside"
    for number in data.predicted_folds:
        rest = data.y[data.training_for(number)]
        if not rest.size:
            raise DataRefused(f"'{estimator.key}' cannot be trained: no row can be learned from before fold {number}.")
        if estimator.task == "attack" and len(np.unique(rest)) < 2:
            raise DataRefused(
                f"'{estimator.key}' cannot be trained: all rows {where} fold {number} have the same outcome. "
                "More participants or longer diaries are needed."
            )
