"""Figures of a report: the list of them, their sizes and text alternatives.

Not here: the plots (`report.plots.plots`, `report.plots.curves`), style and rendering (`report.plots.canvas`).
"""

from collections.abc import Iterator, Mapping
from functools import partial

from migraine_assets.core.evaluation.results import FIT, TaskEvaluation
from migraine_assets.core.metrics.formatting import number
from migraine_assets.core.metrics.interval import UNKNOWN
from migraine_assets.report.plots import curves, plots
from migraine_assets.report.plots.canvas import Draw, Picture, render_svg
from migraine_assets.report.plots.plots import shown_importance
from migraine_assets.report.text.labels import metric, title
from migraine_assets.report.text.question import unit_of

_TABLE = "the same values are in a table below."


def alt(name: str, evaluation: TaskEvaluation) -> str:
    """Return the text alternative of the figure `name`."""
    describe = _GENERAL.get(name)
    if describe is not None:
        return describe(evaluation)
    text, metrics = _SCORED[name]
    champion = evaluation.row(evaluation.champion)
    scores = (champion.test if champion else None) or {}
    values = ", ".join(f"{metric(key)} {number(scores.get(key, UNKNOWN).value)}" for key in metrics)
    return f"{text} {title(evaluation.champion or 'no champion')}: {values}."


def _comparison(evaluation: TaskEvaluation) -> str:
    return f"{metric(evaluation.headline)} of every model and baseline with 95 % intervals; {_TABLE}"


def _fit(evaluation: TaskEvaluation) -> str:
    return f"{metric(FIT[evaluation.task])} of each model on training rows and in cross-validation; {_TABLE}"


def _importance(evaluation: TaskEvaluation) -> str:
    first = ", ".join(title(item.name) for item in shown_importance(evaluation)[:5])
    return f"Bars of permutation importance, largest first: {first}."


def _by_horizon(evaluation: TaskEvaluation) -> str:
    return f"ROC-AUC of one model and of the personal rate, 1 to {len(evaluation.horizons)} days ahead; {_TABLE}"


_GENERAL = {"comparison": _comparison, "fit": _fit, "importance": _importance, "horizons": _by_horizon}
_SCORED = {
    "roc": ("ROC curves of the best two models and the baselines.", ("roc_auc",)),
    "precision_recall": ("Precision-recall curves of the best two models and the baselines.", ("pr_auc",)),
    "calibration": (
        "Observed share of attack days against predicted probability, in bins of equal size.",
        ("calibration_slope", "calibration_intercept"),
    ),
    "decision": (
        "Net benefit by threshold probability, compared with acting on every day and on no day.",
        ("brier",),
    ),
    "predicted": ("Observed against predicted values.", ("r2",)),
    "errors": ("Histogram of predicted minus observed values.", ("mae", "rmse")),
}


Plan = tuple[str, Draw, tuple[float, float]]

# Inches: width of a figure, and height of one labeled row. A phone of 390 pixels shows this width at full size, so the
# letters are legible.
WIDTH, LINE = 3.7, 0.25


def pictures(evaluation: TaskEvaluation) -> Mapping[str, Picture]:
    """Draw every figure that the evaluation has data for. Returns them by name."""
    plans = [*_common(evaluation), *_attack(evaluation), *_horizons(evaluation), *_severity(evaluation)]
    return {name: Picture(name, render_svg(draw, size), alt(name, evaluation)) for name, draw, size in plans}


def _common(evaluation: TaskEvaluation) -> Iterator[Plan]:
    trained, baselines = sum(row.error is None for row in evaluation.rows), len(evaluation.baselines)
    if trained:
        size = (WIDTH, 1.25 + LINE * (trained + baselines))
        yield "comparison", partial(plots.comparison, evaluation=evaluation), size
        yield "fit", partial(plots.fit, evaluation=evaluation), (WIDTH, 1.1 + LINE * trained)
    bars = len(plots.shown_importance(evaluation))
    if bars:
        yield "importance", partial(plots.importance, evaluation=evaluation), (WIDTH, 0.9 + LINE * bars)


def _attack(evaluation: TaskEvaluation) -> Iterator[Plan]:
    if evaluation.curves:
        for draw in (curves.roc, curves.precision_recall, curves.calibration, curves.decision):
            yield draw.__name__, partial(draw, evaluation=evaluation), (WIDTH, 3.6)


def _horizons(evaluation: TaskEvaluation) -> Iterator[Plan]:
    if evaluation.horizons:
        yield "horizons", partial(plots.horizons, evaluation=evaluation), (WIDTH, 3.0)


def _severity(evaluation: TaskEvaluation) -> Iterator[Plan]:
    if evaluation.residuals:
        for draw in (plots.predicted, plots.errors):
            known = partial(draw, residuals=evaluation.residuals, unit=unit_of(evaluation))
            yield draw.__name__, known, (WIDTH, 3.3)
