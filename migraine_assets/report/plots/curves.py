"""Curves of a classifier: ROC, precision-recall, calibration and decision curve.

Not here: plots of either task (`report.plots.plots`), figures and their size (`report.plots.figures`).
"""

from typing import Any

import numpy as np

from migraine_assets.core.evaluation.results import AttackCurves, TaskEvaluation
from migraine_assets.report.plots.style import BASELINE_LINES, PALE, SOFT, line_of
from migraine_assets.report.text.labels import title


def roc(axes: Any, evaluation: TaskEvaluation) -> None:
    """Plot true against false positive rates; the diagonal is chance."""
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1)
    for curves in _informative(evaluation):
        x, y = curves.roc.false_positive_rate, curves.roc.true_positive_rate
        _line(axes, x, y, key=curves.key, evaluation=evaluation)
    _square(axes, "False positive rate (1 − specificity)", "True positive rate (sensitivity)")
    axes.legend(loc="lower right")


def precision_recall(axes: Any, evaluation: TaskEvaluation) -> None:
    """Plot precision against recall; the horizontal line is the base rate."""
    informative = _informative(evaluation)
    if informative:
        axes.axhline(informative[0].precision_recall.base_rate, color=PALE, linewidth=1)
    for curves in informative:
        x, y = curves.precision_recall.recall, curves.precision_recall.precision
        _line(axes, x, y, key=curves.key, evaluation=evaluation)
    _square(axes, "Recall (sensitivity)", "Precision (positive predictive value)")
    axes.legend(loc="best")


def calibration(axes: Any, evaluation: TaskEvaluation) -> None:
    """Plot observed rates with intervals against predicted rates; the diagonal is perfect calibration."""
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1)
    for position, curves in enumerate(_models(evaluation)):
        bins, line = curves.reliability, line_of(curves.key, evaluation)
        errors = np.maximum(0, [bins.observed - bins.ci_low, bins.ci_high - bins.observed])
        axes.errorbar(
            bins.predicted,
            bins.observed,
            yerr=errors,
            fmt="os"[position % 2],
            linestyle="-",
            color=line.color,
            linewidth=line.width * 0.7,
            elinewidth=0.8,
            markersize=4,
            label=title(curves.key),
        )
    _square(axes, "Predicted probability", "Observed share of attack days")
    axes.legend(loc="upper left")


def decision(axes: Any, evaluation: TaskEvaluation) -> None:
    """Plot the net benefit of acting on a model, on every day and on no day, by threshold probability."""
    if not evaluation.curves:
        return
    reference = evaluation.curves[0].decision
    axes.axhline(0, color=PALE, linewidth=1, label="Act on no day")
    axes.plot(
        reference.threshold,
        reference.treat_all,
        color=SOFT,
        linewidth=1,
        linestyle="-.",
        label="Act on every day",
    )
    for curves in _informative(evaluation):
        if curves.key != "persistence":
            _line(axes, curves.decision.threshold, curves.decision.model, key=curves.key, evaluation=evaluation)
    top = float(np.nanmax([reference.treat_all[0], 0.01]))
    axes.set(
        xlim=(0, 1),
        ylim=(-0.25 * top, 1.15 * top),
        xlabel="Threshold probability",
        ylabel="Net benefit per day",
    )
    axes.legend(loc="upper right")


def _models(evaluation: TaskEvaluation) -> list[AttackCurves]:
    return [curves for curves in evaluation.curves if curves.key not in BASELINE_LINES]


def _informative(evaluation: TaskEvaluation) -> list[AttackCurves]:
    """Return all curves except that of the base rate, which predicts the same for all days and equals chance."""
    return [curves for curves in evaluation.curves if curves.key != "base_rate"]


def _line(axes: Any, x: Any, y: Any, *, key: str, evaluation: TaskEvaluation) -> None:
    line = line_of(key, evaluation)
    axes.plot(x, y, color=line.color, linestyle=line.dash, linewidth=line.width, label=title(key))


def _square(axes: Any, x: str, y: str) -> None:
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x, ylabel=y, aspect="equal")
