"""The analysis of the champion on the test data: gain, curves, residuals, permutation importance, subgroups.

The champion and the challenger are selected on cross-validated scores. This module only reports: the test data must
never influence the selection. Not here: metrics and curves (`core.metrics`), flags (`core.evaluation.flags`), promotion
(`core.evaluation.gate`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.evaluation.baselines import BASELINES
from migraine_assets.core.evaluation.importance import Importance, Matrix, Predict, permutation_importance
from migraine_assets.core.evaluation.results import (
    AttackCurves,
    Coverage,
    ModelRow,
    Residuals,
    TaskEvaluation,
)
from migraine_assets.core.evaluation.selection import lead
from migraine_assets.core.evaluation.subgroups import Objects, Subgroup, subgroups
from migraine_assets.core.metrics.bootstrap import (
    REPLICATES,
    SEED,
    Draws,
    Floats,
    Resample,
    ratio,
    replicates_for,
    resample,
)
from migraine_assets.core.metrics.curves import (
    ConfusionMatrix,
    confusion_matrix,
    decision_curve,
    precision_recall_curve,
    roc_curve,
)
from migraine_assets.core.metrics.interval import UNKNOWN, Interval, Scores
from migraine_assets.core.metrics.metrics import intervals, severity_draws
from migraine_assets.core.metrics.rank_metrics import rank_areas
from migraine_assets.core.metrics.reliability import reliability
from migraine_assets.core.models.calibration import Conformal

SUBGROUP_METRICS = {"attack": ("roc_auc", "brier"), "severity": ("mae", "rmse")}
POINTS = 600
BINS = 30
GROUPS = 10

# Each dimension divides all rows again. To limit the work, a subgroup gets as many replicates as a set with this many
# times its rows.
SUBGROUP_COST = 5


@dataclass(frozen=True)
class ScoredRows:
    """The labeled test rows with the predictions of all models.

    `X` float32[n, F]; `y` float64[n]; `participant` int64[n] codes (the weeks of a single one); `predictions`
    float64[n] by key of model or baseline, without failed models; `dimensions` object[n] by title, for the subgroups.
    """

    X: Matrix
    y: Floats
    participant: NDArray[np.int64]
    predictions: Mapping[str, Floats]
    dimensions: Mapping[str, Objects] = field(default_factory=dict)


def assemble(
    evaluation: TaskEvaluation,
    rows: ScoredRows,
    *,
    predict: Predict | None,
    inputs: Mapping[str, Sequence[int]],
    seed: int = SEED,
) -> TaskEvaluation:
    """Complete `evaluation` with the gain, curves, confusion matrix or residuals, importance and subgroups.

    `evaluation` has the scores, flags, counts and ranking, and may already have the gain. `predict` is the champion as
    it is served; if it is None, the importance is left out. `inputs` are the groups of columns to shuffle, by title.
    Without a champion or test rows, the evaluation is returned unchanged.
    """
    champion = evaluation.row(evaluation.champion)
    if champion is None or champion.key not in rows.predictions or rows.y.size == 0:
        return evaluation
    draw = resample(rows.participant, seed=seed)
    complete = replace(
        evaluation,
        gain=evaluation.gain if np.isfinite(evaluation.gain.value) else _gain(evaluation, rows, draw),
        subgroups=_subgroups(evaluation, champion, rows, seed),
        importance=_importance(evaluation.task, rows, predict, inputs, seed),
    )
    if evaluation.task == "severity":
        return replace(complete, residuals=_residuals(champion, rows, draw, seed))
    return replace(complete, curves=_curves(evaluation, rows), confusion=_confusion(champion, rows))


def _draws(task: str, y: Floats, prediction: Floats, draw: Resample) -> Mapping[str, Draws]:
    """Return only the metrics of subgroups and of the gain, because recalibration would take most of the time."""
    if task == "severity":
        return severity_draws(y, prediction, draw)
    return {"roc_auc": rank_areas(y, prediction, draw)[0], "brier": _mean((prediction - y) ** 2, draw)}


def _gain(evaluation: TaskEvaluation, rows: ScoredRows, draw: Resample) -> Interval:
    personal_rate = rows.predictions.get("personal_rate")
    if personal_rate is None or evaluation.champion is None:
        return UNKNOWN
    both = (rows.predictions[evaluation.champion], personal_rate)
    champion, baseline = (_draws(evaluation.task, rows.y, p, draw) for p in both)
    return lead(evaluation.task, champion, baseline)


def _subgroups(evaluation: TaskEvaluation, champion: ModelRow, rows: ScoredRows, seed: int) -> tuple[Subgroup, ...]:
    prediction, names = rows.predictions[champion.key], SUBGROUP_METRICS[evaluation.task]

    def score(mask: NDArray[np.bool_]) -> Scores:
        members = rows.participant[mask]
        draw = resample(
            members, replicates=replicates_for(SUBGROUP_COST * members.size, requested=REPLICATES), seed=seed
        )
        scores = intervals(_draws(evaluation.task, rows.y[mask], prediction[mask], draw))
        return {name: scores[name] for name in names}

    events = rows.y if evaluation.task == "attack" else None
    return subgroups(rows.dimensions, participant=rows.participant, events=events, score=score)


def _importance(
    task: str, rows: ScoredRows, predict: Predict | None, groups: Mapping[str, Sequence[int]], seed: int
) -> tuple[Importance, ...]:
    if predict is None:
        return ()
    loss = _one_minus_auc if task == "attack" else _root_mean_squared_error
    return permutation_importance(predict, rows.X, rows.y, groups=groups, loss=loss, seed=seed)


def _one_minus_auc(y: Floats, p: Floats) -> float:
    no_draw = Resample(np.zeros(y.size, dtype=np.int64), np.empty((0, 1), dtype=np.uint8))
    return 1.0 - rank_areas(y, p, no_draw)[0].value


def _root_mean_squared_error(y: Floats, prediction: Floats) -> float:
    return float(np.sqrt(np.mean((y - prediction) ** 2)))


def _curves(evaluation: TaskEvaluation, rows: ScoredRows) -> tuple[AttackCurves, ...]:
    """Return the curves of the champion, the challenger and the baselines, in this order."""
    keys = (evaluation.champion, evaluation.challenger, *BASELINES)
    return tuple(_curves_of(key, rows) for key in keys if key is not None and key in rows.predictions)


def _curves_of(key: str, rows: ScoredRows) -> AttackCurves:
    y, p = rows.y, rows.predictions[key]
    return AttackCurves(
        key=key,
        roc=roc_curve(y, p),
        precision_recall=precision_recall_curve(y, p),
        reliability=reliability(y, p, rows.participant),
        decision=decision_curve(y, p),
    )


def _confusion(champion: ModelRow, rows: ScoredRows) -> ConfusionMatrix | None:
    if champion.threshold is None:
        return None
    return confusion_matrix(rows.y, rows.predictions[champion.key], threshold=champion.threshold)


def _residuals(champion: ModelRow, rows: ScoredRows, draw: Resample, seed: int) -> Residuals:
    predicted = rows.predictions[champion.key]
    error = predicted - rows.y
    counts, edges = np.histogram(error, bins=BINS)
    shown = np.random.default_rng(seed).permutation(rows.y.size)[:POINTS]
    return Residuals(
        observed=rows.y[shown],
        predicted=predicted[shown],
        edges=edges,
        counts=counts.astype(np.float64),
        mean_predicted=_group_means(predicted, by=predicted),
        mean_observed=_group_means(rows.y, by=predicted),
        bias=_mean(error, draw).interval(),
        coverage=_coverage(champion.conformal, error, draw),
    )


def _group_means(values: Floats, *, by: Floats) -> Floats:
    """Return the means of `values` [n] in at most `GROUPS` groups of equal size, ordered by `by`."""
    order = np.argsort(by, kind="stable")
    return np.array([part.mean() for part in np.array_split(values[order], GROUPS) if part.size])


def _coverage(promised: Conformal | None, error: Floats, draw: Resample) -> Coverage | None:
    if promised is None:
        return None
    return Coverage(promised, _mean(np.abs(error) <= promised.quantile, draw).interval())


def _mean(values: NDArray[np.generic], draw: Resample) -> Draws:
    """Return the mean of `values` [n], on the data and in each replicate."""
    total, drawn = draw.sums(np.column_stack([values.astype(np.float64), np.ones(values.size)]))
    return Draws(float(total[0] / total[1]), ratio(drawn[:, 0], drawn[:, 1]))
