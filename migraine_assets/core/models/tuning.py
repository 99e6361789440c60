"""The optional random search for hyperparameters, on grouped folds and within a time budget.

The search is off unless `trials` is above 0. Cross-validated scores of a model that was tuned on the same folds are
slightly optimistic; scores on the test data are not. Not here: the ranges (`core.models.catalogue`), the fits
(`core.models.training`), the number of boosting rounds (`core.models.early_stopping`).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval as Range
from annotated_types import Unit, doc
from numpy.typing import NDArray

from migraine_assets.core.models.early_stopping import EarlyStopping
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import collected_warnings
from migraine_assets.core.models.hyperparameters import Params
from migraine_assets.core.models.training import Floats, TrainingSet, fit_pipeline, subsample


@dataclass(frozen=True)
class TuningSettings:
    """Settings of the random search for hyperparameters."""

    trials: Annotated[int, Range(ge=0, le=100_000), doc("Random draws for each model; 0 disables the search.")] = 0
    seconds: Annotated[float, Unit("s"), doc("Maximum time for each model.")] = 120.0
    folds: Annotated[int, doc("Number of folds on which a draw is scored.")] = 3


@dataclass(frozen=True)
class Trial:
    """One set of hyperparameters and its mean score over the folds: ROC-AUC, or the negative RMSE."""

    params: Params
    score: float


@dataclass(frozen=True)
class Tuned:
    """The hyperparameters of the best trial, and all trials. The first trial is the starting point.

    `cut`: whether the time budget ended the search early. Another run may then choose other hyperparameters.
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
    """Return the best of the starting point (defaults with `params`) and `settings.trials` draws from the ranges.

    The number of boosting rounds is determined by early stopping on the fold after the scored fold. Ties go to the
    earlier trial. The result is deterministic unless the time runs out.
    """
    start, started = estimator.params(params), clock()
    if settings.trials == 0 or not estimator.space:
        return Tuned(start, (), cut=False)
    search = _Search(estimator, data, settings.folds, seed, threads)
    random = np.random.default_rng(seed)
    candidates = [start | {item.name: item.draw(random) for item in estimator.space} for _ in range(settings.trials)]
    with collected_warnings(threads):
        trials = [Trial(start, _evaluate(search, start, early=False)[0])]
        for candidate in candidates:
            if clock() - started > settings.seconds:
                break
            trials.append(_trial(search, candidate))
    best = max(trials, key=lambda trial: trial.score)
    return Tuned(best.params, tuple(trials), cut=len(trials) <= settings.trials)


def _trial(search: _Search, candidate: Params) -> Trial:
    early = search.estimator.early_stopping
    score, rounds = _evaluate(search, candidate, early=early is not None)
    return Trial(candidate | {early.parameter: rounds} if early else candidate, score)


def _evaluate(search: _Search, params: Params, *, early: bool) -> tuple[float, int]:
    """Return the mean score and the mean number of rounds over the folds."""
    folds = search.data.predicted_folds
    count = min(search.folds, len(folds))
    scores, rounds = zip(
        *(_evaluate_fold(search, params, folds, index, early=early) for index in range(count)), strict=True
    )
    return float(np.mean(scores)), round(float(np.mean(rounds)))


def _evaluate_fold(
    search: _Search, params: Params, folds: NDArray[np.int8], index: int, *, early: bool
) -> tuple[float, int]:
    estimator, data = search.estimator, search.data
    scored, rest = data.rows(data.fold == folds[index]), data.rows(data.training_for(folds[index]))
    rounds = 0
    if early and estimator.early_stopping:
        # In time, the last block before the fold; otherwise the fold after it.
        validation = rest.fold.max() if rest.order else folds[(index + 1) % len(folds)]
        rounds = _rounds(search, estimator.early_stopping, params, rest, validation=int(validation))
        params = params | {estimator.early_stopping.parameter: rounds}
    pipeline = fit_pipeline(estimator, rest, params, n_rows=len(data.y), seed=search.seed, threads=search.threads)
    return score(estimator, scored.y, estimator.score(pipeline, scored.X)), rounds


def _rounds(search: _Search, early: EarlyStopping, params: Params, rest: TrainingSet, *, validation: int) -> int:
    estimator, by_class = search.estimator, search.estimator.task == "attack"
    stopping = rest.rows(rest.fold == validation)
    # Of a single block, the rows stop the fit that they are fitted on.
    learn = rest.rows(rest.training_for(validation)) if (rest.fold != validation).any() else rest
    sample = subsample(learn.y, estimator.row_limit, seed=search.seed, by_class=by_class)
    pipeline = estimator.build(params, len(search.data.y), seed=search.seed, threads=search.threads)
    return early.best_rounds(pipeline, learn.X[sample], learn.y[sample], stopping.X, stopping.y)


def score(estimator: Estimator, y: Floats, raw: Floats) -> float:
    """Return the ROC-AUC of raw scores (0.5 with one class), or the negative RMSE of predictions; greater is better."""
    if estimator.task == "severity":
        return -float(np.sqrt(np.mean((y - raw) ** 2)))
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, raw)) if len(np.unique(y)) == 2 else 0.5
