"""The curves of a classifier, drawn: ROC, precision-recall, calibration, decision curve.

Not here: what all tasks have (`report.plots.plots`), the plotting library (`report.plots.figures`).
"""

from typing import Any

import numpy as np

from migraine_assets.core.evaluation.results import AttackCurves, TaskEvaluation
from migraine_assets.report.plots.style import BASELINE_LINES, PALE, SOFT, line_of
from migraine_assets.report.text.labels import title


def roc(axes: Any, evaluation: TaskEvaluation) -> None:
    """True against false positive rates; the diagonal is chance."""
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1)
    for curves in _informative(evaluation):
        x, y = curves.roc.false_positive_rate, curves.roc.true_positive_rate
        _line(axes, x, y, key=curves.key, evaluation=evaluation)
    _square(axes, "False positive rate (1 − specificity)", "True positive rate (sensitivity)")
    axes.legend(loc="lower right")


def precision_recall(axes: Any, evaluation: TaskEvaluation) -> None:
    """Precision against recall; the horizontal line is the base rate."""
    found = _informative(evaluation)
    if found:
        axes.axhline(found[0].precision_recall.base_rate, color=PALE, linewidth=1)
    for curves in found:
        x, y = curves.precision_recall.recall, curves.precision_recall.precision
        _line(axes, x, y, key=curves.key, evaluation=evaluation)
    _square(axes, "Recall (sensitivity)", "Precision (positive predictive value)")
    axes.legend(loc="best")


def calibration(axes: Any, evaluation: TaskEvaluation) -> None:
    """Observed rates, with intervals, against predicted ones; the diagonal is perfect."""
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1)
    for place, curves in enumerate(_chosen(evaluation)):
        bins, line = curves.reliability, line_of(curves.key, evaluation)
        errors = np.maximum(0, [bins.observed - bins.ci_low, bins.ci_high - bins.observed])
        axes.errorbar(
            bins.predicted,
            bins.observed,
            yerr=errors,
            fmt="os"[place % 2],
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
    """Net benefit of acting on the models, on everybody and on nobody, by the probability at which one acts."""
    if not evaluation.curves:
        return
    everybody = evaluation.curves[0].decision
    axes.axhline(0, color=PALE, linewidth=1, label="Act on nobody")
    axes.plot(
        everybody.threshold,
        everybody.treat_all,
        color=SOFT,
        linewidth=1,
        linestyle="-.",
        label="Act on everybody",
    )
    for curves in _informative(evaluation):
        if curves.key != "persistence":
            _line(axes, curves.decision.threshold, curves.decision.model, key=curves.key, evaluation=evaluation)
    top = float(np.nanmax([everybody.treat_all[0], 0.01]))
    axes.set(
        xlim=(0, 1),
        ylim=(-0.25 * top, 1.15 * top),
        xlabel="Threshold probability",
        ylabel="Net benefit per day",
    )
    axes.legend(loc="upper right")


def _chosen(evaluation: TaskEvaluation) -> list[AttackCurves]:
    return [curves for curves in evaluation.curves if curves.key not in BASELINE_LINES]


def _informative(evaluation: TaskEvaluation) -> list[AttackCurves]:
    """Every curve but the base rate's, which is the same for all days and so the line of chance."""
    return [curves for curves in evaluation.curves if curves.key != "base_rate"]


def _line(axes: Any, x: Any, y: Any, *, key: str, evaluation: TaskEvaluation) -> None:
    line = line_of(key, evaluation)
    axes.plot(x, y, color=line.color, linestyle=line.dash, linewidth=line.width, label=title(key))


def _square(axes: Any, x: str, y: str) -> None:
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel=x, ylabel=y, aspect="equal")
