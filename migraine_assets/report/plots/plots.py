"""Plots of either task: model comparison, importance, fit, predictions and errors.

Each function draws on given matplotlib axes. Not here: the curves of a classifier (`report.plots.curves`), figures and
their size (`report.plots.figures`).
"""

from typing import Any

import numpy as np

from migraine_assets.core.evaluation.importance import Importance
from migraine_assets.core.evaluation.results import FIT, Residuals, TaskEvaluation
from migraine_assets.core.metrics.formatting import percent
from migraine_assets.core.metrics.interval import UNKNOWN
from migraine_assets.report.plots.style import (
    BASELINE_LINES,
    CHALLENGER,
    CHAMPION,
    INK,
    OTHER,
    PALE,
    SOFT,
    draw_interval,
    label_rows,
    line_of,
)
from migraine_assets.report.text.labels import metric, title

MAX_INPUTS = 15


def comparison(axes: Any, evaluation: TaskEvaluation) -> None:
    """Plot the headline metric of every model and baseline: test with intervals, and cross-validated."""
    rows = [(row.key, row.test or {}, row.cv or {}) for row in evaluation.ranked() if row.error is None]
    rows += [(key, splits.get("test", {}), splits.get("cv", {})) for key, splits in evaluation.baselines.items()]
    for position, (key, test, cv) in enumerate(rows):
        color = line_of(key, evaluation).color if key in _named(evaluation) else OTHER
        draw_interval(axes, position, test.get(evaluation.headline, UNKNOWN), color=color)
        axes.plot(cv.get(evaluation.headline, UNKNOWN).value, position, "o", markersize=5, mfc="none", mec=color)
    label_rows(axes, [title(key) for key, _, _ in rows])
    axes.axhline(len(rows) - len(evaluation.baselines) - 0.5, color=PALE, linewidth=1)
    axes.set_xlabel(f"{metric(evaluation.headline)}\n● test with 95 % interval\n○ cross-validation")


def importance(axes: Any, evaluation: TaskEvaluation) -> None:
    """Plot the inputs with the largest permutation importance, with the range over the repeats."""
    shown = shown_importance(evaluation)
    rises = [item.rise for item in shown]
    axes.barh(range(len(shown)), rises, color=CHAMPION, height=0.6)
    axes.hlines(range(len(shown)), [i.low for i in shown], [i.high for i in shown], color=INK, linewidth=1)
    axes.axvline(0, color=SOFT, linewidth=0.8)
    label_rows(axes, [title(item.name) for item in shown])
    axes.set_xlabel(
        "Decrease of ROC-AUC when shuffled" if evaluation.task == "attack" else "Increase of RMSE when shuffled"
    )


def shown_importance(evaluation: TaskEvaluation) -> tuple[Importance, ...]:
    """Return the inputs to plot: at most 15 with positive importance, or the first five if there are none."""
    positive = [item for item in evaluation.importance if item.rise > 0]
    return tuple(positive[:MAX_INPUTS] or evaluation.importance[:5])


def fit(axes: Any, evaluation: TaskEvaluation) -> None:
    """Plot training and cross-validated score of each model, joined by a line."""
    name = FIT[evaluation.task]
    rows = [row for row in evaluation.ranked() if row.error is None]
    for position, row in enumerate(rows):
        train, cv = ((scores or {}).get(name, UNKNOWN).value for scores in (row.train, row.cv))
        axes.plot([cv, train], [position, position], color=PALE, linewidth=3, solid_capstyle="round", zorder=1)
        axes.plot(
            train, position, "s", markersize=5, color=CHALLENGER, label="Training rows" if position == 0 else None
        )
        axes.plot(cv, position, "o", markersize=6, color=CHAMPION, label="Cross-validation" if position == 0 else None)
    label_rows(axes, [title(row.key) for row in rows])
    axes.set_xlabel(metric(name))
    if rows:
        axes.legend(loc="best")


def horizons(axes: Any, evaluation: TaskEvaluation) -> None:
    """Plot the ROC-AUC of the model and of the personal rate against the horizon, with 95 % intervals."""
    own = BASELINE_LINES["personal_rate"]
    series = ((0.1, own.color, own.dash, "personal_rate"), (-0.1, CHAMPION, "-", "model"))
    for shift, color, dash, name in series:
        points = [(skill.horizon + shift, getattr(skill, name)) for skill in evaluation.horizons]
        label = "Logistic regression" if name == "model" else title(name)
        at, values = [x for x, _ in points], [interval.value for _, interval in points]
        axes.plot(at, values, f"o{dash}", markersize=4, color=color, label=label)
        for x, interval in points:
            axes.plot([x, x], [interval.ci_low, interval.ci_high], color=color, linewidth=1.2)
    axes.axhline(0.5, color=SOFT, linewidth=0.8)
    axes.set(xlabel="Days ahead", ylabel=metric("roc_auc"))
    axes.legend(loc="best")


def predicted(axes: Any, residuals: Residuals, *, unit: str) -> None:
    """Plot observed against predicted values, and the mean observed value by level of prediction."""
    jitter = np.random.default_rng(0).uniform(-0.18, 0.18, residuals.observed.size)
    axes.plot(residuals.predicted, residuals.observed + jitter, "o", markersize=3, color=CHAMPION, alpha=0.25, mew=0)
    axes.plot(
        residuals.mean_predicted,
        residuals.mean_observed,
        "o-",
        color=CHALLENGER,
        linewidth=1.6,
        label="Mean observed",
    )
    low = float(min(residuals.observed.min(), residuals.predicted.min()))
    high = float(max(residuals.observed.max(), residuals.predicted.max()))
    axes.plot([low, high], [low, high], color=SOFT, linewidth=1, label="Perfect")
    axes.set(xlabel=f"Predicted ({unit})", ylabel=f"Observed ({unit})")
    axes.legend(loc="best")


def errors(axes: Any, residuals: Residuals, *, unit: str) -> None:
    """Plot the histogram of predicted minus observed values, with the conformal interval."""
    shares = residuals.counts / max(1.0, float(residuals.counts.sum()))
    axes.stairs(shares, residuals.edges, fill=True, color=CHAMPION, alpha=0.75)
    axes.axvline(0, color=INK, linewidth=1)
    if residuals.coverage:
        promised = residuals.coverage.promised
        label = f"± interval for {percent(promised.coverage)}"
        for position, side in enumerate((-promised.quantile, promised.quantile)):
            axes.axvline(side, color=CHALLENGER, linestyle="--", linewidth=1.4, label=None if position else label)
        axes.legend(loc="best")
    axes.set(xlabel=f"Predicted minus observed ({unit})", ylabel="Share of days")


def _named(evaluation: TaskEvaluation) -> set[str | None]:
    return {evaluation.champion, evaluation.challenger, *BASELINE_LINES}
