"""The optional search for hyperparameters: random, on grouped folds, within a time budget.

Here belongs the choice. Not here: ranges (`core.models.catalogue`), the fits (`core.models.training`). Off unless
`trials` is above 0. The cross-validated scores of a model tuned on the same folds are slightly too good; the test
part is not.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from annotated_types import Interval as Range
from numpy.typing import NDArray

from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import quietly
from migraine_assets.core.models.hyperparameters import Params
from migraine_assets.core.models.training import Floats, TrainingSet, fit_pipeline, subsample

# A search may go beyond a model's default number of rounds, and stops when so many rounds brought nothing.
MAX_ROUNDS = 600
PATIENCE = 30

Matrix = NDArray[np.float32]
Labels = NDArray[Any]


def best_rounds(pipeline: Any, X: Matrix, y: Labels, held_X: Matrix, held_y: Labels) -> int:
    """The number of rounds at which the unfitted booster `pipeline`, fitted on X, y, was best on the held-out
    rows.
    """
    impute, model = pipeline[:-1], pipeline[-1]
    learned = impute.fit_transform(X)
    return _WAYS[type(model).__name__.removesuffix("Classifier").removesuffix("Regressor")](
        model, learned, y, impute.transform(held_X), held_y
    )


def _histogram(model: Any, X: Matrix, y: Labels, held_X: Matrix, held_y: Labels) -> int:
    model.set_params(max_iter=MAX_ROUNDS, early_stopping=True, n_iter_no_change=PATIENCE)
    model.fit(X, y, X_val=held_X, y_val=held_y)
    # The first entry is the score before any tree.
    return max(1, int(np.argmax(model.validation_score_)))


def _xgboost(model: Any, X: Matrix, y: Labels, held_X: Matrix, held_y: Labels) -> int:
    model.set_params(n_estimators=MAX_ROUNDS, early_stopping_rounds=PATIENCE)
    model.fit(X, y, eval_set=[(held_X, held_y)], verbose=False)
    return int(model.best_iteration) + 1


def _lightgbm(model: Any, X: Matrix, y: Labels, held_X: Matrix, held_y: Labels) -> int:
    from lightgbm import early_stopping

    model.set_params(n_estimators=MAX_ROUNDS)
    model.fit(X, y, eval_X=held_X, eval_y=held_y, callbacks=[early_stopping(PATIENCE, verbose=False)])
    return max(1, int(model.best_iteration_))


_WAYS: dict[str, Callable[[Any, Matrix, Labels, Matrix, Labels], int]] = {
    "HistGradientBoosting": _histogram,
    "XGB": _xgboost,
    "LGBM": _lightgbm,
}


@dataclass(frozen=True)
class TuningSettings:
    """`trials` random draws (0: no search), at most `seconds` per model, judged on the first `folds` folds."""

    trials: Annotated[int, Range(ge=0, le=100_000)] = 0
    seconds: float = 120.0
    folds: int = 3


@dataclass(frozen=True)
class Trial:
    """One choice of hyperparameters and its mean score over the folds: ROC-AUC, or minus the RMSE."""

    params: Params
    score: float


@dataclass(frozen=True)
class Tuned:
    """The best trial's hyperparameters and all trials; the first is the starting point itself.

    `cut`: the time budget ended the search before its last trial, so another run may choose differently.
    """

    params: Params
    trials: tuple[Trial, ...]
    cut: bool


@dataclass(frozen=True)
class _Search:
    estimator: Estimator
    data: TrainingSet
    folds: int
    seed: int
    threads: int


def tune(
    estimator: Estimator,
    data: TrainingSet,
    *,
    settings: TuningSettings,
    params: Mapping[str, object] | None = None,
    seed: int = 0,
    threads: int = 1,
    clock: Callable[[], float] = time.monotonic,
) -> Tuned:
    """The best of the given hyperparameters and `settings.trials` draws around the table's ranges.

    Boosters also get their number of rounds, by early stopping on the fold after the one that judges. Ties go
    to the earlier trial. Deterministic unless the time runs out.
    """
    start, began = estimator.params(params), clock()
    if settings.trials == 0 or not estimator.space:
        return Tuned(start, (), cut=False)
    search = _Search(estimator, data, settings.folds, seed, threads)
    random = np.random.default_rng(seed)
    drawn = [start | {place.name: place.draw(random) for place in estimator.space} for _ in range(settings.trials)]
    with quietly(threads):
        trials = [Trial(start, _judge(search, start, early=False)[0])]
        for candidate in drawn:
            if clock() - began > settings.seconds:
                break
            trials.append(_try(search, candidate))
    best = max(trials, key=lambda trial: trial.score)
    return Tuned(best.params, tuple(trials), cut=len(trials) <= settings.trials)


def _try(search: _Search, candidate: Params) -> Trial:
    early = search.estimator.early
    score, rounds = _judge(search, candidate, early=early is not None)
    return Trial(candidate | {early: rounds} if early else candidate, score)


def _judge(search: _Search, params: Params, *, early: bool) -> tuple[float, int]:
    folds = np.unique(search.data.fold)
    judged = [_judge_fold(search, params, folds, place, early=early) for place in range(min(search.folds, len(folds)))]
    scores, rounds = zip(*judged, strict=True)
    return float(np.mean(scores)), round(float(np.mean(rounds)))


def _judge_fold(
    search: _Search, params: Params, folds: "np.typing.NDArray[np.int8]", place: int, *, early: bool
) -> tuple[float, int]:
    estimator, data = search.estimator, search.data
    held, rest = data.rows(data.fold == folds[place]), data.rows(data.fold != folds[place])
    rounds = 0
    if early and estimator.early:
        rounds = _rounds(search, params, rest, watch=int(folds[(place + 1) % len(folds)]))
        params = params | {estimator.early: rounds}
    pipeline = fit_pipeline(estimator, rest, params, n_rows=len(data.y), seed=search.seed, threads=search.threads)
    return score(estimator, held.y, estimator.score(pipeline, held.X)), rounds


def _rounds(search: _Search, params: Params, rest: TrainingSet, *, watch: int) -> int:
    estimator, by_class = search.estimator, search.estimator.task == "attack"
    learn, held = rest.rows(rest.fold != watch), rest.rows(rest.fold == watch)
    kept = subsample(learn.y, estimator.row_limit, seed=search.seed, by_class=by_class)
    pipeline = estimator.build(params, len(search.data.y), seed=search.seed, threads=search.threads)
    return best_rounds(pipeline, learn.X[kept], learn.y[kept], held.X, held.y)


def score(estimator: Estimator, y: Floats, raw: Floats) -> float:
    """ROC-AUC of scores (0.5 with one class), or minus the RMSE of predictions: greater is better."""
    if estimator.task == "severity":
        return -float(np.sqrt(np.mean((y - raw) ** 2)))
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, raw)) if len(np.unique(y)) == 2 else 0.5
